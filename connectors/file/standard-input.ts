import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { ConnectException } from 'standpipe/api'
import type { LineInput } from './line-input.ts'
import { reasonOf } from './system-errors.ts'

const waitMs = 100

/** Lines typed or piped into the process. It has no positions; at its end it gives nothing for ever, as in Java. */
export class StandardInput implements LineInput {
  readonly fileKey = null
  readonly #stream: Readable
  /** `read` reports the error; without a listener it would end the process as well. */
  readonly #onError = (): void => undefined

  constructor(stream: Readable) {
    this.#stream = stream
  }

  async open(): Promise<number | null> {
    this.#stream.off('error', this.#onError).on('error', this.#onError)
    this.#stream.pause()
    return 0
  }

  async read(target: Buffer, start: number): Promise<number> {
    if (this.#stream.readableLength === 0) await this.#readable()
    const { errored } = this.#stream
    if (errored !== null) throw new ConnectException(`Cannot read standard input: ${reasonOf(errored)}`, { cause: errored })
    const available = Math.min(this.#stream.readableLength, target.length - start)
    if (available === 0) return 0
    const chunk = this.#stream.read(available) as Buffer | null
    return chunk === null ? 0 : chunk.copy(target, start)
  }

  async hasEnded(): Promise<boolean> {
    return false
  }

  async close(): Promise<void> {
    if (this.#stream.errored === null) this.#stream.off('error', this.#onError) // else its event may be still to come
    this.#stream.pause()
  }

  /** Waits a little for bytes. */
  async #readable(): Promise<void> {
    if (this.#stream.readableEnded || this.#stream.destroyed) return
    const timeout = new AbortController()
    const timer = setTimeout(() => timeout.abort(), waitMs)
    this.#stream.read(0) // starts reading
    try {
      await once(this.#stream, 'readable', { signal: timeout.signal })
    } catch (error) {
      if (!timeout.signal.aborted) throw error
    } finally {
      clearTimeout(timer)
    }
  }
}
