import { ConnectException } from '../../api/errors.ts'
import { KafkaError } from '../../kafka/errors.ts'
import type { Admin, Delivery, Producer, ProducerRecord, RecordHeader } from '../../kafka/ports.ts'
import type { ConnectorTaskId } from '../connector-task-id.ts'
import type { Outage } from '../outage.ts'
import { throughOutage } from '../through-outage.ts'
import { deadLetterOf, type DeadLetter } from './dead-letter.ts'
import type { ErrorMetrics } from './error-metrics.ts'
import type { RecordFailure } from './processing-context.ts'
import type { ErrorReporter } from './retry-with-tolerance-operator.ts'
import { placeOf } from './tolerance-exceeded.ts'
import { javaNameOf, traceOf } from './trace.ts'

export interface DeadLetterQueueOptions {
  readonly id: ConnectorTaskId
  readonly topic: string
  /** `errors.deadletterqueue.context.headers.enable`: say in headers where the record came from and what happened. */
  readonly contextHeaders: boolean
}

interface DeadLetterQueueParts extends DeadLetterQueueOptions {
  readonly producer: Producer
  readonly metrics: ErrorMetrics
  readonly outage: Outage
  /** Ends the wait for brokers that are out. */
  readonly signal: AbortSignal
}

/**
 * Sends failed records to the dead letter topic: the bytes as they were consumed, their headers, and on request ten more that tell why;
 * of a source record its JSON. A report settles when Kafka has the record, and offsets wait for it. While the brokers are out it waits;
 * a record that Kafka refuses fails the task, where Java logs the failure and commits (Apache Kafka 4.3, DeadLetterQueueReporter).
 */
export class DeadLetterQueueReporter implements ErrorReporter {
  readonly keepsRecords = true
  readonly #parts: DeadLetterQueueParts

  constructor(parts: DeadLetterQueueParts) {
    this.#parts = parts
  }

  async report(failure: RecordFailure): Promise<void> {
    const { topic, contextHeaders, metrics, outage, signal } = this.#parts
    const letter = deadLetterOf(failure.record)
    const headers = contextHeaders ? [...letter.headers, ...this.#contextHeaders(letter, failure)] : letter.headers
    const record = { topic, partition: null, timestamp: letter.timestamp, key: letter.key, value: letter.value, headers }
    metrics.recordDeadLetterQueueProduceRequest()
    try {
      await throughOutage({ outage, signal, doing: `Writing to the dead letter queue topic ${topic}` }, () => this.#send(record))
    } catch (error) {
      throw this.#cannotWrite(failure, error)
    }
  }

  async close(): Promise<void> {
    await this.#parts.producer.close()
  }

  async #send(record: ProducerRecord): Promise<void> {
    const { producer, metrics } = this.#parts
    const written = new Written()
    const waiting = producer.send(record, written)
    if (waiting !== undefined) await waiting
    const refusal = await written.outcome
    if (refusal === null) return
    metrics.recordDeadLetterQueueProduceFailed()
    throw refusal
  }

  #cannotWrite(failure: RecordFailure, error: unknown): ConnectException {
    const reason = error instanceof Error ? error.message.replace(/\.$/, '') : String(error)
    return new ConnectException(
      `Could not write ${placeOf(failure.record)} to the dead letter queue topic ${this.#parts.topic}: ${reason}. ` +
        'Its offset is not committed. Check the topic, its max.message.bytes and the rights on it, or set errors.deadletterqueue.file instead.',
      { cause: error },
    )
  }

  /**
   * Texts in UTF-8, in Connect's order; appended behind headers that are there, also those of an earlier round. Their names are whole
   * here, since one that is put together for each record takes longer to encode than to send.
   */
  #contextHeaders({ topic, partition, offset, source }: DeadLetter, { stage, executing, error }: RecordFailure): RecordHeader[] {
    const { connector, task } = this.#parts.id
    const message = error instanceof Error ? error.message : null
    const texts: readonly (readonly [string, string | null])[] = [
      ['__connect.errors.topic', topic],
      ...(partition === null ? [] : [['__connect.errors.partition', String(partition)] as const]),
      ...(offset === null ? [] : [['__connect.errors.offset', String(offset)] as const]),
      ['__connect.errors.connector.name', connector],
      ['__connect.errors.task.id', String(task)],
      ['__connect.errors.stage', stage],
      ['__connect.errors.class.name', executing],
      ['__connect.errors.exception.class.name', javaNameOf(error)],
      ['__connect.errors.exception.message', message],
      ['__connect.errors.exception.stacktrace', traceOf(error)],
      ...(source === null
        ? []
        : [['__connect.errors.source.partition', source.partition] as const, ['__connect.errors.source.offset', source.offset] as const]),
    ]
    return texts.map(([key, text]) => ({ key, value: text === null ? null : Buffer.from(text) }))
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
  readonly #outcome = Promise.withResolvers<KafkaError | null>()

  /** Null: Kafka has it. */
  get outcome(): Promise<KafkaError | null> {
    return this.#outcome.promise
  }

  delivered(): void {
    this.#outcome.resolve(null)
  }

  failed(error: KafkaError): void {
    this.#outcome.resolve(error)
  }
}
