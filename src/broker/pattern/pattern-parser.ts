import { perlClass, PointClass, posixClass, rangeOf, unicodeClass } from './point-class.ts'
import { EMPTY, PatternSyntaxError, type Accepts, type Holds, type Node } from './syntax-tree.ts'

const MAX_REPEAT = 1000
const MAX_DEPTH = 200
const NEWLINE = 10
const MAX_POINT = 0x10ffff

const CONTROL: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['v', 11],
])

interface Flags {
  /** Ignores case. */
  readonly i: boolean
  /** `^` and `$` are begin and end of a line. */
  readonly m: boolean
  /** `.` is any character, the end of a line included. */
  readonly s: boolean
  /** Lazy is greedy and the other way round: to whole matches it is all the same. */
  readonly U: boolean
}

interface Repeat {
  readonly min: number
  readonly max: number
}

const NO_FLAGS: Flags = { i: false, m: false, s: false, U: false }

const isWord = (point: number) => point < 128 && /\w/.test(String.fromCharCode(point)) && point >= 0
const atBegin: Holds = (before) => before === -1
const atEnd: Holds = (_before, after) => after === -1
const atLineBegin: Holds = (before) => before === -1 || before === NEWLINE
const atLineEnd: Holds = (_before, after) => after === -1 || after === NEWLINE
const atWordEdge: Holds = (before, after) => isWord(before) !== isWord(after)

/**
 * Reads a pattern in the syntax of RE2, which Apache Kafka 4 takes from clients (RE2/J): as Perl's, without what needs to be tried again and
 * again, such as back references and looking ahead. https://github.com/google/re2/wiki/Syntax
 */
export class PatternParser {
  readonly #pattern: string
  #at = 0
  #depth = 0
  readonly #names = new Set<string>()

  constructor(pattern: string) {
    this.#pattern = pattern
  }

