import type { Logger } from '../api/logger.ts'
import { abortable } from './abortable.ts'
import { CoordinatorCache } from './coordinator-cache.ts'
import { asKafkaError, illegalState, kafkaError, type KafkaError } from './errors.ts'
import type { Metadata, TopicMetadata } from './metadata.ts'
import { withNewestLeaders } from './newest-leaders.ts'
import type { CoordinatorType } from './protocol/find-coordinator.ts'
import { metadata, type DescribedTopic, type MetadataResponse } from './protocol/metadata.ts'
import { RepeatedWarning } from './repeated-warning.ts'
import type { RetryBackoff } from './retry-backoff.ts'
import { monotonic } from './timer.ts'
import type { BrokerAddress, Transport } from './transport.ts'
import { WakeTimer } from './wake-timer.ts'

export interface ClusterMetadataOptions {
  readonly transport: Transport
  readonly backoff: RetryBackoff
  /** `metadata.max.age.ms`: how old it may get while topics are followed. */
  readonly maxAgeMs: number
  /** Whether asking for an unknown topic may create it. Producers may; consumers by `allow.auto.create.topics`; admin never. */
  readonly allowAutoTopicCreation: boolean
  readonly log: Logger
}

const PASSING_TOPIC_ERRORS = new Set([5, 7, 9])

/**
 * What one client knows of its cluster. One question is under way at a time and shared by all who ask; topics named meanwhile
 * are asked for right after it.
 */
export class ClusterMetadata implements Metadata {
  readonly #options: ClusterMetadataOptions
  readonly #topics = new Map<string, TopicMetadata>()
  readonly #topicErrors = new Map<string, KafkaError>()
  readonly #coordinators: CoordinatorCache
  readonly #listeners = new Set<() => void>()
  readonly #closing = new AbortController()
  readonly #unreachable: RepeatedWarning
  readonly #timer = new WakeTimer(monotonic, () => this.#refreshInBackground(), false)
  #followed: Set<string> | null = new Set()
  #refreshing: Promise<void> | null = null
  #isOutdated = false
  #generation = 0
  #answeredAt = -Infinity
  #clusterId: string | null = null
  #controllerId = -1

  constructor(options: ClusterMetadataOptions) {
    this.#options = options
    this.#unreachable = new RepeatedWarning('Cluster metadata is not available', options.log)
    this.#coordinators = new CoordinatorCache({ ...options, closing: this.#closing.signal })
  }

  get generation(): number {
    return this.#generation
  }

  get clusterId(): string | null {
    return this.#clusterId
  }

  get controllerId(): number {
    return this.#controllerId
  }

  get brokers(): readonly BrokerAddress[] {
    return this.#options.transport.brokers()
  }

  topic(name: string): TopicMetadata | undefined {
    return this.#topics.get(name)
  }

  topicError(name: string): KafkaError | undefined {
    return this.#topicErrors.get(name)
  }

