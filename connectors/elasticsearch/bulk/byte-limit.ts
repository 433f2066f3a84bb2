/** Requests up to here go through everywhere; a limit learned from a stray answer never falls below. */
const smallest = 64 * 1024
const acceptedBeforeGrowth = 20
const growth = 1.25

/** The request size a server seems to take, learned from its 413s. It grows again slowly, since a proxy may have been changed. */
export class ByteLimit {
  #bytes = Number.POSITIVE_INFINITY
  #accepted = 0
  #largestAccepted = 0

  /** Infinity: nothing was too large yet. */
  get bytes(): number {
    return this.#bytes
  }

  get largestAccepted(): number {
    return this.#largestAccepted
  }

  refused(bytes: number): void {
    this.#bytes = Math.max(smallest, Math.min(this.#bytes, Math.floor(bytes / 2)))
    this.#accepted = 0
  }

  accepted(bytes: number): void {
    this.#largestAccepted = Math.max(this.#largestAccepted, bytes)
    if (++this.#accepted < acceptedBeforeGrowth) return
    this.#accepted = 0
    this.#bytes *= growth
  }
}
