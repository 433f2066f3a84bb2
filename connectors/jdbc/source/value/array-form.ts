import { DataException, type ConnectValue } from 'standpipe/api'
import { schemaOf, type ColumnForm } from './numeric-column.ts'

/** A one-dimensional array of elements of that form, each of which may be null. */
export function arrayForm(element: ColumnForm): ColumnForm {
  return {
    schema: { type: 'ARRAY', valueSchema: schemaOf(element, true) },
    read: (text) => arrayElements(text).map((each): ConnectValue => (each === null ? null : element.read(each))),
  }
}

/** One element and the comma or brace behind it: quoted, with backslashes before what would end it, or plain. */
const elementPattern = /(?:"((?:[^"\\]|\\.)*)"|([^",{}]*))([,}])/gsy

/** The texts of the elements of `{a,"b c",NULL}`, with or without bounds before it. @throws DataException for more dimensions than one */
export function arrayElements(text: string): (string | null)[] {
  const start = text.indexOf('{') + 1
  if (text.startsWith('}', start)) return []
  const elements: (string | null)[] = []
  elementPattern.lastIndex = start
  for (let match = elementPattern.exec(text); match !== null; match = elementPattern.exec(text)) {
    const [, inQuotes, plain = '', end] = match
    elements.push(inQuotes === undefined ? (plain.toUpperCase() === 'NULL' ? null : plain) : inQuotes.replaceAll(/\\(.)/gs, '$1'))
    if (end === '}') return elements
  }
  throw new DataException(
    `The array ${text.slice(0, 100)} has more than one dimension. Take it apart in a query, or cast the column to text.`,
  )
}
