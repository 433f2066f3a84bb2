/** Most keys one cleaning can tell apart; a log with more is cleaned in several passes. */
const MAX_KEYS = 500_000

/** The last offset of every key in the part of a log that was not cleaned yet. */
export class KeyOffsets {
  readonly #offsets = new Map<string, number>()
  readonly #maxKeys: number
  /** Everything up to here is in the map. */
  latestOffset = -1

  constructor(maxKeys = MAX_KEYS) {
    this.#maxKeys = maxKeys
  }

  get size(): number {
    return this.#offsets.size
  }

  /** Room for one more batch of keys. */
  hasRoomFor(count: number): boolean {
    return this.#offsets.size === 0 || this.#offsets.size + count <= this.#maxKeys
  }

  set(bytes: Buffer, start: number, end: number, offset: number): void {
    // each byte a character: exact for any bytes, and as short as they are
    this.#offsets.set(bytes.latin1Slice(start, end), offset)
  }

  /** -1: the key does not occur. */
  get(bytes: Buffer, start: number, end: number): number {
    return this.#offsets.get(bytes.latin1Slice(start, end)) ?? -1
  }
}
