const LENGTH_BYTES = 4
/** Large enough for the small answers of many requests, small enough to have one for each connection. */
const SCRATCH_BYTES = 16 * 1024
/** The correlation id, with which every answer begins. */
const MIN_FRAME_BYTES = 4
/** No broker sends more at once: a larger length is text of another protocol, such as `HTTP`. */
const MAX_FRAME_BYTES = 1024 * 1024 * 1024
/** How a TLS port answers bytes that are not TLS. */
const TLS_ALERT = 0x1503

export interface FrameReaderOptions {
  /** A whole frame, without its length; the buffer is the callee's. */
  readonly onFrame: (frame: Buffer) => void
  /** These are no frames, and nothing is read any more. */
  readonly onBroken: (reason: string) => void
}

/**
 * Cuts the bytes of a connection into frames: a length of four bytes, then as many. Each frame gets a buffer of its own as soon as its
 * length is known, and the rest of a large one can be read right into it, so that a fetched megabyte is neither collected in pieces
 * nor copied.
 */
export class FrameReader {
  readonly #options: FrameReaderOptions
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES)
  readonly #length = Buffer.alloc(LENGTH_BYTES)
  #lengthBytes = 0
  /** What is being filled; null: its length is not known yet. */
  #frame: Buffer | null = null
  #filledBytes = 0
  #isFirst = true
  #isBroken = false

  constructor(options: FrameReaderOptions) {
    this.#options = options
  }

  /** Where the next bytes may be read to, until the next call. */
  get space(): Buffer {
    const rest = this.#frame?.subarray(this.#filledBytes)
    return rest !== undefined && rest.length > SCRATCH_BYTES ? rest : this.#scratch
  }

  /** So many bytes were read into what `space` was. */
  filled(space: Uint8Array, bytes: number): void {
    if (space.buffer === this.#scratch.buffer) this.push(this.#scratch.subarray(0, bytes))
    else if (this.#frame !== null) this.#advance(this.#frame, bytes)
  }

  /** Takes bytes that lie elsewhere; they are copied. */
  push(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && !this.#isBroken;) {
      at += this.#frame === null ? this.#takeLength(bytes, at) : this.#takeBody(this.#frame, bytes, at)
    }
  }

  #takeLength(bytes: Buffer, at: number): number {
    const taken = bytes.copy(this.#length, this.#lengthBytes, at)
    this.#lengthBytes += taken
    if (this.#lengthBytes === LENGTH_BYTES) this.#open(this.#length.readUInt32BE(0))
    return taken
  }

  #takeBody(frame: Buffer, bytes: Buffer, at: number): number {
    const taken = bytes.copy(frame, this.#filledBytes, at)
    this.#advance(frame, taken)
    return taken
  }

  #open(length: number): void {
    if (this.#isFirst && length >>> 16 === TLS_ALERT) return this.#break('it answers with a TLS alert')
    if (length < MIN_FRAME_BYTES || length > MAX_FRAME_BYTES) return this.#break(`it announces an answer of ${length} bytes`)
    this.#isFirst = false
    this.#lengthBytes = 0
    this.#filledBytes = 0
    this.#frame = Buffer.allocUnsafe(length)
  }

  #advance(frame: Buffer, bytes: number): void {
    this.#filledBytes += bytes
    if (this.#filledBytes < frame.length) return
    this.#frame = null
    this.#options.onFrame(frame)
  }

  #break(reason: string): void {
    this.#isBroken = true
    this.#options.onBroken(reason)
  }
}
