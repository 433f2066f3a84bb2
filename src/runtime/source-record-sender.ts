import { ConnectException, RetriableException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'
import { SourceRecord, SourceTask, type RecordMetadata } from '../api/source.ts'
import type { KafkaError } from '../kafka/errors.ts'
import type { Producer, ProducerRecord } from '../kafka/ports.ts'
import { faultKindOf } from './errors/fault-kind.ts'
import { isRecordRefusal, unrecoverableSend } from './errors/refused-send.ts'
import type { RetryWithToleranceOperator } from './errors/retry-with-tolerance-operator.ts'
import type { Outage } from './outage.ts'
import type { RecordConverters } from './record-converters.ts'
import type { SourceTaskMetrics } from './source-task-metrics.ts'
import type { SourceCommitter } from './source-committer.ts'
import { SubmittedRecords, type SubmittedRecord, type SubmittedRecordListener } from './submitted-records.ts'
import type { TaskControl } from './task-control.ts'
import { pause, throughOutage } from './through-outage.ts'
import type { TopicCreator } from './topic-creator.ts'
import type { TransformationChain } from './transformation-chain.ts'
import { withinTime } from './within-time.ts'

/** What logs and headers name as the class at work when Kafka refuses a record. */
const loopClass = 'org.apache.kafka.connect.runtime.WorkerSourceTask'

export interface SourceRecordSenderParts {
  readonly task: SourceTask
  readonly converters: RecordConverters
  readonly chain: TransformationChain
  readonly producer: Pick<Producer, 'send' | 'flush' | 'close'>
  readonly committer: Pick<SourceCommitter, 'recordSent'>
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
 * Sends what a source task polled: transform → convert → `Producer.send`, and hears from Kafka how it went.
 * A record's way is `#sendRecord` → `#convertTransformedRecord` → `#dispatch` → `recordDelivered`.
 *
 * While the brokers are out a record waits where it is, and those behind it with it. One that failed by itself is reported and skipped, or
 * fails the task; where a dead letter queue keeps it, its offset is stored like one that was sent.
 */
export class SourceRecordSender implements SubmittedRecordListener {
  readonly submitted = new SubmittedRecords(this)
  readonly #parts: SourceRecordSenderParts
  readonly #outgoing: OutgoingRecord = { topic: '', partition: null, timestamp: null, key: null, value: null, headers: [] }
  readonly #metrics: SourceTaskMetrics
  readonly #outage: Outage
  /** Whether the task wants to hear of each record; if not, none is kept until its acknowledgement. */
  readonly #wantsCommitRecord: boolean
  /** Records of the batch. */
  #count = 0
  /** The one at hand. */
  #index = 0
  /** So many of the first are counted as good or bad. */
  #counted = 0
  /** True: the task is to stop and the record at hand cannot be sent now, so that none behind it may be. */
  #isCutShort = false
  /** Records that Kafka refused and that fail the task, or that were cut short: nobody waits for them any more. */
  #lostSends = 0
  #failedSends: { readonly record: SubmittedRecord; readonly error: KafkaError }[] = []

  /** @param outage of the loop: the task is out when either its source or the brokers are */
  constructor(parts: SourceRecordSenderParts, metrics: SourceTaskMetrics, outage: Outage) {
    this.#parts = parts
    this.#metrics = metrics
    this.#outage = outage
    this.#wantsCommitRecord = parts.task.commitRecord !== SourceTask.prototype.commitRecord
  }

  async send(records: readonly SourceRecord[]): Promise<void> {
    this.#count = records.length
    this.#counted = 0
    const { recordSent } = this.#parts.committer
    for (let index = 0; index < records.length; index++) {
      this.#index = index
      const record = records[index]
      const waiting = record === undefined ? undefined : this.#sendRecord(record)
      if (waiting !== undefined) await this.#waited(waiting)
      if (this.#failedSends.length > 0) await this.settleFailed()
      if (this.#isCutShort) return
      const ending = recordSent === null || record === undefined ? undefined : recordSent(record)
      if (ending !== undefined) await ending
    }
    this.#index = this.#count
    this.#countSucceeded()
    this.#metrics.handedOver()
    this.showProgress()
  }

  async #waited(waiting: Promise<void>): Promise<void> {
    this.#metrics.waiting()
    await waiting
    this.#metrics.waited()
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
    const { topicCreator, control } = this.#parts
    const { topic } = this.#outgoing
    if (topicCreator !== null && !topicCreator.isKnown(topic)) {
      try {
        const doing = `Looking for topic ${topic}`
        await throughOutage({ outage: this.#outage, signal: control.signal, doing, isOutage: isRetriable }, () =>
          topicCreator.ensure(topic),
        )
      } catch (error) {
        if (!control.stopping) throw error
        this.#isCutShort = true
        return
      }
    }
    await this.#dispatch(record)
  }

  /** Fills the outgoing record. @returns false when a transformation dropped it */
  #convertTransformedRecord(source: SourceRecord): boolean {
    const record = this.#parts.chain.apply(source)
    if (this.#metrics.isSampling) this.#metrics.sampledTransform()
    if (record === null) return false
    const { converters } = this.#parts
    const outgoing = this.#outgoing
    outgoing.headers = converters.headersToKafka(record)
    outgoing.key = converters.keyToKafka(record)
    outgoing.value = converters.valueToKafka(record)
    outgoing.topic = record.topic
    outgoing.partition = record.kafkaPartition
    outgoing.timestamp = record.timestamp
    if (this.#metrics.isSampling) this.#metrics.sampledConvert()
    return true
  }

  #dispatch(record: SourceRecord): Promise<void> | undefined {
    const kept = this.#wantsCommitRecord || this.#parts.operator.reports ? record : null
    this.#outgoing.timestamp = producerTimestamp(this.#outgoing.timestamp)
    const submitted = this.submitted.submit(record.sourcePartition, record.sourceOffset, this.#outgoing.topic, kept)
    const waiting = this.#parts.producer.send(this.#outgoing, submitted)
    if (this.#metrics.isSampling) this.#metrics.sampledPut()
    return waiting === undefined ? undefined : this.#untilTaken(submitted, waiting)
  }

  /** `max.block.ms` of the producer may end its wait: nothing is sent behind the record yet, so it is sent again in its place. */
  async #untilTaken(submitted: SubmittedRecord, waiting: Promise<void>): Promise<void> {
    const { producer, control } = this.#parts
    await waiting
    for (let refusal = this.#outageOf(submitted); refusal !== null; refusal = this.#outageOf(submitted)) {
      this.#failedSends.pop()
      if (!control.stopping) await pause(this.#outage.failed(`Sending to topic ${submitted.topic}`, refusal), control.signal)
      if (control.stopping) {
        this.#lostSends++
        this.#isCutShort = true
        return
      }
      await producer.send(this.#outgoing, submitted)
    }
    this.#outage.over()
  }

  /** @returns the outage that kept the newest record from being taken; null: it was taken, or refused for good */
  #outageOf(submitted: SubmittedRecord): KafkaError | null {
    const newest = this.#failedSends.at(-1)
    return newest?.record === submitted && faultKindOf(newest.error) === 'system' ? newest.error : null
  }

  async #recover(record: SourceRecord, error: unknown): Promise<void> {
    const { operator } = this.#parts
    this.#countSucceeded()
    const kept = await operator.recover({ source: record }, error, () => this.#convertTransformedRecord(record))
    if (kept === true) return this.#dispatchToNewTopic(record)
    if (kept === undefined && operator.keepsRecords)
      this.#giveUpWhenSafe(this.submitted.submit(record.sourcePartition, record.sourceOffset, record.topic, record))
    else this.#commitRecord(record, null)
  }

  /** Of the records before the one at hand, which counts for itself if it failed. */
  #countSucceeded(): void {
    this.#parts.operator.succeeded(this.#index - this.#counted)
    this.#counted = this.#index + 1
  }

  recordDelivered(record: SubmittedRecord, partition: number, offset: number, timestamp: number): void {
    if (record.source !== null) this.#commitRecord(record.source, { topic: record.topic, partition, offset, timestamp })
  }

  /** Called by the producer; the loop deals with it before it sends anything else. */
  recordFailed(record: SubmittedRecord, error: KafkaError): void {
    this.#failedSends.push({ record, error })
  }

  /** @throws ConnectException for one that is not tolerated. It is not sent again, since records behind it are on their way already */
  async settleFailed(): Promise<void> {
    const failed = this.#failedSends
    if (failed.length === 0) return
    this.#failedSends = []
    const { control, operator } = this.#parts
    for (const [index, { record, error }] of failed.entries()) {
      this.#lostSends = failed.length - index
      if (control.cancelled || !operator.tolerates(error) || !isRecordRefusal(error)) throw unrecoverableSend(record, error)
      await operator.fail({ stage: 'KAFKA_PRODUCE', executing: loopClass, record: { source: sourceOf(record) }, error })
      this.#giveUpWhenSafe(record)
    }
    this.#lostSends = 0
  }

  /** The record's last report has just begun. */
  #giveUpWhenSafe(record: SubmittedRecord): void {
    const giveUp = () => {
      if (record.source !== null) this.#commitRecord(record.source, null)
      record.giveUp()
    }
    this.#parts.operator.lastReport.then(giveUp, () => undefined) // the loop asks for reports that were lost
  }

  /** Every record accepted is given the chance to be acknowledged, so that its offset is stored and it is not sent again. */
  async awaitInFlight(): Promise<void> {
    const { flushTimeoutMs, producer, control, operator, log } = this.#parts
    if (control.cancelled || this.submitted.inFlight === this.#lostSends) return
    await withinTime(Promise.allSettled([producer.flush(), operator.reportsSafe()]), flushTimeoutMs)
    const left = this.submitted.inFlight - this.#lostSends
    if (left > 0)
      log.warn(
        `${left} records were not acknowledged within offset.flush.timeout.ms=${flushTimeoutMs}: they are read and sent again after a restart`,
      )
  }

  showProgress(): void {
    this.#metrics.progress(this.submitted.delivered, this.submitted.inFlight + this.#count - this.#index)
  }

  #commitRecord(record: SourceRecord, metadata: RecordMetadata | null): void {
    if (!this.#wantsCommitRecord) return
    try {
      this.#parts.task.commitRecord(record, metadata)
    } catch (error) {
      this.#parts.log.error('Exception thrown while calling task.commitRecord()', error)
    }
  }
}

/** Of a topic that may not be created the task fails, as in Connect; else a lack of rights is waited for. */
function isRetriable(error: unknown): boolean {
  return error instanceof RetriableException
}

/** Connect's rule: null and -1 mean "now"; anything else below zero is an error that fails the task. */
function producerTimestamp(timestamp: number | null): number | null {
  if (timestamp === null || timestamp >= 0) return timestamp
  if (timestamp === -1) return null
  throw new ConnectException(`Invalid record timestamp ${timestamp}: give a time in milliseconds since 1970, or null for now`)
}

/** The record as the task gave it, or what is known of one that was not kept. */
function sourceOf({ source, topic, partition, offset }: SubmittedRecord): SourceRecord {
  return source ?? new SourceRecord({ topic, sourcePartition: partition, sourceOffset: offset })
}
