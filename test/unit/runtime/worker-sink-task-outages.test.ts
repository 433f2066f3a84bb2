import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ConnectException, DataException, RetriableException, type SinkRecord } from '../../../src/api/index.ts'
import { kafkaError, timeoutException } from '../../../src/kafka/errors.ts'
import { runningSink, until, type RunningSink } from '../../support/running-sink.ts'

const refused = () => Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:5432'), { code: 'ECONNREFUSED' })
const wrapped = () => new ConnectException('the client of a third party says no', { cause: refused() })

/** `put` throws this while the target is down; with a short pause that the task asks for, so that tests do not wait. */
function downUntilCleared({ task }: RunningSink, error: () => Error, pauseMs = 1) {
  const target = { isDown: true }
  task.onPut = (records) => {
    if (!target.isDown || records.length === 0) return
    task.ask.timeout(pauseMs)
    throw error()
  }
  return target
}

function conditions({ statuses }: RunningSink) {
  return statuses.flatMap(({ condition }) => (condition === undefined ? [] : [condition]))
}

describe('WorkerSinkTask while another system is out', () => {
  it.each([
    ['a RetriableException', () => new RetriableException('busy')],
    ['a refused connection', refused],
    ['an exception around a refused connection', wrapped],
  ])('keeps the batch for %s, says RETRYING, and goes on without a loss', async (_, error) => {
    const sink = runningSink({ tolerance: 'all' })
    const { consumer, task, statuses, reported, log, stop } = sink
    const target = downUntilCleared(sink, error)
    consumer.append('t', 0, 'a', 'b')
    await until(() => conditions(sink).length >= 3)
    consumer.append('t', 0, 'c')
    expect([consumer.paused.has('t-0'), task.values]).toEqual([true, []])
    expect(conditions(sink)[0]).toMatchObject({ kind: 'RETRYING', because: error().message, attempts: 1 })
    expect(conditions(sink)[2]).toMatchObject({ kind: 'RETRYING', attempts: 3 })
    target.isDown = false
    await until(() => task.values.length === 3)
    await stop()
    expect(task.values).toEqual(['a', 'b', 'c'])
    expect(task.puts.slice(0, 3)).toEqual([2, 2, 2])
    expect(reported).toEqual([])
    expect(statuses.map(({ state }) => state)).not.toContain('FAILED')
    expect(statuses.at(-2)).toEqual({ id: { connector: 'c', task: 0 }, state: 'RUNNING' })
    expect(consumer.committedOffsets.get('t-0')).toBe(3)
    expect(log.lines.filter((line) => line.startsWith('WARN')).length).toBe(1)
  })

  it('waits as long as the task asked for by context.timeout', async () => {
    const sink = runningSink()
    downUntilCleared(sink, refused, 12_345)
    sink.consumer.append('t', 0, 'a')
    await until(() => conditions(sink).length === 1)
    const [first] = conditions(sink)
    expect(first).toMatchObject({ kind: 'RETRYING' })
    expect(first !== undefined && 'nextAt' in first && first.nextAt - first.since).toBe(12_345)
  })

  it('stops at once in the middle of a pause, and commits nothing of what waits', async () => {
    const sink = runningSink()
    downUntilCleared(sink, refused, 3_600_000)
    sink.consumer.append('t', 0, 'a')
    await until(() => conditions(sink).length === 1)
    await sink.stop()
    expect(sink.statuses.at(-1)).toEqual({ id: { connector: 'c', task: 0 }, state: 'UNASSIGNED' })
    expect(sink.task.calls).toEqual(['start', 'open t-0', 'close t-0', 'stop'])
    expect(sink.consumer.committedOffsets.size).toBe(0)
  })

  it('keeps partitions paused when the connector is resumed before the target is back', async () => {
    const sink = runningSink()
    const { consumer, workerTask, statuses, task } = sink
    const target = downUntilCleared(sink, refused)
    consumer.append('t', 0, 'a')
    await until(() => conditions(sink).length >= 1)
    workerTask.control.setTarget('PAUSED')
    await until(() => statuses.some(({ state }) => state === 'PAUSED'))
    workerTask.control.setTarget('STARTED')
    await until(() => statuses.at(-1)?.state === 'RUNNING')
    expect(consumer.paused.has('t-0')).toBe(true)
    target.isDown = false
    await until(() => task.values.length === 1 && !consumer.paused.has('t-0'))
  })

  it('commits on the interval what was delivered before', async () => {
    const sink = runningSink({ commitIntervalMs: 50 })
    const { consumer, task } = sink
    consumer.append('t', 0, 'a')
    await until(() => task.values.length === 1)
    downUntilCleared(sink, refused, 3_600_000)
    consumer.append('t', 0, 'b')
    await until(() => conditions(sink).length === 1)
    await until(() => consumer.committedOffsets.get('t-0') === 1)
    expect(conditions(sink).length).toBe(1)
  })

  it('reads everything again in order when a flush fails while a batch waits', async () => {
    const sink = runningSink()
    const { consumer, task } = sink
    consumer.append('t', 0, 'a', 'b')
    await until(() => task.values.length === 2)
    const target = downUntilCleared(sink, refused)
    let failures = 1
    task.onPreCommit = (offsets) => {
      if (failures-- > 0) throw refused()
      return offsets
    }
    consumer.append('t', 0, 'c')
    await until(() => conditions(sink).length >= 1)
    task.ask.requestCommit()
    consumer.wakeup()
    await until(() => failures === 0)
    target.isDown = false
    await until(() => consumer.committedOffsets.get('t-0') === 3)
    expect(task.values).toEqual(['a', 'b', 'a', 'b', 'c'])
  })

  it('does not ask for a flush while nothing is delivered that could be committed', async () => {
    const sink = runningSink({ commitIntervalMs: 1 })
    let preCommits = 0
    sink.task.onPreCommit = (offsets) => {
      preCommits++
      return offsets
    }
    downUntilCleared(sink, refused)
    sink.consumer.append('t', 0, 'a')
    await until(() => conditions(sink).length >= 1)
    const before = preCommits
    await until(() => conditions(sink).length >= 5)
    expect(preCommits).toBe(before)
  })

  it('opens partitions again until it succeeds, and puts nothing before', async () => {
    const sink = runningSink()
    const { consumer, task, stop } = sink
    let failures = 2
    task.onOpen = () => {
      if (failures-- <= 0) return
      task.ask.timeout(1)
      throw refused()
    }
    consumer.append('t', 0, 'a')
    await until(() => task.values.length === 1)
    await stop()
    expect(task.calls).toEqual(['start', 'open t-0', 'open t-0', 'open t-0', 'close t-0', 'stop'])
    expect(conditions(sink).map((condition) => 'attempts' in condition && condition.attempts)).toEqual([1, 2])
    expect(consumer.committedOffsets.get('t-0')).toBe(1)
  })

  it('asks for positions again when the brokers do not answer, and does not close what was never opened', async () => {
    const sink = runningSink()
    const { consumer, task, stop } = sink
    consumer.positionError = timeoutException('Timeout of 60000ms expired')
    await until(() => conditions(sink).length >= 1)
    consumer.rebalanceTo({ topic: 't', partition: 1 })
    consumer.positionError = null
    consumer.append('t', 1, 'x')
    await until(() => task.values.length === 1)
    await stop()
    expect(task.calls).toEqual(['start', 'open t-1', 'close t-1', 'stop'])
  })

  it('rewinds when preCommit cannot flush, puts the records again after a pause, and then commits them', async () => {
    const sink = runningSink()
    const { consumer, task, statuses } = sink
    let failures = 2
    task.onPreCommit = (offsets) => {
      if (failures-- <= 0) return offsets
      task.ask.timeout(1)
      throw refused()
    }
    consumer.append('t', 0, 'a', 'b')
    await until(() => task.values.length === 2)
    task.ask.requestCommit()
    consumer.append('t', 0, 'c')
    await until(() => consumer.committedOffsets.get('t-0') === 3)
    await until(() => statuses.at(-1)?.condition === undefined)
    expect(conditions(sink).map((condition) => 'attempts' in condition && condition.attempts)).toEqual([1, 2])
    expect(task.values.slice(-3)).toEqual(['a', 'b', 'c'])
  })

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('reads on at once wherever between two looks at the clock its pause of %i ms ends', async (pauseMs) => {
    const { consumer, task } = runningSink()
    let now = Date.now()
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => ++now)
    onTestFinished(() => clock.mockRestore())
    let failures = 1
    task.onPreCommit = (offsets) => {
      if (failures-- <= 0) return offsets
      task.ask.timeout(pauseMs)
      throw refused()
    }
    consumer.append('t', 0, 'a')
    await until(() => task.values.length === 1)
    task.ask.requestCommit()
    consumer.append('t', 0, 'b')
    await until(() => consumer.committedOffsets.get('t-0') === 2)
    expect(task.values.slice(-2)).toEqual(['a', 'b'])
  })

  it('tries a commit again that the brokers do not answer, and says so meanwhile', async () => {
    const sink = runningSink()
    const { consumer, task, statuses } = sink
    consumer.append('t', 0, 'a')
    await until(() => task.values.length === 1)
    consumer.commitError = timeoutException('Timeout of 60000ms expired before successfully committing offsets')
    task.ask.requestCommit()
    consumer.append('t', 0, 'b')
    await until(() => conditions(sink).length >= 1)
    consumer.commitError = null
    await until(() => consumer.committedOffsets.get('t-0') === 2)
    await until(() => statuses.at(-1)?.condition === undefined)
    expect(task.values).toEqual(['a', 'b'])
  })

  it('waits while the brokers refuse access, and fails for an error of poll that does not pass', async () => {
    const sink = runningSink()
    const { consumer, task, statuses, workerTask } = sink
    await until(() => consumer.polls > 0)
    consumer.pollError = kafkaError(29, { topic: 't' })
    consumer.append('t', 0, 'a')
    await until(() => task.values.length === 1)
    expect(conditions(sink)).toMatchObject([{ kind: 'RETRYING', because: 'Not authorized to access topics: [t]' }])
    consumer.pollError = new Error('a bug of the client')
    consumer.append('t', 0, 'b')
    await workerTask.ended()
    expect(statuses.at(-1)).toMatchObject({ state: 'FAILED', trace: expect.stringContaining('a bug of the client') as string })
  })

  it('puts again only what is left when the target goes down in the middle of a search', async () => {
    const sink = runningSink({ tolerance: 'all' })
    const { consumer, task, stop } = sink
    let outages = 1
    task.onPut = (records) => {
      if (task.values.length === 2 && outages-- > 0) {
        task.ask.timeout(1)
        throw refused()
      }
      failFor(records, 'x')
    }
    consumer.append('t', 0, 'a', 'b', 'c', 'x', 'd', 'e')
    await until(() => task.values.length === 5)
    await stop()
    expect(task.values).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(sink.reported.length).toBe(1)
    expect(consumer.committedOffsets.get('t-0')).toBe(6)
  })

  it('takes a record that the task reports because its target is out for an outage, not for a bad record', async () => {
    const sink = runningSink({ tolerance: 'all' })
    const { consumer, task, reported } = sink
    let isDown = true
    task.onPut = (records) => {
      for (const record of records) {
        if (!isDown) continue
        task.ask.timeout(1)
        try {
          task.ask.errantRecordReporter?.report(record, refused()).catch(() => null)
        } catch {
          continue
        }
      }
    }
    consumer.append('t', 0, 'a', 'b')
    await until(() => conditions(sink).length >= 2)
    isDown = false
    consumer.append('t', 0, 'c')
    await until(() => task.values.at(-1) === 'c')
    expect(reported).toEqual([])
    expect(task.puts.slice(0, 3)).toEqual([2, 2, 2])
  })

  it('fails for an error of open that does not pass, after the poll, and closes what it tried to open', async () => {
    const { task, workerTask, statuses } = runningSink()
    task.onOpen = () => {
      throw new Error('no such table')
    }
    await workerTask.ended()
    expect(statuses.at(-1)).toMatchObject({ state: 'FAILED', trace: expect.stringContaining('no such table') as string })
    expect(task.calls).toEqual(['start', 'open t-0', 'close t-0', 'stop'])
  })

  it('commits nothing when close fails, and fails too unless that is an outage', async () => {
    for (const [error, state] of [
      [new Error('cannot close'), 'FAILED'],
      [refused(), 'RUNNING'],
    ] as const) {
      const { consumer, task, statuses } = runningSink()
      task.onClose = ([partition]) => {
        if (partition?.partition === 0) throw error
      }
      consumer.append('t', 0, 'a')
      await until(() => task.values.length === 1)
      consumer.rebalanceTo({ topic: 't', partition: 1 })
      consumer.append('t', 1, 'x')
      await until(() => task.values.length === 2 || statuses.at(-1)?.state === 'FAILED')
      expect(statuses.at(-1)?.state).toBe(state)
      expect(consumer.committedOffsets.has('t-0')).toBe(false)
    }
  })
})