  allTopics(): readonly TopicMetadata[] {
    return [...this.#topics.values()]
  }

  setTopics(names: ReadonlySet<string> | null): void {
    const hasNew = names === null ? this.#followed !== null : this.#isAnyNew(names)
    this.#followed = names === null ? null : new Set(names)
    if (hasNew) this.#askForNewTopics()
  }

  addTopic(name: string): void {
    if (this.#followed === null || this.#followed.has(name)) return
    this.#followed.add(name)
    this.#askForNewTopics()
  }

  refresh(signal?: AbortSignal): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.reject(asKafkaError(this.#closing.signal.reason))
    return abortable(this.#refresh(), signal)
  }

  requestRefresh(): void {
    this.#refreshAt(Math.max(this.#answeredAt + this.#options.backoff.after(1), monotonic()))
  }

  coordinator(type: CoordinatorType, key: string, signal?: AbortSignal): Promise<number> {
    if (this.#closing.signal.aborted) return Promise.reject(asKafkaError(this.#closing.signal.reason))
    return abortable(this.#coordinators.find(type, key), signal)
  }

  forgetCoordinator(type: CoordinatorType, key: string): void {
    this.#coordinators.forget(type, key)
  }

  onUpdate(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    this.#timer.clear()
    this.#closing.abort(illegalState('The Kafka client is closed'))
  }

  #isAnyNew(names: ReadonlySet<string>): boolean {
    for (const name of names) if (this.#followed !== null && !this.#followed.has(name)) return true
    return false
  }

  #askForNewTopics(): void {
    this.#isOutdated = true
    if (this.#refreshing === null) this.#refreshAt(monotonic())
  }

  /** Starts a refresh, or takes part in the one that is under way. */
  #refresh(): Promise<void> {
    this.#refreshing ??= this.#askUntilCurrent().finally(() => {
      this.#refreshing = null
      this.#refreshWhenOld()
    })
    return this.#refreshing
  }

  async #askUntilCurrent(): Promise<void> {
    do {
      this.#isOutdated = false
      this.#timer.clear() // what it is set for is asked now
      await this.#askUntilAnswered()
    } while (this.#isOutdated)
  }

  async #askUntilAnswered(): Promise<void> {
    const { transport, allowAutoTopicCreation } = this.#options
    for (let attempts = 1; ; attempts++) {
      const names = this.#followed === null ? null : [...this.#followed]
      try {
        this.#takeIn(await transport.send('any', 'control', metadata(names, allowAutoTopicCreation)), names)
        return
      } catch (error) {
        await this.#failed(asKafkaError(error), attempts)
      }
    }
  }

  async #failed(error: KafkaError, attempts: number): Promise<void> {
    this.#closing.signal.throwIfAborted()
    if (!error.retriable) throw error
    this.#unreachable.warn(error.message)
    await this.#options.backoff.wait(attempts, this.#closing.signal)
  }

  #takeIn(response: MetadataResponse, asked: readonly string[] | null): void {
    this.#unreachable.over()
    this.#options.transport.updateBrokers(response.brokers)
    this.#clusterId = response.clusterId
    this.#controllerId = response.controllerId
    this.#answeredAt = monotonic()
    if (asked === null) this.#forgetTopicsExcept(new Set(response.topics.map(({ name }) => name)))
    else if (this.#followed !== null) this.#forgetTopicsExcept(this.#followed)
    for (const topic of response.topics) this.#takeInTopic(topic)
    this.#generation++
    for (const listener of this.#listeners) listener()
  }

  #forgetTopicsExcept(names: ReadonlySet<string>): void {
    for (const name of this.#topics.keys()) if (!names.has(name)) this.#topics.delete(name)
    for (const name of this.#topicErrors.keys()) if (!names.has(name)) this.#topicErrors.delete(name)
  }

  #takeInTopic({ error, name, id, internal, partitions }: DescribedTopic): void {
    if (error === 0) {
      this.#topicErrors.delete(name)
      this.#topics.set(name, this.#withNewestLeaders({ name, id, internal, partitions }))
      return
    }
    this.#topicErrors.set(name, kafkaError(error, { topic: name }))
    // a topic that has no leader for the moment still exists as it was known
    if (!PASSING_TOPIC_ERRORS.has(error)) this.#topics.delete(name)
  }

  #withNewestLeaders(topic: TopicMetadata): TopicMetadata {
    const { name } = topic
    return withNewestLeaders(topic, this.#topics.get(name), ({ partition, leaderEpoch }, known) => {
      const older = `Got metadata for an older epoch ${leaderEpoch} (current is ${known.leaderEpoch}) for partition ${name}-${partition}`
      this.#options.log.debug(`${older}, not updating`)
    })
  }

  #refreshWhenOld(): void {
    const isInUse = this.#followed === null || this.#followed.size > 0
    if (isInUse && this.#options.maxAgeMs > 0) this.#refreshAt(monotonic() + this.#options.maxAgeMs)
  }

  /** Keeps the earlier of two dates. */
  #refreshAt(at: number): void {
    if (!this.#closing.signal.aborted) this.#timer.atLatest(at)
  }

  #refreshInBackground(): void {
    this.#isOutdated = this.#refreshing !== null
    this.#refresh().catch((error: unknown) => {
      if (!this.#closing.signal.aborted) this.#options.log.error('Cluster metadata could not be refreshed', error)
    })
  }
}
