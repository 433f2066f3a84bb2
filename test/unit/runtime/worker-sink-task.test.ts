import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Converter } from '../../../src/api/converter.ts'
import {
  ConfigDef,
  DataException,
  RetriableException,
  SinkRecord,
  SinkTask,
  type TopicPartition,
  type TopicPartitionOffset,
} from '../../../src/api/index.ts'
import { TaskMetrics } from '../../../src/metrics/task-metrics.ts'
import { ProcessingContext, type RecordFailure } from '../../../src/runtime/errors/processing-context.ts'
import { RetryWithToleranceOperator } from '../../../src/runtime/errors/retry-with-tolerance-operator.ts'
import { WorkerErrantRecordReporter } from '../../../src/runtime/errors/worker-errant-record-reporter.ts'
import { RecordConverters } from '../../../src/runtime/record-converters.ts'
import type { TaskStatus } from '../../../src/runtime/state.ts'
import { TransformationChain } from '../../../src/runtime/transformation-chain.ts'
import { WorkerSinkTask } from '../../../src/runtime/worker-sink-task.ts'
import { WorkerTask } from '../../../src/runtime/worker-task.ts'
import { CollectingLogger } from '../../support/fakes/collecting-logger.ts'
import { MemoryConsumer } from '../../support/fakes/memory-consumer.ts'

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

/** Keeps what it was given and does what the test says. */
class ObservableSinkTask extends SinkTask {
  readonly version = '1'
  readonly calls: string[] = []
  readonly values: unknown[] = []
  onPut: (records: readonly SinkRecord[]) => void = () => undefined
  onPreCommit: (offsets: readonly TopicPartitionOffset[]) => readonly TopicPartitionOffset[] = (offsets) => offsets

  start(): void {
    this.calls.push('start')
  }

  override open(partitions: readonly TopicPartition[]): void {
    this.calls.push(`open ${partitions.map(({ topic, partition }) => `${topic}-${partition}`).join()}`)
  }

  put(records: readonly SinkRecord[]): void {
    this.onPut(records)
    this.values.push(...records.map(({ value }) => value))
  }

  override async preCommit(offsets: readonly TopicPartitionOffset[]): Promise<readonly TopicPartitionOffset[]> {
    return this.onPreCommit(offsets)
  }

  override close(partitions: readonly TopicPartition[]): void {
    this.calls.push(`close ${partitions.map(({ topic, partition }) => `${topic}-${partition}`).join()}`)
  }

  stop(): void {
    this.calls.push('stop')
  }

  requestCommit(): void {
    this.context.requestCommit()
  }

  /** As a careless task does: the exception of the report is not passed on. */
  async report(record: SinkRecord): Promise<void> {
    await this.context.errantRecordReporter!.report(record, new Error('refused by the target'))
  }

  rewindTo(offset: number): void {
    this.context.offset([{ topic: 't', partition: 0, offset }])
  }
}

function running(options: { tolerance?: 'none' | 'all'; commitIntervalMs?: number } = {}) {
  const consumer = new MemoryConsumer()
  const task = new ObservableSinkTask()
  const log = new CollectingLogger()
  const reported: RecordFailure[] = []
  const statuses: TaskStatus[] = []
  const workerTask = new WorkerTask({
    id: { connector: 'c', task: 0 },
    target: 'STARTED',
    metrics: new TaskMetrics(),
    log,
    onStatus: (status) => void statuses.push(status),
  })
  consumer.rebalanceTo({ topic: 't', partition: 0 })
  workerTask.run(async (control) => {
    const context = new ProcessingContext()
    const policy = { retryTimeoutMs: 0, retryDelayMaxMs: 0, tolerance: options.tolerance ?? 'none' } as const
    const reporters = [{ report: (failure: RecordFailure) => void reported.push(failure) }]
    const operator = new RetryWithToleranceOperator({ context, policy, reporters, signal: control.signal })
    const named = { className: 'TextConverter', converter: textConverter }
    const header = {
      className: 'none',
      converter: { ...textConverter, fromConnectHeader: () => null, toConnectHeader: () => ({ schema: null, value: null }) },
    }
    const converters = new RecordConverters({ key: { ...named, converter: { ...textConverter } }, value: named, header, context })
    return new WorkerSinkTask({
      task,
      taskProps: {},
      topics: ['t'],
      converters,
      chain: new TransformationChain([], context),
      consumer,
      operator,
      errantRecordReporter: new WorkerErrantRecordReporter(operator, converters),
      control,
      commitIntervalMs: options.commitIntervalMs ?? 60_000,
      commitTimeoutMs: 5000,
      pollBesideAfterMs: 10_000,
      bisects: true,
      log,
    })
  })
  const stop = async () => {
    workerTask.stop()
    await workerTask.ended()
  }
  onTestFinished(stop)
  return { consumer, task, log, reported, statuses, workerTask, stop }
}

