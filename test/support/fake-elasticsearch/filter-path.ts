/** Keeps of an answer what `filter_path` names, as the servers do: `items.*.status,errors`, `*` for any one level. */
export function filterPath(answer: unknown, filter: string): unknown {
  const paths = filter.split(',').map((path) => path.split('.'))
  return kept(answer, paths) ?? {}
}

function kept(value: unknown, paths: readonly (readonly string[])[]): unknown {
  if (paths.some((path) => path.length === 0)) return value
  if (Array.isArray(value)) {
    const elements = value.map((element) => kept(element, paths)).filter((element) => element !== undefined)
    return elements.length === 0 ? undefined : elements
  }
  if (typeof value !== 'object' || value === null) return undefined
  const result: [string, unknown][] = []
  for (const [key, member] of Object.entries(value)) {
    const below = paths.filter(([name]) => name === key || name === '*').map((path) => path.slice(1))
    const rest = below.length === 0 ? undefined : kept(member, below)
    if (rest !== undefined) result.push([key, rest])
  }
  return result.length === 0 ? undefined : Object.fromEntries(result)
}
