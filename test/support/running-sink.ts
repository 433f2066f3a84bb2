import { setTimeout as delay } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import type { Converter } from '../../src/api/converter.ts'
import {
  ConfigDef,
  DataException,
  SinkTask,
  type SinkRecord,
  type SinkTaskContext,
  type TopicPartition,
  type TopicPartitionOffset,
  type Transformation,
} from '../../src/api/index.ts'
import { TaskMetrics } from '../../src/metrics/task-metrics.ts'
import { ProcessingContext, type RecordFailure } from '../../src/runtime/errors/processing-context.ts'
import { RetryWithToleranceOperator } from '../../src/runtime/errors/retry-with-tolerance-operator.ts'
import { WorkerErrantRecordReporter } from '../../src/runtime/errors/worker-errant-record-reporter.ts'
import { RecordConverters } from '../../src/runtime/record-converters.ts'
import type { TaskStatus } from '../../src/runtime/state.ts'
import { TransformationChain } from '../../src/runtime/transformation-chain.ts'
import { WorkerSinkTask } from '../../src/runtime/worker-sink-task.ts'
import { WorkerTask } from '../../src/runtime/worker-task.ts'
import { CollectingLogger } from './fakes/collecting-logger.ts'
import { MemoryConsumer } from './fakes/memory-consumer.ts'

/** Text values; `bad…` cannot be converted. */
const textConverter: Converter = {
  config: () => new ConfigDef({}),
  configure: () => undefined,
  fromConnectData: (_topic, _schema, value) => (typeof value === 'string' ? Buffer.from(value) : null),
  toConnectData: (_topic, value) => {
    const text = value?.toString() ?? null
    if (text?.startsWith('bad') === true) throw new DataException(`cannot read ${text}`)
    return { schema: null, value: text }
  },
}

const headerConverter = { ...textConverter, fromConnectHeader: () => null, toConnectHeader: () => ({ schema: null, value: null }) }

const names = (partitions: readonly TopicPartition[]) => partitions.map(({ topic, partition }) => `${topic}-${partition}`).join()

/** Keeps what it took, notes its calls, and does what the test says. */
export class RecordingSinkTask extends SinkTask {
  readonly version = '1'
  readonly calls: string[] = []
  /** Values of records that `put` took. */
  readonly values: unknown[] = []
  /** Sizes of the batches that `put` was called with, empty ones left out. */
  readonly puts: number[] = []
  onOpen: (partitions: readonly TopicPartition[]) => Promise<void> | void = () => undefined
  onPut: (records: readonly SinkRecord[]) => Promise<void> | void = () => undefined
  onPreCommit: (offsets: readonly TopicPartitionOffset[]) => readonly TopicPartitionOffset[] = (offsets) => offsets
  onClose: (partitions: readonly TopicPartition[]) => void = () => undefined

  get ask(): SinkTaskContext {
    return this.context
  }

  start(): void {
    this.calls.push('start')
  }

  override async open(partitions: readonly TopicPartition[]): Promise<void> {
    this.calls.push(`open ${names(partitions)}`)
    await this.onOpen(partitions)
  }

  async put(records: readonly SinkRecord[]): Promise<void> {
    if (records.length > 0) this.puts.push(records.length)
    await this.onPut(records)
    for (const { value } of records) this.values.push(value)
  }

  override async preCommit(offsets: readonly TopicPartitionOffset[]): Promise<readonly TopicPartitionOffset[]> {
    return this.onPreCommit(offsets)
  }

  override close(partitions: readonly TopicPartition[]): void {
    this.calls.push(`close ${names(partitions)}`)
    this.onClose(partitions)
  }

  stop(): void {
    this.calls.push('stop')
  }
}

export interface RunningSinkOptions {
  readonly tolerance?: 'none' | 'all'
  readonly commitIntervalMs?: number
  readonly commitTimeoutMs?: number
  readonly pollBesideAfterMs?: number
  readonly bisects?: boolean
  readonly transformations?: readonly Transformation[]
}

/** A sink task's loop over a consumer in memory, with partition 0 of topic t assigned. It is stopped with the test. */
export function runningSink(options: RunningSinkOptions = {}) {
  const consumer = new MemoryConsumer()
  const task = new RecordingSinkTask()
  const log = new CollectingLogger()
  const metrics = new TaskMetrics()
  const reported: RecordFailure[] = []
  const statuses: TaskStatus[] = []
  const id = { connector: 'c', task: 0 }
  const workerTask = new WorkerTask({ id, target: 'STARTED', metrics, log, onStatus: (status) => void statuses.push(status) })
  consumer.rebalanceTo({ topic: 't', partition: 0 })
  workerTask.run(async (control) => {
    const context = new ProcessingContext()
    const policy = { retryTimeoutMs: 0, retryDelayMaxMs: 0, tolerance: options.tolerance ?? 'none' } as const
    const reporters = [{ report: (failure: RecordFailure) => void reported.push(failure) }]
    const operator = new RetryWithToleranceOperator({ context, policy, reporters, signal: control.signal })
    const named = { className: 'TextConverter', converter: textConverter }
    const header = { className: 'none', converter: headerConverter }
    const converters = new RecordConverters({ key: { ...named, converter: { ...textConverter } }, value: named, header, context })
    const stages = (options.transformations ?? []).map((transformation) => ({
      ...{ className: 'transformation', predicate: null, negate: false },
      transformation,
    }))
    return new WorkerSinkTask({
      task,
      taskProps: {},
      topics: ['t'],
      converters,
      chain: new TransformationChain(stages, context),
      consumer,
      operator,
      errantRecordReporter: new WorkerErrantRecordReporter(operator, converters),
      control,
      commitIntervalMs: options.commitIntervalMs ?? 60_000,
      commitTimeoutMs: options.commitTimeoutMs ?? 5000,
      pollBesideAfterMs: options.pollBesideAfterMs ?? 10_000,
      bisects: options.bisects ?? true,
      log,
    })
  })
  const stop = async () => {
    workerTask.stop()
    await workerTask.ended()
  }
  onTestFinished(stop)
  return { consumer, task, log, metrics, reported, statuses, workerTask, stop }
}

export type RunningSink = ReturnType<typeof runningSink>

/** Offsets of the records that were reported as bad. */
export function reportedOffsets({ reported }: RunningSink): (number | null)[] {
  return reported.map(({ record }) => ('consumed' in record ? record.consumed.offset : null))
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(2)
}
