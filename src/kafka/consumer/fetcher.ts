import type { Logger } from '../../api/logger.ts'
import type { ConsumerConfig } from '../config/consumer-config.ts'
import { asKafkaError, corruptRecord, kafkaError, type KafkaError } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import type { InflightBytes, IsolationLevel, PartitionRecords } from '../ports.ts'
import type { RetryBackoff } from '../retry-backoff.ts'
import { fetch, type FetchedPartition, type FetchResponse } from '../protocol/fetch.ts'
import { PartitionCursor } from '../record/partition-cursor.ts'
import type { Transport } from '../transport.ts'
import type { Clock } from '../timer.ts'
import { FetchBuffer } from './fetch-buffer.ts'
import { FetchedBytes } from './fetched-bytes.ts'
import { mayBeOutdated } from './outdated-metadata.ts'
import { FetchedResponse, offsetBehind, PartitionBuffer } from './partition-buffer.ts'
import { partitionName, type PartitionState, type SubscriptionState } from './subscription-state.ts'

export interface FetcherOptions {
  readonly config: ConsumerConfig
  readonly transport: Transport
  readonly metadata: Metadata
  readonly subscription: SubscriptionState
  readonly isolation: IsolationLevel
  readonly backoff: RetryBackoff
  readonly inflight: InflightBytes
  readonly log: Logger
  readonly now: Clock
  /** Something arrived or failed: poll should look. */
  readonly notify: () => void
}

/** One partition of a request, with the epoch in which it was asked. */
interface Asked {
  readonly state: PartitionState
  readonly epoch: number
  readonly offset: number
  /** Which may be behind the leader. */
  readonly ofFollower: boolean
}

/** What goes on between us and one broker. */
class BrokerFetches {
  inFlight = false
  /** Most bytes of the answer under way. */
  askedBytes = 0
  failures = 0
  retryAt = 0
  /** Answers of which something is buffered, oldest first. */
  responses: FetchedResponse[] = []

  /** Answers that the next polls hand out. */
  get wanted(): number {
    this.responses = this.responses.filter((response) => !response.isEmpty)
    return this.responses.filter((response) => response.isWanted).length
  }
}

/**
 * Reads ahead. Per broker one request is in flight, asking behind what is buffered, so that the network works while the
 * application does; it is sent when at most one answer waits to be handed out. Partitions that got data go to the end of the
 * next request's order, so that a full answer starves nobody. While as many bytes are held as the consumer may hold, only a broker
 * of which nothing waits is asked, for its next batch: what is paused may wait for ever and must not hold up the others.
 *
 * Answers are taken in whenever they come, also while the application works; errors of the broker wait for the next poll.
 */
export class Fetcher {
  /** False while rebalance callbacks run: the first fetch comes after them. */
  isActive = true
  readonly #options: FetcherOptions
  readonly #brokers = new Map<number, BrokerFetches>()
  readonly #buffer = new FetchBuffer(() => this.changed())
  readonly #bytes: FetchedBytes
  #order: readonly PartitionState[] = []
  #orderGeneration = -1
  #isDirty = true
  #retryAt = Infinity

  constructor(options: FetcherOptions) {
    this.#options = options
    this.#bytes = new FetchedBytes(options.inflight)
  }

  /** Assignment, positions, pauses or leaders changed: there may be something to ask for. */
  changed(): void {
    this.#isDirty = true
  }

