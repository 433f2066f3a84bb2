import type { Logger } from '../../api/logger.ts'
import type { ConsumerConfig } from '../config/consumer-config.ts'
import { illegalState, interrupted } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import type {
  Consumer,
  ConsumerGroupMetadata,
  InflightBytes,
  IsolationLevel,
  PartitionRecords,
  RebalanceListener,
  TopicPartition,
  TopicPartitionOffset,
} from '../ports.ts'
import { RetryBackoff } from '../retry-backoff.ts'
import type { Transport } from '../transport.ts'
import { monotonic, type Clock } from '../timer.ts'
import { unboundedBytes } from '../unbounded-bytes.ts'
import { GroupCoordinator } from './coordinator.ts'
import { Fetcher } from './fetcher.ts'
import { GroupMember } from './group-member.ts'
import { GroupOffsets, standaloneCommitter } from './group-offsets.ts'
import { OffsetLookup } from './offset-lookup.ts'
import { OffsetQueries } from './offset-queries.ts'
import { offsetResetPolicy } from './offset-reset-policy.ts'
import { PollLoop } from './poll-loop.ts'
import { PollSignal } from './poll-signal.ts'
import { PositionLookup } from './position-lookup.ts'
import { PositionValidation } from './position-validation.ts'
import { Retry } from './retry.ts'
import { SubscriptionState } from './subscription-state.ts'
import { withinTime } from './time-limit.ts'
import { TopicErrors } from './topic-errors.ts'

export interface KafkaConsumerOptions {
  readonly config: ConsumerConfig
  readonly transport: Transport
  readonly metadata: Metadata
  /** Default: only the consumer's own keys bound what it holds. */
  readonly inflight?: InflightBytes
  readonly log: Logger
  /** Default: the process's monotonic clock. */
  readonly now?: Clock
}

const DEFAULT_CLOSE_TIMEOUT_MS = 30_000

/**
 * Apache Kafka's classic consumer behind our port: its parts, and which call goes to which. `poll` drives everything that calls back
 * or decides; requests run beside it: the fetcher reads ahead, the group member keeps its session, positions are looked up.
 *
 * Owns transport and metadata: `close` closes them.
 */
export class KafkaConsumer implements Consumer {
  readonly #config: ConsumerConfig
  readonly #transport: Transport
  readonly #metadata: Metadata
  readonly #log: Logger
  readonly #now: Clock
  readonly #closing = new AbortController()
  readonly #signal = new PollSignal()
  readonly #subscription = new SubscriptionState()
  readonly #backoff: RetryBackoff
  readonly #retry: Retry
  readonly #queries: OffsetQueries
  readonly #fetcher: Fetcher
  readonly #validation: PositionValidation
  /** Null: no group.id. */
  readonly #group: { readonly coordinator: GroupCoordinator; readonly offsets: GroupOffsets } | null
  readonly #loop: PollLoop
  readonly #unwatch: () => void
  /** Null until `subscribe`. */
  #member: GroupMember | null = null
  #mode: 'none' | 'assigned' | 'subscribed' = 'none'
  /** Set as soon as `close` is called; its callbacks may still commit and ask for positions. */
  #closed: Promise<void> | null = null
  #isClosed = false

