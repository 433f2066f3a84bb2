import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConnectException, DataException, RetriableException, type SinkRecord } from '../../../src/api/index.ts'
import { reportedOffsets, runningSink, until, type RunningSink } from '../../support/running-sink.ts'

/** A target that takes a whole batch or nothing of it, as a transaction does. */
function refuse({ task }: RunningSink, isBad: (value: string) => boolean): void {
  task.onPut = (records) => {
    if (records.some(({ value }) => isBad(value as string))) throw new DataException('the target refuses this batch')
  }
}

const numbered = (count: number) => Array.from({ length: count }, (_, index) => String(index))

describe('SinkDelivery: a batch that put refuses', () => {
  it('loses only the record at fault, found with log n puts, and delivers the others in order', async () => {
    const sink = runningSink({ tolerance: 'all' })
    const { consumer, task, reported, stop } = sink
    refuse(sink, (value) => value === '1234')
    consumer.append('t', 0, ...numbered(3000))
    await until(() => task.values.length === 2999)
    await stop()
    expect(task.values).toEqual(numbered(3000).filter((value) => value !== '1234'))
    expect(reportedOffsets(sink)).toEqual([1234])
    expect(reported[0]).toMatchObject({ stage: 'TASK_PUT', executing: 'org.apache.kafka.connect.sink.SinkTask' })
    expect(reported[0]?.error).toBeInstanceOf(DataException)
    expect(consumer.committedOffsets.get('t-0')).toBe(3000)
    expect(task.puts.length).toBeLessThanOrEqual(2 * Math.log2(3000))
    expect(consumer.paused.size).toBe(0)
  })

  it('finds any number of records at fault, wherever they are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), async (isBad) => {
        const sink = runningSink({ tolerance: 'all' })
        const good = numbered(isBad.length).filter((_, index) => isBad[index] !== true)
        refuse(sink, (value) => isBad[Number(value)] === true)
        sink.consumer.append('t', 0, ...numbered(isBad.length))
        await until(() => sink.task.values.length + sink.reported.length === isBad.length)
        await sink.stop()
        expect(sink.task.values).toEqual(good)
        expect(reportedOffsets(sink)).toEqual(isBad.flatMap((bad, index) => (bad ? [index] : [])))
        expect(sink.consumer.committedOffsets.get('t-0')).toBe(isBad.length)
      }),
      { numRuns: 50 },
    )
  })

  it('also tells bad data by the cause of what put throws', async () => {
    const sink = runningSink({ tolerance: 'all' })
    sink.task.onPut = (records) => {
      if (records.some(({ value }) => value === 'x')) throw new ConnectException('flush failed', { cause: new DataException('too long') })
    }
    sink.consumer.append('t', 0, 'a', 'x', 'b')
    await until(() => sink.task.values.length === 2)
    expect(reportedOffsets(sink)).toEqual([1])
  })

  it('names the record when bad records are not tolerated, reports it, and commits what is before it', async () => {
    const sink = runningSink({ tolerance: 'none' })
    refuse(sink, (value) => value === '5')
    sink.consumer.append('t', 0, ...numbered(20))
    await sink.workerTask.ended()
    const { state, trace } = sink.statuses.at(-1)!
    expect(state).toBe('FAILED')
    expect(trace).toContain('Tolerance exceeded in error handler')
    expect(trace).toContain('topic t, partition 0, offset 5')
    expect(reportedOffsets(sink)).toEqual([5])
    expect(sink.task.values).toEqual(numbered(5))
    expect(sink.consumer.committedOffsets.get('t-0')).toBe(5)
  })

  it('fails the task with the whole batch when errors.put.bisect is false', async () => {
    const sink = runningSink({ tolerance: 'all', bisects: false })
    refuse(sink, (value) => value === '5')
    sink.consumer.append('t', 0, ...numbered(20))
    await sink.workerTask.ended()
    expect(sink.statuses.at(-1)?.trace).toContain('Exiting WorkerSinkTask due to unrecoverable exception.')
    expect(sink.task.puts).toEqual([20])
    expect(sink.reported).toEqual([])
    expect(sink.consumer.committedOffsets.size).toBe(0)
  })

  it('does not search for errors that say nothing about records', async () => {
    const sink = runningSink({ tolerance: 'all' })
    sink.task.onPut = (records) => {
      if (records.length > 0) throw new TypeError('undefined is not a function')
    }
    sink.consumer.append('t', 0, 'a', 'b')
    await sink.workerTask.ended()
    expect(sink.statuses.at(-1)?.state).toBe('FAILED')
    expect(sink.task.puts).toEqual([2])
  })

  it('fails for bad data without any record', async () => {
    const sink = runningSink({ tolerance: 'all' })
    sink.task.onPut = () => {
      throw new DataException('of what?')
    }
    await until(() => sink.consumer.polls > 0)
    sink.consumer.wakeup()
    await sink.workerTask.ended()
    expect(sink.statuses.at(-1)?.trace).toContain('of what?')
  })

  it('does not put again what the task reported before it threw', async () => {
    const sink = runningSink({ tolerance: 'all' })
    const { consumer, task, stop } = sink
    task.onPut = (records) => {
      const bad = records.filter(({ value }) => (value as string).startsWith('x'))
      for (const record of bad) void task.ask.errantRecordReporter?.report(record, new Error('too long'))
      if (bad.length > 0) throw new DataException('2 of them are too long')
    }
    consumer.append('t', 0, 'a', 'x1', 'b', 'x2')
    await until(() => task.values.length === 2)
    await stop()
    expect(task.puts).toEqual([4, 2])
    expect(task.values).toEqual(['a', 'b'])
    expect(reportedOffsets(sink)).toEqual([1, 3])
    expect(consumer.committedOffsets.get('t-0')).toBe(4)
  })

  it('gives up nothing beyond what the task reported, when it does so for a single record only', async () => {
    const sink = runningSink({ tolerance: 'all' })
    const { consumer, task, stop } = sink
    task.onPut = (records) => {
      const bad = records.find(({ value }) => value === 'x')
      if (bad === undefined) return
      if (records.length === 1) void task.ask.errantRecordReporter?.report(bad, new Error('too long'))
      throw new DataException('too long')
    }
    consumer.append('t', 0, 'a', 'x', 'b', 'c')
    await until(() => task.values.length === 3)
    await stop()
    expect(task.values).toEqual(['a', 'b', 'c'])
    expect(reportedOffsets(sink)).toEqual([1])
  })

  it('reports a record once that the task reported before it asked for a retry of the others', async () => {
    const sink = runningSink({ tolerance: 'all' })
    let isBusy = true
    sink.task.onPut = (records) => {
      const bad = records.find(({ value }) => value === 'x')
      if (bad !== undefined) void sink.task.ask.errantRecordReporter?.report(bad, new Error('too long'))
      sink.task.ask.timeout(1)
      if (records.length > 0 && isBusy) throw new RetriableException('busy')
    }
    sink.consumer.append('t', 0, 'a', 'x', 'b')
    await until(() => sink.task.puts.length >= 3)
    isBusy = false
    await until(() => sink.task.values.length === 2)
    expect(reportedOffsets(sink)).toEqual([1])
  })

  it('commits in the middle of a search only what was taken', async () => {
    const sink = runningSink({ tolerance: 'all', commitIntervalMs: 1 })
    const { consumer, task } = sink
    const taken: number[] = []
    task.onPreCommit = (offsets) => {
      taken.push(task.values.length + reportedOffsets(sink).length, offsets[0]?.offset ?? -1)
      return offsets
    }
    refuse(sink, (value) => value === '50')
    consumer.append('t', 0, ...numbered(100))
    await until(() => task.values.length === 99)
    await until(() => consumer.committedOffsets.get('t-0') === 100)
    for (let index = 0; index < taken.length; index += 2) expect(taken[index + 1]).toBe(taken[index])
  })

  it('drops what a rebalance takes in the middle of a search, and searches on in the rest', async () => {
    const sink = runningSink({ tolerance: 'all' })
    const { consumer, task, stop } = sink
    consumer.rebalanceTo({ topic: 't', partition: 0 }, { topic: 't', partition: 1 })
    let isRebalanced = false
    task.onPut = (records) => {
      if (!records.some(({ value }) => value === 'x')) return
      if (records.length < 8 && !isRebalanced) {
        isRebalanced = true
        consumer.rebalanceTo({ topic: 't', partition: 1 })
      }
      throw new DataException('bad')
    }
    consumer.append('t', 0, 'a', 'b', 'x', 'c')
    consumer.append('t', 1, 'k', 'x', 'l', 'm')
    await until(() => task.values.includes('m'))
    await stop()
    expect(sink.reported.map(({ record }) => 'consumed' in record && record.consumed.partition)).toEqual([1])
    expect(task.values.slice(-3)).toEqual(['k', 'l', 'm'])
    expect(consumer.committedOffsets.get('t-1')).toBe(4)
    expect(consumer.committedOffsets.get('t-0') ?? 0).toBeLessThanOrEqual(2)
  })

  it('stops in the middle of a search, and commits what is before the suspects', async () => {
    const sink = runningSink({ tolerance: 'all' })
    const { consumer, task, workerTask } = sink
    refuse(sink, (value) => {
      if (task.values.length >= 50) workerTask.stop()
      return value === '60'
    })
    consumer.append('t', 0, ...numbered(100))
    await workerTask.ended()
    expect(sink.reported).toEqual([])
    expect(consumer.committedOffsets.get('t-0')).toBe(task.values.length)
    expect(task.values.length).toBeLessThanOrEqual(60)
  })
})

