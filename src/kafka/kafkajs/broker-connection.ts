import type { OnReadOpts, Socket } from 'node:net'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import Connection, { type SocketFactoryOptions } from 'kafkajs/src/network/connection.js'
import type { SaslCredentials } from '../config/sasl.ts'
import { asKafkaError, disconnectException, kafkaError, KafkaError, requestTimedOut, sslAuthenticationFailed } from '../errors.ts'
import { apiVersions, type ApiVersions } from '../protocol/api-versions.ts'
import { monotonic, startDeadline, startTimer } from '../timer.ts'
import type { ApiRequest } from '../transport.ts'
import { chooseVersion } from './choose-version.ts'
import { decodeAnswer } from './decode-answer.ts'
import { FrameReader } from './frame-reader.ts'
import { frameRequest } from './frame.ts'
import { mapError } from './map-error.ts'
import { scheduleOnlyWhenPending } from './overrides.ts'
import { portAdvice } from './port-advice.ts'
import { quietLogger } from './quiet-logger.ts'
import { SaslSession } from './sasl-session.ts'
import { SessionGate } from './session-gate.ts'
import { openSocket } from './socket.ts'

export interface BrokerConnectionOptions {
  readonly host: string
  readonly port: number
  /** How texts name the broker. */
  readonly broker: string
  readonly clientId: string
  readonly tls: TlsOptions | null
  readonly sasl: SaslCredentials | null
  readonly connectTimeoutMs: number
  readonly maxIdleMs: number
  /** Aborted with a KafkaError when the client closes: gives up an attempt to connect. */
  readonly closing: AbortSignal
  /** Called once, also when `close` was called. Not called when `open` rejects. */
  readonly onClosed: (connection: BrokerConnection, error: KafkaError) => void
}

/**
 * One socket to a broker: opening → open → closed, and never opened again, because kafkajs keeps half-read answers over a reconnect.
 * kafkajs connects, matches answers to requests and holds back while throttled; requests and answers are framed here.
 */
