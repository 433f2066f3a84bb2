import { describe, expect, it } from 'vitest'
import { RetriableException, SinkRecord } from '../../../src/api/index.ts'
import { reportedOffsets, runningSink, until, type RunningSink } from '../../support/running-sink.ts'

/** As a careless task does: the exception of the report is not passed on. */
function report({ task }: RunningSink, record: SinkRecord): void {
  const reporter = task.ask.errantRecordReporter
  try {
    reporter?.report(record, new Error('refused by the target')).catch(() => null)
  } catch {
    return
  }
}

function placeOf({ topic, originalKafkaPartition: kafkaPartition, kafkaOffset, timestampType }: SinkRecord) {
  return { topic, kafkaPartition, kafkaOffset, timestampType }
}

function failOnePreCommit(task: RunningSink['task']): void {
  let failures = 1
  task.onPreCommit = (offsets) => {
    if (failures-- > 0) throw new Error('flush failed')
    return offsets
  }
}

/** A commit fails and the task is rewound; C comes meanwhile, D and E after it. */
async function readOnAfterRewind({ consumer, task, log }: RunningSink): Promise<void> {
  failOnePreCommit(task)
  task.ask.requestCommit()
  consumer.append('t', 0, 'C')
  await until(() => log.lines.some((line) => line.includes('rewinding to the last committed offsets')))
  consumer.append('t', 0, 'D', 'E')
  await until(() => task.values.includes('E'))
}

