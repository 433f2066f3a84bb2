import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { decodeResponse, encodeRequest, isFlexible, type DecodedResponse } from '../../src/broker/protocol/codec.ts'
import { API_KEYS, type ApiName, type RequestMessages } from '../../src/broker/protocol/messages.ts'
import { Reader } from '../../src/kafka/protocol/reader.ts'
import { Writer } from '../../src/kafka/protocol/writer.ts'

const CLIENT_ID = 'raw-client'

/** The connection ended before the answer came. */
export class ConnectionClosed extends Error {
  constructor() {
    super('The broker closed the connection')
    this.name = 'ConnectionClosed'
  }
}

interface Expected {
  /** Null: the frame has no correlation id. */
  readonly correlationId: number | null
  readonly resolve: (body: Buffer) => void
  readonly reject: (error: Error) => void
}

/** One connection to a broker, and requests exactly as the test writes them. */
export class RawClient implements AsyncDisposable {
  readonly #socket: Socket
  readonly #expected: Expected[] = []
  readonly #closed: Promise<void>
  #pieces: Buffer[] = []
  #receivedBytes = 0
  #lastCorrelationId = 0

  /** @param address host:port */
  static async connect(address: string): Promise<RawClient> {
    const at = address.lastIndexOf(':')
    const socket = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)), noDelay: true })
    await once(socket, 'connect')
    return new RawClient(socket)
  }

  /** @param socket connected already, such as one with TLS */
  constructor(socket: Socket) {
    this.#socket = socket
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.on('data', (bytes) => this.#receive(bytes))
    socket.on('error', () => undefined) // 'close' follows
    void this.#closed.then(() => this.#expected.splice(0).forEach(({ reject }) => reject(new ConnectionClosed())))
  }

  /** Resolves when the broker has ended the connection. */
  get closed(): Promise<void> {
    return this.#closed
  }

  /** @throws ConnectionClosed, or an error about an answer that cannot be read or is longer than its version */
  async send<Api extends ApiName>(api: Api, version: number, request: RequestMessages[Api]): Promise<DecodedResponse<Api>> {
    const frame = requestFrame(api, version, ++this.#lastCorrelationId, request)
    const reader = new Reader(await this.exchange(frame, this.#lastCorrelationId))
    if (isFlexible(api, version) && api !== 'ApiVersions') reader.skipTags()
    const response = decodeResponse(api, version, reader)
    if (reader.position !== reader.buffer.length)
      throw new Error(`${reader.buffer.length - reader.position} bytes follow the answer to ${api} ${version}`)
    return response
  }

  /** Sends a request that gets no answer. */
  tell<Api extends ApiName>(api: Api, version: number, request: RequestMessages[Api]): void {
    this.write(requestFrame(api, version, ++this.#lastCorrelationId, request))
  }

  /** @returns what follows the correlation id of the answer */
  exchange(frame: Buffer, correlationId: number): Promise<Buffer> {
    const answer = new Promise<Buffer>((resolve, reject) => this.#expected.push({ correlationId, resolve, reject }))
    this.write(frame)
    return answer
  }

  /** The next frame as it is, for answers without a header. */
  nextFrame(): Promise<Buffer> {
    return new Promise((resolve, reject) => this.#expected.push({ correlationId: null, resolve, reject }))
  }

  /** Any bytes at all. */
  write(bytes: Buffer): void {
    if (this.#socket.destroyed) this.#expected.splice(0).forEach(({ reject }) => reject(new ConnectionClosed()))
    else this.#socket.write(bytes)
  }

  async close(): Promise<void> {
    this.#socket.destroy()
    await this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #receive(bytes: Buffer): void {
    this.#pieces.push(bytes)
    this.#receivedBytes += bytes.length
    while (this.#receivedBytes >= 4) {
      const first = this.#front(4)
      const end = 4 + first.readInt32BE(0)
      if (this.#receivedBytes < end) return
      const whole = this.#front(end)
      this.#pieces[0] = whole.subarray(end)
      this.#receivedBytes -= end
      this.#take(whole.subarray(4, end))
    }
  }

  /** The first piece, made so long. */
  #front(bytes: number): Buffer {
    if (this.#pieces[0]!.length < bytes) this.#pieces = [Buffer.concat(this.#pieces)]
    return this.#pieces[0]!
  }

  #take(frame: Buffer): void {
    const expected = this.#expected.shift()
    if (expected?.correlationId === null) return expected.resolve(frame)
    const correlationId = frame.readInt32BE(0)
    if (expected?.correlationId === correlationId) expected.resolve(frame.subarray(4))
    else expected?.reject(new Error(`Answer ${correlationId} came in place of ${expected.correlationId}`))
  }
}

/** Length, header and body. */
export function requestFrame<Api extends ApiName>(api: Api, version: number, correlationId: number, request: RequestMessages[Api]): Buffer {
  const writer = requestHeader(API_KEYS[api], version, correlationId)
  if (isFlexible(api, version)) writer.noTags()
  encodeRequest(api, version, request, writer)
  return framed(writer)
}

/** The part of the header that all versions have, for requests that the codec would not write. */
export function requestHeader(apiKey: number, version: number, correlationId: number): Writer {
  return new Writer().int16(apiKey).int16(version).int32(correlationId).nullableString(CLIENT_ID)
}

/** Puts the length in front. */
export function framed(writer: Writer): Buffer {
  const body = Buffer.concat(writer.finish())
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length)
  return Buffer.concat([length, body])
}
