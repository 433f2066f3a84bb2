import type { SqlText } from './connection.ts'

/** What an element may not contain unless it is quoted: separators, quotation marks, blanks, and the word NULL. */
const plain = /^[\w.+:-]+$/

/** A one-dimensional array as the server reads it: `{a,"b c",NULL}`. */
export function arrayLiteral(elements: readonly SqlText[]): string {
  let text = '{'
  for (let index = 0; index < elements.length; index++) {
    if (index > 0) text += ','
    text += arrayElement(elements[index] ?? null)
  }
  return `${text}}`
}

/** The same of those elements that `order` names, in its order. */
export function arrayLiteralOf(elements: readonly SqlText[], order: readonly number[], from: number, to: number): string {
  let text = '{'
  for (let index = from; index < to; index++) {
    if (index > from) text += ','
    text += arrayElement(elements[order[index] ?? 0] ?? null)
  }
  return `${text}}`
}

/** Quoted where it must be. */
export function arrayElement(text: SqlText): string {
  if (text === null) return 'NULL'
  if (plain.test(text)) return text.length === 4 && text.toUpperCase() === 'NULL' ? `"${text}"` : text
  if (text.includes('"') || text.includes('\\')) return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`
  return `"${text}"`
}
