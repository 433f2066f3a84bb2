import { PatternParser } from './pattern-parser.ts'
import { PatternSyntaxError, type Accepts, type Holds, type Node } from './syntax-tree.ts'

/** A match takes so many steps for each character at most. */
const MAX_STEPS = 5000
/** More parts than this, written out, make no sensible pattern, though each may need no step. */
const MAX_PARTS = 20_000

/** Steps of a match: one that takes a character, one that looks where it is, a fork, or the end. */
type Step =
  | { readonly kind: 'point'; readonly accepts: Accepts; readonly next: number }
  | { readonly kind: 'place'; readonly holds: Holds; readonly next: number }
  | { readonly kind: 'fork'; readonly ways: number[] }
  | { readonly kind: 'end' }

/**
 * A regular expression of RE2's syntax that takes time in proportion to the text, whatever a client wrote: all ways through the pattern are
 * followed at once (Thompson's construction), and a pattern with too many is refused.
 */
export class Pattern {
  readonly #steps: readonly Step[]
  readonly #first: number

  /** @throws PatternSyntaxError */
  constructor(text: string) {
    const program = new Program(text)
    this.#first = program.compile(new PatternParser(text).parse(), 0)
    this.#steps = program.steps
  }

  /** How much work a match of so many characters is at most: the number of steps that are looked at. */
  workFor(characters: number): number {
    return this.#steps.length * (characters + 1)
  }

  /** Whether the whole text is as the pattern says. */
  matches(text: string): boolean {
    const points = Array.from(text, (character) => character.codePointAt(0) ?? 0)
    let places = this.#reach([this.#first], -1, points[0] ?? -1)
    for (let index = 0; index < points.length && places.length > 0; index++) {
      const point = points[index] ?? -1
      places = this.#reach(this.#behind(places, point), point, points[index + 1] ?? -1)
    }
    return places.some((place) => this.#steps[place]?.kind === 'end')
  }

  #behind(places: readonly number[], point: number): number[] {
    return places.flatMap((place) => {
      const step = this.#steps[place]
      return step?.kind === 'point' && step.accepts(point) ? [step.next] : []
    })
  }

  /** Where one gets from those places without taking a character. */
  #reach(from: readonly number[], before: number, after: number): number[] {
    const reached = new Set(from)
    for (const place of reached) {
      const step = this.#steps[place]
      if (step?.kind === 'fork') for (const way of step.ways) reached.add(way)
      else if (step?.kind === 'place' && step.holds(before, after)) reached.add(step.next)
    }
    return [...reached]
  }
}

class Program {
  readonly steps: Step[] = [{ kind: 'end' }]
  readonly #text: string
  #parts = 0

  constructor(text: string) {
    this.#text = text
  }

  /** @param next where a match goes on behind the node. @returns where it begins */
  compile(node: Node, next: number): number {
    if (++this.#parts > MAX_PARTS) throw this.#tooLarge()
    switch (node.kind) {
      case 'empty':
        return next
      case 'point':
      case 'place':
        return this.#add({ ...node, next })
      case 'sequence':
        return node.items.reduceRight((behind, item) => this.compile(item, behind), next)
      case 'choice':
        return this.#add({ kind: 'fork', ways: node.options.map((option) => this.compile(option, next)) })
      case 'repeat':
        return this.#repeat(node.item, node.min, node.max, next)
    }
  }

  #repeat(item: Node, min: number, max: number, next: number): number {
    let start = max === Infinity ? this.#loop(item, next) : next
    for (let optional = min; max !== Infinity && optional < max; optional++) {
      start = this.#add({ kind: 'fork', ways: [this.compile(item, start), next] })
    }
    for (let required = 0; required < min; required++) start = this.compile(item, start)
    return start
  }

  #loop(item: Node, next: number): number {
    const ways = [next]
    const start = this.#add({ kind: 'fork', ways })
    ways.push(this.compile(item, start))
    return start
  }

  #add(step: Step): number {
    if (this.steps.length >= MAX_STEPS) throw this.#tooLarge()
    return this.steps.push(step) - 1
  }

  #tooLarge(): PatternSyntaxError {
    return new PatternSyntaxError('expression too large', this.#text)
  }
}
