import type { SqlText } from './connection.ts'

/** A one-dimensional array as the server reads it: `{"a","b c",NULL}`. */
export function arrayLiteral(elements: readonly SqlText[]): string {
  let text = '{'
  for (let index = 0; index < elements.length; index++) {
    if (index > 0) text += ','
    text += arrayElement(elements[index] ?? null)
  }
  return `${text}}`
}

/** An array of elements that are literals already. One of nothing but empty arrays is empty: PostgreSQL has no other. */
export function literalOfArrays(literals: readonly string[]): string {
  return literals.every((literal) => literal === '{}') ? '{}' : `{${literals.join(',')}}`
}

/** In quotation marks, so that no text is taken for NULL or ends at a comma. */
export function arrayElement(text: SqlText): string {
  if (text === null) return 'NULL'
  if (text.includes('"') || text.includes('\\')) return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`
  return `"${text}"`
}
