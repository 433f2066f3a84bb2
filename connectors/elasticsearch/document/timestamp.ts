import { jsonMembers, type JsonMember } from './json-members.ts'

const name = '@timestamp'

/** Puts `@timestamp` into documents for data streams, which must have one. Works on the text, so that everything else stays as it is. */
export class DocumentTimestamp {
  readonly #fields: readonly string[]

  /** @param fields names of top-level members that may hold the time; empty: the record's timestamp is taken */
  constructor(fields: readonly string[]) {
    this.#fields = fields
  }

  /** @param document one JSON object @param recordTimestamp epoch milliseconds; null: the record has none */
  addTo(document: Buffer | string, recordTimestamp: number | null): Buffer | string {
    if (this.#fields.length > 0) return fromField(document.toString(), this.#fields)
    const time = String(recordTimestamp)
    return mayHaveTimestamp(document) ? withMember(document.toString(), time) : appended(document, time)
  }
}

/** A name may be written with escapes. */
function mayHaveTimestamp(document: Buffer | string): boolean {
  return document.includes(name) || document.includes('\\u')
}

/** The first of the fields that is there and not null, as text; without one the document stays as it is. */
function fromField(json: string, fields: readonly string[]): string {
  const members = jsonMembers(json)
  for (const field of fields) {
    const member = members.findLast((each) => each.name === field)
    const text = member === undefined ? null : asText(json, member)
    if (text !== null) return replaced(json, members, text)
  }
  return json
}

/** Jackson's JsonNode#asText, as a JSON string; null of null. */
function asText(json: string, { start, end }: JsonMember): string | null {
  const text = json.slice(start, end)
  switch (json[start]) {
    case '"':
      return text
    case '{':
    case '[':
      return '""'
    default:
      return text === 'null' ? null : `"${text}"`
  }
}

function withMember(json: string, value: string): string {
  return replaced(json, jsonMembers(json), value)
}

function replaced(json: string, members: readonly JsonMember[], value: string): string {
  const old = members.findLast((member) => member.name === name)
  return old === undefined ? appendedText(json, value) : json.slice(0, old.start) + value + json.slice(old.end)
}

function appended(document: Buffer | string, value: string): Buffer | string {
  if (typeof document === 'string') return appendedText(document, value)
  const end = document.lastIndexOf('}')
  return Buffer.concat([document.subarray(0, end), Buffer.from(tail(isEmptyObject(document.toString('latin1', 0, 64)), value))])
}

function appendedText(json: string, value: string): string {
  return json.slice(0, json.lastIndexOf('}')) + tail(isEmptyObject(json), value)
}

function tail(isFirst: boolean, value: string): string {
  return `${isFirst ? '' : ','}"${name}":${value}}`
}

function isEmptyObject(json: string): boolean {
  return /^\s*\{\s*\}/.test(json)
}