export class BrokerConnection {
  readonly #options: BrokerConnectionOptions
  readonly #connection: Connection
  /** Null: no authentication. */
  readonly #session: SaslSession | null
  readonly #gate: SessionGate | null
  readonly #frames = new FrameReader({
    onFrame: (frame) => this.#answered(frame),
    onBroken: (reason) => this.close(this.#noBroker(reason)),
  })
  readonly #closed = Promise.withResolvers<void>()
  #socket: Socket | null = null
  #socketError: unknown = null
  #closeReason: KafkaError | null = null
  #isOpen = false
  #hasAnswered = false
  #isRetired = false
  #versions: ApiVersions = {}
  #lastUsedAt = monotonic()
  #throttledUntil = 0
  #idleTimer: NodeJS.Timeout | undefined

  /** Connects, asks what the broker can do and authenticates. */
  static async open(options: BrokerConnectionOptions): Promise<BrokerConnection> {
    const connection = new BrokerConnection(options)
    const abort = (): void => connection.close(asKafkaError(options.closing.reason))
    options.closing.addEventListener('abort', abort, { once: true })
    try {
      await connection.#open()
    } catch (error) {
      const mapped = connection.#openingError(error)
      connection.close(mapped)
      await connection.closed
      throw mapped
    } finally {
      options.closing.removeEventListener('abort', abort)
    }
    return connection
  }

  private constructor(options: BrokerConnectionOptions) {
    this.#options = options
    this.#connection = new Connection({
      host: options.host,
      port: options.port,
      clientId: options.clientId,
      ssl: options.tls,
      sasl: null, // authentication is ours, see SaslSession
      connectionTimeout: options.connectTimeoutMs,
      requestTimeout: options.connectTimeoutMs,
      enforceRequestTimeout: false, // #exchange has its own deadlines
      logger: quietLogger,
      socketFactory: (target) => this.#createSocket(target),
    })
    scheduleOnlyWhenPending(this.#connection.requestQueue)
    this.#connection.processData = (bytes) => this.#frames.push(bytes)
    this.#session = this.#newSession()
    this.#gate = this.#newGate()
  }

  /** What the broker can do, as it said on this connection. */
  get versions(): ApiVersions {
    return this.#versions
  }

  /** It has answered requests. A broker that never does may not be spoken to as it wants. */
  get hasAnswered(): boolean {
    return this.#hasAnswered
  }

  get inFlight(): number {
    return this.#unanswered + (this.#gate?.held ?? 0)
  }

  /** Writes at once, in call order, unless the session has to be authenticated again first. */
  async request<Response>(request: ApiRequest<Response>, timeoutMs: number): Promise<Response> {
    if (this.#closeReason !== null) throw this.#closeReason
    this.#lastUsedAt = monotonic()
    const version = chooseVersion(request, this.#versions, this.#options.broker)
    try {
      const response = await this.#inSession(() => this.#exchange(request, version, timeoutMs))
      this.#hasAnswered = true
      return response
    } catch (error) {
      throw mapError(error, this.#options.broker)
    } finally {
      this.#gate?.answered()
      if (this.#isRetired && this.inFlight === 0) this.close(this.#gone())
    }
  }

  /** Rejects what is in flight and destroys the socket. */
  close(reason: KafkaError): void {
    this.#end(reason)
    if (this.#socket === null) this.#closed.resolve()
    // kafkajs stops its connect timer when the socket reports an error
    else this.#socket.destroy(this.#isOpen ? undefined : reason)
  }

  /** Closes when nothing is in flight any more. */
  retire(): void {
    this.#isRetired = true
    if (this.inFlight === 0) this.close(this.#gone())
  }

  /** Settles when the socket is closed. */
  get closed(): Promise<void> {
    return this.#closed.promise
  }

  get #unanswered(): number {
    return this.#connection.requestQueue.inflight.size + this.#connection.requestQueue.pending.length
  }

  #newSession(): SaslSession | null {
    const { sasl, broker, closing, connectTimeoutMs } = this.#options
    if (sasl === null) return null
    return new SaslSession({
      credentials: sasl,
      broker,
      closing,
      send: async (request) => {
        if (this.#closeReason !== null) throw this.#closeReason
        return this.#exchange(request, chooseVersion(request, this.#versions, broker), connectTimeoutMs)
      },
    })
  }

  #newGate(): SessionGate | null {
    if (this.#session === null) return null
    return new SessionGate({ session: this.#session, inFlight: () => this.#unanswered, failed: (error) => this.close(error) })
  }

  #inSession<T>(send: () => Promise<T>): Promise<T> {
    return this.#gate === null ? send() : this.#gate.pass(send)
  }

  async #open(): Promise<void> {
    await this.#session?.prepare()
    await Promise.race([this.#connection.connect(), this.#closed.promise.then(() => Promise.reject(this.#lost()))])
    const { error, versions } = await this.#exchange(apiVersions(), 0, this.#options.connectTimeoutMs)
    if (error !== 0) throw kafkaError(error)
    this.#versions = versions
    await this.#session?.authenticate()
    if (this.#closeReason !== null) throw this.#closeReason
    this.#isOpen = true
    this.#watchIdleness()
  }

  #createSocket({ host, port, onConnect }: SocketFactoryOptions): Socket {
    try {
      this.#socket = openSocket({ host, port, tls: this.#options.tls }, this.#onread(), onConnect)
    } catch (error) {
      this.#socketError = sslAuthenticationFailed(`TLS cannot be set up for ${this.#options.broker}: ${String(error)}`, error)
      throw error
    }
    // before kafkajs hears of it and rejects requests, so that their callers find the channel without this connection
    this.#socket.once('error', (error) => {
      this.#socketError = error
      this.#end(this.#lost())
    })
    // the other side may have stopped reading, too: what is not written yet must not keep the socket
    this.#socket.once('end', () => this.close(this.#lost()))
    this.#socket.once('close', () => this.#socketClosed())
    return this.#socket
  }

  #onread(): OnReadOpts {
    const frames = this.#frames
    const callback = (bytes: number, space: Uint8Array): true => {
      frames.filled(space, bytes)
      return true
    }
    return { buffer: () => frames.space, callback }
  }

  #answered(frame: Buffer): void {
    const correlationId = frame.readInt32BE(0)
    this.#connection.requestQueue.fulfillRequest({ correlationId, payload: frame.subarray(4), size: frame.length })
  }

  /** The first reason counts. Nothing is sent any more, what is in flight is rejected, the owner is told. */
  #end(reason: KafkaError): void {
    if (this.#closeReason !== null) return
    this.#closeReason = reason
    clearTimeout(this.#idleTimer)
    if (this.#isOpen) this.#options.onClosed(this, reason)
    this.#connection.rejectRequests(reason)
    this.#gate?.close(reason)
  }

  /** kafkajs does not listen to `close`; its `disconnect` finds nothing to wait for now. */
  #socketClosed(): void {
    this.#end(this.#lost())
    this.#connection.disconnect().catch((error: unknown) => (this.#socketError ??= error))
    this.#closed.resolve()
  }

  /** What the socket said comes first: kafkajs does not pass all of it on. */
  #openingError(error: unknown): KafkaError {
    if (this.#closeReason !== null) return this.#closeReason
    return mapError(this.#socketError ?? error, this.#options.broker)
  }

  #lost(): KafkaError {
    const { broker } = this.#options
    const cause = this.#socketError
    if (cause !== null && !isReset(cause)) return mapError(cause, broker)
    const unanswered = this.#hasAnswered ? '' : ` before it answered a request. ${portAdvice(this.#options)}`
    return disconnectException(`Connection to ${broker} was closed by the other side${unanswered}`, { cause: cause ?? undefined })
  }

  #noBroker(reason: string): KafkaError {
    return disconnectException(`${this.#options.broker} does not answer as a Kafka broker does: ${reason}. ${portAdvice(this.#options)}`)
  }

  #gone(): KafkaError {
    return disconnectException(`Connection to ${this.#options.broker} was closed: it is not in the cluster any more`)
  }

  async #exchange<Response>(request: ApiRequest<Response>, version: number, timeoutMs: number): Promise<Response> {
    const payload = await this.#send(request, version, timeoutMs)
    // only a request that said expectsResponse: false has none, and its caller expects nothing
    if (payload === null) return undefined as Response
    const response = decodeAnswer(request, version, payload, this.#options.broker)
    const throttleMs = request.throttleMs?.(response) ?? 0
    if (throttleMs > 0) this.#throttle(throttleMs)
    return response
  }

  #throttle(throttleMs: number): void {
    this.#connection.requestQueue.maybeThrottle(throttleMs)
    this.#throttledUntil = Math.max(this.#throttledUntil, monotonic() + throttleMs)
  }

  #send(request: ApiRequest<unknown>, version: number, timeoutMs: number): Promise<Buffer | null> {
    const { apiKey, apiName, expectsResponse = true } = request
    const correlationId = this.#connection.nextCorrelationId()
    const parts = frameRequest(request, { version, correlationId, clientId: this.#options.clientId })
    return new Promise((resolve, reject) => {
      // what waits because the broker wants to be left alone has not been asked yet
      const throttledMs = Math.max(0, this.#throttledUntil - monotonic())
      const stopDeadline = startDeadline(timeoutMs + throttledMs, () => reject(this.#timeOut(apiName, timeoutMs)))
      const fail = (error: unknown): void => {
        stopDeadline()
        reject(this.#closeReason ?? mapError(error, this.#options.broker))
      }
      const done = (payload: Buffer | null): void => {
        stopDeadline()
        resolve(payload)
      }
      const written = expectsResponse ? undefined : (error?: Error | null) => (error ? fail(error) : done(null))
      this.#connection.requestQueue.push({
        entry: {
          apiKey,
          apiName,
          apiVersion: version,
          correlationId,
          // without a response kafkajs resolves when it has called sendRequest; `written` is later and true
          resolve: ({ payload }) => (expectsResponse ? done(payload) : undefined),
          reject: fail,
        },
        expectResponse: expectsResponse,
        requestTimeout: null,
        sendRequest: () => this.#write(parts, written),
      })
    })
  }

  #write(parts: readonly Buffer[], written?: (error?: Error | null) => void): void {
    const { socket } = this.#connection
    socket.cork()
    const last = parts.length - 1
    parts.forEach((part, index) => (index === last ? socket.write(part, written) : socket.write(part)))
    socket.uncork()
  }

  /** As Java does: whoever does not answer in time is disconnected, so that a dead peer is not asked again and again. */
  #timeOut(apiName: string, timeoutMs: number): KafkaError {
    const { broker } = this.#options
    const error = requestTimedOut(`${apiName} was not answered by ${broker} within ${timeoutMs} ms`)
    queueMicrotask(() => this.close(disconnectException(`Connection to ${broker} was closed: ${apiName} was not answered in time`)))
    return error
  }

  #watchIdleness(): void {
    const { maxIdleMs } = this.#options
    const check = (): void => {
      const idleMs = this.inFlight > 0 ? 0 : monotonic() - this.#lastUsedAt
      if (idleMs >= maxIdleMs)
        this.close(disconnectException(`Connection to ${this.#options.broker} was closed: idle for ${Math.round(idleMs)} ms`))
      else this.#idleTimer = startTimer(maxIdleMs - idleMs, check).unref()
    }
    if (maxIdleMs > 0) this.#idleTimer = startTimer(maxIdleMs, check).unref()
  }
}

/** The other side went away without a word, in contrast to one that was never there. */
function isReset(error: unknown): boolean {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : null
  return code === 'ECONNRESET' || code === 'EPIPE'
}
