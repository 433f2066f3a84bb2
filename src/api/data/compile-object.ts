import type { ConnectStruct, ConnectValue } from './connect-value.ts'

/** A field of the object to make: what it is called, and where its value stands in the source. */
export interface ObjectMember {
  readonly name: string
  readonly from: string | number
}

/** What values are taken from: an object by name, or an array by place. */
type Source = ConnectStruct | readonly ConnectValue[]

/**
 * A function that makes objects with these fields, by one object literal: V8 makes such an object in a single allocation, where field by
 * field it grows several times. For names that come again and again, since compiling takes as long as a thousand objects.
 */
export function compileObject<S extends Source>(members: readonly ObjectMember[]): (source: S) => Record<string, ConnectValue | undefined> {
  const literal = members.map(({ name, from }) => `${memberName(name)}: source[${JSON.stringify(from)}]`)
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- names are string literals in it, never code
  return new Function('source', `return {${literal.join()}}`) as (source: S) => Record<string, ConnectValue | undefined>
}

/** `__proto__: x` would set the prototype, `['__proto__']: x` is a field. */
function memberName(name: string): string {
  return name === '__proto__' ? `['${name}']` : JSON.stringify(name)
}
