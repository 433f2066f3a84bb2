import type { LogSegment } from './log-segment.ts'

/** A log's segments in order. There is always one at least, the last of which takes appends. */
export class LogSegments {
  readonly #segments: LogSegment[]

  constructor(segments: readonly [LogSegment, ...LogSegment[]]) {
    this.#segments = [...segments]
  }

  get all(): readonly LogSegment[] {
    return this.#segments
  }

  get first(): LogSegment {
    return this.#at(0)
  }

  get active(): LogSegment {
    return this.#at(this.#segments.length - 1)
  }

  get sizeBytes(): number {
    let sum = 0
    for (const segment of this.#segments) sum += segment.sizeBytes
    return sum
  }

  add(segment: LogSegment): void {
    this.#segments.push(segment)
  }

  /** Index of the segment an offset belongs to. */
  indexOf(offset: number): number {
    let [low, high] = [0, this.#segments.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#at(middle).baseOffset <= offset) low = middle
      else high = middle - 1
    }
    return low
  }

  at(index: number): LogSegment | null {
    return this.#segments[index] ?? null
  }

  /** Puts one segment (or none) in the place of others. */
  replace(old: readonly LogSegment[], by: readonly LogSegment[]): void {
    const first = old[0]
    if (first === undefined) return
    this.#segments.splice(this.#segments.indexOf(first), old.length, ...by)
  }

  #at(index: number): LogSegment {
    const segment = this.#segments[index]
    if (segment === undefined) throw new RangeError(`A log of ${this.#segments.length} segments has none at ${index}`)
    return segment
  }
}