  /** @throws PatternSyntaxError */
  parse(): Node {
    const node = this.#choice({ ...NO_FLAGS })
    if (this.#at < this.#pattern.length) throw this.#error('unexpected )')
    return node
  }

  /** Up to a closing parenthesis, or the end. Flags that are set within hold up to there. */
  #choice(flags: Flags): Node {
    if (++this.#depth > MAX_DEPTH) throw this.#error('expression nests too deeply')
    const options: Node[] = []
    let items: Node[] = []
    while (this.#at < this.#pattern.length && this.#peek() !== ')') {
      if (this.#take('|')) {
        options.push(sequence(items))
        items = []
        continue
      }
      const repeat = this.#repeat()
      const changed = repeat === null ? this.#flagsAlone(flags) : null
      if (repeat !== null) items.push(this.#repeated(items.pop(), repeat))
      else if (changed !== null) flags = changed
      else items.push(...this.#item(flags))
    }
    this.#depth--
    return options.length === 0 ? sequence(items) : { kind: 'choice', options: [...options, sequence(items)] }
  }

  #repeated(item: Node | undefined, repeat: Repeat): Node {
    if (item === undefined) throw this.#error('missing argument to repetition operator')
    if (this.#repeat() !== null) throw this.#error('invalid nested repetition operator')
    return { kind: 'repeat', item, ...repeat }
  }

  #repeat(): Repeat | null {
    const operator = /[*+?]|\{\d+(?:,\d*)?\}/y
    operator.lastIndex = this.#at
    const [text] = operator.exec(this.#pattern) ?? []
    if (text === undefined) return null
    this.#at += text.length
    this.#take('?')
    if (text === '*') return { min: 0, max: Infinity }
    if (text === '+') return { min: 1, max: Infinity }
    if (text === '?') return { min: 0, max: 1 }
    const [least = '', most = least] = text.slice(1, -1).split(',')
    const [min, max] = [Number(least), most === '' ? Infinity : Number(most)]
    if (min > MAX_REPEAT || (max !== Infinity && max > MAX_REPEAT) || min > max) throw this.#error('invalid repeat count')
    return { min, max }
  }

  /** Several where a quotation has several characters; a repetition is of the last one. */
  #item(flags: Flags): Node[] {
    if (this.#take('\\Q')) return this.#quotation(flags)
    return [this.#singleItem(flags)]
  }

  #quotation(flags: Flags): Node[] {
    const end = this.#pattern.indexOf('\\E', this.#at)
    const quoted = this.#pattern.slice(this.#at, end < 0 ? undefined : end)
    this.#at = end < 0 ? this.#pattern.length : end + 2
    return Array.from(quoted, (character) => literal(character.codePointAt(0) ?? 0, flags))
  }

  #singleItem(flags: Flags): Node {
    const point = this.#next()
    switch (String.fromCodePoint(point)) {
      case '(':
        return this.#group(flags)
      case '[':
        return { kind: 'point', accepts: this.#class(flags) }
      case '.':
        return { kind: 'point', accepts: flags.s ? () => true : (other) => other !== NEWLINE }
      case '^':
        return { kind: 'place', holds: flags.m ? atLineBegin : atBegin }
      case '$':
        return { kind: 'place', holds: flags.m ? atLineEnd : atEnd }
      case '\\':
        return this.#escape(flags)
      default:
        return literal(point, flags)
    }
  }

  #group(flags: Flags): Node {
    let within = flags
    if (this.#peek() === '?') {
      const named = this.#match(/\?P?<([^>]*)>/y)
      if (named === null) within = this.#flagsOfGroup(flags)
      else this.#name(named[1] ?? '')
    }
    const node = this.#choice(within)
    if (!this.#take(')')) throw this.#error('missing closing )')
    return node
  }

  #name(name: string): void {
    if (!/^\w+$/.test(name)) throw this.#error('invalid named capture')
    if (this.#names.has(name)) throw this.#error('duplicate capture group name')
    this.#names.add(name)
  }

  #flagsOfGroup(flags: Flags): Flags {
    const [, set = '', cleared] = this.#match(/\?([imsU]*)(?:-([imsU]+))?:/y) ?? this.#refuseGroup()
    return withFlags(flags, set, cleared)
  }

  #refuseGroup(): never {
    throw this.#error('invalid or unsupported Perl syntax')
  }

  /** `(?i)`, which is about what follows. Null: that is not what comes. */
  #flagsAlone(flags: Flags): Flags | null {
    const match = this.#match(/\(\?(?:([imsU]+)|([imsU]*)-([imsU]+))\)/y)
    if (match === null) return null
    return withFlags(flags, match[1] ?? match[2] ?? '', match[3])
  }

