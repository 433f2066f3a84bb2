import { IndexOutOfBoundsException } from './index-out-of-bounds-exception.ts'
import { IllegalArgumentException } from './illegal-argument-exception.ts'

/** Makes the text that stands in for a match. */
export type Replacement = (match: RegExpExecArray) => string

const GROUP = /^\{([^}]*)(\}?)/

/**
 * The replacement of java.util.regex.Matcher: `$1`, `${name}`, and a backslash before what is meant literally.
 * @returns a function that throws what Java throws where the text is wrong: only when something matches
 */
export function javaReplacement(text: string): Replacement {
  const parts: Replacement[] = []
  for (let index = 0; index < text.length;) {
    const { part, next } = partAt(text, index)
    parts.push(part)
    index = next
  }
  return (match) => {
    let replaced = ''
    for (const part of parts) replaced += part(match)
    return replaced
  }
}

interface Part {
  readonly part: Replacement
  readonly next: number
}

function partAt(text: string, index: number): Part {
  const char = text[index]
  if (char === '$') return groupAt(text, index + 1)
  if (char !== '\\') return { part: () => char ?? '', next: index + 1 }
  const escaped = text[index + 1]
  return { part: escaped === undefined ? failing('character to be escaped is missing') : () => escaped, next: index + 2 }
}

function groupAt(text: string, index: number): Part {
  const rest = text.slice(index)
  if (rest === '') return { part: failing('Illegal group reference: group index is missing'), next: index }
  if (rest.startsWith('{')) return namedGroup(rest, index)
  const [digits] = /^\d+/.exec(rest) ?? []
  if (digits === undefined) return { part: failing('Illegal group reference'), next: text.length }
  return { part: numberedGroup(digits), next: index + digits.length }
}

function namedGroup(rest: string, index: number): Part {
  const [whole, name = '', closing] = GROUP.exec(rest) ?? ['']
  if (!/^[a-zA-Z][a-zA-Z0-9]*$/.test(name)) return { part: failing(nameProblem(name)), next: Infinity }
  if (closing !== '}') return { part: failing("named capturing group is missing trailing '}'"), next: Infinity }
  return { part: (match) => groupNamed(match, name), next: index + whole.length }
}

function nameProblem(name: string): string {
  if (name === '') return 'named capturing group has 0 length name'
  if (/^\d/.test(name)) return `capturing group name {${/^\w*/.exec(name)?.[0] ?? ''}} starts with digit character`
  return "named capturing group is missing trailing '}'"
}

function groupNamed({ groups }: RegExpExecArray, name: string): string {
  if (groups === undefined || !(name in groups)) throw new IllegalArgumentException(`No group with name {${name}}`)
  return groups[name] ?? ''
}

/** As many of the digits as make the number of a group; those behind are text. */
function numberedGroup(digits: string): Replacement {
  return (match) => {
    let length = 1
    while (length < digits.length && Number(digits.slice(0, length + 1)) < match.length) length++
    const group = Number(digits.slice(0, length))
    if (group >= match.length) throw new IndexOutOfBoundsException(`No group ${String(group)}`)
    return (match[group] ?? '') + digits.slice(length)
  }
}

function failing(message: string): Replacement {
  return () => {
    throw new IllegalArgumentException(message)
  }
}
