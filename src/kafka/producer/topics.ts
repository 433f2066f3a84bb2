import type { Logger } from '../../api/logger.ts'
import type { Metadata } from '../metadata.ts'
import type { BlockDeadline } from './block-deadline.ts'
import { RoundRobinPartitioner, StickyPartitioner, type Partitioner } from './partitioner.ts'
import type { ProducerBatch } from './producer-batch.ts'
import type { ProducerKeys } from './producer-settings.ts'
import type { RetryBackoff } from '../retry-backoff.ts'
import { TopicQueues } from './topic-queues.ts'
import type { Clock } from '../timer.ts'

export interface TopicsOptions {
  readonly keys: ProducerKeys
  readonly metadata: Metadata
  readonly backoff: RetryBackoff
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
  /** Whether partitions have sequences, which go on when an idle topic is written to again. */
  readonly hasSequences: boolean
  /** Batches that are not settled: their topics are in use. */
  readonly pending: () => Iterable<ProducerBatch>
}

/** A topic that is being created is there by then; after that its absence is said about once a minute. */
const saidAtAttempt = 5
const saidEveryAttempts = 60

/** The topics the producer writes to, followed by its metadata from their first record until they are idle. */
export class Topics {
  readonly #options: TopicsOptions
  readonly #topics = new Map<string, TopicQueues>()
  /** Not asked for any more, but with sequences that brokers remember. */
  readonly #idle = new Map<string, TopicQueues>()
  /** Of the last record, as most records go where the last one went. */
  #last: TopicQueues | null = null
  readonly #stopListening: () => void

  constructor(options: TopicsOptions) {
    this.#options = options
    this.#stopListening = options.metadata.onUpdate(() => this.#metadataChanged())
  }

  /** A topic by its name; one that was not known is asked for. */
  get(name: string): TopicQueues {
    return this.#last?.name === name ? this.#last : this.#find(name)
  }

  /** Waits until a topic, and the partition if one is named, is known. @throws KafkaError when it may not be used, or at the deadline */
  async untilKnown(topic: TopicQueues, partition: number | null, deadline: BlockDeadline): Promise<void> {
    const { metadata, backoff } = this.#options
    for (let attempts = 1; !topic.has(partition); attempts++) {
      topic.isUsed = true
      const absent = () => notPresent(topic, partition, deadline.maxBlockMs)
      if (deadline.isOver) throw deadline.error(absent())
      await metadata.refresh(deadline.signal).catch((error: unknown) => {
        throw deadline.isOver ? deadline.error(absent(), error) : error
      })
      const error = metadata.topicError(topic.name)
      if (error !== undefined && !error.retriable) throw error
      if (attempts % saidEveryAttempts === saidAtAttempt) this.#sayAbsent(topic, partition, error?.code ?? 'no such partition')
      if (!topic.has(partition)) await deadline.sleep(backoff.after(attempts))
    }
  }

  close(): void {
    this.#stopListening()
  }

  #sayAbsent({ name }: TopicQueues, partition: number | null, reason: string): void {
    const what = partition === null ? `Topic ${name}` : `Partition ${partition} of topic ${name}`
    this.#options.log.warn(
      `${what} cannot be written to: ${reason}. Its records wait until it is there; create it, or let the broker create topics`,
    )
  }

  #find(name: string): TopicQueues {
    let topic = this.#topics.get(name)
    if (topic === undefined) {
      const { metadata, clock } = this.#options
      topic = this.#idle.get(name) ?? new TopicQueues(name, this.#newPartitioner(), clock())
      this.#idle.delete(name)
      topic.update(metadata.topic(name))
      this.#topics.set(name, topic)
      metadata.addTopic(name)
    }
    this.#last = topic
    return topic
  }

  #newPartitioner(): Partitioner {
    const { keys, random } = this.#options
    const name = keys['partitioner.class'] ?? ''
    if (name.endsWith('RoundRobinPartitioner')) return new RoundRobinPartitioner()
    return new StickyPartitioner(keys['batch.size'], keys['partitioner.ignore.keys'] || name.endsWith('UniformStickyPartitioner'), random)
  }

  #metadataChanged(): void {
    for (const topic of this.#topics.values()) topic.update(this.#options.metadata.topic(topic.name))
    this.#forgetIdle()
  }

  /** A topic nobody writes to is not asked for any more: else its deletion would not last, as asking may create it. */
  #forgetIdle(): void {
    const { keys, metadata, clock, pending } = this.#options
    const now = clock()
    const inUse = new Set(Array.from(pending(), (batch) => batch.queue.topicQueues))
    const idle = [...this.#topics.values()].filter(
      (topic) => !topic.isUsedAfter(now - keys['metadata.max.idle.ms'], now) && !inUse.has(topic),
    )
    if (idle.length === 0) return
    for (const topic of idle) {
      this.#topics.delete(topic.name)
      if (this.#options.hasSequences) this.#idle.set(topic.name, topic)
    }
    this.#last = null
    metadata.setTopics(new Set(this.#topics.keys()))
  }
}

/** Java's sentence. */
function notPresent({ name, partitionCount }: TopicQueues, partition: number | null, maxBlockMs: number): string {
  if (partition === null || partitionCount === 0) return `Topic ${name} not present in metadata after ${maxBlockMs} ms.`
  return `Partition ${partition} of topic ${name} with partition count ${partitionCount} is not present in metadata after ${maxBlockMs} ms.`
}
