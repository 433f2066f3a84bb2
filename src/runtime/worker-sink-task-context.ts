import { IllegalWorkerStateException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'
import type { Props } from '../api/props.ts'
import type { ErrantRecordReporter, SinkTaskContext, TopicPartition, TopicPartitionOffset } from '../api/sink.ts'
import type { Consumer } from '../kafka/ports.ts'
import { partitionText } from './partition-map.ts'
import type { SinkPauses } from './sink-pauses.ts'

/** A sink task's door to the runtime: notes what the task asks for; the loop acts on it. */
export class WorkerSinkTaskContext implements SinkTaskContext {
  readonly log: Logger
  readonly signal: AbortSignal
  readonly errantRecordReporter: ErrantRecordReporter | null
  readonly #props: Props
  readonly #consumer: Consumer
  readonly #pauses: SinkPauses
  commitRequested = false
  #rewinds: TopicPartitionOffset[] = []
  #timeoutMs: number | null = null

  constructor(parts: {
    readonly log: Logger
    readonly signal: AbortSignal
    readonly errantRecordReporter: ErrantRecordReporter | null
    readonly props: Props
    readonly consumer: Consumer
    readonly pauses: SinkPauses
  }) {
    this.log = parts.log
    this.signal = parts.signal
    this.errantRecordReporter = parts.errantRecordReporter
    this.#props = parts.props
    this.#consumer = parts.consumer
    this.#pauses = parts.pauses
  }

  configs(): Props {
    return this.#props
  }

  assignment(): readonly TopicPartition[] {
    return this.#consumer.assignment()
  }

  offset(offsets: readonly TopicPartitionOffset[]): void {
    this.#rewinds.push(...offsets)
  }

  timeout(ms: number): void {
    this.#timeoutMs = ms
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#mustBeAssigned(partitions, 'pause')
    this.#pauses.pauseByTask(partitions)
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#mustBeAssigned(partitions, 'resume')
    this.#pauses.resumeByTask(partitions)
  }

  requestCommit(): void {
    this.commitRequested = true
  }

  /** The seeks asked for since the last call. */
  takeRewinds(): readonly TopicPartitionOffset[] {
    const rewinds = this.#rewinds
    this.#rewinds = []
    return rewinds
  }

  /** The cap on the next poll, once; null: none was asked for. */
  takeTimeoutMs(): number | null {
    const timeout = this.#timeoutMs
    this.#timeoutMs = null
    return timeout
  }

  #mustBeAssigned(partitions: readonly TopicPartition[], verb: string): void {
    const assigned = this.#consumer.assignment()
    const strange = partitions.find(({ topic, partition }) => !assigned.some((own) => own.topic === topic && own.partition === partition))
    if (strange !== undefined) {
      throw new IllegalWorkerStateException(
        `SinkTasks may not ${verb} partitions that are not currently assigned to them: ${partitionText(strange)}.`,
      )
    }
  }
}
