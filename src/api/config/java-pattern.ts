/** Java's POSIX and java.lang.Character classes that JavaScript does not know, as what goes between brackets. */
const CLASSES: Readonly<Record<string, string>> = {
  Lower: 'a-z',
  Upper: 'A-Z',
  ASCII: '\\x00-\\x7f',
  Alpha: 'a-zA-Z',
  Digit: '0-9',
  Alnum: 'a-zA-Z0-9',
  Punct: '!-\\/:-@\\[-`{-~',
  XDigit: '0-9a-fA-F',
  Blank: ' \\t',
  Space: ' \\t\\n\\x0b\\f\\r',
}

const TOKENS = /\\Q([\s\S]*?)(?:\\E|$)|\\p\{(\w+)\}|\\([\s\S])|(\[\^?|\])|([*+?}])\+/g

/**
 * A regular expression in Java's syntax that has to match a whole text, as `String.matches`. Known beyond JavaScript's syntax: flags at
 * the start such as `(?i)`, `\Q…\E`, `\A`, `\z`, `\Z`, `\p{Alnum}` and its kind, possessive quantifiers (which are taken as greedy).
 * @throws JavaPatternError
 */
export function javaPattern(pattern: string): RegExp {
  return compiled(pattern, '^(?:', ')$')
}

/** The same for a part of a text, as `Matcher.find`. @throws JavaPatternError */
export function javaSearchPattern(pattern: string): RegExp {
  return compiled(pattern, '', '')
}

function compiled(pattern: string, before: string, after: string): RegExp {
  const [, flags = '', body = pattern] = /^\(\?([ims]+)\)([\s\S]*)$/.exec(pattern) ?? []
  try {
    return new RegExp(before + translated(body) + after, flags)
  } catch (error) {
    throw new JavaPatternError(pattern, error)
  }
}

function translated(body: string): string {
  let depth = 0
  return body.replace(TOKENS, (token, quoted?: string, posix?: string, escaped?: string, bracket?: string, quantifier?: string) => {
    if (quoted !== undefined) return quoted.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
    if (posix !== undefined) return posixClass(token, posix, depth > 0)
    if (escaped !== undefined) return escaped === 'A' ? '^' : escaped === 'z' || escaped === 'Z' ? '$' : token
    if (bracket !== undefined) {
      depth += bracket === ']' ? -depth : 1
      return token
    }
    return depth > 0 ? token : (quantifier ?? token)
  })
}

function posixClass(token: string, name: string, insideBrackets: boolean): string {
  const chars = CLASSES[name]
  if (chars === undefined) return token
  return insideBrackets ? chars : `[${chars}]`
}

/** A text that is no regular expression. The message is Java's where the mistake is a common one. */
export class JavaPatternError extends Error {
  constructor(pattern: string, cause: unknown) {
    super(javaMessage(pattern, cause instanceof Error ? cause.message : String(cause)), { cause })
    this.name = 'JavaPatternError'
  }
}

function javaMessage(pattern: string, message: string): string {
  if (message.endsWith('Unterminated group')) return `Unclosed group near index ${pattern.length}\n${pattern}`
  const last = pattern.length - 1
  if (message.endsWith('Unterminated character class'))
    return `Unclosed character class near index ${last}\n${pattern}\n${' '.repeat(last)}^`
  const dangling = /^[*+?]/.exec(pattern)
  if (dangling !== null) return `Dangling meta character '${dangling[0]}' near index 0\n${pattern}\n^`
  return `${message.replace(/^Invalid regular expression: \/.*\/[a-z]*: /s, '')}\n${pattern}`
}
