import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Converter } from '../../../src/api/converter.ts'
import {
  ConfigDef,
  DataException,
  RetriableException,
  SourceRecord,
  SourceTask,
  STRING_SCHEMA,
  type RecordMetadata,
} from '../../../src/api/index.ts'
import type { Transformation } from '../../../src/api/transformation.ts'
import { kafkaError } from '../../../src/kafka/errors.ts'
import { MemoryOffsetBackingStore } from '../../../src/offsets/memory-offset-backing-store.ts'
import { StoreOffsetStorageReader } from '../../../src/offsets/offset-storage-reader.ts'
import { OffsetStorageWriter } from '../../../src/offsets/offset-storage-writer.ts'
import { TransactionOffsets } from '../../../src/offsets/transaction-offsets.ts'
import { TaskMetrics } from '../../../src/metrics/task-metrics.ts'
import { ProcessingContext, type RecordFailure } from '../../../src/runtime/errors/processing-context.ts'
import { RetryWithToleranceOperator, type ErrorReporter } from '../../../src/runtime/errors/retry-with-tolerance-operator.ts'
import { ToleranceBudget, type ToleranceLimits } from '../../../src/runtime/errors/tolerance-budget.ts'
import { Outage } from '../../../src/runtime/outage.ts'
import { RecordConverters } from '../../../src/runtime/record-converters.ts'
import { SourceOffsetCommitter } from '../../../src/runtime/source-offset-committer.ts'
import { SourceTransaction } from '../../../src/runtime/source-transaction.ts'
import type { TaskStatus } from '../../../src/runtime/state.ts'
import type { TaskControl } from '../../../src/runtime/task-control.ts'
import { topicCreationGroups } from '../../../src/runtime/topic-creation.ts'
import { TopicCreator } from '../../../src/runtime/topic-creator.ts'
import { IntervalBoundary, type TransactionBoundary } from '../../../src/runtime/transaction-boundary.ts'
import { TransactionalCommitter } from '../../../src/runtime/transactional-committer.ts'
import { TransformationChain } from '../../../src/runtime/transformation-chain.ts'
import { WorkerSourceTask } from '../../../src/runtime/worker-source-task.ts'
import { WorkerTask } from '../../../src/runtime/worker-task.ts'
import { CollectingLogger } from '../../support/fakes/collecting-logger.ts'
import { MemoryProducer } from '../../support/fakes/memory-producer.ts'

const textConverter: Converter = {
  config: () => new ConfigDef({}),
  configure: () => undefined,
  fromConnectData: (_topic, _schema, value) => {
    if (typeof value === 'string' && value.startsWith('bad')) throw new DataException(`cannot write ${value}`)
    return typeof value === 'string' ? Buffer.from(value) : null
  },
  toConnectData: () => ({ schema: null, value: null }),
}

/** Hands out the lines it is given, one batch a call. */
class LinesTask extends SourceTask {
  readonly version = '1'
  readonly batches: (string[] | Error)[] = []
  readonly calls: string[] = []
  startOffset: unknown = undefined
  #position = 0
  readonly #partition = { filename: 'f' }

