import type { Connection, Submittable } from 'pg'

/** What `pg` gives a submittable besides its types. */
interface ReplicationConnection {
  readonly stream: { pause(): unknown; resume(): unknown }
  sendCopyFromChunk(chunk: Buffer): void
}

/** A part of the log, or a sign of life: then everything before `walEnd` has been sent. */
export type StreamMessage = { readonly kind: 'log'; readonly bytes: Buffer } | { readonly kind: 'alive'; readonly walEnd: bigint }

const mostBytes = 16 * 1024 * 1024
/** Between 1970 and 2000, where the server's times begin. */
const epochMicros = 946_684_800_000_000n

/** `START_REPLICATION` as `pg` runs it. What is not taken yet is bounded; beyond that nothing is read from the socket. */
export class ReplicationStream implements Submittable {
  readonly #sql: string
  #connection: ReplicationConnection | null = null
  #messages: StreamMessage[] = []
  #bytes = 0
  #isPaused = false
  #durable = 0n
  #failure: Error | null = null
  #wake: () => void = () => undefined

  constructor(sql: string) {
    this.#sql = sql
  }

  /** What has come since; waits for it no longer than that. @throws Error of `pg` */
  async take(withinMs: number, signal: AbortSignal): Promise<readonly StreamMessage[]> {
    if (this.#messages.length === 0 && this.#failure === null && !signal.aborted) await this.#message(withinMs, signal)
    if (this.#messages.length === 0 && this.#failure !== null) throw this.#failure
    const messages = this.#messages
    this.#messages = []
    this.#bytes = 0
    if (this.#isPaused) this.#connection?.stream.resume()
    this.#isPaused = false
    return messages
  }

  /** What is safe on the other side: the server may forget it. Also a sign of life, to be sent every few seconds. */
  tellDurable(lsn: bigint): void {
    if (this.#failure !== null) return
    if (lsn > this.#durable) this.#durable = lsn
    const status = Buffer.alloc(34)
    status.write('r', 0, 'latin1')
    for (const at of [1, 9, 17]) status.writeBigUInt64BE(this.#durable, at)
    status.writeBigInt64BE(BigInt(Date.now()) * 1000n - epochMicros, 25)
    this.#connection?.sendCopyFromChunk(status)
  }

  submit(connection: Connection): void {
    this.#connection = connection as unknown as ReplicationConnection // pg's types lack these
    connection.query(this.#sql)
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    if (chunk[0] === 0x77)
      this.#push({ kind: 'log', bytes: Buffer.from(chunk.subarray(25)) }) // the parser uses its memory again
    else this.#takeSignOfLife(chunk)
  }

  handleCommandComplete(): void {
    this.handleError(new Error('The server has ended the replication.'))
  }

  handleError(error: Error): void {
    this.#failure ??= error
    this.#wake()
  }

  handleReadyForQuery(): void {
    this.handleError(new Error('The server has ended the replication.'))
  }

  #takeSignOfLife(chunk: Buffer): void {
    this.#push({ kind: 'alive', walEnd: chunk.readBigUInt64BE(1) })
    if (chunk[17] === 1) this.tellDurable(0n)
  }

  #push(message: StreamMessage): void {
    this.#messages.push(message)
    this.#bytes += message.kind === 'log' ? message.bytes.length + 100 : 100
    this.#wake()
    if (this.#isPaused || this.#bytes < mostBytes) return
    this.#isPaused = true
    this.#connection?.stream.pause()
  }

  async #message(withinMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = () => resolve()
    this.#wake = wake
    const timer = setTimeout(wake, withinMs)
    signal.addEventListener('abort', wake)
    await promise
    clearTimeout(timer)
    signal.removeEventListener('abort', wake)
  }
}
