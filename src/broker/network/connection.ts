import type { Socket } from 'node:net'
import type { Logger } from '../../api/logger.ts'
import { isLent, returnBuffer } from '../log/read-buffers.ts'
import { FrameReader } from './frame-reader.ts'
import { InvalidRequest } from './invalid-request.ts'
import type { Answer, RequestSession } from './request-session.ts'

export interface ConnectionOptions {
  readonly socket: Socket
  readonly session: RequestSession
  /** `socket.request.max.bytes` */
  readonly maxRequestBytes: number
  /** Address and port of the client, for the log. */
  readonly client: string
  readonly log: Logger
  /** Ends when the socket is closed. */
  readonly closed: AbortController
}

/**
 * One client's socket. Requests are answered strictly one after another, in the order they came. While one is worked on, at most what came
 * in the same piece waits behind it: then nothing more is read. An answer that the client does not read stops the next request.
 */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #frames: FrameReader
  readonly #waiting: Buffer[] = []
  #isAnswering = false
  #isClosed = false
  #lastActivityMs = Date.now()
  #hasAsked = false

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#frames = new FrameReader(options.maxRequestBytes, (frame) => this.#waiting.push(frame))
    options.socket
      .on('data', (bytes) => this.#receive(bytes))
      .on('drain', () => this.#answerWaiting())
      .on('error', (error) => options.log.debug(`Connection of ${options.client}: ${error.message}`))
      .on('close', () => this.#ended())
  }

  /** Since when nothing came and nothing was answered; null while a request is worked on. */
  get idleSinceMs(): number | null {
    return this.#isAnswering ? null : this.#lastActivityMs
  }

  /** Whether a first request was answered. */
  get hasAsked(): boolean {
    return this.#hasAsked
  }

  /** Something is worked on, or the client has not read the last answers. */
  get #isBusy(): boolean {
    return this.#isAnswering || this.#options.socket.writableNeedDrain
  }

  close(): void {
    this.#options.socket.destroy()
  }

  #receive(bytes: Buffer): void {
    this.#lastActivityMs = Date.now()
    try {
      this.#frames.push(bytes)
    } catch (error) {
      return this.#fail(error)
    }
    this.#answerWaiting()
  }

  /** Answers that are there at once go out together. */
  #answerWaiting(): void {
    const { socket } = this.#options
    socket.cork()
    while (!this.#isBusy && !this.#isClosed) {
      const frame = this.#waiting.shift()
      if (frame === undefined) break
      this.#answer(frame)
    }
    socket.uncork()
    if (this.#isBusy && this.#waiting.length > 0) socket.pause()
    else if (socket.isPaused()) socket.resume()
  }

  #answer(frame: Buffer): void {
    try {
      const answer = this.#options.session.answer(frame)
      if (!(answer instanceof Promise)) return this.#write(answer, frame)
      this.#isAnswering = true
      answer.then(
        (later) => this.#writeLate(later, frame),
        (error: unknown) => this.#fail(error),
      )
    } catch (error) {
      this.#fail(error)
    }
  }

  #writeLate(answer: Answer, frame: Buffer): void {
    this.#isAnswering = false
    const { socket } = this.#options
    socket.cork()
    this.#write(answer, frame)
    this.#answerWaiting()
    socket.uncork()
  }

  /** Called on a corked socket, so that the parts go out with one system call. Of the request nobody needs anything any more. */
  #write(answer: Answer, frame: Buffer): void {
    returnBuffer(frame)
    this.#lastActivityMs = Date.now()
    this.#hasAsked = true
    const { socket, session } = this.#options
    if (this.#isClosed || !socket.writable) return
    for (const part of answer ?? []) {
      if (isLent(part)) socket.write(part, () => returnBuffer(part))
      else socket.write(part)
    }
    if (session.isOver) this.#end()
  }

  /** After the last answer is out. */
  #end(): void {
    this.#isClosed = true
    this.#options.socket.end()
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const { log, client, socket } = this.#options
    if (error instanceof InvalidRequest || error instanceof RangeError) log.warn(`Connection of ${client} closed: ${error.message}`)
    else log.error(`Connection of ${client} closed: a request could not be answered`, error)
    socket.destroy()
  }

  #ended(): void {
    this.#isClosed = true
    this.#waiting.length = 0
    this.#options.closed.abort()
  }
}