  async start(): Promise<void> {
    this.calls.push('start')
    this.startOffset = await this.context.offsetStorageReader.offset(this.#partition)
  }

  async poll(): Promise<SourceRecord[] | null> {
    const batch = this.batches.shift()
    if (batch === undefined) return this.#pause()
    if (batch instanceof Error) throw batch
    return batch.map((value) => {
      const sourceOffset = { position: ++this.#position }
      return new SourceRecord({ sourcePartition: this.#partition, sourceOffset, topic: 't', valueSchema: STRING_SCHEMA, value })
    })
  }

  async #pause(): Promise<null> {
    await delay(2)
    return null
  }

  override commit(): void {
    this.calls.push('commit')
  }

  stop(): void {
    this.calls.push('stop')
  }
}

class ObservingLinesTask extends LinesTask {
  readonly committed: [unknown, number | null][] = []

  override commitRecord(record: SourceRecord, metadata: RecordMetadata | null): void {
    this.committed.push([record.value, metadata === null ? null : metadata.offset])
  }
}

const dropper: Transformation = {
  config: () => new ConfigDef({}),
  configure: () => undefined,
  apply: (record) => (record.value === 'drop' ? null : record),
}

function running<T extends LinesTask>(
  task: T,
  options: {
    tolerance?: 'none' | 'all'
    flushTimeoutMs?: number
    store?: MemoryOffsetBackingStore
    reporter?: ErrorReporter
    topicCreator?: TopicCreator
    limits?: ToleranceLimits
    boundary?: TransactionBoundary
  } = {},
) {
  const producer = new MemoryProducer()
  const log = new CollectingLogger()
  const store = options.store ?? new MemoryOffsetBackingStore()
  const reported: RecordFailure[] = []
  const statuses: TaskStatus[] = []
  const flushTimeoutMs = options.flushTimeoutMs ?? 5000
  const workerTask = new WorkerTask({
    id: { connector: 'c', task: 0 },
    target: 'STARTED',
    metrics: new TaskMetrics(),
    log,
    onStatus: (status) => void statuses.push(status),
  })
  const sending =
    options.boundary === undefined
      ? {
          producer,
          committer: new SourceOffsetCommitter({
            writer: new OffsetStorageWriter(store, 'c'),
            intervalMs: 5,
            timeoutMs: flushTimeoutMs,
            log,
          }),
        }
      : inTransactions(producer, options.boundary, workerTask.control, log)
  workerTask.run(async (control) => {
    const context = new ProcessingContext()
    const policy = { retryTimeoutMs: 0, retryDelayMaxMs: 0, tolerance: options.tolerance ?? 'none' } as const
    const operator = new RetryWithToleranceOperator({
      context,
      policy,
      reporters: [options.reporter ?? { report: (failure) => void reported.push(failure) }],
      signal: control.signal,
      metrics: control.metrics,
      ...(options.limits === undefined ? {} : { budget: new ToleranceBudget(options.limits) }),
    })
    const header = {
      className: 'none',
      converter: { ...textConverter, fromConnectHeader: () => null, toConnectHeader: () => ({ schema: null, value: null }) },
    }
    const named = { className: 'TextConverter', converter: textConverter }
    return new WorkerSourceTask({
      task,
      taskProps: {},
      converters: new RecordConverters({ key: named, value: named, header, context }),
      chain: new TransformationChain([{ className: 'Dropper', transformation: dropper, predicate: null, negate: false }], context),
      ...sending,
      offsetReader: new StoreOffsetStorageReader(store, 'c', log),
      operator,
      topicCreator: options.topicCreator ?? null,
      control,
      flushTimeoutMs,
      log,
    })
  })
  const stop = async () => {
    workerTask.stop()
    await workerTask.ended()
  }
  onTestFinished(stop)
  const stored = async () => {
    const [entry] = await store.entries()
    return entry?.value === undefined || entry.value === null ? null : (JSON.parse(entry.value.toString()) as { position: number }).position
  }
  return { producer, log, store, stored, reported, statuses, workerTask, stop }
}

function inTransactions(producer: MemoryProducer, boundary: TransactionBoundary, control: TaskControl, log: CollectingLogger) {
  const transaction = new SourceTransaction({ producer, id: 'connect-standalone-c-0', timeoutMs: 60_000 })
  const writer = new OffsetStorageWriter(new TransactionOffsets(transaction, 'offsets'), 'c')
  const outage = new Outage({ control, log })
  return {
    producer: transaction,
    committer: new TransactionalCommitter({ transaction, writer, boundary, metrics: control.metrics, outage, log }),
  }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(2)
}

describe('WorkerSourceTask', () => {
  it('sends records in order and stores the offset of the last one at stop', async () => {
    const task = new LinesTask()
    const { producer, stored, statuses, stop } = running(task)
    task.batches.push(['a', 'b'], ['c'])
    await until(() => producer.sent.length === 3)
    await stop()
    expect(producer.sent.map(({ value }) => value)).toEqual(['a', 'b', 'c'])
    expect(await stored()).toBe(3)
    expect(task.calls.at(-1)).toBe('stop')
    expect(statuses.map(({ state }) => state)).toEqual(['RUNNING', 'UNASSIGNED'])
  })

  it('stores no offset beyond the first record that Kafka has not acknowledged', async () => {
    const task = new LinesTask()
    const { producer, stored } = running(task)
    producer.holding = true
    task.batches.push(['a', 'b', 'c'])
    await until(() => producer.waiting.length === 3)
    producer.acknowledge(2)
    await until(async () => (await stored()) === 2)
    await delay(20)
    expect(await stored()).toBe(2)
  })

  it('gives the task the offset that was stored for it', async () => {
    const store = new MemoryOffsetBackingStore()
    const first = new LinesTask()
    const one = running(first, { store })
    first.batches.push(['a', 'b'])
    await until(() => one.producer.sent.length === 2)
    await one.stop()
    const second = new LinesTask()
    const two = running(second, { store })
    await until(() => second.calls.includes('start'))
    await two.stop()
    expect(second.startOffset).toEqual({ position: 2 })
  })

  it('waits at stop for records in flight, then stores their offsets', async () => {
    const task = new LinesTask()
    const { producer, stored, workerTask } = running(task)
    producer.holding = true
    task.batches.push(['a', 'b'])
    await until(() => producer.waiting.length === 2)
    producer.flush = async () => producer.acknowledge()
    workerTask.stop()
    await workerTask.ended()
    expect(await stored()).toBe(2)
  })

  it('gives up waiting for records in flight after the flush timeout, says so, and stores only what is safe', async () => {
    const task = new LinesTask()
    const { producer, stored, log, workerTask } = running(task, { flushTimeoutMs: 20 })
    producer.holding = true
    producer.flush = () => new Promise(() => undefined)
    task.batches.push(['a', 'b'])
    await until(() => producer.waiting.length === 2)
    producer.acknowledge(1)
    workerTask.stop()
    await workerTask.ended()
    expect(await stored()).toBe(1)
    expect(log.lines.join('\n')).toContain('1 records were not acknowledged')
  })

  it('drops a record without storing its offset; the next record sent covers it', async () => {
    const task = new ObservingLinesTask()
    const { producer, stored } = running(task)
    task.batches.push(['a', 'drop'])
    await until(() => task.committed.length === 2)
    await delay(20)
    expect(await stored()).toBe(1)
    task.batches.push(['b'])
    await until(() => producer.sent.length === 2)
    await until(async () => (await stored()) === 3)
    expect(task.committed).toEqual([
      ['a', 0],
      ['drop', null],
      ['b', 1],
    ])
  })

  it('fails at a record that cannot be converted when tolerance is none, and keeps the offset before it', async () => {
    const task = new LinesTask()
    const { producer, stored, statuses, reported, workerTask } = running(task)
    task.batches.push(['a', 'bad', 'c'])
    await workerTask.ended()
    expect(statuses.at(-1)?.trace).toContain('cannot write bad')
    expect(reported).toMatchObject([{ stage: 'VALUE_CONVERTER', executing: 'TextConverter' }])
    expect(producer.sent.map(({ value }) => value)).toEqual(['a'])
    expect(await stored()).toBe(1)
  })

  it('skips a record that cannot be converted when tolerance is all', async () => {
    const task = new LinesTask()
    const { producer, reported } = running(task, { tolerance: 'all' })
    task.batches.push(['a', 'bad', 'c'])
    await until(() => producer.sent.length === 2)
    expect(producer.sent.map(({ value }) => value)).toEqual(['a', 'c'])
    expect(reported).toHaveLength(1)
  })

  it('fails with the reason when Kafka refuses a record and tolerance is none; its offset is never stored', async () => {
    const task = new LinesTask()
    const { producer, stored, statuses, workerTask } = running(task)
    producer.refuse = ({ value }) => (value?.toString() === 'b' ? kafkaError(10) : null)
    task.batches.push(['a', 'b', 'c'])
    await workerTask.ended()
    expect(statuses.at(-1)?.trace).toContain('Unrecoverable exception from producer send callback')
    expect(await stored()).toBe(1)
  })

  it('reports a record that Kafka refuses, and goes on, when tolerance is all', async () => {
    const task = new ObservingLinesTask()
    const { producer, stored, reported } = running(task, { tolerance: 'all' })
    producer.refuse = ({ value }) => (value?.toString() === 'b' ? kafkaError(10) : null)
    task.batches.push(['a', 'b', 'c'])
    await until(async () => (await stored()) === 3)
    expect(reported).toMatchObject([{ stage: 'KAFKA_PRODUCE', record: { source: { value: 'b' } } }])
    expect(task.committed).toContainEqual(['b', null])
  })

  it('fails, and stores no offset, when an outage makes Kafka refuse a record, also when tolerance is all', async () => {
    const task = new LinesTask()
    const { producer, stored, statuses, reported, workerTask } = running(task, { tolerance: 'all' })
    producer.refuse = ({ value }) => (value?.toString() === 'b' ? kafkaError(7) : null)
    task.batches.push(['a', 'b', 'c'])
    await workerTask.ended()
    expect(statuses.at(-1)?.state).toBe('FAILED')
    expect(reported).toEqual([])
    expect(await stored()).toBe(1)
  })

  it('asks poll again after a retriable exception, and fails on any other', async () => {
    const task = new LinesTask()
    const { producer, log, statuses, workerTask } = running(task)
    task.batches.push(new RetriableException('database is away'), ['a'])
    await until(() => producer.sent.length === 1)
    expect(log.lines.join('\n')).toContain('WARN poll() of the source is tried again until it succeeds; nothing is skipped')
    task.batches.push(new Error('table dropped'))
    await workerTask.ended()
    expect(statuses.at(-1)?.trace).toContain('table dropped')
  })

  it('polls nothing while paused, and keeps its producer', async () => {
    const task = new LinesTask()
    const { producer, statuses, workerTask } = running(task)
    await until(() => statuses.at(-1)?.state === 'RUNNING')
    workerTask.control.setTarget('PAUSED')
    await until(() => statuses.at(-1)?.state === 'PAUSED')
    task.batches.push(['a'])
    await delay(20)
    expect(producer.sent).toEqual([])
    workerTask.control.setTarget('STARTED')
    await until(() => producer.sent.length === 1)
  })

  it('commits the transaction that is open before it is paused', async () => {
    const task = new LinesTask()
    const { producer, statuses, workerTask } = running(task, { boundary: new IntervalBoundary(3_600_000) })
    task.batches.push(['a'], ['b'])
    await until(() => producer.sent.length === 2)
    expect(producer.transactions.map(({ state }) => state)).toEqual(['open'])
    workerTask.control.setTarget('PAUSED')
    await until(() => statuses.at(-1)?.state === 'PAUSED')
    expect(producer.transactions.map(({ state, records }) => [state, ...records.map(({ value }) => value)])).toEqual([
      ['committed', 'a', 'b', '{"position":2}'],
    ])
    workerTask.control.setTarget('STARTED')
    task.batches.push(['c'])
    await until(() => producer.transactions.length === 2)
  })

  it('fails on a negative timestamp other than -1, whatever the tolerance', async () => {
    class WrongTime extends LinesTask {
      override async poll(): Promise<SourceRecord[]> {
        return [new SourceRecord({ sourcePartition: { f: 1 }, sourceOffset: { n: 1 }, topic: 't', value: 'a', timestamp: -5 })]
      }
    }
    const { statuses, workerTask } = running(new WrongTime(), { tolerance: 'all' })
    await workerTask.ended()
    expect(statuses.at(-1)?.trace).toContain('Invalid record timestamp -5')
  })

  it('counts what it polled, what Kafka has and what is open, and where its time goes', async () => {
    const task = new LinesTask()
    const { producer, workerTask } = running(task, { tolerance: 'all' })
    const { metrics } = workerTask.control
    producer.holding = true
    task.batches.push(['a', 'bad', 'drop', 'b'])
    await until(() => producer.waiting.length === 2)
    await until(() => metrics.get('source-record-active-count') === 2)
    expect(metrics.get('source-record-poll-total')).toBe(4)
    expect(metrics.get('source-record-write-total')).toBe(0)
    producer.acknowledge()
    workerTask.stop()
    await workerTask.ended()
    expect(metrics.get('source-record-write-total')).toBe(2)
    expect(metrics.get('source-record-active-count')).toBe(0)
    expect(metrics.get('total-records-skipped')).toBe(1)
    expect(metrics.get('poll-time-ms-total')).toBeGreaterThan(0)
    expect(metrics.get('convert-time-ms-total')).toBeGreaterThan(0)
    expect(metrics.phase().phase).toBe('idle')
  })

  it.each([
    ['a RetriableException', new RetriableException('database is away')],
    ['an error of a socket', Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:5432'), { code: 'ECONNREFUSED' })],
    ['an error whose cause is one', new Error('query failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) })],
  ])('says RETRYING with the reason while poll() fails with %s, and goes on', async (_, error) => {
    const task = new LinesTask()
    const { producer, statuses } = running(task)
    task.batches.push(error, error, ['a'])
    await until(() => producer.sent.length === 1)
    const conditions = statuses.map(({ condition }) => condition)
    expect(conditions).toContainEqual(expect.objectContaining({ kind: 'RETRYING', because: error.message, attempts: 2 }))
    expect(statuses.at(-1)).toEqual({ id: { connector: 'c', task: 0 }, state: 'RUNNING' })
  })

  it('fails when poll() throws a DataException: there is no record that could be skipped', async () => {
    const task = new LinesTask()
    const { statuses, reported, workerTask } = running(task, { tolerance: 'all' })
    task.batches.push(new DataException('row 7 is nonsense'))
    await workerTask.ended()
    expect(statuses.at(-1)?.trace).toContain('row 7 is nonsense')
    expect(reported).toEqual([])
  })

  it('ends the wait for a source that is out when it is to stop', async () => {
    const task = new LinesTask()
    const { statuses, stop } = running(task)
    task.batches.push(...Array.from({ length: 100 }, () => new RetriableException('away')))
    await until(() => statuses.some(({ condition }) => condition !== undefined))
    await stop()
    expect(statuses.at(-1)?.state).toBe('UNASSIGNED')
  })

  it('stores the offset of a record that a dead letter queue keeps only when its report is safe, and no later one before', async () => {
    const gate = Promise.withResolvers<void>()
    const task = new ObservingLinesTask()
    const reporter: ErrorReporter = { keepsRecords: true, report: () => gate.promise }
    const { stored, producer } = running(task, { tolerance: 'all', reporter })
    task.batches.push(['a', 'bad', 'c'])
    await until(() => producer.sent.length === 2)
    await until(async () => (await stored()) === 1)
    await delay(20)
    expect(await stored()).toBe(1)
    expect(task.committed).not.toContainEqual(['bad', null])
    gate.resolve()
    await until(async () => (await stored()) === 3)
    expect(task.committed).toContainEqual(['bad', null])
  })

  it('waits at stop for a report that is not safe yet, and stores its offset', async () => {
    const gate = Promise.withResolvers<void>()
    const task = new ObservingLinesTask()
    const { stored, workerTask, log } = running(task, { tolerance: 'all', reporter: { keepsRecords: true, report: () => gate.promise } })
    task.batches.push(['a', 'bad'])
    await until(() => task.committed.length === 1)
    workerTask.stop()
    await delay(5)
    gate.resolve()
    await workerTask.ended()
    expect(await stored()).toBe(2)
    expect(log.lines.join()).not.toContain('were not acknowledged')
  })

  it('fails when a report is lost, with the offset before it', async () => {
    const task = new LinesTask()
    const reporter: ErrorReporter = { keepsRecords: true, report: () => Promise.reject(new Error('the disk is gone')) }
    const { stored, statuses, workerTask } = running(task, { tolerance: 'all', reporter })
    task.batches.push(['a', 'bad', 'c'])
    await workerTask.ended()
    expect(statuses.at(-1)?.trace).toContain('the disk is gone')
    expect(await stored()).toBe(1)
  })

  it('holds the offset of a refused record back until its report is safe', async () => {
    const gate = Promise.withResolvers<void>()
    const task = new LinesTask()
    const { producer, stored } = running(task, { tolerance: 'all', reporter: { keepsRecords: true, report: () => gate.promise } })
    producer.refuse = ({ value }) => (value?.toString() === 'b' ? kafkaError(10) : null)
    task.batches.push(['a', 'b', 'c'])
    await until(() => producer.sent.length === 2)
    await delay(20)
    expect(await stored()).toBe(1)
    gate.resolve()
    await until(async () => (await stored()) === 3)
  })

  it('fails with errors.tolerance=all when Kafka refuses more than the record: nothing would get through', async () => {
    const task = new LinesTask()
    const { producer, statuses, reported, workerTask } = running(task, { tolerance: 'all' })
    producer.refuse = () => kafkaError(47) // the producer was fenced
    task.batches.push(['a'])
    await workerTask.ended()
    expect(statuses.at(-1)?.trace).toContain('Unrecoverable exception from producer send callback')
    expect(reported).toEqual([])
  })

  it('fails when the budget of bad records is used up, with the offset before the first of them', async () => {
    const task = new LinesTask()
    const limits = { maxCount: -1, maxRatio: 0.25, window: 8 }
    const { producer, stored, statuses, workerTask } = running(task, { tolerance: 'all', limits })
    task.batches.push(['a', 'bad', 'b', 'c', 'bad', 'd', 'e', 'f', 'g', 'bad', 'bad', 'h'])
    await workerTask.ended()
    expect(statuses.at(-1)?.trace).toContain('errors.tolerance.max.ratio=0.25 of 8 records is used up, 3 of the last 8 were bad')
    expect(statuses.at(-1)?.trace).toContain('{ position: 11 }')
    expect(producer.sent.map(({ value }) => value)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g'])
    expect(await stored()).toBe(9)
  })

  it('sends a record again that the producer could not take in max.block.ms, in its place', async () => {
    const task = new LinesTask()
    const { producer, stored, statuses } = running(task)
    let refusals = 0
    producer.refuseLater = ({ value }) => (value?.toString() === 'b' && refusals++ < 2 ? kafkaError(7) : null)
    task.batches.push(['a', 'b', 'c'])
    await until(async () => (await stored()) === 3)
    expect(producer.sent.map(({ value }) => value)).toEqual(['a', 'b', 'c'])
    expect(statuses.map(({ condition }) => condition)).toContainEqual(expect.objectContaining({ kind: 'RETRYING' }))
    expect(statuses.at(-1)?.state).toBe('RUNNING')
  })

  it('sends nothing behind a record that cannot be taken when it is to stop, and stores only what is safe', async () => {
    const task = new LinesTask()
    const { producer, stored, statuses, workerTask } = running(task)
    producer.refuseLater = ({ value }) => (value?.toString() === 'b' ? kafkaError(7) : null)
    task.batches.push(['a', 'b', 'c'])
    await until(() => statuses.some(({ condition }) => condition !== undefined))
    workerTask.stop()
    await workerTask.ended()
    expect(producer.sent.map(({ value }) => value)).toEqual(['a'])
    expect(await stored()).toBe(1)
    expect(statuses.at(-1)?.state).toBe('UNASSIGNED')
  })

  it('waits with RETRYING for brokers that do not say whether the topic is there', async () => {
    const task = new LinesTask()
    let answers = -2
    const admin = {
      describeTopics: async () => (answers++ < 0 ? Promise.reject(kafkaError(7)) : new Map([['t', {}]])),
      close: async () => undefined,
    }
    const groups = topicCreationGroups({ 'topic.creation.default.replication.factor': '1', 'topic.creation.default.partitions': '1' })
    const { producer, statuses } = running(task, { topicCreator: new TopicCreator(admin as never, groups, new CollectingLogger()) })
    task.batches.push(['a'])
    await until(() => producer.sent.length === 1)
    expect(statuses.map(({ condition }) => condition?.kind)).toContain('RETRYING')
    expect(statuses.at(-1)?.state).toBe('RUNNING')
  })
})
