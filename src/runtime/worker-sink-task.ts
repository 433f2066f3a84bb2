import { ConnectException, RetriableException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'
import type { Props } from '../api/props.ts'
import { SinkRecord, type SinkTask } from '../api/sink.ts'
import { WakeupException } from '../kafka/errors.ts'
import type { Consumer, ConsumerRecord, PartitionRecords, RebalanceListener, TopicPartition } from '../kafka/ports.ts'
import type { RetryWithToleranceOperator } from './errors/retry-with-tolerance-operator.ts'
import type { WorkerErrantRecordReporter } from './errors/worker-errant-record-reporter.ts'
import { EventLoopTurn } from './event-loop-turn.ts'
import { PartitionMap, partitionText } from './partition-map.ts'
import type { RecordConverters } from './record-converters.ts'
import { SinkOffsets } from './sink-offsets.ts'
import type { TaskControl } from './task-control.ts'
import type { TransformationChain } from './transformation-chain.ts'
import { WorkerSinkTaskContext } from './worker-sink-task-context.ts'
import type { TaskLoop } from './worker-task.ts'

const firstRedeliveryMs = 100
const longestRedeliveryMs = 10_000

export interface WorkerSinkTaskParts {
  readonly task: SinkTask
  readonly taskProps: Props
  readonly topics: readonly string[] | ((topic: string) => boolean)
  readonly converters: RecordConverters
  readonly chain: TransformationChain
  readonly consumer: Consumer
  readonly operator: RetryWithToleranceOperator
  /** Null unless an error log or dead letter queue is configured. */
  readonly errantRecordReporter: WorkerErrantRecordReporter | null
  readonly control: TaskControl
  readonly commitIntervalMs: number
  readonly commitTimeoutMs: number
  readonly log: Logger
}

/**
 * The loop of a sink task: poll → convert → transform → put, and offsets committed on the interval.
 * A record's way is `#convertRun` → `#deliver`; which offsets may be committed is `SinkOffsets`.
 *
 * When `put` asks for a retry, the batch is kept and put again after a growing pause (or the one the task set by
 * `context.timeout`), with all partitions paused and the consumer still polled so that the group keeps the member.
 * Apache Kafka 4.3, WorkerSinkTask.
 */
export class WorkerSinkTask implements TaskLoop, RebalanceListener {
  readonly #parts: WorkerSinkTaskParts
  readonly #context: WorkerSinkTaskContext
  readonly #offsets: SinkOffsets
  readonly #turn = new EventLoopTurn()
  /** Converted records that `put` has not taken yet. */
  #batch: SinkRecord[] = []
  /** Consecutive RetriableExceptions of `put`; 0: not redelivering. */
  #redeliveries = 0
  #nextCommitAt = 0
  #pausedForConnector = false

  constructor(parts: WorkerSinkTaskParts) {
    this.#parts = parts
    const { log, control, taskProps: props, consumer, errantRecordReporter } = parts
    this.#context = new WorkerSinkTaskContext({ log, signal: control.signal, errantRecordReporter, props, consumer })
    this.#offsets = new SinkOffsets({
      task: parts.task,
      consumer,
      log,
      commitTimeoutMs: parts.commitTimeoutMs,
      operator: parts.operator,
    })
  }

  async start(): Promise<void> {
    const { consumer, topics, task, taskProps, control, commitIntervalMs } = this.#parts
    consumer.subscribe(topics, this)
    control.onChange = () => consumer.wakeup()
    task.initialize(this.#context)
    await task.start(taskProps)
    this.#nextCommitAt = Date.now() + commitIntervalMs
  }

  async execute(): Promise<void> {
    const { control } = this.#parts
    while (!control.stopping) await this.#iteration()
    await this.#offsets.awaitCommit()
  }

  /** The consumer's close revokes all partitions, which commits and closes them; then the task may stop. */
  async close(): Promise<void> {
    const { consumer, task, chain, converters, control, operator } = this.#parts
    control.onChange = () => undefined
    await this.#closing('consumer', () => consumer.close())
    await this.#closing('task', () => task.stop())
    await this.#closing('error reporters', () => operator.close())
    await this.#closing('transformations', () => chain.close())
    await this.#closing('converters', () => converters.close())
  }

  async #iteration(): Promise<void> {
    this.#followTarget()
    await this.#commitIfDue()
    this.#offsets.checkCommitTimeout()
    this.#rewind()
    if (this.#turn.due) await this.#turn.take()
    const polled = await this.#poll(this.#pollTimeoutMs())
    await this.#convertMessages(polled)
    await this.#deliver()
  }

  /** PAUSED keeps the consumer in its group with all partitions paused. */
  #followTarget(): void {
    const { control, consumer } = this.#parts
    if (control.paused === this.#pausedForConnector) {
      control.report(control.paused ? 'PAUSED' : 'RUNNING')
      return
    }
    this.#pausedForConnector = this.#context.connectorPaused = control.paused
    if (control.paused) {
      consumer.pause(consumer.assignment())
      this.#context.requestCommit()
    } else if (this.#redeliveries === 0) {
      this.#resumeAllowed()
    }
    control.report(control.paused ? 'PAUSED' : 'RUNNING')
  }

  async #commitIfDue(): Promise<void> {
    const now = Date.now()
    if (this.#offsets.committing || !(this.#context.commitRequested || now >= this.#nextCommitAt)) return
    this.#context.commitRequested = false
    this.#nextCommitAt = now + this.#parts.commitIntervalMs
    await this.#offsets.commit()
  }

  #rewind(): void {
    for (const { topic, partition, offset } of this.#context.takeRewinds()) {
      this.#parts.consumer.seek({ topic, partition }, offset)
      this.#offsets.rewound({ topic, partition }, offset)
    }
  }

  #pollTimeoutMs(): number {
    const untilCommit = Math.max(this.#nextCommitAt - Date.now(), 0)
    const asked = this.#context.takeTimeoutMs()
    if (asked !== null) return Math.min(untilCommit, asked)
    return this.#redeliveries === 0 ? untilCommit : Math.min(untilCommit, redeliveryPauseMs(this.#redeliveries))
  }

  async #poll(timeoutMs: number): Promise<readonly PartitionRecords[]> {
    try {
      return await this.#parts.consumer.poll(timeoutMs)
    } catch (error) {
      if (error instanceof WakeupException) return []
      throw error
    }
  }

  async #convertMessages(polled: readonly PartitionRecords[]): Promise<void> {
    for (const { topic, partition, records } of polled) {
      let next = 0
      while (next < records.length) {
        next = this.#convertRun(records, next)
        const failed = records[next]
        if (failed !== undefined) {
          await this.#recover(failed)
          next++
        }
      }
      const last = records.at(-1)
      if (last !== undefined) this.#offsets.consumed(topic, partition, last.offset + 1)
    }
  }

  #conversionError: unknown = null

  /** Converts from there on into the batch. @returns the index of the record that threw, or their number */
  #convertRun(records: readonly ConsumerRecord[], from: number): number {
    let index = from
    try {
      for (; index < records.length; index++) {
        const record = records[index]
        if (record !== undefined) this.#convertAndTransform(record)
      }
    } catch (error) {
      this.#conversionError = error
    }
    return index
  }

  #convertAndTransform(consumed: ConsumerRecord): true {
    const { converters, chain } = this.#parts
    const record = new SinkRecord({
      topic: consumed.topic,
      kafkaPartition: consumed.partition,
      keyData: converters.keyFromKafka(consumed),
      valueData: converters.valueFromKafka(consumed),
      headers: converters.headersFromKafka(consumed),
      kafkaOffset: consumed.offset,
      timestamp: consumed.timestamp < 0 ? null : consumed.timestamp,
      timestampType: consumed.timestampType,
    })
    const transformed = chain.apply(record)
    if (transformed !== null) {
      this.#parts.errantRecordReporter?.remember(transformed, consumed)
      this.#batch.push(transformed)
    }
    return true
  }

  async #recover(record: ConsumerRecord): Promise<void> {
    await this.#parts.operator.recover({ consumed: record }, this.#conversionError, () => this.#convertAndTransform(record))
  }

  async #deliver(): Promise<void> {
    const { task, log, errantRecordReporter } = this.#parts
    try {
      const putting = task.put(this.#batch)
      if (putting !== undefined) await putting
    } catch (error) {
      if (!(error instanceof RetriableException)) {
        throw new ConnectException(`Exiting WorkerSinkTask due to unrecoverable exception: ${messageOf(error)}`, { cause: error })
      }
      if (this.#redeliveries === 0) log.warn(`put() asks for a retry; its ${this.#batch.length} records are kept and put again`, error)
      this.#redeliver()
      return
    }
    errantRecordReporter?.throwIfIntolerable()
    this.#offsets.delivered()
    this.#batch = []
    if (this.#redeliveries > 0) {
      log.info(`put() took the kept records after ${this.#redeliveries} retries`)
      this.#redeliveries = 0
      if (!this.#pausedForConnector) this.#resumeAllowed()
    }
  }

  #redeliver(): void {
    const { consumer } = this.#parts
    if (this.#redeliveries === 0) consumer.pause(consumer.assignment())
    this.#redeliveries++
  }

  #resumeAllowed(): void {
    const { consumer } = this.#parts
    consumer.resume(consumer.assignment().filter((partition) => !this.#context.pausedByTask.has(partition)))
  }

  async onPartitionsAssigned(partitions: readonly TopicPartition[]): Promise<void> {
    const { consumer, task, log } = this.#parts
    for (const partition of partitions) this.#offsets.assigned(partition, await consumer.position(partition))
    if (this.#batch.length === 0) this.#redeliveries = 0
    if (this.#pausedForConnector || this.#redeliveries > 0) consumer.pause(consumer.assignment())
    else consumer.pause(partitions.filter((partition) => this.#context.pausedByTask.has(partition)))
    log.info(`Assigned ${partitions.map(partitionText).join(', ') || 'no partitions'}`)
    if (partitions.length === 0) return
    await task.open(partitions)
    this.#rewind()
  }

  async onPartitionsRevoked(partitions: readonly TopicPartition[]): Promise<void> {
    const { task, control } = this.#parts
    if (control.cancelled) return
    await this.#offsets.commitAndClose(partitions, () => task.close(partitions))
    this.#forget(partitions)
  }

  async onPartitionsLost(partitions: readonly TopicPartition[]): Promise<void> {
    const { task, log } = this.#parts
    log.warn(`Lost ${partitions.map(partitionText).join(', ')}: another member may have them already; nothing more is committed for them`)
    this.#offsets.forget(partitions)
    await task.close(partitions)
    this.#forget(partitions)
  }

  #forget(partitions: readonly TopicPartition[]): void {
    const gone = new PartitionMap<true>()
    for (const { topic, partition } of partitions) {
      gone.set(topic, partition, true)
      this.#context.pausedByTask.delete({ topic, partition })
    }
    this.#batch = this.#batch.filter(
      ({ originalTopic, originalKafkaPartition }) => !gone.has({ topic: originalTopic, partition: originalKafkaPartition }),
    )
  }

  async #closing(what: string, close: () => Promise<void> | void): Promise<void> {
    try {
      await close()
    } catch (error) {
      this.#parts.log.warn(`Could not stop ${what}`, error)
    }
  }
}

function redeliveryPauseMs(redeliveries: number): number {
  return Math.min(firstRedeliveryMs * 2 ** (redeliveries - 1), longestRedeliveryMs)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
