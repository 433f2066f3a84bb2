import { isBlank, logicalLines, type LogicalLine } from './logical-line.ts'
import { placeOf, PropertiesError } from './properties-error.ts'

/** The content of a `.properties` text. */
export interface Properties {
  /** Values are not trimmed; of a repeated key the last one counts. */
  readonly props: Readonly<Record<string, string>>
  /** Line of each key, from 1: the one its value counts from. */
  readonly lines: ReadonlyMap<string, number>
}

/**
 * Reads a text exactly as java.util.Properties does.
 * @param text worker and connector files: their bytes as Latin-1; files of FileConfigProvider: as UTF-8
 * @param source the file's name, for errors
 * @throws PropertiesError for a malformed `\uxxxx`, the only thing that can be wrong
 */
export function parseProperties(text: string, source: string): Properties {
  const values = new Map<string, string>()
  const lines = new Map<string, number>()
  for (const line of logicalLines(text)) {
    const { keyEnd, valueStart } = splitLine(line.text)
    const rawKey = line.text.slice(0, keyEnd)
    const unescape = (from: number, to: number) =>
      unescaped(line, from, to, (at) => PropertiesError.malformedUnicode(source, text, at, rawKey))
    const key = unescape(0, keyEnd)
    values.set(key, unescape(valueStart, line.text.length))
    lines.set(key, placeOf(text, line.start).line)
  }
  return { props: Object.fromEntries(values), lines }
}

/** The key ends at the first `=`, `:` or blank that is not escaped; blanks and one `=` or `:` lie between key and value. */
function splitLine(text: string): { readonly keyEnd: number; readonly valueStart: number } {
  let keyEnd = 0
  for (let escaped = false; keyEnd < text.length; keyEnd++) {
    const char = text.charAt(keyEnd)
    if (!escaped && (isSeparator(char) || isBlank(char))) break
    escaped = char === '\\' && !escaped
  }
  let valueStart = keyEnd
  for (let separated = false; valueStart < text.length; valueStart++) {
    const char = text.charAt(valueStart)
    if (isBlank(char)) continue
    if (separated || !isSeparator(char)) break
    separated = true
  }
  return { keyEnd, valueStart }
}

function isSeparator(char: string): boolean {
  return char === '=' || char === ':'
}

function unescaped(line: LogicalLine, from: number, to: number, malformed: (at: number) => PropertiesError): string {
  const { text, indexes } = line
  if (!text.slice(from, to).includes('\\')) return text.slice(from, to)
  let result = ''
  for (let at = from; at < to; at++) {
    const char = text.charAt(at)
    if (char !== '\\') {
      result += char
      continue
    }
    at++
    if (text.charAt(at) === 'u') {
      const digits = text.slice(at + 1, Math.min(at + 5, to))
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw malformed(indexes[at - 1] ?? line.start)
      result += String.fromCharCode(parseInt(digits, 16))
      at += 4
    } else {
      result += escapedChar(text.charAt(at))
    }
  }
  return result
}

function escapedChar(char: string): string {
  switch (char) {
    case 't':
      return '\t'
    case 'n':
      return '\n'
    case 'r':
      return '\r'
    case 'f':
      return '\f'
    default:
      return char
  }
}
