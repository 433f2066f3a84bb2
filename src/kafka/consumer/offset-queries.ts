import { kafkaError, type KafkaError } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import { oncePerPartition } from '../once-per-partition.ts'
import type { TopicPartition, TopicPartitionOffset } from '../ports.ts'
import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP } from '../protocol/list-offsets.ts'
import type { GroupOffsets } from './group-offsets.ts'
import type { OffsetLookup, OffsetQuery } from './offset-lookup.ts'
import type { PositionLookup } from './position-lookup.ts'
import type { PositionValidation } from './position-validation.ts'
import type { Retry } from './retry.ts'
import { partitionName, type PartitionState, type SubscriptionState } from './subscription-state.ts'

export interface OffsetQueriesOptions {
  readonly subscription: SubscriptionState
  readonly positions: PositionLookup
  readonly validation: PositionValidation
  readonly lookup: OffsetLookup
  readonly metadata: Metadata
  readonly retry: Retry
  /** `default.api.timeout.ms`, for each question. */
  readonly timeoutMs: number
  /** Aborted when the consumer closes. */
  readonly signal: AbortSignal
}

/** What a consumer can be asked: where it is, what its group has committed, and how far any topic goes, whether it reads it or not. */
export class OffsetQueries {
  readonly #options: OffsetQueriesOptions

  constructor(options: OffsetQueriesOptions) {
    this.#options = options
  }

  /**
   * Offset of the next record that poll can return, looked up if need be. A doubtful one is told while nobody leads the partition: that may
   * last, and a sink does not read its other partitions before it has the places of all.
   */
  position(partition: TopicPartition): Promise<number> {
    const { subscription, retry, timeoutMs } = this.#options
    return retry.run(`the position for partition ${partitionName(partition)} could be determined`, timeoutMs, async () => {
      await this.#find(subscription.get(partition))
      // may have been revoked meanwhile
      const { hasPosition, isDoubtful, position } = subscription.get(partition)
      if (!hasPosition && !(isDoubtful && this.#isLeaderless(partition))) throw kafkaError(OFFSET_NOT_AVAILABLE, partition)
      return position
    })
  }

  #isLeaderless({ topic, partition }: TopicPartition): boolean {
    const { metadata } = this.#options
    const known = metadata.topic(topic)?.partitions[partition]
    return known === undefined ? metadata.topicError(topic) !== undefined : known.leader < 0
  }

  async #find(state: PartitionState): Promise<void> {
    const { positions, validation } = this.#options
    if (state.startAt !== null) {
      positions.advance()
      await positions.round
    }
    if (!state.isDoubtful) return
    validation.advance()
    await validation.answerFor(state)
  }

  /** Records behind the positions of all assigned partitions, as far as is known. */
  lag(): number {
    let lag = 0
    for (const state of this.#options.subscription.partitions) lag += state.lag
    return lag
  }

  /** Null: the group has committed nothing for the partition. */
  async committed(group: GroupOffsets, partitions: readonly TopicPartition[]): Promise<readonly (TopicPartitionOffset | null)[]> {
    const offsets = await group.committed(partitions, this.#options.timeoutMs)
    return partitions.map(({ topic, partition }) => {
      const offset = offsets.get(partitionName({ topic, partition }))?.offset
      return offset === undefined ? null : { topic, partition, offset }
    })
  }

  beginningOffsets(partitions: readonly TopicPartition[]): Promise<readonly number[]> {
    return this.#offsets(partitions.map(({ topic, partition }) => ({ topic, partition, timestamp: EARLIEST_TIMESTAMP })))
  }

  endOffsets(partitions: readonly TopicPartition[]): Promise<readonly number[]> {
    return this.#offsets(partitions.map(({ topic, partition }) => ({ topic, partition, timestamp: LATEST_TIMESTAMP })))
  }

  /** Null: no record is that late. */
  async offsetsForTimes(times: readonly OffsetQuery[]): Promise<readonly (number | null)[]> {
    const offsets = await this.#offsets(times)
    return offsets.map((offset) => (offset < 0 ? null : offset))
  }

  /** Repeats only what is not answered yet. */
  async #offsets(queries: readonly OffsetQuery[]): Promise<readonly number[]> {
    const { retry, timeoutMs } = this.#options
    const known = new Map<OffsetQuery, number>()
    await retry.run('the offsets of partitions could be determined', timeoutMs, async () => {
      const open = oncePerPartition(queries.filter((query) => !known.has(query)))
      const failures = (await Promise.all(open.map((round) => this.#askOnce(round, known)))).flat()
      const failure = failures.find(({ retriable }) => !retriable) ?? failures[0]
      if (failure !== undefined) throw failure
    })
    return queries.map((query) => known.get(query) ?? -1)
  }

  /** @returns why the others could not be told */
  async #askOnce(queries: readonly OffsetQuery[], known: Map<OffsetQuery, number>): Promise<readonly KafkaError[]> {
    const answers = await this.#options.lookup.ask(queries)
    const failures: KafkaError[] = []
    for (const query of queries) {
      const answer = answers.get(partitionName(query)) ?? kafkaError(OFFSET_NOT_AVAILABLE, query)
      if (typeof answer === 'number') known.set(query, answer)
      else failures.push(answer)
    }
    return failures
  }

  /** Empty: there is no such topic. */
  async partitionsFor(topic: string): Promise<readonly number[]> {
    const { metadata, retry, timeoutMs } = this.#options
    await retry.run('topic metadata could be fetched', timeoutMs, () => this.#describe(topic))
    return (metadata.topic(topic)?.partitions ?? []).map(({ partition }) => partition)
  }

  async #describe(topic: string): Promise<void> {
    const { metadata, signal } = this.#options
    if (metadata.topic(topic) !== undefined) return
    metadata.addTopic(topic)
    await metadata.refresh(signal)
    const error = metadata.topicError(topic)
    if (error !== undefined && error.number !== UNKNOWN_TOPIC_OR_PARTITION) throw error
  }
}

const UNKNOWN_TOPIC_OR_PARTITION = 3
const OFFSET_NOT_AVAILABLE = 78