  /** Sends what can be sent now. Cheap when nothing changed. */
  pump(): void {
    const now = this.#options.now()
    if (!this.isActive || (!this.#isDirty && now < this.#retryAt)) return
    this.#isDirty = false
    this.#retryAt = Infinity
    for (const [node, states] of this.#fetchable(now)) this.#send(node, states)
  }

  /** Milliseconds until a partition or broker that failed may be tried again; Infinity: none waits. */
  retryDelay(): number {
    return this.#retryAt - this.#options.now()
  }

  /** As `FetchBuffer.take`. */
  take(max: number): readonly PartitionRecords[] | null {
    if (this.#bytes.done()) this.changed()
    return this.#buffer.take(max)
  }

  #fetchable(now: number): Map<number, PartitionState[]> {
    this.#followAssignment()
    const byNode = new Map<number, PartitionState[]>()
    for (const state of this.#order) {
      if (state.paused || !state.hasPosition || state.buffered.length > 1) continue
      if (state.retryAt > now) {
        this.#retryAt = Math.min(this.#retryAt, state.retryAt)
        continue
      }
      if (this.#isUnheardOf(state, now)) continue
      const node = this.#nodeFor(state, now)
      if (node < 0) this.#noLeader(state)
      if (node < 0 || !this.#isFree(node, now)) continue
      const states = byNode.get(node)
      if (states === undefined) byNode.set(node, [state])
      else states.push(state)
    }
    return byNode
  }

  /**
   * Fetches name topics, not their ids, so that going on in one made anew looks like any other fetch. While one is under way the broker
   * tells when the topic goes; after a while without, metadata is asked first.
   */
  #isUnheardOf(state: PartitionState, now: number): boolean {
    if (now - state.heardAt < UNHEARD_MS) return false
    const { metadata } = this.#options
    if (state.unheardSince < 0) {
      state.unheardSince = metadata.generation
      metadata.requestRefresh()
    }
    if (metadata.generation === state.unheardSince) return true
    state.unheardSince = -1
    state.heardAt = now
    return false
  }

  #followAssignment(): void {
    const { subscription } = this.#options
    if (this.#orderGeneration === subscription.generation) return
    this.#orderGeneration = subscription.generation
    this.#order = subscription.partitions
  }

  #isFree(node: number, now: number): boolean {
    const broker = this.#broker(node)
    if (broker.inFlight || !this.#hasRoomFor(broker)) return false
    if (broker.retryAt <= now) return true
    this.#retryAt = Math.min(this.#retryAt, broker.retryAt)
    return false
  }

  /** One answer that is being handed out and one behind it are enough. */
  #hasRoomFor(broker: BrokerFetches): boolean {
    const { wanted } = broker
    return wanted === 0 || (wanted === 1 && this.#bytes.room > 0)
  }

  /** Each broker may have two answers here. The first batch of an answer comes whatever its size. */
  #maxBytes(): number {
    const share = this.#bytes.limit / (2 * this.#brokers.size)
    return Math.max(1, Math.floor(Math.min(this.#options.config['fetch.max.bytes'], share, this.#bytes.room)))
  }

  #broker(node: number): BrokerFetches {
    let broker = this.#brokers.get(node)
    if (broker === undefined) this.#brokers.set(node, (broker = new BrokerFetches()))
    return broker
  }

  /** @returns -1 when nobody leads the partition now */
  #nodeFor(state: PartitionState, now: number): number {
    if (state.preferredReplica >= 0 && now < state.preferredUntil) return state.preferredReplica
    state.preferredReplica = -1
    return this.#options.metadata.topic(state.topic)?.partitions[state.partition]?.leader ?? -1
  }

  #noLeader(state: PartitionState): void {
    this.#backOffPartition(state)
    this.#retryAt = Math.min(this.#retryAt, state.retryAt)
    this.#options.metadata.requestRefresh()
  }

  #send(node: number, states: readonly PartitionState[]): void {
    const { config, isolation, metadata, transport } = this.#options
    const broker = this.#broker(node)
    const asked = new Map<string, Asked>()
    broker.askedBytes = this.#maxBytes()
    for (const state of states) {
      const { epoch, fetchPosition: offset, preferredReplica } = state
      asked.set(partitionName(state), { state, epoch, offset, ofFollower: preferredReplica >= 0 })
    }
    const request = fetch({
      maxWaitMs: config['fetch.max.wait.ms'],
      minBytes: config['fetch.min.bytes'],
      maxBytes: broker.askedBytes,
      isolation,
      rack: config['client.rack'],
      partitions: states.map(({ topic, partition, fetchPosition }) => ({
        topic,
        partition,
        offset: fetchPosition,
        leaderEpoch: metadata.topic(topic)?.partitions[partition]?.leaderEpoch ?? -1,
        maxBytes: config['max.partition.fetch.bytes'],
      })),
    })
    broker.inFlight = true
    this.#bytes.asked(broker.askedBytes)
    transport
      .send(node, 'fetch', request, { timeoutMs: config['request.timeout.ms'] + config['fetch.max.wait.ms'] })
      .then((response) => this.#received(broker, asked, response))
      .catch((error: unknown) => this.#failed(node, broker, asked, asKafkaError(error)))
  }

  #received(broker: BrokerFetches, asked: ReadonlyMap<string, Asked>, response: FetchResponse): void {
    this.#settled(broker)
    if (response.error === 0) broker.failures = 0
    else this.#backOff(broker, kafkaError(response.error))
    const fetched = new FetchedResponse()
    for (const partition of response.partitions) this.#takeIn(asked.get(partitionName(partition)), partition, fetched)
    if (!fetched.isEmpty) {
      broker.responses.push(fetched)
      this.#rotate()
    }
    this.#again()
  }

  #settled(broker: BrokerFetches): void {
    broker.inFlight = false
    this.#bytes.answered(broker.askedBytes)
    broker.askedBytes = 0
  }

  #again(): void {
    this.#isDirty = true
    this.pump()
    this.#options.notify()
  }

  #takeIn(asked: Asked | undefined, fetched: FetchedPartition, response: FetchedResponse): void {
    if (asked !== undefined) asked.state.heardAt = this.#options.now()
    // the partition was sought, revoked or reset meanwhile, or another broker has answered for it since it moved
    if (asked === undefined || asked.state.epoch !== asked.epoch || asked.state.fetchPosition !== asked.offset) return
    if (fetched.error !== 0) return this.#partitionFailed(asked, fetched)
    const { state } = asked
    state.failures = 0
    state.readableEnd = this.#options.isolation === 'read_committed' ? fetched.lastStableOffset : fetched.highWatermark
    if (fetched.preferredReadReplica >= 0) this.#prefer(state, fetched.preferredReadReplica)
    const { buffer: bytes, start, end } = fetched.records
    if (start === end) return
    state.buffered.push(new PartitionBuffer(state, this.#cursor(asked, fetched), response, end - start, this.#bytes))
    state.fetchPosition = offsetBehind(bytes, start, end, asked.offset)
    this.#buffer.add(state)
  }

  #cursor({ state, offset }: Asked, { records, abortedTransactions }: FetchedPartition): PartitionCursor {
    const { config, isolation } = this.#options
    return new PartitionCursor(records.buffer, records.start, records.end, {
      topic: state.topic,
      partition: state.partition,
      fetchOffset: offset,
      checkCrcs: config['check.crcs'],
      isolation,
      abortedTransactions,
      epochs: state.epochs,
    })
  }

  #prefer(state: PartitionState, replica: number): void {
    state.preferredReplica = replica
    state.preferredUntil = this.#options.now() + this.#options.config['metadata.max.age.ms']
  }

