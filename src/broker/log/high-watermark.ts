import type { ProducerState } from './producer-state.ts'

/** Up to where a log may be read: by everyone, and by those who read committed records only. */
export class HighWatermark {
  readonly #producers: ProducerState
  readonly #startOffset: () => number
  #offset: number
  #toldOffset = -1
  #toldStableOffset = -1

  /** @param startOffset of the log: what is before it holds nothing back */
  constructor(offset: number, producers: ProducerState, startOffset: () => number) {
    this.#offset = offset
    this.#startOffset = startOffset
    this.#producers = producers
  }

  /** Everything before it may be read. */
  get offset(): number {
    return this.#offset
  }

  /** Everything before it belongs to no open transaction. */
  get lastStableOffset(): number {
    const unstable = this.#producers.firstUnstableOffset
    return unstable === null ? this.#offset : Math.min(Math.max(unstable, this.#startOffset()), this.#offset)
  }

  /**
   * Moves up to what is safe, which makes transactions stable whose end is before it.
   * @returns whether one of the two offsets is another than the last time
   */
  advance(safeOffset: number): boolean {
    if (safeOffset > this.#offset) this.#offset = safeOffset
    this.#producers.settle(this.#offset)
    const { lastStableOffset } = this
    if (this.#offset === this.#toldOffset && lastStableOffset === this.#toldStableOffset) return false
    this.#toldOffset = this.#offset
    this.#toldStableOffset = lastStableOffset
    return true
  }
}
