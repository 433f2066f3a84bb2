import type { KafkaError } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import type { TopicPartition } from '../ports.ts'
import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP } from '../protocol/list-offsets.ts'
import type { OffsetLookup, OffsetQuery } from './offset-lookup.ts'
import type { Retry } from './retry.ts'
import { partitionName } from './subscription-state.ts'

export interface TopicQueriesOptions {
  readonly lookup: OffsetLookup
  readonly metadata: Metadata
  readonly retry: Retry
  /** `default.api.timeout.ms`, for each question. */
  readonly timeoutMs: number
  /** Aborted when the consumer closes. */
  readonly signal: AbortSignal
}

/** What a consumer can be asked about any topic, whether it reads it or not. */
export class TopicQueries {
  readonly #options: TopicQueriesOptions

  constructor(options: TopicQueriesOptions) {
    this.#options = options
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
    const { lookup, retry, timeoutMs } = this.#options
    const known = new Map<string, number>()
    await retry.run('the offsets of partitions could be determined', timeoutMs, async () => {
      const open = queries.filter((query) => !known.has(partitionName(query)))
      let failure: KafkaError | null = null
      for (const [name, answer] of await lookup.ask(open)) {
        if (typeof answer === 'number') known.set(name, answer)
        else if (failure === null || !answer.retriable) failure = answer
      }
      if (failure !== null) throw failure
    })
    return queries.map((query) => known.get(partitionName(query)) ?? -1)
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