  /** Partitions that wait to be handed out come last in the next request. */
  #rotate(): void {
    const hungry = this.#order.filter((state) => state.buffered.length === 0)
    const fed = this.#order.filter((state) => state.buffered.length > 0)
    this.#order = [...hungry, ...fed]
  }

  /** Apache Kafka 4.3, FetchCollector#handleInitializeErrors. */
  #partitionFailed(asked: Asked, { error: code, partition, topic }: FetchedPartition): void {
    const { log, metadata } = this.#options
    const { state, ofFollower } = asked
    const error = kafkaError(code, { topic, partition })
    state.preferredReplica = -1
    this.#backOffPartition(state)
    if (code === OFFSET_OUT_OF_RANGE) {
      if (!ofFollower) this.#outOfRange(asked)
    } else if (error.retriable && code !== CORRUPT_MESSAGE) {
      log.debug(`Fetch of ${topic}-${partition} from offset ${asked.offset} was refused and is tried again`, error)
      if (mayBeOutdated(error)) metadata.requestRefresh()
    } else if (code === UNKNOWN_SERVER_ERROR) {
      log.warn(`Unknown server error while fetching offset ${asked.offset} for topic-partition ${topic}-${partition}`)
    } else {
      this.#buffer.fail(code === CORRUPT_MESSAGE ? corruptMessage(asked) : error)
    }
  }

  /** What is buffered is delivered first; the fetch behind it then says it again. */
  #outOfRange({ state, offset }: Asked): void {
    if (state.buffered.length > 0) return
    state.lookUp('reset', offset)
  }

  #backOffPartition(state: PartitionState): void {
    state.failures++
    state.retryAt = this.#options.now() + this.#retryMs(state.failures)
  }

  #failed(node: number, broker: BrokerFetches, asked: ReadonlyMap<string, Asked>, error: KafkaError): void {
    this.#settled(broker)
    for (const { state } of asked.values()) state.preferredReplica = -1
    this.#backOff(broker, error)
    this.#options.log.debug(`Fetch from node ${node} failed`, error)
    this.#again()
  }

  #backOff(broker: BrokerFetches, error: KafkaError): void {
    broker.failures++
    broker.retryAt = this.#options.now() + this.#retryMs(broker.failures)
    if (error.refresh === 'metadata') this.#options.metadata.requestRefresh()
    if (!error.retriable) this.#buffer.fail(error)
  }

  #retryMs(failures: number): number {
    return this.#options.backoff.after(failures)
  }
}

const UNHEARD_MS = 2000
const UNKNOWN_SERVER_ERROR = -1
const OFFSET_OUT_OF_RANGE = 1
const CORRUPT_MESSAGE = 2

function corruptMessage({ state, offset }: Asked): KafkaError {
  const { topic, partition } = state
  return corruptRecord(`Encountered corrupt message when fetching offset ${offset} for topic-partition ${topic}-${partition}`, {
    topic,
    partition,
  })
}
