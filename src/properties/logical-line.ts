/** One line of a `.properties` text after continuations are joined, with the place each character came from. */
export interface LogicalLine {
  readonly text: string
  /** Index in the whole text of every character of `text`. */
  readonly indexes: readonly number[]
  /** Index in the whole text at which the line begins, blanks left out. */
  readonly start: number
}

/**
 * Splits a text into logical lines exactly as java.util.Properties (JDK 17, LineReader): comments and blank lines are skipped, a line
 * that ends in an odd number of backslashes goes on in the next one, whose leading blanks are dropped.
 */
export function* logicalLines(text: string): Generator<LogicalLine> {
  let position = 0
  while (position < text.length) {
    const { line, next } = readLine(text, position)
    if (line !== null) yield line
    position = next
  }
}

function readLine(text: string, from: number): { readonly line: LogicalLine | null; readonly next: number } {
  const chars: string[] = []
  const indexes: number[] = []
  let start = -1
  let skipsBlanks = true
  let continued = false
  let escaped = false
  let at = from
  for (; at < text.length; at++) {
    const char = text.charAt(at)
    if (skipsBlanks) {
      if (isBlank(char) || (!continued && isLineEnd(char))) continue
      skipsBlanks = false
      continued = false
    }
    if (start < 0) start = at
    if (chars.length === 0 && (char === '#' || char === '!')) {
      at = endOfLine(text, at)
      skipsBlanks = true
      start = -1
    } else if (!isLineEnd(char)) {
      chars.push(char)
      indexes.push(at)
      escaped = char === '\\' && !escaped
    } else if (chars.length === 0) {
      skipsBlanks = true
      start = -1
    } else if (escaped && at + 1 < text.length) {
      chars.pop()
      indexes.pop()
      skipsBlanks = true
      continued = true
      escaped = false
      if (char === '\r' && text.charAt(at + 1) === '\n') at++
    } else {
      at++
      break
    }
  }
  if (chars.length === 0) return { line: null, next: at }
  if (escaped) chars.pop()
  return { line: { text: chars.join(''), indexes, start }, next: at }
}

function endOfLine(text: string, from: number): number {
  let at = from
  while (at < text.length && !isLineEnd(text.charAt(at))) at++
  return at
}

export function isBlank(char: string): boolean {
  return char === ' ' || char === '\t' || char === '\f'
}

function isLineEnd(char: string): boolean {
  return char === '\n' || char === '\r'
}
