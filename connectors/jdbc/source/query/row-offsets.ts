import type { SourceOffset } from 'standpipe/api'
import type { SqlText } from '../../dialect/connection.ts'
import type { SourceMode } from '../config/words.ts'
import { isLater, offsetOf, type Position } from './position.ts'

/** A row and the offset of its record. */
export interface PlacedRow {
  readonly row: readonly SqlText[]
  /** Null: the mode stores none. */
  readonly offset: SourceOffset | null
  /** Where reading goes on when this row is the last that got through. */
  readonly position: Position
}

/**
 * Gives each row its offset. In mode timestamp a row's own time may be stored only when all rows of that time are read: a row carries it
 * when the next one is later or there is none, else what was stored before. So there the last row is held back until the next is known.
 */
export class RowOffsets {
  readonly #isDelayed: boolean
  readonly #isBulk: boolean
  readonly #positionOf: (row: readonly SqlText[]) => Position
  #stored: Position
  #storedOffset: SourceOffset
  #held: { readonly row: readonly SqlText[]; readonly position: Position } | null = null

  /** @param stored where the table was read to before */
  constructor(mode: SourceMode, stored: Position, positionOf: (row: readonly SqlText[]) => Position) {
    this.#isDelayed = mode === 'timestamp'
    this.#isBulk = mode === 'bulk'
    this.#stored = stored
    this.#storedOffset = offsetOf(stored)
    this.#positionOf = positionOf
  }

  /** The row that can be given out now that this one is known; null: none yet. */
  next(row: readonly SqlText[]): PlacedRow | null {
    if (this.#isBulk) return { row, offset: null, position: this.#stored }
    const position = this.#positionOf(row)
    if (!this.#isDelayed) return { row, offset: offsetOf(position), position }
    const held = this.#held
    this.#held = { row, position }
    return held === null ? null : this.#place(held, position)
  }

  /** The row held back, after the last. */
  last(): PlacedRow | null {
    const held = this.#held
    this.#held = null
    return held === null ? null : this.#place(held, null)
  }

  #place(held: { readonly row: readonly SqlText[]; readonly position: Position }, next: Position | null): PlacedRow {
    const { time } = held.position
    const isComplete = next === null || (time !== null && next.time !== null && isLater(next.time, time))
    if (isComplete) {
      this.#stored = held.position
      this.#storedOffset = offsetOf(held.position)
    }
    return { row: held.row, offset: this.#storedOffset, position: this.#stored }
  }
}
