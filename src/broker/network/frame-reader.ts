import { lendBuffer } from '../log/read-buffers.ts'
import { InvalidRequest } from './invalid-request.ts'

const LENGTH_BYTES = 4
/** Frames up to this get their memory when the first byte is there. */
const MODEST_BYTES = 64 * 1024
/** A larger one gets it when this part of it has arrived. */
const ARRIVED_PART = 1 / 4

/**
 * Cuts the bytes of a connection into frames: a length of four bytes, then as many. A frame that came in one piece is a view on that piece;
 * any other is copied once, into memory that `returnBuffer` takes back. A length alone costs no memory, however large: only bytes that
 * arrive do.
 */
export class FrameReader {
  readonly #maxBytes: number
  readonly #onFrame: (frame: Buffer) => void
  readonly #length = Buffer.alloc(LENGTH_BYTES)
  #lengthBytes = 0
  /** Of the frame that is being read; -1: its length is not known yet. */
  #frameBytes = -1
  #receivedBytes = 0
  #pieces: Buffer[] = []
  /** Where the pieces go once it is worth its memory. */
  #frame: Buffer | null = null

  /**
   * @param maxBytes `socket.request.max.bytes`
   * @param onFrame gets whole frames, without their length; nobody writes to their memory any more
   */
  constructor(maxBytes: number, onFrame: (frame: Buffer) => void) {
    this.#maxBytes = maxBytes
    this.#onFrame = onFrame
  }

  /**
   * Takes the next bytes of the connection.
   * @throws InvalidRequest for a length that no request has; nothing can be read any more
   */
  push(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) at += this.#frameBytes < 0 ? this.#takeLength(bytes, at) : this.#takeBody(bytes, at)
  }

  #takeLength(bytes: Buffer, at: number): number {
    const taken = bytes.copy(this.#length, this.#lengthBytes, at)
    this.#lengthBytes += taken
    if (this.#lengthBytes === LENGTH_BYTES) this.#open(this.#length.readInt32BE(0))
    return taken
  }

  #open(length: number): void {
    if (length < 0 || length > this.#maxBytes)
      throw new InvalidRequest(`a request of ${length} bytes is announced; allowed are ${this.#maxBytes} (socket.request.max.bytes)`)
    this.#lengthBytes = 0
    this.#frameBytes = length
    if (length === 0) this.#close(Buffer.alloc(0))
  }

  #takeBody(bytes: Buffer, at: number): number {
    const piece = bytes.subarray(at, at + this.#frameBytes - this.#receivedBytes)
    if (piece.length === this.#frameBytes) this.#close(piece)
    else this.#collect(piece)
    return piece.length
  }

  #collect(piece: Buffer): void {
    if (this.#frame === null) this.#pieces.push(piece)
    else piece.copy(this.#frame, this.#receivedBytes)
    this.#receivedBytes += piece.length
    if (this.#frame === null && this.#isWorthMemory()) this.#frame = this.#joinedPieces()
    if (this.#frame !== null && this.#receivedBytes === this.#frameBytes) this.#close(this.#frame)
  }

  #isWorthMemory(): boolean {
    return this.#frameBytes <= MODEST_BYTES || this.#receivedBytes >= this.#frameBytes * ARRIVED_PART
  }

  #joinedPieces(): Buffer {
    const frame = lendBuffer(this.#frameBytes)
    let at = 0
    for (const piece of this.#pieces) at += piece.copy(frame, at)
    return frame
  }

  #close(frame: Buffer): void {
    this.#frameBytes = -1
    this.#receivedBytes = 0
    this.#pieces = []
    this.#frame = null
    this.#onFrame(frame)
  }
}
