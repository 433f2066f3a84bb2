import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { addressText, type HostPort } from '../../api/host-port.ts'
import type { Logger } from '../../api/logger.ts'
import type { SaslCredentials } from '../config/sasl.ts'
import { asKafkaError, disconnectException, illegalState, type KafkaError } from '../errors.ts'
import type { ApiRequest, BrokerAddress, Channel, SendOptions, Transport } from '../transport.ts'
import { BrokerChannel } from './broker-channel.ts'
import { Reachability } from './reachability.ts'
import { checkKafkajs } from './shape.ts'

export interface KafkajsTransportOptions {
  readonly bootstrapServers: readonly HostPort[]
  readonly clientId: string
  readonly requestTimeoutMs: number
  /** `socket.connection.setup.timeout.ms` and its maximum; it doubles with each failed attempt. */
  readonly connectTimeoutMs: number
  readonly connectTimeoutMaxMs: number
  readonly reconnectBackoffMs: number
  readonly reconnectBackoffMaxMs: number
  /** `connections.max.idle.ms`; not above 0: never closed for that. */
  readonly maxIdleMs: number
  /** False: once brokers are known only they are asked (`metadata.recovery.strategy=none`). Default true. */
  readonly rebootstraps?: boolean
  /** Null: PLAINTEXT or SASL_PLAINTEXT. */
  readonly tls: TlsOptions | null
  readonly sasl: SaslCredentials | null
  readonly log: Logger
}

checkKafkajs()

/**
 * Connections to a cluster's brokers over kafkajs. One socket per address and channel: the address and not the node is the key, so
 * that a connection made for bootstrap serves the node behind it.
 */
export class KafkajsTransport implements Transport {
  readonly #options: KafkajsTransportOptions
  readonly #channels = new Map<string, BrokerChannel>()
  /** Of brokers that are not in the cluster any more, until their last answer. */
  readonly #retiring = new Set<BrokerChannel>()
  readonly #reachability = new Map<string, Reachability>()
  readonly #closing = new AbortController()
  #brokers: readonly BrokerAddress[] = []

  constructor(options: KafkajsTransportOptions) {
    this.#options = options
  }

  async send<Response>(node: number | 'any', channel: Channel, request: ApiRequest<Response>, options?: SendOptions): Promise<Response> {
    const timeoutMs = options?.timeoutMs ?? this.#options.requestTimeoutMs
    this.#failIfClosed()
    const target = node === 'any' ? await this.#reachable(channel) : this.#channel(this.#address(node), channel)
    return target.send(request, timeoutMs)
  }

  updateBrokers(brokers: readonly BrokerAddress[]): void {
    this.#brokers = brokers
    const current = new Set(brokers.map(addressText))
    for (const [key, channel] of this.#channels) {
      if (current.has(key.slice(0, key.lastIndexOf(' ')))) continue
      this.#channels.delete(key)
      this.#retiring.add(channel)
      void channel.retire().then(() => this.#retiring.delete(channel))
    }
  }

  brokers(): readonly BrokerAddress[] {
    return this.#brokers
  }

  version(node: number, apiKey: number, minVersion: number, maxVersion: number): number | null {
    const address = this.#brokers.find((broker) => broker.nodeId === node)
    if (address === undefined) return null
    const range = this.#reachability.get(addressText(address))?.versions?.[apiKey]
    if (range === undefined) return null
    const version = Math.min(maxVersion, range.maxVersion)
    return version >= Math.max(minVersion, range.minVersion) ? version : null
  }

  dropConnection(node: number, channel: Channel): void {
    const address = this.#brokers.find((broker) => broker.nodeId === node)
    if (address !== undefined) this.#channels.get(`${addressText(address)} ${channel}`)?.drop('its answers are no longer waited for')
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    const reason = illegalState('The Kafka client is closed')
    this.#closing.abort(reason)
    const channels = [...this.#channels.values(), ...this.#retiring]
    this.#channels.clear()
    await Promise.all(channels.map((channel) => channel.close(reason)))
  }

  #failIfClosed(): void {
    if (this.#closing.signal.aborted) throw asKafkaError(this.#closing.signal.reason)
  }

  async #reachable(channel: Channel): Promise<BrokerChannel> {
    let last: KafkaError | null = null
    const candidates = this.#candidates()
    for (const candidate of this.#byEase(candidates, channel)) {
      const line = this.#channel(candidate, channel)
      try {
        await line.open()
        return line
      } catch (error) {
        this.#failIfClosed()
        last = asKafkaError(error)
        if (!last.retriable) throw last
      }
    }
    throw noBroker(candidates, last)
  }

  /** Bootstrap addresses while no broker is known, and again when none of the known ones can be reached. */
  #candidates(): HostPort[] {
    const { bootstrapServers, rebootstraps = true } = this.#options
    if (this.#brokers.length > 0 && !rebootstraps) return [...this.#brokers]
    return [...this.#brokers, ...bootstrapServers.filter((server) => !this.#isKnown(server))]
  }

  #isKnown(server: HostPort): boolean {
    return this.#brokers.some((broker) => addressText(broker) === addressText(server))
  }

  /**
   * Connected ones first, those in back-off last; at random otherwise, so that clients spread over the brokers, and none that has lost
   * touch with its cluster is asked for ever.
   */
  #byEase<T extends HostPort>(candidates: readonly T[], channel: Channel): T[] {
    const cost = (candidate: T): number => {
      if (this.#channels.get(`${addressText(candidate)} ${channel}`)?.isConnected === true) return Math.random() - 1
      return (this.#reachability.get(addressText(candidate))?.delayMs ?? 0) + Math.random()
    }
    return candidates
      .map((candidate) => ({ candidate, cost: cost(candidate) }))
      .sort((a, b) => a.cost - b.cost)
      .map(({ candidate }) => candidate)
  }

  #address(node: number): BrokerAddress {
    const address = this.#brokers.find((broker) => broker.nodeId === node)
    if (address !== undefined) return address
    const known = this.#brokers.map((broker) => broker.nodeId).join(', ')
    throw disconnectException(`Broker ${node} is not in the cluster as it is known now (nodes: ${known === '' ? 'none' : known})`)
  }

  #channel(address: HostPort, channel: Channel): BrokerChannel {
    const key = `${addressText(address)} ${channel}`
    const existing = this.#channels.get(key)
    if (existing !== undefined) return existing
    const created = new BrokerChannel({
      ...this.#options,
      host: address.host,
      port: address.port,
      broker: brokerName(address),
      reachability: this.#reachabilityOf(address),
      closing: this.#closing.signal,
    })
    this.#channels.set(key, created)
    return created
  }

  #reachabilityOf(address: HostPort): Reachability {
    const key = addressText(address)
    const existing = this.#reachability.get(key)
    if (existing !== undefined) return existing
    const created = new Reachability(brokerName(address), this.#options, this.#options.log)
    this.#reachability.set(key, created)
    return created
  }
}

function brokerName(address: HostPort): string {
  return `broker ${addressText(address)}`
}

function noBroker(candidates: readonly HostPort[], last: KafkaError | null): KafkaError {
  const names = candidates.map(addressText).join(', ')
  return disconnectException(`No broker can be reached at ${names}. ${last?.message ?? ''}`, { cause: last ?? undefined })
}
