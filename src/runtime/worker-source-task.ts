import type { Props } from '../api/props.ts'
import type { OffsetStorageReader, SourceRecord } from '../api/source.ts'
import { faultKindOf } from './errors/fault-kind.ts'
import { EventLoopTurn } from './event-loop-turn.ts'
import { Outage } from './outage.ts'
import { SendWatch } from './send-watch.ts'
import type { SourceCommitter } from './source-committer.ts'
import { SourceRecordSender, type SourceRecordSenderParts } from './source-record-sender.ts'
import { SourceTaskMetrics } from './source-task-metrics.ts'
import { pause } from './through-outage.ts'
import type { TaskLoop } from './worker-task.ts'

export interface WorkerSourceTaskParts extends SourceRecordSenderParts {
  readonly taskProps: Props
  readonly offsetReader: OffsetStorageReader
  readonly committer: SourceCommitter
}

/**
 * The loop of a source task: poll, then send what came; offsets are stored beside it by the committer. While another system is out
 * (the source in `poll`, the brokers) the loop stays where it is and tries again. Apache Kafka 4.3, AbstractWorkerSourceTask.
 */
export class WorkerSourceTask implements TaskLoop {
  readonly #parts: WorkerSourceTaskParts
  readonly #turn = new EventLoopTurn()
  readonly #metrics: SourceTaskMetrics
  readonly #outage: Outage
  readonly #sender: SourceRecordSender
  readonly #watch: SendWatch

  constructor(parts: WorkerSourceTaskParts) {
    this.#parts = parts
    this.#metrics = new SourceTaskMetrics(parts.control.metrics)
    this.#outage = new Outage(parts)
    this.#sender = new SourceRecordSender(parts, this.#metrics, this.#outage)
    this.#watch = new SendWatch(this.#sender.submitted, new Outage(parts), () => this.#sender.showProgress())
  }

  async start(): Promise<void> {
    const { task, taskProps, offsetReader, control, log, committer, producer } = this.#parts
    control.onCancel = () => void producer.close(0)
    await committer.prepare()
    const { transactionContext } = committer
    task.initialize({ configs: () => taskProps, log, offsetStorageReader: offsetReader, transactionContext, signal: control.signal })
    await task.start(taskProps)
    const { submitted } = this.#sender
    committer.start({ submitted, settleFailed: () => this.#sender.settleFailed(), committed: () => this.#commitTask() })
    this.#watch.start()
  }

  async execute(): Promise<void> {
    try {
      await this.#run()
    } catch (error) {
      throw this.#parts.committer.explained(error)
    }
  }

  async #run(): Promise<void> {
    const { control } = this.#parts
    let failed = true
    try {
      while (!control.stopping) await this.#iteration()
      failed = false
    } finally {
      await this.#finish(failed)
    }
  }

  async #finish(failed: boolean): Promise<void> {
    this.#metrics.idle()
    await this.#sender.awaitInFlight()
    if (!this.#parts.control.cancelled) await this.#parts.committer.finish(failed)
    this.#sender.showProgress()
  }

  async close(): Promise<void> {
    const { task, producer, chain, converters, committer, operator, topicCreator } = this.#parts
    this.#watch.stop()
    committer.stop()
    await this.#closing('task', () => task.stop())
    await this.#closing('producer', () => producer.close())
    await this.#closing('topic creation', () => topicCreator?.close())
    await this.#closing('error reporters', () => operator.close())
    await this.#closing('transformations', () => chain.close())
    await this.#closing('converters', () => converters.close())
  }

  async #iteration(): Promise<void> {
    const { control, committer, operator } = this.#parts
    committer.update()
    if (control.paused) return this.#whilePaused()
    control.report('RUNNING')
    operator.throwIfReportLost()
    await this.#sender.settleFailed()
    if (this.#turn.due) await this.#turn.take()
    const records = await this.#poll()
    if (records !== null) await this.#sender.send(records)
    const committing = committer.batchSent()
    if (committing !== undefined) await committing
  }

  async #whilePaused(): Promise<void> {
    const { control, committer } = this.#parts
    this.#metrics.idle()
    await committer.pausing()
    await control.whilePaused()
  }

  /**
   * @returns null: nothing new, or the source is out
   * @throws any other error of the task's, a DataException too: it names no record that could be skipped
   */
  async #poll(): Promise<readonly SourceRecord[] | null> {
    const { task, control } = this.#parts
    let records: readonly SourceRecord[] | null = null
    this.#metrics.polling()
    try {
      records = await task.poll()
      this.#outage.over()
    } catch (error) {
      if (faultKindOf(error) !== 'system') throw error
      if (!control.stopping) await pause(this.#outage.failed('poll() of the source', error), control.signal)
    } finally {
      this.#metrics.polled(records?.length ?? 0)
    }
    return records
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