  constructor({ config, transport, metadata, inflight = unboundedBytes, log, now = monotonic }: KafkaConsumerOptions) {
    this.#config = config
    this.#transport = transport
    this.#metadata = metadata
    this.#log = log
    this.#now = now
    const subscription = this.#subscription
    const isolation: IsolationLevel = config['isolation.level'] === 'read_committed' ? 'read_committed' : 'read_uncommitted'
    const backoff = new RetryBackoff(config['retry.backoff.ms'], config['retry.backoff.max.ms'])
    const notify = () => this.#signal.notify()
    this.#backoff = backoff
    this.#retry = new Retry({ backoff, now, signal: this.#closing.signal })
    this.#group = this.#openGroup(isolation)
    const lookup = new OffsetLookup(transport, metadata, isolation)
    this.#fetcher = new Fetcher({ config, transport, metadata, subscription, isolation, backoff, inflight, log, now, notify })
    const policy = offsetResetPolicy(config['auto.offset.reset'])
    const groupOffsets = this.#group?.offsets ?? null
    const found = () => {
      this.#fetcher.changed()
      notify()
    }
    const positions = new PositionLookup({ subscription, lookup, groupOffsets, policy, backoff, log, now, notify: found })
    const metadataLagMs = config['request.timeout.ms']
    const validation = new PositionValidation({
      ...{ subscription, transport, metadata, policy, backoff, log, now },
      metadataLagMs,
      notify: found,
    })
    this.#validation = validation
    this.#queries = new OffsetQueries({
      subscription,
      positions,
      validation,
      lookup,
      metadata,
      retry: this.#retry,
      timeoutMs: this.#apiTimeoutMs,
      signal: this.#closing.signal,
    })
    this.#loop = new PollLoop({
      maxRecords: config['max.poll.records'],
      subscription,
      fetcher: this.#fetcher,
      positions,
      validation,
      topicErrors: new TopicErrors(metadata, log, now),
      signal: this.#signal,
      now,
    })
    this.#unwatch = metadata.onUpdate(() => this.#metadataChanged())
  }

  #openGroup(isolation: IsolationLevel) {
    const groupId = this.#config['group.id']
    if (groupId === null) return null
    const [metadata, retry, log] = [this.#metadata, this.#retry, this.#log]
    const coordinator = new GroupCoordinator(groupId, this.#transport, metadata, this.#closing.signal)
    return { coordinator, offsets: new GroupOffsets({ coordinator, metadata, retry, isolation, log }) }
  }

  #metadataChanged(): void {
    this.#validation.followLeaders()
    this.#fetcher.changed()
    this.#member?.metadataChanged()
    this.#signal.notify()
  }

  subscribe(topics: readonly string[] | ((topic: string) => boolean), listener: RebalanceListener): void {
    this.#checkOpen()
    if (this.#mode === 'assigned') throw illegalState(EXCLUSIVE)
    const { coordinator, offsets } = this.#requireGroup()
    this.#mode = 'subscribed'
    this.#member ??= new GroupMember({
      config: this.#config,
      coordinator,
      offsets,
      metadata: this.#metadata,
      subscription: this.#subscription,
      retry: this.#retry,
      backoff: this.#backoff,
      signal: this.#closing.signal,
      log: this.#log,
      now: this.#now,
      notify: () => this.#signal.notify(),
    })
    this.#loop.member = this.#member
    this.#member.subscribe(topics, listener)
    this.#signal.notify()
  }

  assign(partitions: readonly TopicPartition[]): void {
    this.#checkOpen()
    if (this.#mode === 'subscribed') throw illegalState(EXCLUSIVE)
    this.#mode = 'assigned'
    this.#subscription.assign(partitions, 'committed')
    this.#metadata.setTopics(new Set(partitions.map(({ topic }) => topic)))
    this.#fetcher.changed()
    this.#signal.notify()
  }

  assignment(): readonly TopicPartition[] {
    return this.#subscription.partitions.map(({ topic, partition }) => ({ topic, partition }))
  }

  poll(timeoutMs: number): Promise<readonly PartitionRecords[]> {
    if (this.#mode !== 'none' || this.#closed !== null) return this.#loop.poll(timeoutMs)
    return Promise.reject(illegalState('Consumer is not subscribed to any topics or assigned any partitions'))
  }

  wakeup(): void {
    this.#loop.wakeup()
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const state of this.#states(partitions)) state.paused = true
    this.#fetcher.changed()
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const state of this.#states(partitions)) state.paused = false
    this.#fetcher.changed()
    this.#signal.notify()
  }

  /** All or nothing: an unassigned partition changes none. */
  #states(partitions: readonly TopicPartition[]) {
    return partitions.map((partition) => this.#subscription.get(partition))
  }

  seek(partition: TopicPartition, to: number | 'beginning' | 'end'): void {
    const state = this.#subscription.get(partition)
    if (typeof to !== 'number') state.lookUp(to)
    else if (to >= 0) state.moveTo(to)
    else throw illegalState('seek offset must not be a negative number')
    this.#fetcher.changed()
    this.#signal.notify()
  }

  async commit(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    this.#checkUsable()
    const { coordinator, offsets: groupOffsets } = this.#requireGroup()
    if (offsets.length === 0) return
    const placed = offsets.map((offset) => this.#subscription.placed(offset))
    await groupOffsets.commit(placed, this.#member ?? standaloneCommitter(coordinator), this.#apiTimeoutMs)
  }

  async position(partition: TopicPartition): Promise<number> {
    return this.#ask().position(partition)
  }

  knownPosition(partition: TopicPartition): number | null {
    const position = this.#subscription.find(partition)?.position ?? -1
    return position < 0 ? null : position
  }

  lag(): number {
    return this.#queries.lag()
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly (TopicPartitionOffset | null)[]> {
    return this.#ask().committed(this.#requireGroup().offsets, partitions)
  }

  async beginningOffsets(partitions: readonly TopicPartition[]): Promise<readonly number[]> {
    return this.#ask().beginningOffsets(partitions)
  }

  async endOffsets(partitions: readonly TopicPartition[]): Promise<readonly number[]> {
    return this.#ask().endOffsets(partitions)
  }

  async offsetsForTimes(times: readonly (TopicPartition & { readonly timestamp: number })[]): Promise<readonly (number | null)[]> {
    return this.#ask().offsetsForTimes(times)
  }

  async partitionsFor(topic: string): Promise<readonly number[]> {
    return this.#ask().partitionsFor(topic)
  }

  /** Also while `close` runs, in the listener. */
  #ask(): OffsetQueries {
    this.#checkUsable()
    return this.#queries
  }

  groupMetadata(): ConsumerGroupMetadata {
    const { coordinator } = this.#requireGroup()
    const groupInstanceId = this.#config['group.instance.id']
    return this.#member?.metadata ?? { groupId: coordinator.groupId, generationId: -1, memberId: '', groupInstanceId }
  }

  close(timeoutMs = DEFAULT_CLOSE_TIMEOUT_MS): Promise<void> {
    this.#closed ??= this.#shutDown(timeoutMs)
    return this.#closed
  }

  async #shutDown(timeoutMs: number): Promise<void> {
    this.#fetcher.isActive = false
    this.#loop.end(illegalState(ALREADY_CLOSED))
    try {
      await withinTime(timeoutMs, `The consumer could not be closed in an orderly way within ${timeoutMs} ms`, this.#sayGoodBye())
    } finally {
      this.#isClosed = true
      this.#unwatch()
      this.#closing.abort(interrupted('The consumer was closed'))
      this.#metadata.close()
      await this.#transport.close()
    }
  }

  async #sayGoodBye(): Promise<void> {
    if (this.#member === null) await this.#group?.offsets.settled()
    else await this.#member.close()
  }

  get #apiTimeoutMs(): number {
    return this.#config['default.api.timeout.ms']
  }

  #checkOpen(): void {
    if (this.#closed !== null) throw illegalState(ALREADY_CLOSED)
  }

  #checkUsable(): void {
    if (this.#isClosed) throw illegalState(ALREADY_CLOSED)
  }

  #requireGroup() {
    if (this.#group !== null) return this.#group
    throw illegalState(
      'To use the group management or offset commit APIs, you must provide a valid group.id in the consumer configuration.',
    )
  }
}

const ALREADY_CLOSED = 'This consumer has already been closed.'
const EXCLUSIVE = 'Subscription to topics, partitions and pattern are mutually exclusive'
