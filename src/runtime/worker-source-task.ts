import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'
import { ConnectException, RetriableException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'
import type { Props } from '../api/props.ts'
import { SourceTask, type OffsetStorageReader, type RecordMetadata, type SourceRecord } from '../api/source.ts'
import { KafkaError } from '../kafka/errors.ts'
import type { Producer, ProducerRecord } from '../kafka/ports.ts'
import type { RetryWithToleranceOperator } from './errors/retry-with-tolerance-operator.ts'
import { EventLoopTurn } from './event-loop-turn.ts'
import type { SourceOffsetCommitter } from './source-offset-committer.ts'
import { SubmittedRecords, type SubmittedRecord, type SubmittedRecordListener } from './submitted-records.ts'
import type { TaskControl } from './task-control.ts'
import type { RecordConverters } from './record-converters.ts'
import type { TopicCreator } from './topic-creator.ts'
import type { TransformationChain } from './transformation-chain.ts'
import type { TaskLoop } from './worker-task.ts'

const retryBackoffMs = 1000
/** What logs and headers name as the class at work when Kafka refuses a record. */
const sourceTaskClass = 'org.apache.kafka.connect.source.SourceTask'

export interface WorkerSourceTaskParts {
  readonly task: SourceTask
  readonly taskProps: Props
  readonly converters: RecordConverters
  readonly chain: TransformationChain
  readonly producer: Producer
  readonly offsetReader: OffsetStorageReader
  readonly committer: SourceOffsetCommitter
  readonly operator: RetryWithToleranceOperator
  /** Null: topics are left to the broker. */
  readonly topicCreator: TopicCreator | null
  readonly control: TaskControl
  /** Bounds the wait for records in flight at stop. */
  readonly flushTimeoutMs: number
  readonly log: Logger
}

/** The record being sent. One object a task: the producer copies what it takes. */
type OutgoingRecord = { -readonly [K in keyof ProducerRecord]: ProducerRecord[K] }

/**
 * The loop of a source task: poll → transform → convert → send; offsets are stored beside it by the committer.
 * A record's way is `#sendRecord` → `#convertTransformedRecord` → `Producer.send` → `SubmittedRecord.delivered`.
 * Apache Kafka 4.3, AbstractWorkerSourceTask.
 */
export class WorkerSourceTask implements TaskLoop, SubmittedRecordListener {
  readonly #parts: WorkerSourceTaskParts
  readonly #submitted = new SubmittedRecords(this)
  readonly #outgoing: OutgoingRecord = { topic: '', partition: null, timestamp: null, key: null, value: null, headers: [] }
  readonly #turn = new EventLoopTurn()
  /** Whether the task wants to hear of each record; if not, none is kept until its acknowledgement. */
  readonly #wantsCommitRecord: boolean
  /** Records that Kafka refused and that fail the task: nobody waits for them any more. */
  #lostSends = 0
  #failedSends: { readonly record: SubmittedRecord; readonly error: KafkaError }[] = []

  constructor(parts: WorkerSourceTaskParts) {
    this.#parts = parts
    this.#wantsCommitRecord = parts.task.commitRecord !== SourceTask.prototype.commitRecord
  }

  async start(): Promise<void> {
    const { task, taskProps, offsetReader, control, log, committer, producer } = this.#parts
    control.onCancel = () => void producer.close(0)
    task.initialize({ configs: () => taskProps, log, offsetStorageReader: offsetReader, signal: control.signal })
    await task.start(taskProps)
    committer.start(this.#submitted, () => this.#commitTask())
  }

  async execute(): Promise<void> {
    const { control, committer } = this.#parts
    try {
      while (!control.stopping) await this.#iteration()
    } finally {
      await this.#awaitInFlight()
      if (!control.cancelled) await committer.commitNow()
    }
  }

  async close(): Promise<void> {
    const { task, producer, chain, converters, committer, operator, topicCreator } = this.#parts
    committer.stop()
    await this.#closing('task', () => task.stop())
    await this.#closing('producer', () => producer.close())
    await this.#closing('topic creation', () => topicCreator?.close())
    await this.#closing('error reporters', () => operator.close())
    await this.#closing('transformations', () => chain.close())
    await this.#closing('converters', () => converters.close())
  }

  async #iteration(): Promise<void> {
    const { control, committer } = this.#parts
    committer.update()
    if (control.paused) return control.whilePaused()
    control.report('RUNNING')
    await this.#settleFailedSends()
    if (this.#turn.due) await this.#turn.take()
    const records = await this.#poll()
    if (records !== null) await this.#sendRecords(records)
  }

  async #poll(): Promise<readonly SourceRecord[] | null> {
    const { task, log, control } = this.#parts
    try {
      return await task.poll()
    } catch (error) {
      if (!(error instanceof RetriableException) && !(error instanceof KafkaError && error.retriable)) throw error
      log.warn('poll() failed with a retriable exception; it is called again in a second', error)
      await delay(retryBackoffMs, undefined, { signal: control.signal }).catch(() => null) // stop ends the wait
      return null
    }
  }

  async #sendRecords(records: readonly SourceRecord[]): Promise<void> {
    for (const record of records) {
      const waiting = this.#sendRecord(record)
      if (waiting !== undefined) await waiting
      if (this.#failedSends.length > 0) await this.#settleFailedSends()
    }
  }

  /** @returns undefined on the usual way; a promise where the record had to wait or failed */
  #sendRecord(record: SourceRecord): Promise<void> | undefined {
    let kept: boolean
    try {
      kept = this.#convertTransformedRecord(record)
    } catch (error) {
      return this.#recover(record, error)
    }
    if (kept) return this.#topicIsThere() ? this.#dispatch(record) : this.#dispatchToNewTopic(record)
    this.#commitRecord(record, null)
    return undefined
  }

  #topicIsThere(): boolean {
    const { topicCreator } = this.#parts
    return topicCreator === null || topicCreator.isKnown(this.#outgoing.topic)
  }

  /** Once a topic and task. While the brokers do not answer, the record waits here. */
  async #dispatchToNewTopic(record: SourceRecord): Promise<void> {
    const { topicCreator, control, log } = this.#parts
    while (topicCreator !== null && !this.#topicIsThere()) {
      try {
        await topicCreator.ensure(this.#outgoing.topic)
      } catch (error) {
        if (!(error instanceof RetriableException) || control.stopping) throw error
        log.warn(`${error.message}; trying again in a second`)
        await delay(retryBackoffMs, undefined, { signal: control.signal }).catch(() => null) // stop ends the wait
      }
    }
    await this.#dispatch(record)
  }

  /** Fills the outgoing record. @returns false when a transformation dropped it */
  #convertTransformedRecord(source: SourceRecord): boolean {
    const record = this.#parts.chain.apply(source)
    if (record === null) return false
    const { converters } = this.#parts
    const outgoing = this.#outgoing
    outgoing.headers = converters.headersToKafka(record)
    outgoing.key = converters.keyToKafka(record)
    outgoing.value = converters.valueToKafka(record)
    outgoing.topic = record.topic
    outgoing.partition = record.kafkaPartition
    outgoing.timestamp = record.timestamp
    return true
  }

  #dispatch(record: SourceRecord): Promise<void> | undefined {
    const kept = this.#wantsCommitRecord || this.#parts.operator.reports ? record : null
    this.#outgoing.timestamp = producerTimestamp(this.#outgoing.timestamp)
    const submitted = this.#submitted.submit(record.sourcePartition, record.sourceOffset, this.#outgoing.topic, kept)
    return this.#parts.producer.send(this.#outgoing, submitted)
  }

  async #recover(record: SourceRecord, error: unknown): Promise<void> {
    const kept = await this.#parts.operator.recover({ source: record }, error, () => this.#convertTransformedRecord(record))
    if (kept === true) await this.#dispatchToNewTopic(record)
    else this.#commitRecord(record, null)
  }

  recordDelivered(record: SubmittedRecord, partition: number, offset: number, timestamp: number): void {
    if (record.source !== null) this.#commitRecord(record.source, { topic: record.topic, partition, offset, timestamp })
  }

  /** Called by the producer; the loop deals with it before it sends anything else. */
  recordFailed(record: SubmittedRecord, error: KafkaError): void {
    this.#failedSends.push({ record, error })
  }

  async #settleFailedSends(): Promise<void> {
    const failed = this.#failedSends
    if (failed.length === 0) return
    this.#failedSends = []
    for (const { record, error } of failed) {
      if (this.#parts.control.cancelled || !this.#parts.operator.tolerates(error)) {
        this.#lostSends = failed.length
        throw unrecoverable(record, error)
      }
      if (record.source !== null) {
        await this.#parts.operator.fail({
          stage: 'KAFKA_PRODUCE',
          executing: sourceTaskClass,
          record: { source: record.source },
          error,
        })
        this.#commitRecord(record.source, null)
      }
      record.ack()
    }
  }

  /** Every record accepted is given the chance to be acknowledged, so that its offset is stored and it is not sent again. */
  async #awaitInFlight(): Promise<void> {
    const { flushTimeoutMs, producer, control, log } = this.#parts
    if (control.cancelled || this.#submitted.inFlight === this.#lostSends) return
    const { promise: timedOut, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, flushTimeoutMs)
    await Promise.race([producer.flush(), timedOut])
    clearTimeout(timer)
    const left = this.#submitted.inFlight - this.#lostSends
    if (left > 0)
      log.warn(
        `${left} records were not acknowledged within offset.flush.timeout.ms=${flushTimeoutMs}: they are read and sent again after a restart`,
      )
  }

  #commitRecord(record: SourceRecord, metadata: RecordMetadata | null): void {
    if (!this.#wantsCommitRecord) return
    try {
      this.#parts.task.commitRecord(record, metadata)
    } catch (error) {
      this.#parts.log.error('Exception thrown while calling task.commitRecord()', error)
    }
  }

  async #commitTask(): Promise<void> {
    try {
      await this.#parts.task.commit()
    } catch (error) {
      this.#parts.log.error('Exception thrown while calling task.commit()', error)
    }
  }

  async #closing(what: string, close: () => Promise<void> | undefined | void): Promise<void> {
    try {
      await close()
    } catch (error) {
      this.#parts.log.warn(`Could not stop ${what}`, error)
    }
  }
}

/** Connect's rule: null and -1 mean "now"; anything else below zero is an error that fails the task. */
function producerTimestamp(timestamp: number | null): number | null {
  if (timestamp === null || timestamp >= 0) return timestamp
  if (timestamp === -1) return null
  throw new ConnectException(`Invalid record timestamp ${timestamp}: give a time in milliseconds since 1970, or null for now`)
}

/** Connect's sentence, then the record's place and what can be done. */
function unrecoverable({ topic, partition, offset }: SubmittedRecord, cause: KafkaError): ConnectException {
  const place = `the record for topic ${topic} that ends at ${shown(offset)} of ${shown(partition)}`
  const advice =
    'Mend what Kafka complains of (client keys are set by producer.override.…) and restart the task, or set errors.tolerance=all to skip such records'
  return new ConnectException(
    `Unrecoverable exception from producer send callback: Kafka did not take ${place}. ${cause.message} ${advice}`,
    { cause },
  )
}

function shown(value: unknown): string {
  return inspect(value, { breakLength: Infinity })
}
