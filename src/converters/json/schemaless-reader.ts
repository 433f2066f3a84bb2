import type { ConnectValue } from '../../api/data/connect-value.ts'
import { NULL_VALUE, type SchemaAndValue } from '../../api/data/schema-and-value.ts'
import { JsonReader } from './json-reader.ts'
import type { JsonScanner } from './json-scanner.ts'
import { LazyJson } from './lazy-json.ts'

const [NEWLINE, RETURN, SPACE, QUOTE, LEFT_BRACKET, LEFT_BRACE] = [10, 13, 32, 34, 91, 123] as const

/**
 * The string that these bytes are from one position to the other, checked by JSON.parse alone; null: they need a closer look.
 * Bytes that are not well-formed UTF-8 decode to U+FFFD, so a text with that character is looked at again.
 */
export function readPlainString(bytes: Buffer, start: number, end: number): string | null {
  if (bytes[start] !== QUOTE || bytes[end - 1] !== QUOTE) return null
  const value = parsedString(bytes.toString('utf8', start, end))
  return value === null || value.includes('\ufffd') ? null : value
}

function parsedString(json: string): string | null {
  try {
    return JSON.parse(json) as string
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/**
 * A schemaless value that the scanner has just accepted between the two positions: objects and arrays lazily, all else now.
 * @param mayPassOn the bytes are those of the record and nothing is left out, so that `rawJson` may be set
 */
export function readSchemaless(scanner: JsonScanner, bytes: Buffer, start: number, end: number, mayPassOn: boolean): SchemaAndValue {
  const text = start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end)
  const rawJson = !mayPassOn || !scanner.isStandard ? null : scanner.hasLineBreak ? inOneLine(text) : text
  const first = bytes[start]
  if (first === LEFT_BRACE || first === LEFT_BRACKET) {
    return new LazyJson(text, rawJson, scanner.isExact ? 'exact' : scanner.isWellFormed ? 'lossless' : 'lossless-malformed')
  }
  const value = scanner.isExact ? (JSON.parse(text.toString('utf8')) as ConnectValue) : JsonReader.value(text, 0, scanner.isWellFormed)
  return value === null ? NULL_VALUE : { schema: null, value, rawJson }
}

/** A copy with spaces for line breaks, which can only stand between the tokens. */
function inOneLine(text: Buffer): Buffer {
  const line = Buffer.from(text)
  for (let at = 0; at < line.length; at++) if (line[at] === NEWLINE || line[at] === RETURN) line[at] = SPACE
  return line
}
