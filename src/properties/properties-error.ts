const SECRET = /password|passwd|secret|jaas|token|credential|passphrase|\bkey\b|keystore|truststore/i

/** A `.properties` text that cannot be read. Names file, line and column and shows the place, but never the value of a key that sounds secret. */
export class PropertiesError extends Error {
  readonly source: string
  /** From 1. */
  readonly line: number
  /** From 1, in characters. */
  readonly column: number

  private constructor(message: string, source: string, line: number, column: number) {
    super(message)
    this.name = 'PropertiesError'
    this.source = source
    this.line = line
    this.column = column
  }

  /** `\u` without four hexadecimal digits. @param at index of its backslash in the text */
  static malformedUnicode(source: string, text: string, at: number, key: string): PropertiesError {
    const { line, column } = placeOf(text, at)
    const lines = [
      `Malformed \\uxxxx encoding. ${source}, line ${line}, column ${column}: \\u must be followed by four hexadecimal digits, as in \\u00e9`,
      ...excerpt(text, at, column, key),
      'Write \\\\ for a backslash, and \\\\ or / in a Windows path.',
    ]
    return new PropertiesError(lines.join('\n'), source, line, column)
  }
}

/** Line and column, from 1. CR, LF and CRLF end a line. */
export function placeOf(text: string, at: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at).split(/\r\n|\r|\n/)
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 }
}

function excerpt(text: string, at: number, column: number, key: string): string[] {
  if (SECRET.test(key)) return []
  const rest = text.slice(at)
  const [line = ''] = rest.split(/[\r\n]/, 1)
  return [`  ${text.slice(at - column + 1, at)}${line}`, `  ${' '.repeat(column - 1)}^`]
}
