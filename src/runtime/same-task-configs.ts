import type { Props } from '../api/props.ts'

/** Whether tasks of these configurations would be the same, task by task. */
export function sameTaskConfigs(some: readonly Props[], others: readonly Props[]): boolean {
  return some.length === others.length && some.every((props, index) => sameProps(props, others[index] ?? {}))
}

function sameProps(some: Props, others: Props): boolean {
  const keys = Object.keys(some)
  return keys.length === Object.keys(others).length && keys.every((key) => some[key] === others[key])
}
