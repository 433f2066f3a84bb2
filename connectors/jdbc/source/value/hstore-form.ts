import { DataException } from 'standpipe/api'
import type { HstoreUse } from '../config/words.ts'
import { schemaOf, type ColumnForm } from './numeric-column.ts'

const strings = { schema: { type: 'STRING' } } as const

/** Columns of the extension's type hstore; null: they are of an unsupported type. */
export function hstoreForm(use: HstoreUse): ColumnForm | null {
  switch (use) {
    case 'none':
      return null
    case 'map':
      return { schema: { type: 'MAP', keySchema: schemaOf(strings, false), valueSchema: schemaOf(strings, true) }, read: hstoreMap }
    case 'json':
      return { schema: { type: 'STRING' }, read: jsonOf, text: jsonOf }
  }
}

/** One pair: the server quotes keys and values, and puts backslashes before quotation marks and backslashes. */
const pairPattern = /"((?:[^"\\]|\\.)*)"=>(?:"((?:[^"\\]|\\.)*)"|NULL)(?:, |$)/sy

/** @throws DataException for a text that is no hstore */
export function hstoreMap(text: string): ReadonlyMap<string, string | null> {
  const pairs = new Map<string, string | null>()
  pairPattern.lastIndex = 0
  for (let at = 0; at < text.length; at = pairPattern.lastIndex) {
    const match = pairPattern.exec(text)
    if (match === null) throw new DataException(`The hstore ${text.slice(0, 100)} cannot be read.`)
    const [, key = '', value] = match
    pairs.set(plain(key), value === undefined ? null : plain(value))
  }
  return pairs
}

/** Member by member, so that no key is special. */
function jsonOf(text: string): string {
  const members = Array.from(hstoreMap(text), ([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
  return `{${members.join(',')}}`
}

function plain(quoted: string): string {
  return quoted.replaceAll(/\\(.)/gs, '$1')
}