  #escape(flags: Flags): Node {
    const named = this.#namedClass()
    if (named !== null) {
      const set = new PointClass()
      set.add(named.source, named.isNegated)
      return { kind: 'point', accepts: set.accepts(false, flags.i) }
    }
    if (this.#take('A')) return { kind: 'place', holds: atBegin }
    if (this.#take('z')) return { kind: 'place', holds: atEnd }
    if (this.#take('b')) return { kind: 'place', holds: atWordEdge }
    if (this.#take('B')) return { kind: 'place', holds: (before, after) => !atWordEdge(before, after) }
    return literal(this.#escapedPoint(), flags)
  }

  /** What follows a backslash, if that is a class: `\d`, `\P{Greek}`. */
  #namedClass(): { readonly source: string; readonly isNegated: boolean } | null {
    const perl = this.#match(/[dswDSW]/y)?.[0]
    if (perl !== undefined) return { source: perlClass(perl.toLowerCase()) ?? '', isNegated: perl !== perl.toLowerCase() }
    const unicode = this.#match(/([pP])(?:\{(\^?)([^}]*)\}|([A-Z]))/y)
    if (unicode === null) return null
    const [, letter, caret = '', inBraces, single = ''] = unicode
    const source = unicodeClass(inBraces ?? single)
    if (source === null) throw this.#error('invalid character class range')
    return { source, isNegated: (letter === 'P') !== (caret === '^') }
  }

  #escapedPoint(): number {
    const hex = this.#match(/x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]+)\})/y)
    if (hex !== null) return this.#checkedPoint(parseInt(hex[1] ?? hex[2] ?? '', 16))
    const octal = this.#match(/0[0-7]{0,2}|[1-7][0-7]{1,2}/y)
    if (octal !== null) return parseInt(octal[0], 8)
    if (this.#at >= this.#pattern.length) throw this.#error('trailing backslash at end of expression')
    const point = this.#next()
    const character = String.fromCodePoint(point)
    const control = CONTROL.get(character)
    if (control !== undefined) return control
    if (/[0-9A-Za-z]/.test(character)) throw this.#error('invalid escape sequence')
    return point
  }

  #checkedPoint(point: number): number {
    if (point > MAX_POINT) throw this.#error('invalid escape sequence')
    return point
  }

  /** Behind the opening bracket. */
  #class(flags: Flags): Accepts {
    const set = new PointClass()
    const isNegated = this.#take('^')
    for (let isFirst = true; isFirst || this.#peek() !== ']'; isFirst = false) {
      if (this.#at >= this.#pattern.length) throw this.#error('missing closing ]')
      this.#classItem(set)
    }
    this.#at++
    return set.accepts(isNegated, flags.i)
  }

  #classItem(set: PointClass): void {
    const posix = this.#match(/\[:(\^?)([^\]]*?):\]/y)
    if (posix !== null) {
      const source = posixClass(posix[2] ?? '')
      if (source === null) throw this.#error('invalid character class range')
      set.add(source, posix[1] === '^')
      return
    }
    if (this.#take('\\')) {
      const named = this.#namedClass()
      if (named !== null) return set.add(named.source, named.isNegated)
      this.#at--
    }
    this.#range(set)
  }

  #range(set: PointClass): void {
    const first = this.#classPoint()
    const isRange = this.#peek() === '-' && this.#at + 1 < this.#pattern.length && this.#pattern[this.#at + 1] !== ']'
    if (isRange) this.#at++
    const last = isRange ? this.#classPoint() : first
    if (last < first) throw this.#error('invalid character class range')
    set.add(rangeOf(first, last))
  }

  #classPoint(): number {
    if (this.#take('\\')) return this.#escapedPoint()
    if (this.#at >= this.#pattern.length) throw this.#error('missing closing ]')
    return this.#next()
  }

  #peek(): string {
    return this.#pattern[this.#at] ?? ''
  }

  #next(): number {
    const point = this.#pattern.codePointAt(this.#at) ?? 0
    this.#at += point > 0xffff ? 2 : 1
    return point
  }

  /** @returns whether that came next; it is behind us then */
  #take(text: string): boolean {
    const isNext = this.#pattern.startsWith(text, this.#at)
    if (isNext) this.#at += text.length
    return isNext
  }

  /** @param what sticky */
  #match(what: RegExp): RegExpExecArray | null {
    what.lastIndex = this.#at
    const match = what.exec(this.#pattern)
    if (match !== null) this.#at += match[0].length
    return match
  }

  #error(why: string): PatternSyntaxError {
    return new PatternSyntaxError(why, this.#pattern)
  }
}

function sequence(items: readonly Node[]): Node {
  return items.length === 1 ? (items[0] ?? EMPTY) : { kind: 'sequence', items }
}

function literal(point: number, { i }: Flags): Node {
  if (!i) return { kind: 'point', accepts: (other) => other === point }
  const set = new PointClass()
  set.add(rangeOf(point, point))
  return { kind: 'point', accepts: set.accepts(false, true) }
}

function withFlags(flags: Flags, set: string, cleared = ''): Flags {
  const value = (flag: keyof Flags) => (flags[flag] || set.includes(flag)) && !cleared.includes(flag)
  return { i: value('i'), m: value('m'), s: value('s'), U: value('U') }
}
