import { ConfigException } from 'standpipe/api'
import type { FieldSource } from '../record/sink-field.ts'

/** What a record has besides its value, and the column it is written to. */
export interface MetadataColumn {
  readonly source: FieldSource
  readonly column: string
}

const headerPrefix = 'header.'
const plainSources = ['topic', 'partition', 'offset', 'timestamp', 'key', 'headers'] as const

/** For messages and documents. */
export const metadataSources = [...plainSources, `${headerPrefix}NAME`].join(', ')

/** Reads `source` or `source:column` items. @param key whose value it is @throws ConfigException */
export function metadataColumns(items: readonly string[], key: string): MetadataColumn[] {
  const found = items.filter((item) => item !== '').map((item) => metadataColumn(item, items, key))
  const twice = found.find(({ column }, index) => found.findIndex((other) => other.column === column) !== index)
  if (twice !== undefined) throw ConfigException.forKey(key, items, `Two of the items go to the column ${twice.column}`)
  return found
}

function metadataColumn(item: string, items: readonly string[], key: string): MetadataColumn {
  const colon = item.indexOf(':')
  const name = (colon === -1 ? item : item.slice(0, colon)).trim()
  const column = colon === -1 ? null : item.slice(colon + 1).trim()
  if (column === '') throw ConfigException.forKey(key, items, `The item ${item} names no column`)
  const plain = plainSources.find((source) => source === name)
  if (plain !== undefined) return { source: { from: plain }, column: column ?? `__connect_${plain}` }
  const header = name.startsWith(headerPrefix) ? name.slice(headerPrefix.length) : ''
  if (header === '') throw ConfigException.forKey(key, items, `${name} is none of ${metadataSources}`)
  return { source: { from: 'header text', name: header }, column: column ?? `__connect_${header}` }
}
