import type { InflightBytes } from '../ports.ts'

/** Counts what was fetched and is still in use against the bytes that the consumer may hold. */
export class FetchedBytes {
  readonly #inflight: InflightBytes
  #held = 0
  /** Most that answers under way may bring. */
  #asked = 0
  /** Part of what is held: the application has all of it, and is not back yet. */
  #handedOut = 0

  constructor(inflight: InflightBytes) {
    this.#inflight = inflight
  }

  get limit(): number {
    return this.#inflight.limit
  }

  /** Bytes that may be fetched now; 0 or less: none. */
  get room(): number {
    return this.#inflight.limit - this.#held - this.#asked
  }

  asked(bytes: number): void {
    this.#asked += bytes
  }

  /** The request of so many bytes was answered, or failed. */
  answered(bytes: number): void {
    this.#asked -= bytes
  }

  fetched(bytes: number): void {
    this.#held += bytes
    this.#inflight.add(bytes)
  }

  handedOut(bytes: number): void {
    this.#handedOut += bytes
  }

  /** Nobody will ask for them. */
  dropped(bytes: number): void {
    this.#held -= bytes
    this.#inflight.add(-bytes)
  }

  /** The application asks for more, so it is done with what it had. @returns whether that made room */
  done(): boolean {
    if (this.#handedOut === 0) return false
    this.dropped(this.#handedOut)
    this.#handedOut = 0
    return true
  }
}