describe('WorkerSinkTask', () => {
  it('opens after start, puts records in order, and commits and closes at stop', async () => {
    const { consumer, task, statuses, stop } = runningSink()
    consumer.append('t', 0, 'a', 'b', 'c')
    await until(() => task.values.length === 3)
    await stop()
    expect(task.values).toEqual(['a', 'b', 'c'])
    expect(task.calls).toEqual(['start', 'open t-0', 'close t-0', 'stop'])
    expect(consumer.committedOffsets.get('t-0')).toBe(3)
    expect(statuses.map(({ state }) => state)).toEqual(['RUNNING', 'UNASSIGNED'])
  })

  it('puts the same batch again, with all partitions paused, while put asks for a retry', async () => {
    const { consumer, task, stop } = runningSink()
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
    const { consumer, task, stop } = runningSink()
    task.onPut = (records) => {
      if (records.length > 0) throw new RetriableException('busy')
    }
    consumer.append('t', 0, 'a')
    await until(() => consumer.paused.has('t-0'))
    await stop()
    expect(consumer.committedOffsets.get('t-0')).toBeUndefined()
  })

  it('fails with the cause when put throws anything else, and still closes and stops the task', async () => {
    const { consumer, task, statuses, workerTask } = runningSink()
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
    const { consumer, statuses, reported, workerTask } = runningSink()
    consumer.append('t', 0, 'bad')
    await workerTask.ended()
    expect(statuses.at(-1)?.trace).toContain('Tolerance exceeded in error handler')
    expect(reported).toMatchObject([{ stage: 'VALUE_CONVERTER', executing: 'TextConverter', record: { consumed: { offset: 0 } } }])
    expect(consumer.committedOffsets.get('t-0')).toBeUndefined()
  })

  it('skips and reports a record that cannot be converted when tolerance is all, and counts it as consumed', async () => {
    const sink = runningSink({ tolerance: 'all' })
    const { consumer, task, stop } = sink
    consumer.append('t', 0, 'a', 'bad 1', 'b', 'bad 2')
    await until(() => task.values.length === 2)
    await stop()
    expect(reportedOffsets(sink)).toEqual([1, 3])
    expect(consumer.committedOffsets.get('t-0')).toBe(4)
  })

  it('commits what preCommit returns, but nothing it does not own or was never given', async () => {
    const { consumer, task, log, stop } = runningSink()
    task.onPreCommit = () => [
      { topic: 't', partition: 0, offset: 1 },
      { topic: 't', partition: 7, offset: 1 },
      { topic: 't', partition: 0, offset: 99 },
    ]
    consumer.append('t', 0, 'a', 'b')
    await until(() => task.values.length === 2)
    task.ask.requestCommit()
    consumer.append('t', 0, 'c')
    await until(() => consumer.committedOffsets.has('t-0'))
    await stop()
    expect([...consumer.committedOffsets]).toEqual([['t-0', 1]])
    expect(log.lines.filter((line) => line.includes('Ignoring invalid task provided offset')).length).toBeGreaterThanOrEqual(2)
  })

  it('reports single records for the task, with the bytes they came from or, for records of its own, the bytes they would have', async () => {
    const sink = runningSink({ tolerance: 'all' })
    const { consumer, task, reported, stop } = sink
    task.onPut = (records) => {
      for (const record of records) {
        if (record.value === 'a') report(sink, record)
        else if (record.value === 'b') report(sink, record.newRecord({ topic: 'elsewhere', value: 'changed' }))
        else report(sink, new SinkRecord({ ...placeOf(record), value: 'own' }))
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
    const sink = runningSink()
    const { consumer, task, statuses, workerTask } = sink
    task.onPut = (records) => {
      for (const record of records) report(sink, record)
    }
    consumer.append('t', 0, 'a')
    await workerTask.ended()
    expect(statuses.at(-1)?.trace).toContain('Tolerance exceeded in error handler')
    expect(consumer.committedOffsets.has('t-0')).toBe(false)
  })

  it('rewinds to the last committed offset when preCommit fails, so that nothing is lost', async () => {
    const { consumer, task } = runningSink()
    failOnePreCommit(task)
    consumer.append('t', 0, 'a', 'b')
    await until(() => task.values.length === 2)
    task.ask.requestCommit()
    consumer.append('t', 0, 'c')
    await until(() => task.values.length >= 5)
    expect(task.values.slice(-3)).toEqual(['a', 'b', 'c'])
  })

  it('does not rewind to an offset of before the log was cut off, which would skip what came since', async () => {
    const sink = runningSink()
    const { consumer, task } = sink
    consumer.append('t', 0, 'a', 'b', 'c')
    await until(() => task.values.length === 3)
    task.ask.requestCommit()
    consumer.append('t', 0, 'd')
    await until(() => consumer.committedOffsets.has('t-0') && task.values.length === 4)
    consumer.cutOff({ topic: 't', partition: 0 }, 1)
    consumer.append('t', 0, 'B')
    await until(() => task.values.includes('B'))
    await readOnAfterRewind(sink)
    expect(task.values.filter((value) => value === 'B')).toHaveLength(2)
  })

  it('does so too before anything came of what the log has now', async () => {
    const { consumer, task, log } = runningSink()
    consumer.append('t', 0, 'a', 'b', 'c')
    await until(() => task.values.length === 3)
    task.ask.requestCommit()
    consumer.wakeup()
    await until(() => consumer.committedOffsets.has('t-0'))
    consumer.append('t', 0, 'd')
    await until(() => task.values.length === 4)
    consumer.cutOff({ topic: 't', partition: 0 }, 1)
    failOnePreCommit(task)
    task.ask.requestCommit()
    consumer.wakeup()
    await until(() => log.lines.some((line) => line.includes('rewinding to the last committed offsets')))
    consumer.append('t', 0, 'B', 'C', 'D', 'E')
    await until(() => task.values.includes('E'))
    expect(task.values.slice(4)).toEqual(['B', 'C', 'D', 'E'])
  })

  it('does not rewind to an offset whose commit was answered after the log had been cut off before it', async () => {
    const sink = runningSink()
    const { consumer, task } = sink
    consumer.append('t', 0, 'a', 'b', 'c')
    await until(() => task.values.length === 3)
    const answered = Promise.withResolvers<void>()
    consumer.commitGate = answered.promise
    task.ask.requestCommit()
    consumer.append('t', 0, 'd')
    await until(() => task.values.length === 4)
    consumer.cutOff({ topic: 't', partition: 0 }, 1)
    consumer.append('t', 0, 'B')
    await until(() => task.values.includes('B'))
    answered.resolve()
    await until(() => consumer.committedOffsets.has('t-0'))
    await readOnAfterRewind(sink)
    expect(task.values.filter((value) => value === 'B')).toHaveLength(2)
  })

  it.each([
    { what: 'reads from the start of another log', lookUp: false },
    { what: 'does not know yet where to read', lookUp: true },
  ])('commits nothing of a topic that is gone while the consumer $what', async ({ lookUp }) => {
    const { consumer, task, stop } = runningSink()
    consumer.append('t', 0, 'a', 'b', 'c')
    await until(() => task.values.length === 3)
    consumer.cutOff({ topic: 't', partition: 0 }, 0)
    consumer.isLookingUp = lookUp
    const candidates: unknown[] = []
    task.onPreCommit = (offsets) => {
      candidates.push(...offsets.map(({ offset }) => offset))
      return offsets
    }
    task.ask.requestCommit()
    consumer.wakeup()
    await stop()
    expect([consumer.committedOffsets.size, candidates.filter((offset) => offset !== 0)]).toEqual([0, []])
  })

  it('reads from where the task asks it to', async () => {
    const { consumer, task } = runningSink()
    let rewound = false
    task.onPut = (records) => {
      if (records.length > 0 && !rewound) {
        rewound = true
        task.ask.offset([{ topic: 't', partition: 0, offset: 1 }])
      }
    }
    consumer.append('t', 0, 'a', 'b', 'c')
    await until(() => task.values.length === 5)
    consumer.append('t', 0, 'd')
    await until(() => task.values.length === 6)
    expect(task.values).toEqual(['a', 'b', 'c', 'b', 'c', 'd'])
  })

  it('commits and closes what a rebalance takes, and drops its records from a batch that waits', async () => {
    const { consumer, task, stop } = runningSink()
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
    const { consumer, task, statuses, workerTask } = runningSink()
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
    const { consumer, task, log } = runningSink()
    consumer.append('t', 0, 'a')
    await until(() => task.values.length === 1)
    consumer.commitError = new Error('coordinator moved')
    task.ask.requestCommit()
    consumer.append('t', 0, 'b')
    await until(() => log.lines.some((line) => line.includes('Commit of offsets failed')))
    consumer.append('t', 0, 'c')
    await until(() => task.values.length === 3)
  })
})
