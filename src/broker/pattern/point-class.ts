import type { Accepts } from './syntax-tree.ts'

/** Ranges of characters with the names that POSIX gave them. Each text is the inside of a class of JavaScript. */
const POSIX: ReadonlyMap<string, string> = new Map([
  ['alnum', '0-9A-Za-z'],
  ['alpha', 'A-Za-z'],
  ['ascii', '\\x00-\\x7f'],
  ['blank', '\\t '],
  ['cntrl', '\\x00-\\x1f\\x7f'],
  ['digit', '0-9'],
  ['graph', '!-~'],
  ['lower', 'a-z'],
  ['print', ' -~'],
  ['punct', '!-\\/:-@\\[-`\\{-~'],
  ['space', '\\t\\n\\v\\f\\r '],
  ['upper', 'A-Z'],
  ['word', '0-9A-Za-z_'],
  ['xdigit', '0-9A-Fa-f'],
])

const PERL: ReadonlyMap<string, string> = new Map([
  ['d', '0-9'],
  ['s', '\\t\\n\\f\\r '],
  ['w', '0-9A-Za-z_'],
])

/** Of those named: null for a name that is none. */
export const posixClass = (name: string): string | null => POSIX.get(name) ?? null

/** Of `\d`, `\s` and `\w`, which are about ASCII alone, by the small letter: null for another one. */
export const perlClass = (letter: string): string | null => PERL.get(letter) ?? null

/** Of a general category such as `Lu`, a script such as `Greek`, or `Any`: null for a name that is none. */
export function unicodeClass(name: string): string | null {
  if (name === 'Any') return '\\u{0}-\\u{10ffff}'
  const source = /^[A-Z][a-z]?$/.test(name) ? `\\p{${name}}` : `\\p{Script=${name}}`
  try {
    new RegExp(source, 'u')
    return /^[A-Za-z_]+$/.test(name) ? source : null
  } catch {
    return null // JavaScript knows the same names
  }
}

export const rangeOf = (first: number, last: number): string => `\\u{${first.toString(16)}}-\\u{${last.toString(16)}}`

/** A set of characters: JavaScript is asked about one at a time, with which it has nothing to try again. */
export class PointClass {
  #inside = ''
  readonly #complements: string[] = []

  /** @param source the inside of a class of JavaScript */
  add(source: string, isNegated = false): void {
    if (isNegated) this.#complements.push(source)
    else this.#inside += source
  }

  accepts(isNegated: boolean, ignoresCase: boolean): Accepts {
    const flags = ignoresCase ? 'iu' : 'u'
    const inside = this.#inside === '' ? null : new RegExp(`^[${this.#inside}]$`, flags)
    const complements = this.#complements.map((source) => new RegExp(`^[${source}]$`, flags))
    return (point) => {
      const text = String.fromCodePoint(point)
      const isIn = inside?.test(text) === true || complements.some((complement) => !complement.test(text))
      return isIn !== isNegated
    }
  }
}
