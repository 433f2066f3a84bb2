import { ConnectException } from '../../api/errors.ts'
import { KafkaError } from '../../kafka/errors.ts'
import type { Admin, Delivery, Producer, RecordHeader } from '../../kafka/ports.ts'
import type { ConnectorTaskId } from '../connector-task-id.ts'
import type { ConsumedBytes, RecordFailure } from './processing-context.ts'
import type { ErrorReporter } from './retry-with-tolerance-operator.ts'
import { javaNameOf, traceOf } from './trace.ts'

export interface DeadLetterQueueOptions {
  readonly id: ConnectorTaskId
  readonly topic: string
  /** `errors.deadletterqueue.context.headers.enable`: say in headers where the record came from and what happened. */
  readonly contextHeaders: boolean
}

/**
 * Sends failed records to the dead letter topic: the bytes as they were consumed, their headers, and on request ten more that tell why.
 * A report settles when Kafka has the record, and offsets wait for it; a record that cannot be written there fails the task, where Java
 * logs the failure and commits (Apache Kafka 4.3, DeadLetterQueueReporter).
 */
export class DeadLetterQueueReporter implements ErrorReporter {
  readonly #options: DeadLetterQueueOptions
  readonly #producer: Producer

  constructor(options: DeadLetterQueueOptions, producer: Producer) {
    this.#options = options
    this.#producer = producer
  }

  async report(failure: RecordFailure): Promise<void> {
    if (!('consumed' in failure.record)) return
    const { consumed } = failure.record
    const { topic, contextHeaders } = this.#options
    const headers = contextHeaders ? [...consumed.headers, ...this.#contextHeaders(consumed, failure)] : consumed.headers
    const timestamp = consumed.timestamp < 0 ? null : consumed.timestamp
    const written = new Written()
    const waiting = this.#producer.send({ topic, partition: null, timestamp, key: consumed.key, value: consumed.value, headers }, written)
    if (waiting !== undefined) await waiting
    await written.promise.catch((error: unknown) => this.#cannotWrite(consumed, error))
  }

  async close(): Promise<void> {
    await this.#producer.close()
  }

  #cannotWrite({ topic, partition, offset }: ConsumedBytes, error: unknown): never {
    throw new ConnectException(
      `Could not write record ${topic}-${partition}@${offset} to the dead letter queue topic ${this.#options.topic}: ${(error as Error).message}. ` +
        'Its offset is not committed. Check the topic, its max.message.bytes and the rights on it.',
      { cause: error },
    )
  }

  /** Texts in UTF-8, in Connect's order; appended behind headers that are there, also those of an earlier round. */
  #contextHeaders({ topic, partition, offset }: ConsumedBytes, { stage, executing, error }: RecordFailure): RecordHeader[] {
    const { connector, task } = this.#options.id
    const message = error instanceof Error ? error.message : null
    const texts: readonly (readonly [string, string | null])[] = [
      ['topic', topic],
      ['partition', String(partition)],
      ['offset', String(offset)],
      ['connector.name', connector],
      ['task.id', String(task)],
      ['stage', stage],
      ['class.name', executing],
      ['exception.class.name', javaNameOf(error)],
      ['exception.message', message],
      ['exception.stacktrace', traceOf(error)],
    ]
    return texts.map(([key, text]) => ({ key: `__connect.errors.${key}`, value: text === null ? null : Buffer.from(text) }))
  }
}

/**
 * Creates the dead letter topic when it is absent, with one partition. Called when a task starts.
 * @throws ConnectException in Connect's words; the task cannot run without its queue
 */
export async function ensureDeadLetterTopic(admin: Admin, topic: string, replicationFactor: number): Promise<void> {
  try {
    const topics = await admin.listTopics()
    if (topics.includes(topic)) return
    const created = (await admin.createTopics([{ name: topic, partitions: 1, replicationFactor }])).get(topic)
    if (created instanceof KafkaError) throw created
  } catch (error) {
    const hint = `It is created with errors.deadletterqueue.topic.replication.factor=${replicationFactor}: set that to at most the number of brokers.`
    throw new ConnectException(`Could not initialize dead letter queue with topic=${topic}. ${(error as Error).message} ${hint}`, {
      cause: error,
    })
  }
}

/** The outcome of one write as a promise; failed records are few. */
class Written implements Delivery {
  readonly #outcome = Promise.withResolvers<void>()

  get promise(): Promise<void> {
    return this.#outcome.promise
  }

  delivered(): void {
    this.#outcome.resolve()
  }

  failed(error: KafkaError): void {
    this.#outcome.reject(error)
  }
}
