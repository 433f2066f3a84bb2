import { ConfigException } from 'standpipe/api'
import { tablePattern } from './table-pattern.ts'

/** Which columns the tables of a pattern are read by. */
export interface ColumnMapping {
  /** As the key has it. */
  readonly pattern: string
  /** Has to match a whole `schema.table`. */
  readonly tables: RegExp
  readonly columns: readonly string[]
}

/** @param columns `one`: `regex:column`; `list`: `regex:[column|column]` @throws ConfigException */
export function parseColumnMapping(key: string, entries: readonly string[], columns: 'one' | 'list'): readonly ColumnMapping[] {
  return entries.filter((entry) => entry !== '').map((entry) => parseEntry(key, entry, columns, entries))
}

function parseEntry(key: string, entry: string, columns: 'one' | 'list', entries: readonly string[]): ColumnMapping {
  const colon = entry.lastIndexOf(':')
  const [pattern, rest] = colon < 0 ? ['', ''] : [entry.slice(0, colon).trim(), entry.slice(colon + 1).trim()]
  if (pattern === '' || rest === '') {
    const form = columns === 'one' ? 'regex:column' : 'regex:[column1|column2]'
    throw ConfigException.forKey(key, entry, `Each entry must have the form ${form}`)
  }
  return { pattern, tables: tablePattern(key, pattern, entries), columns: columns === 'one' ? [rest] : columnList(key, rest) }
}

function columnList(key: string, text: string): readonly string[] {
  if (!text.startsWith('[') || !text.endsWith(']'))
    throw ConfigException.forKey(key, text, 'Columns list must be enclosed in square brackets')
  const columns = text
    .slice(1, -1)
    .split('|')
    .map((column) => column.trim())
  if (columns.includes('')) throw ConfigException.forKey(key, text, 'Columns list must not contain empty names')
  return columns
}
