import type { Writable } from 'node:stream'
import { ConnectException } from 'standpipe/api'
import type { LineOutput } from './line-output.ts'
import { reasonOf } from './system-errors.ts'

/** Standard output. Whoever reads it has what was written; there is nothing to sync. */
export class StandardOutput implements LineOutput {
  readonly unwritten = null
  readonly #stream: Writable
  /** The failed write itself reports the error; without a listener it would end the process as well. */
  readonly #onError = (): void => undefined

  constructor(stream: Writable) {
    this.#stream = stream
  }

  async open(): Promise<void> {
    this.#stream.on('error', this.#onError)
  }

  append(bytes: Buffer): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#stream.write(bytes, (error) => {
      if (error === null || error === undefined) resolve()
      else reject(new ConnectException(`Cannot write to standard output: ${reasonOf(error)}. Is its reader gone?`, { cause: error }))
    })
    return promise
  }

  async sync(): Promise<void> {}

  async close(): Promise<void> {
    if (this.#stream.errored === null) this.#stream.off('error', this.#onError) // else its event may be still to come
  }
}
