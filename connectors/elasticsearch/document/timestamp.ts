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
  addTo(document: Buffer | string, recordTimestamp: number | null): string {
    // As a string even where bytes came: searching and cutting strings is several times as fast.
    const json = typeof document === 'string' ? document : document.toString('utf8')
    if (this.#fields.length > 0) return fromField(json, this.#fields)
    const time = String(recordTimestamp)
    return mayHaveTimestamp(json) ? replaced(json, jsonMembers(json), time) : appended(json, time)
  }
}

/** A name may be written with escapes. */
function mayHaveTimestamp(json: string): boolean {
  return json.includes(name) || json.includes('\\u')
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

function replaced(json: string, members: readonly JsonMember[], value: string): string {
  const old = members.findLast((member) => member.name === name)
  return old === undefined ? appended(json, value) : json.slice(0, old.start) + value + json.slice(old.end)
}

function appended(json: string, value: string): string {
  const end = json.lastIndexOf('}')
  const isFirst = /^\s*\{\s*\}/.test(json)
  return `${json.slice(0, end)}${isFirst ? '' : ','}"${name}":${value}}`
}