describe('WorkerSinkTask with a put that takes long', () => {
  function hanging(sink: RunningSink) {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    sink.task.onPut = (records) => (records.length > 0 && sink.task.puts.length === 1 ? promise : undefined)
    return { resolve, reject }
  }

  it('polls the consumer beside it with everything paused, so that the group keeps the member', async () => {
    const sink = runningSink({ pollBesideAfterMs: 1 })
    const { consumer, task, stop } = sink
    const put = hanging(sink)
    consumer.append('t', 0, 'a')
    await until(() => task.puts.length === 1 && consumer.paused.has('t-0'))
    const polls = consumer.polls
    consumer.append('t', 0, 'b')
    consumer.wakeup()
    await until(() => consumer.polls > polls)
    expect(task.values).toEqual([])
    put.resolve()
    await until(() => task.values.length === 2)
    await stop()
    expect(consumer.committedOffsets.get('t-0')).toBe(2)
  })

  it('lets a rebalance wait for it, and then commits what it took before the partitions go', async () => {
    const sink = runningSink({ pollBesideAfterMs: 1 })
    const { consumer, task } = sink
    const put = hanging(sink)
    consumer.append('t', 0, 'a')
    await until(() => task.puts.length === 1 && consumer.paused.has('t-0'))
    const polls = consumer.polls
    consumer.rebalanceTo({ topic: 't', partition: 1 })
    consumer.append('t', 1, 'x')
    consumer.wakeup()
    await until(() => consumer.polls > polls)
    expect(task.calls).toEqual(['start', 'open t-0'])
    put.resolve()
    await until(() => task.values.length === 2)
    expect(task.calls).toEqual(['start', 'open t-0', 'close t-0', 'open t-1'])
    expect(consumer.committedOffsets.get('t-0')).toBe(1)
  })

  it('meets an error of such a poll when the put is over', async () => {
    const sink = runningSink({ pollBesideAfterMs: 1 })
    const put = hanging(sink)
    sink.consumer.append('t', 0, 'a')
    await until(() => sink.task.puts.length === 1)
    sink.consumer.pollError = new Error('a bug of the client')
    sink.consumer.wakeup()
    await until(() => sink.consumer.pollError === null)
    expect(sink.statuses.at(-1)?.state).toBe('RUNNING')
    put.resolve()
    await sink.workerTask.ended()
    expect(sink.statuses.at(-1)?.trace).toContain('a bug of the client')
    expect(sink.consumer.committedOffsets.get('t-0')).toBe(1)
  })

  it('leaves the group when it is given up, without a call of the task', async () => {
    const sink = runningSink({ pollBesideAfterMs: 1 })
    const put = hanging(sink)
    sink.consumer.append('t', 0, 'a')
    await until(() => sink.task.puts.length === 1)
    sink.workerTask.stop()
    sink.workerTask.cancel()
    await until(() => sink.consumer.closed)
    put.resolve()
    await sink.workerTask.ended()
    expect(sink.task.calls).toEqual(['start', 'open t-0', 'stop'])
    expect(sink.consumer.committedOffsets.size).toBe(0)
  })
})

function failFor(records: readonly SinkRecord[], bad: string): void {
  if (records.some(({ value }) => value === bad)) throw new DataException(`cannot write ${bad}`)
}
