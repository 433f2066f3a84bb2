import { lastHeader, type Headers } from 'standpipe/api'
import { jsonText } from './json-text.ts'

/** The last header of that name as a text; what is no single value is JSON. Null: there is none, or it has no value. */
export function headerText(headers: Headers, name: string): string | null {
  const header = lastHeader(headers, name)
  if (header === null || header.value === null) return null
  const { value, schema } = header
  return typeof value === 'string' ? value : jsonText(value, schema)
}

/** All headers as one JSON object; of several of a name the last. */
export function headersText(headers: Headers): string {
  const members = new Map(headers.map(({ key, schema, value }) => [key, jsonText(value, schema)]))
  return `{${Array.from(members, ([key, text]) => `${JSON.stringify(key)}:${text}`).join(',')}}`
}
