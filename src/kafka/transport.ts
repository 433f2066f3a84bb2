/**
 * The inner seam of the Kafka client: requests to brokers, and nothing about what they mean.
 * `kafka/kafkajs/transport.ts` implements it over kafkajs; producer, consumer and admin see only this.
 */

/**
 * What a connection is used for. A broker answers one request at a time per socket, so a long poll or a JoinGroup
 * must not share one with metadata: each channel is a socket of its own per broker, opened on first use.
 */
export type Channel = 'control' | 'produce' | 'fetch' | 'coordinator'

export interface BrokerAddress {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

/** One API with its supported versions; made by the functions of `kafka/protocol`. */
export interface ApiRequest<Response> {
  readonly apiKey: number
  readonly apiName: string
  /** Versions this request can be encoded in; the transport sends the highest the broker knows too. */
  readonly minVersion: number
  readonly maxVersion: number
  /** First version that has a flexible header (tagged fields); null: none of these. The transport writes and skips the header's part. */
  readonly firstFlexibleVersion: number | null
  /** The body as one buffer, or as parts that are written one after the other without a copy. */
  encode(version: number): Buffer | readonly Buffer[]
  /** The body of the answer, which may be kept and viewed. @throws KafkaError */
  decode(body: Buffer, version: number): Response
  /** False: the broker does not answer (Produce with acks=0); `send` resolves with undefined when the bytes are written. */
  readonly expectsResponse?: boolean
  /** Throttle time in an answer, to be waited for before the next request to that broker; 0: none. */
  throttleMs?(response: Response): number
}

export interface SendOptions {
  /** Default: `request.timeout.ms`. */
  readonly timeoutMs?: number
}

/** Connections of one client. Every rejection is a KafkaError; connection failures and time-outs are retriable ones. */
export interface Transport {
  /**
   * Sends to a known broker, or to `any` one that is reachable (bootstrap addresses first). Connects and authenticates when needed.
   * Requests of one channel go out in call order, several may be in flight.
   */
  send<Response>(node: number | 'any', channel: Channel, request: ApiRequest<Response>, options?: SendOptions): Promise<Response>
  /** Brokers as the latest metadata lists them. Connections to those that are gone are closed. */
  updateBrokers(brokers: readonly BrokerAddress[]): void
  brokers(): readonly BrokerAddress[]
  /** Highest version of an API both sides know; null when the broker has not been asked yet. */
  version(node: number, apiKey: number, minVersion: number, maxVersion: number): number | null
  /** Drops one connection, so that the next send opens a new one: after a produce time-out, whose late answer must not be taken for another's. */
  dropConnection(node: number, channel: Channel): void
  /** Rejects what is in flight and destroys the sockets at once. */
  close(): Promise<void>
}
