/** One character of the text, by its code point. */
export type Accepts = (point: number) => boolean

/** A place between two code points, of which one is -1 at the text's begin and end. */
export type Holds = (before: number, after: number) => boolean

/** What a pattern says. */
export type Node =
  | { readonly kind: 'empty' }
  | { readonly kind: 'point'; readonly accepts: Accepts }
  | { readonly kind: 'place'; readonly holds: Holds }
  | { readonly kind: 'sequence'; readonly items: readonly Node[] }
  | { readonly kind: 'choice'; readonly options: readonly Node[] }
  | { readonly kind: 'repeat'; readonly item: Node; readonly min: number; readonly max: number }

export const EMPTY: Node = { kind: 'empty' }

/** Somebody else's pattern does not keep to the syntax, or is larger than we care to follow. */
export class PatternSyntaxError extends Error {
  constructor(why: string, pattern: string) {
    super(`error parsing regexp: ${why}: \`${pattern}\``)
    this.name = 'PatternSyntaxError'
  }
}
