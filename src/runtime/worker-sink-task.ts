import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../api/logger.ts'
import type { Props } from '../api/props.ts'
import type { SinkTask } from '../api/sink.ts'
import { WakeupException } from '../kafka/errors.ts'
import type { Consumer, PartitionRecords } from '../kafka/ports.ts'
import { faultKindOf } from './errors/fault-kind.ts'
import type { RetryWithToleranceOperator } from './errors/retry-with-tolerance-operator.ts'
import type { WorkerErrantRecordReporter } from './errors/worker-errant-record-reporter.ts'
import { EventLoopTurn } from './event-loop-turn.ts'
import { Outage } from './outage.ts'
import type { RecordConverters } from './record-converters.ts'
import { SinkCommitter } from './sink-committer.ts'
import { SinkConversion } from './sink-conversion.ts'
import { SinkDelivery } from './sink-delivery.ts'
import { SinkOffsets } from './sink-offsets.ts'
import { SinkPartitions } from './sink-partitions.ts'
import { SinkPauses } from './sink-pauses.ts'
import { SinkTaskMetrics } from './sink-task-metrics.ts'
import { TaskAtWork } from './task-at-work.ts'
import type { TaskControl } from './task-control.ts'
import type { TransformationChain } from './transformation-chain.ts'
import { WorkerSinkTaskContext } from './worker-sink-task-context.ts'
import type { TaskLoop } from './worker-task.ts'

/** A poll of this length without an error says that the brokers are back, even when there are no records. */
const pollProofMs = 5000

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
  /** Time in the task from which on the consumer is polled beside it; well below its `max.poll.interval.ms`. */
  readonly pollBesideAfterMs: number
  /** `errors.put.bisect` */
  readonly bisects: boolean
  readonly log: Logger
}

/**
 * The loop of a sink task: poll → convert → transform → put, and offsets committed on the interval.
 * A record's way is `SinkConversion` → `SinkDelivery`; which offsets may be committed is `SinkOffsets`; how partitions come and go is
 * `SinkPartitions`.
 *
 * A system fault, wherever it comes from, never fails the task: what waits is kept, everything is paused, and after a pause (growing,
 * or the one the task set by `context.timeout`) the same is tried again, without end. The consumer is polled meanwhile, so that the
 * group keeps the member. Apache Kafka 4.3, WorkerSinkTask.
 */
export class WorkerSinkTask implements TaskLoop {
  readonly #parts: WorkerSinkTaskParts
  readonly #context: WorkerSinkTaskContext
  readonly #offsets: SinkOffsets
  readonly #committer: SinkCommitter
  readonly #delivery: SinkDelivery
  readonly #conversion: SinkConversion
  readonly #partitions: SinkPartitions
  readonly #pauses: SinkPauses
  readonly #outage: Outage
  readonly #atWork: TaskAtWork
  readonly #metrics: SinkTaskMetrics
  readonly #turn = new EventLoopTurn()
  /** A poll failed, and none has succeeded since. */
  #pollFailed = false
  #wasPaused = false

