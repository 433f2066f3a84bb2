import type { SqlText } from './connection.ts'

const special = /[\\\t\n\r]/
const escapes: Readonly<Record<string, string>> = { '\\': String.raw`\\`, '\t': String.raw`\t`, '\n': String.raw`\n`, '\r': String.raw`\r` }

/** Rows in COPY's text format. @param columns one list a column @param arePlain columns in whose texts nothing needs an escape */
export function copyText(columns: readonly (readonly SqlText[])[], arePlain: readonly boolean[], from: number, to: number): string {
  let text = ''
  for (let row = from; row < to; row++) {
    for (let index = 0; index < columns.length; index++) {
      const value = columns[index]?.[row] ?? null
      if (index > 0) text += '\t'
      text += value === null ? String.raw`\N` : arePlain[index] === true ? value : escaped(value)
    }
    text += '\n'
  }
  return text
}

function escaped(text: string): string {
  return special.test(text) ? text.replaceAll(/[\\\t\n\r]/g, (character) => escapes[character] ?? character) : text
}
