import { asKafkaError, disconnectException, type KafkaError } from '../errors.ts'
import { MAX_TIMER_MS, sleep } from '../timer.ts'
import type { ApiRequest } from '../transport.ts'
import { BrokerConnection, type BrokerConnectionOptions } from './broker-connection.ts'
import type { Reachability } from './reachability.ts'

export interface BrokerChannelOptions extends Omit<BrokerConnectionOptions, 'onClosed' | 'connectTimeoutMs'> {
  readonly reachability: Reachability
  readonly connectTimeoutMs: number
  readonly connectTimeoutMaxMs: number
}

/** One purpose's line to one broker. Connected on first use and again after it broke, by one attempt that all callers share. */
export class BrokerChannel {
  readonly #options: BrokerChannelOptions
  #connection: BrokerConnection | null = null
  #opened: Promise<BrokerConnection> | null = null
  #waiting = 0
  #isRetired = false

  constructor(options: BrokerChannelOptions) {
    this.#options = options
  }

  get isConnected(): boolean {
    return this.#connection !== null
  }

  /** Requests go out in call order: nobody passes those that wait for the connection. */
  send<Response>(request: ApiRequest<Response>, timeoutMs: number): Promise<Response> {
    if (this.#connection !== null && this.#waiting === 0) return this.#connection.request(request, timeoutMs)
    return this.#sendWhenOpen(request, timeoutMs)
  }

  /** Waits for the back-off, then tries once. */
  async open(): Promise<void> {
    await this.#open()
  }

  drop(reason: string): void {
    this.#connection?.close(disconnectException(`Connection to ${this.#options.broker} was closed: ${reason}`))
  }

  /** Lets what is in flight, or waits for the connection, finish, and opens no other. Settles when the socket is gone. */
  async retire(): Promise<void> {
    this.#isRetired = true
    await this.#opened?.then(
      (connection) => {
        connection.retire()
        return connection.closed
      },
      () => undefined, // told to those who asked for the connection
    )
  }

  /** Rejects what is in flight and waits until the socket is gone. */
  async close(reason: KafkaError): Promise<void> {
    this.#connection?.close(reason)
    await this.#opened?.then(
      (connection) => connection.closed,
      () => undefined, // told to those who asked for the connection
    )
  }

  async #sendWhenOpen<Response>(request: ApiRequest<Response>, timeoutMs: number): Promise<Response> {
    // written in the turn in which the connection opens: `retire`, which comes later to hear of it, sees it in flight
    let response: Promise<Response>
    this.#waiting++
    try {
      const connection = await this.#open()
      response = connection.request(request, timeoutMs)
    } finally {
      this.#waiting--
    }
    return response
  }

  #open(): Promise<BrokerConnection> {
    if (this.#opened !== null) return this.#opened
    if (this.#isRetired) return Promise.reject(disconnectException(`${this.#options.broker} is not in the cluster any more`))
    return (this.#opened = this.#connect())
  }

  async #connect(): Promise<BrokerConnection> {
    const { reachability, closing, connectTimeoutMs, connectTimeoutMaxMs } = this.#options
    try {
      if (reachability.delayMs > 0) await sleep(reachability.delayMs, closing)
      closing.throwIfAborted()
      const timeoutMs = Math.min(connectTimeoutMs * 2 ** reachability.failures, connectTimeoutMaxMs, MAX_TIMER_MS)
      const connection = await BrokerConnection.open({
        ...this.#options,
        connectTimeoutMs: timeoutMs,
        onClosed: (...args) => this.#closed(...args),
      })
      return this.#connected(connection)
    } catch (error) {
      this.#opened = null
      if (closing.aborted) throw asKafkaError(closing.reason)
      const failure = asKafkaError(error)
      reachability.failed(failure)
      throw failure
    }
  }

  #connected(connection: BrokerConnection): BrokerConnection {
    if (this.#options.closing.aborted) {
      connection.close(asKafkaError(this.#options.closing.reason))
      this.#options.closing.throwIfAborted()
    }
    this.#connection = connection
    this.#options.reachability.connected(connection.versions)
    return connection
  }

  #closed(connection: BrokerConnection, error: KafkaError): void {
    if (this.#connection !== connection) return
    this.#connection = null
    this.#opened = null
    if (!this.#options.closing.aborted) this.#options.reachability.disconnected(error, connection.hasAnswered)
  }
}