  constructor(parts: WorkerSinkTaskParts) {
    this.#parts = parts
    const { log, control, consumer, task, operator, errantRecordReporter } = parts
    const pauses = (this.#pauses = new SinkPauses(consumer))
    const metrics = (this.#metrics = new SinkTaskMetrics(control.metrics))
    const outage = (this.#outage = new Outage({ control, log }))
    const atWork = (this.#atWork = new TaskAtWork(consumer, pauses, parts.pollBesideAfterMs))
    const { signal } = control
    const context = (this.#context = new WorkerSinkTaskContext({
      ...{ log, signal, errantRecordReporter, consumer, pauses },
      props: parts.taskProps,
    }))
    const offsets = (this.#offsets = new SinkOffsets({
      ...{ task, consumer, log, commitTimeoutMs: parts.commitTimeoutMs },
      reportsSafe: async () => {
        await operator.reportsSafe()
        const intolerable = errantRecordReporter?.intolerable ?? null
        if (intolerable !== null) throw intolerable
      },
      listener: () => this.#committer,
    }))
    const delivery = (this.#delivery = new SinkDelivery({
      ...{ task, offsets, pauses, operator, errantRecordReporter, converters: parts.converters, metrics, log },
      bisects: parts.bisects,
    }))
    this.#committer = new SinkCommitter({
      ...{ offsets, delivery, context, outage, atWork, metrics, commitIntervalMs: parts.commitIntervalMs },
      onOutage: (doing, error) => {
        this.#waitFor(doing, error)
        consumer.wakeup() // a poll under way shall not take longer than the pause
      },
      onCommitted: () => this.#endOutage(),
    })
    this.#conversion = new SinkConversion({ ...parts, offsets, delivery, metrics })
    this.#partitions = new SinkPartitions({
      ...{ task, context, consumer, control, offsets, delivery, pauses, outage, metrics, log },
      idle: () => atWork.idle(),
    })
  }

  async start(): Promise<void> {
    const { consumer, topics, task, taskProps, control, log } = this.#parts
    consumer.subscribe(topics, this.#partitions)
    control.onChange = () => consumer.wakeup()
    // what the task still does when it is given up is not heard of any more; others shall get its partitions at once
    control.onCancel = () => void consumer.close().catch((error: unknown) => log.warn('Could not stop consumer', error))
    task.initialize(this.#context)
    await task.start(taskProps)
    this.#committer.start()
  }

  async execute(): Promise<void> {
    const { control } = this.#parts
    while (!control.stopping) await this.#iteration()
  }

  /** The consumer's close revokes all partitions, which commits and closes them; then the task may stop. */
  async close(): Promise<void> {
    const { consumer, task, chain, converters, control, operator } = this.#parts
    this.#committer.close()
    control.onChange = () => undefined
    await this.#closing('consumer', () => consumer.close())
    await this.#closing('partitions', () => this.#partitions.throwFailure())
    await this.#closing('task', () => task.stop())
    await this.#closing('error reporters', () => operator.close())
    await this.#closing('transformations', () => chain.close())
    await this.#closing('converters', () => converters.close())
  }

  async #iteration(): Promise<void> {
    this.#followTarget()
    if (this.#turn.due) await this.#turn.take()
    if (this.#outage.waitMs === 0) await this.#endWait()
    await this.#committer.commitIfDue()
    this.#offsets.checkCommitTimeout()
    this.#partitions.rewind()
    const waited = this.#waits
    const polled = await this.#poll()
    this.#partitions.throwFailure()
    if (this.#parts.control.stopping) return
    if (polled.length > 0) await this.#convert(polled)
    if (!this.#partitions.areOpen || this.#outage.waitMs > 0) return
    // what was paused for the wait is polled before a put tells that the outage is over
    if (!waited || this.#delivery.isPending) await this.#put()
  }

  /** PAUSED keeps the consumer in its group with all partitions paused. */
  #followTarget(): void {
    const { paused } = this.#parts.control
    if (paused && !this.#wasPaused) this.#context.requestCommit()
    this.#wasPaused = paused
    this.#pauses.hold('connector paused', paused)
    this.#parts.control.report(paused ? 'PAUSED' : 'RUNNING')
  }

  async #endWait(): Promise<void> {
    this.#pauses.hold('outage', false)
    if (!this.#partitions.areOpen) await this.#atWork.run(() => this.#partitions.open())
  }

  /** The pause of an outage lasts, or ended since this iteration looked: nothing comes of a poll before the next one has ended it. */
  get #waits(): boolean {
    return this.#outage.waitMs > 0 || this.#pauses.holds('outage')
  }

  /** Keeps everything as it is until the next attempt. */
  #waitFor(doing: string, error: unknown): void {
    this.#outage.failed(doing, error, this.#context.takeTimeoutMs())
    this.#pauses.hold('outage', true)
  }

  async #poll(): Promise<readonly PartitionRecords[]> {
    const { consumer, control } = this.#parts
    this.#metrics.enter(this.#outage.waitMs > 0 ? 'idle' : 'poll')
    try {
      this.#atWork.throwPollFailure()
      const timeoutMs = this.#pollTimeoutMs()
      const polled = await consumer.poll(timeoutMs)
      if (this.#pollFailed && (polled.length > 0 || timeoutMs >= pollProofMs)) this.#pollFailed = false
      return polled
    } catch (error) {
      if (error instanceof WakeupException) return []
      if (faultKindOf(error) !== 'system') throw error
      this.#pollFailed = true
      this.#waitFor('poll() of the consumer', error)
      await delay(this.#outage.waitMs, undefined, { signal: control.signal }).catch(() => null) // stop ends the wait
      return []
    }
  }

  #pollTimeoutMs(): number {
    if (this.#waits) return Math.min(this.#outage.waitMs, this.#committer.untilDueMs)
    const asked = this.#context.takeTimeoutMs() ?? Infinity
    if (this.#delivery.isPending || !this.#partitions.areOpen) return 0
    return Math.min(this.#pollFailed ? pollProofMs : this.#committer.untilDueMs, asked)
  }

  async #convert(polled: readonly PartitionRecords[]): Promise<void> {
    this.#metrics.enter('convert')
    let count = 0
    for (const { records } of polled) count += records.length
    this.#metrics.read(count, this.#parts.consumer.lag())
    await this.#conversion.convert(polled)
  }

  async #put(): Promise<void> {
    this.#metrics.enter('put')
    const fault = await this.#atWork.run(() => this.#delivery.put())
    if (fault !== null) return this.#waitFor(`put() of ${this.#delivery.size} records`, fault)
    this.#committer.putTaken()
    this.#endOutage()
  }

  #endOutage(): void {
    if (this.#committer.isOwed || this.#pollFailed || this.#delivery.isPending || !this.#partitions.areOpen) return
    this.#outage.over()
  }

  async #closing(what: string, close: () => Promise<void> | void): Promise<void> {
    try {
      await close()
    } catch (error) {
      this.#parts.log.warn(`Could not stop ${what}`, error)
    }
  }
}
