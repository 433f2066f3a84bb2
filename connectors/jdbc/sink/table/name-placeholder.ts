import { ConnectException, type ConnectStruct, type ConnectValue } from 'standpipe/api'
import { headerText } from '../record/header-text.ts'
import type { RecordContent } from '../record/record-content.ts'
import { placeOf } from '../record/record-place.ts'

/** A part of a table's name that each record gives: `${source.FIELD}`, `${value.FIELD}`, `${key.FIELD}`, `${header.NAME}`, `${schema.name}`. */
export interface Placeholder {
  /** As the format has it. */
  readonly text: string
  /** Null: the record is no change event. @throws ConnectException when the record lacks it */
  valueOf(content: RecordContent, source: ConnectStruct | null): string | null
}

const pattern = /\$\{(?:(source|value|key|header)\.([^}]+)|schema\.name)\}/g

/** The placeholders in a format, each once; `${topic}` is none of them. */
export function placeholdersOf(format: string): Placeholder[] {
  const found = new Map<string, Placeholder>()
  for (const [text, from, name = ''] of format.matchAll(pattern)) found.set(text, placeholder(text, from, name))
  return [...found.values()]
}

function placeholder(text: string, from: string | undefined, name: string): Placeholder {
  const present = (content: RecordContent, value: string | null) => value ?? missing(text, content)
  switch (from) {
    case 'source':
      return { text, valueOf: (content, source) => sourceText(content, source, name) }
    case 'value':
      return { text, valueOf: (content) => present(content, memberText(content.value, name)) }
    case 'key':
      return { text, valueOf: (content) => present(content, memberText(content.key, name)) }
    case 'header':
      return { text, valueOf: (content) => present(content, headerText(content.record.headers, name)) }
    default:
      return { text, valueOf: (content) => present(content, content.valueSchema?.name ?? null) }
  }
}

/** Of an event, or of a value that has kept the event's source. */
function sourceText({ value }: RecordContent, source: ConnectStruct | null, name: string): string | null {
  const from = source ?? memberOf(value, 'source')
  return isStruct(from) ? (memberText(from, name) ?? '') : null
}

/** Dots lead into structs inside of structs. Null: there is no such member, or it is no single value. */
function memberText(value: ConnectValue, path: string): string | null {
  let at: ConnectValue = value
  for (const name of path.split('.')) at = memberOf(at, name)
  if (at === null || (typeof at === 'object' && !(at instanceof Number))) return null
  return String(at)
}

function memberOf(value: ConnectValue, name: string): ConnectValue {
  return isStruct(value) && Object.hasOwn(value, name) ? (value[name] ?? null) : null
}

function isStruct(value: ConnectValue): value is ConnectStruct {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value)
}

function missing(text: string, { record }: RecordContent): never {
  throw new ConnectException(
    `The record at ${placeOf(record)} has no table: its name is made of ${text}, which the record does not have as a single value.`,
  )
}