describe('SinkDelivery: transformed records (KIP-793)', () => {
  const renamed = {
    config: () => ({}) as never,
    configure: () => undefined,
    apply: <R extends { newRecord(changes: object): R }>(record: R): R => record.newRecord({ topic: 'elsewhere', kafkaPartition: 9 }),
  }

  it('commits, forgets and reports by the topic and partition they were read from', async () => {
    const sink = runningSink({ tolerance: 'all', transformations: [renamed] })
    const { consumer, task, stop } = sink
    const seen: SinkRecord[] = []
    let isBusy = true
    task.onPut = (records) => {
      seen.push(...records)
      task.ask.timeout(1)
      if (records.length > 0 && isBusy) throw new RetriableException('busy')
      if (records.some(({ value }) => value === 'x')) throw new DataException('bad')
    }
    consumer.append('t', 0, 'a')
    await until(() => consumer.paused.has('t-0'))
    consumer.rebalanceTo({ topic: 't', partition: 1 })
    consumer.append('t', 1, 'k', 'x', 'l')
    isBusy = false
    await until(() => task.values.length === 2)
    await stop()
    expect(seen[0]).toMatchObject({ topic: 'elsewhere', kafkaPartition: 9, originalTopic: 't', originalKafkaPartition: 0 })
    expect(task.values).toEqual(['k', 'l'])
    expect([...consumer.committedOffsets]).toEqual([['t-1', 3]])
    expect(sink.reported).toMatchObject([{ record: { consumed: { topic: 't', partition: 1, offset: 1 } } }])
  })
})
