/** A piece of a pattern of java.text.SimpleDateFormat. */
export type PatternPart = PatternText | PatternField

/** Characters that stand for themselves. */
export interface PatternText {
  readonly text: string
}

/** A letter with the number of times it stands there. */
export interface PatternField {
  readonly letter: FieldLetter
  readonly count: number
}

export type FieldLetter = (typeof letters)[number]

const letters = ['G', 'y', 'M', 'd', 'k', 'H', 'm', 's', 'S', 'E', 'D', 'F', 'w', 'W', 'a', 'h', 'K', 'z', 'Z', 'Y', 'u', 'X', 'L'] as const

/**
 * Reads a pattern: letters are fields, quoted text and other characters stand for themselves, two quotes for one.
 * @throws Error with Java's sentence
 */
export function parseDatePattern(pattern: string): readonly PatternPart[] {
  const parts: PatternPart[] = []
  for (let index = 0; index < pattern.length;) {
    const part = partAt(pattern, index)
    parts.push(part.part)
    index = part.next
  }
  return parts
}

interface Found {
  readonly part: PatternPart
  readonly next: number
}

function partAt(pattern: string, index: number): Found {
  const char = pattern.charAt(index)
  if (char === "'") return quoted(pattern, index + 1)
  if (/[a-zA-Z]/.test(char)) return field(pattern, index, char)
  return { part: { text: char }, next: index + 1 }
}

function field(pattern: string, index: number, letter: string): Found {
  if (!isLetter(letter)) throw new Error(`Illegal pattern character '${letter}'`)
  let next = index + 1
  while (pattern[next] === letter) next++
  const count = next - index
  if (letter === 'X' && count > 3) throw new Error(`invalid ISO 8601 format: length=${String(count)}`)
  return { part: { letter, count }, next }
}

function isLetter(letter: string): letter is FieldLetter {
  return letters.includes(letter as FieldLetter)
}

/** @param start behind the opening quote */
function quoted(pattern: string, start: number): Found {
  if (pattern[start] === "'") return { part: { text: "'" }, next: start + 1 }
  let text = ''
  for (let index = start; index < pattern.length; index++) {
    if (pattern[index] !== "'") text += pattern.charAt(index)
    else if (pattern[index + 1] !== "'") return { part: { text }, next: index + 1 }
    else {
      text += "'"
      index++
    }
  }
  throw new Error('Unterminated quote')
}