function placeOf({ topic, originalKafkaPartition: kafkaPartition, kafkaOffset, timestampType }: SinkRecord) {
  return { topic, kafkaPartition, kafkaOffset, timestampType }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(2)
}

describe('WorkerSinkTask', () => {
  it('opens after start, puts records in order, and commits and closes at stop', async () => {
    const { consumer, task, statuses, stop } = running()
    consumer.append('t', 0, 'a', 'b', 'c')
    await until(() => task.values.length === 3)
    await stop()
    expect(task.values).toEqual(['a', 'b', 'c'])
    expect(task.calls).toEqual(['start', 'open t-0', 'close t-0', 'stop'])
    expect(consumer.committedOffsets.get('t-0')).toBe(3)
    expect(statuses.map(({ state }) => state)).toEqual(['RUNNING', 'UNASSIGNED'])
  })

  it('puts the same batch again, with all partitions paused, while put asks for a retry', async () => {
    const { consumer, task, stop } = running()
    const batches: unknown[][] = []
    task.onPut = (records) => {
      if (records.length > 0) batches.push(records.map(({ value }) => value))
      if (records.length > 0 && batches.length < 3) {
        consumer.append('t', 0, 'later')
        throw new RetriableException('busy')
      }
    }
    consumer.append('t', 0, 'a', 'b')
    await until(() => task.values.length === 4)
    await stop()
    expect(batches.slice(0, 3)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ])
    expect(task.values).toEqual(['a', 'b', 'later', 'later'])
    expect(consumer.paused.size).toBe(0)
    expect(consumer.committedOffsets.get('t-0')).toBe(4)
  })

  it('commits nothing of a batch that put has not taken', async () => {
    const { consumer, task, stop } = running()
    task.onPut = (records) => {
      if (records.length > 0) throw new RetriableException('busy')
    }
    consumer.append('t', 0, 'a')
    await until(() => consumer.paused.has('t-0'))
    await stop()
    expect(consumer.committedOffsets.get('t-0')).toBeUndefined()
  })

  it('fails with the cause when put throws anything else, and still closes and stops the task', async () => {
    const { consumer, task, statuses, workerTask } = running()
    task.onPut = (records) => {
      if (records.length > 0) throw new Error('no such table')
    }
    consumer.append('t', 0, 'a')
    await workerTask.ended()
    expect(statuses.at(-1)?.state).toBe('FAILED')
    expect(statuses.at(-1)?.trace).toContain('no such table')
    expect(task.calls).toEqual(['start', 'open t-0', 'close t-0', 'stop'])
  })

  it('fails the task at a record that cannot be converted when tolerance is none, and commits up to it', async () => {
    const { consumer, statuses, reported, workerTask } = running()
    consumer.append('t', 0, 'bad')
    await workerTask.ended()
    expect(statuses.at(-1)?.trace).toContain('Tolerance exceeded in error handler')
    expect(reported).toMatchObject([{ stage: 'VALUE_CONVERTER', executing: 'TextConverter', record: { consumed: { offset: 0 } } }])
    expect(consumer.committedOffsets.get('t-0')).toBeUndefined()
  })

  it('skips and reports a record that cannot be converted when tolerance is all, and counts it as consumed', async () => {
    const { consumer, task, reported, stop } = running({ tolerance: 'all' })
    consumer.append('t', 0, 'a', 'bad 1', 'b', 'bad 2')
    await until(() => task.values.length === 2)
    await stop()
    expect(reported.map(({ record }) => 'consumed' in record && record.consumed.offset)).toEqual([1, 3])
    expect(consumer.committedOffsets.get('t-0')).toBe(4)
  })

  it('commits what preCommit returns, but nothing it does not own or was never given', async () => {
    const { consumer, task, log, stop } = running()
    task.onPreCommit = () => [
      { topic: 't', partition: 0, offset: 1 },
      { topic: 't', partition: 7, offset: 1 },
      { topic: 't', partition: 0, offset: 99 },
    ]
    consumer.append('t', 0, 'a', 'b')
    await until(() => task.values.length === 2)
    task.requestCommit()
    consumer.append('t', 0, 'c')
    await until(() => consumer.committedOffsets.has('t-0'))
    await stop()
    expect([...consumer.committedOffsets]).toEqual([['t-0', 1]])
    expect(log.lines.filter((line) => line.includes('Ignoring invalid task provided offset')).length).toBeGreaterThanOrEqual(2)
  })

  it('reports single records for the task, with the bytes they came from or, for records of its own, the bytes they would have', async () => {
    const { consumer, task, reported, stop } = running({ tolerance: 'all' })
    task.onPut = (records) => {
      for (const record of records) {
        if (record.value === 'a') void task.report(record)
        else if (record.value === 'b') void task.report(record.newRecord({ topic: 'elsewhere', value: 'changed' }))
        else void task.report(new SinkRecord({ ...placeOf(record), value: 'own' }))
      }
    }
    consumer.append('t', 0, 'a', 'b', 'c')
    await until(() => reported.length === 3)
    await stop()
    const letters = reported.map(({ record }) => 'consumed' in record && [record.consumed.offset, record.consumed.value?.toString()])
    expect(letters).toEqual([
      [0, 'a'],
      [1, 'b'],
      [2, 'own'],
    ])
    expect(reported[0]).toMatchObject({ stage: 'TASK_PUT', executing: 'org.apache.kafka.connect.sink.SinkTask' })
  })

  it('fails after put when the task reported a record and tolerance is none, even if the task swallowed the exception', async () => {
    const { consumer, task, statuses, workerTask } = running()
    task.onPut = (records) => {
      for (const record of records) task.report(record).catch(() => null)
    }
    consumer.append('t', 0, 'a')
    await workerTask.ended()
    expect(statuses.at(-1)?.trace).toContain('Tolerance exceeded in error handler')
    expect(consumer.committedOffsets.has('t-0')).toBe(false)
  })

  it('rewinds to the last committed offset when preCommit fails, so that nothing is lost', async () => {
    const { consumer, task } = running()
    let failures = 1
    task.onPreCommit = (offsets) => {
      if (failures-- > 0) throw new Error('flush failed')
      return offsets
    }
    consumer.append('t', 0, 'a', 'b')
    await until(() => task.values.length === 2)
    task.requestCommit()
    consumer.append('t', 0, 'c')
    await until(() => task.values.length >= 5)
    expect(task.values.slice(-3)).toEqual(['a', 'b', 'c'])
  })

  it('reads from where the task asks it to', async () => {
    const { consumer, task } = running()
    let rewound = false
    task.onPut = (records) => {
      if (records.length > 0 && !rewound) {
        rewound = true
        task.rewindTo(1)
      }
    }
    consumer.append('t', 0, 'a', 'b', 'c')
    await until(() => task.values.length === 5)
    consumer.append('t', 0, 'd')
    await until(() => task.values.length === 6)
    expect(task.values).toEqual(['a', 'b', 'c', 'b', 'c', 'd'])
  })

  it('commits and closes what a rebalance takes, and drops its records from a batch that waits', async () => {
    const { consumer, task, stop } = running()
    let busy = true
    task.onPut = (records) => {
      if (busy && records.length > 0) throw new RetriableException('busy')
    }
    consumer.append('t', 0, 'a')
    await until(() => consumer.paused.has('t-0'))
    consumer.rebalanceTo({ topic: 't', partition: 1 })
    consumer.append('t', 1, 'x')
    busy = false
    await until(() => task.values.includes('x'))
    await stop()
    expect(task.calls).toContain('close t-0')
    expect(task.values).toEqual(['x'])
    expect(consumer.committedOffsets.get('t-0')).toBeUndefined()
  })

  it('delivers nothing while the connector is paused, and goes on when it is resumed', async () => {
    const { consumer, task, statuses, workerTask } = running()
    consumer.append('t', 0, 'a')
    await until(() => task.values.length === 1)
    workerTask.control.setTarget('PAUSED')
    await until(() => statuses.at(-1)?.state === 'PAUSED')
    consumer.append('t', 0, 'b')
    expect(consumer.paused.has('t-0')).toBe(true)
    workerTask.control.setTarget('STARTED')
    await until(() => task.values.length === 2)
    expect(statuses.map(({ state }) => state)).toEqual(['RUNNING', 'PAUSED', 'RUNNING'])
  })

  it('keeps going when the broker does not take a commit', async () => {
    const { consumer, task, log } = running()
    consumer.append('t', 0, 'a')
    await until(() => task.values.length === 1)
    consumer.commitError = new Error('coordinator moved')
    task.requestCommit()
    consumer.append('t', 0, 'b')
    await until(() => log.lines.some((line) => line.includes('Commit of offsets failed')))
    consumer.append('t', 0, 'c')
    await until(() => task.values.length === 3)
  })
})
