import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { IllegalWorkerStateException, RetriableException, type SinkRecord } from '../../../src/api/index.ts'
import { runningSink, until, type RunningSink } from '../../support/running-sink.ts'

const T0 = { topic: 't', partition: 0 }
const T1 = { topic: 't', partition: 1 }

const linesWith = ({ log }: RunningSink, text: string) => log.lines.filter((line) => line.includes(text))

describe('WorkerSinkTask: rewinds', () => {
  it('reads from where open asks it to, before the first put', async () => {
    const { consumer, task } = runningSink()
    task.onOpen = () => task.ask.offset([{ ...T0, offset: 2 }])
    consumer.append('t', 0, 'a', 'b', 'c', 'd')
    await until(() => task.values.length === 2)
    expect(task.values).toEqual(['c', 'd'])
  })

  it('does not put what waits of a partition that is read from elsewhere', async () => {
    const { consumer, task, stop } = runningSink()
    let isFirst = true
    task.onPut = (records) => {
      if (records.length === 0 || !isFirst) return
      isFirst = false
      task.ask.offset([{ ...T0, offset: 3 }])
      task.ask.timeout(1)
      throw new RetriableException('the target is at 3 already')
    }
    consumer.append('t', 0, 'a', 'b', 'c', 'd')
    await until(() => task.values.includes('d'))
    await stop()
    expect(task.values).toEqual(['d'])
    expect(consumer.committedOffsets.get('t-0')).toBe(4)
  })

  it('ignores one for a partition that has gone meanwhile', async () => {
    const sink = runningSink()
    const { consumer, task } = sink
    task.onPut = (records) => {
      if (records.length > 0) task.ask.offset([{ ...T1, offset: 0 }])
    }
    consumer.append('t', 0, 'a')
    await until(() => task.values.length === 1)
    consumer.append('t', 0, 'b')
    await until(() => task.values.length === 2)
    expect(linesWith(sink, 'The task asks to read t-1 from offset 0').length).toBeGreaterThan(0)
  })
})

describe('WorkerSinkTask: pauses of the task', () => {
  it('delivers nothing of what the task paused until it resumes it, also across a rebalance', async () => {
    const { consumer, task } = runningSink()
    consumer.rebalanceTo(T0, T1)
    consumer.append('t', 0, 'a')
    await until(() => task.values.length === 1)
    task.ask.pause([T1])
    consumer.rebalanceTo(T0, T1)
    consumer.append('t', 1, 'x')
    consumer.append('t', 0, 'b')
    await until(() => task.values.includes('b'))
    expect(task.values).not.toContain('x')
    task.ask.resume([T1])
    consumer.wakeup()
    await until(() => task.values.includes('x'))
  })

  it('forgets the pause of a partition that goes', async () => {
    const { consumer, task } = runningSink()
    consumer.append('t', 0, 'a')
    await until(() => task.values.length === 1)
    task.ask.pause([T0])
    consumer.rebalanceTo(T1)
    await until(() => task.calls.includes('open t-1'))
    consumer.rebalanceTo(T0)
    consumer.append('t', 0, 'b')
    await until(() => task.values.includes('b'))
  })

  it('keeps everything paused that the task resumes while the connector is paused', async () => {
    const { consumer, task, workerTask, statuses } = runningSink()
    consumer.append('t', 0, 'a')
    await until(() => task.values.length === 1)
    task.ask.pause([T0])
    workerTask.control.setTarget('PAUSED')
    await until(() => statuses.at(-1)?.state === 'PAUSED')
    task.ask.resume([T0])
    expect(consumer.paused.has('t-0')).toBe(true)
    workerTask.control.setTarget('STARTED')
    await until(() => !consumer.paused.has('t-0'))
  })

  it('keeps everything paused that the task resumes while a batch waits', async () => {
    const { consumer, task } = runningSink()
    let isBusy = true
    task.onPut = (records) => {
      task.ask.resume([T0])
      task.ask.timeout(1)
      if (records.length > 0 && isBusy) throw new RetriableException('busy')
    }
    consumer.append('t', 0, 'a')
    await until(() => task.puts.length > 1)
    consumer.append('t', 0, 'b')
    await until(() => task.puts.length > 3)
    isBusy = false
    await until(() => task.values.length === 2)
    expect(new Set(task.puts)).toEqual(new Set([1]))
  })

  it('refuses partitions that are not assigned', async () => {
    const { consumer, task } = runningSink()
    consumer.append('t', 0, 'a')
    await until(() => task.values.length === 1)
    const sentence = 'SinkTasks may not pause partitions that are not currently assigned to them'
    expect(() => task.ask.pause([T0, T1])).toThrow(sentence)
    expect(() => task.ask.resume([T1])).toThrow(IllegalWorkerStateException)
    expect(consumer.paused.size).toBe(0)
  })
})

describe('WorkerSinkTask: the timeout that the task asks for', () => {
  it('brings the next put, without records, and holds once', async () => {
    const { consumer, task } = runningSink()
    const puts: number[] = []
    task.onPut = ({ length }) => {
      puts.push(length)
      if (length > 0) task.ask.timeout(1)
    }
    consumer.append('t', 0, 'a')
    await until(() => puts.length === 2)
    await delay(20)
    expect(puts).toEqual([1, 0])
  })
})

describe('WorkerSinkTask: commits', () => {
  it('commits when the task asks for it, without waiting for the interval', async () => {
    const { consumer, task } = runningSink()
    task.onPut = (records) => {
      if (records.length > 0) task.ask.requestCommit()
    }
    consumer.append('t', 0, 'a')
    await until(() => consumer.committedOffsets.get('t-0') === 1)
  })

  it('commits an offset below the last one, and the last of two for a partition', async () => {
    const { consumer, task } = runningSink({ commitIntervalMs: 1 })
    consumer.append('t', 0, 'a', 'b', 'c')
    await until(() => consumer.committedOffsets.get('t-0') === 3)
    task.onPreCommit = () => [
      { ...T0, offset: 2 },
      { ...T0, offset: 1 },
    ]
    await until(() => consumer.committedOffsets.get('t-0') === 1)
  })

  it.each([
    ['beyond what was delivered', { ...T0, offset: 4 }, 't-0/4 -- not yet consumed, taskOffset=4 currentOffset=3'],
    ['of a foreign partition', { ...T1, offset: 0 }, 't-1/0 -- partition not assigned, assignment=[t-0]'],
    ['that is none', { ...T0, offset: -1 }, 't-0/-1 -- not an offset'],
  ])('ignores an offset %s', async (_, offset, reason) => {
    const sink = runningSink({ commitIntervalMs: 1 })
    sink.task.onPreCommit = () => [offset]
    sink.consumer.append('t', 0, 'a', 'b', 'c')
    await until(() => sink.task.values.length === 3)
    await until(() => linesWith(sink, `Ignoring invalid task provided offset ${reason}`).length > 0)
    await sink.stop()
    expect(sink.consumer.committedOffsets.size).toBe(0)
  })

  it('stops waiting for an answer after offset.flush.timeout.ms, and takes no notice of it when it comes late', async () => {
    const sink = runningSink({ commitTimeoutMs: 5 })
    const { consumer, task, metrics } = sink
    const first = Promise.withResolvers<void>()
    consumer.commitGate = first.promise
    consumer.append('t', 0, 'a')
    await until(() => task.values.length === 1)
    task.ask.requestCommit()
    await until(() => {
      consumer.wakeup()
      return linesWith(sink, 'Commit of offsets timed out').length > 0
    })
    consumer.commitGate = null
    consumer.append('t', 0, 'b')
    await until(() => task.values.length === 2)
    task.ask.requestCommit()
    consumer.wakeup()
    await until(() => metrics.get('offset-commit-completion-total') === 1)
    expect(metrics.get('sink-record-active-count')).toBe(0)
    first.resolve()
    await until(() => consumer.committedOffsets.get('t-0') === 1)
    expect(metrics.get('offset-commit-completion-total')).toBe(1)
  })

  it('does not pile up commits that are not answered', async () => {
    const sink = runningSink({ commitIntervalMs: 1, commitTimeoutMs: 1 })
    const gate = Promise.withResolvers<void>()
    sink.consumer.commitGate = gate.promise
    let preCommits = 0
    sink.task.onPreCommit = (offsets) => {
      preCommits++
      return offsets
    }
    for (let count = 1; count <= 20; count++) {
      sink.consumer.append('t', 0, String(count))
      await until(() => sink.task.values.length === count)
      await delay(2)
    }
    expect(preCommits).toBeLessThanOrEqual(2)
    gate.resolve()
    await until(() => sink.consumer.committedOffsets.get('t-0') === 20)
  })

  it('commits nothing behind a record that preCommit reports and that is not tolerated', async () => {
    const { consumer, task, statuses, workerTask } = runningSink({ tolerance: 'none' })
    const put: SinkRecord[] = []
    task.onPut = (records) => void put.push(...records)
    task.onPreCommit = (offsets) => {
      try {
        task.ask.errantRecordReporter?.report(put[0]!, new Error('refused at the flush')).catch(() => null)
      } catch {
        return offsets
      }
      return offsets
    }
    consumer.append('t', 0, 'a')
    await until(() => task.values.length === 1)
    task.ask.requestCommit()
    consumer.wakeup()
    await workerTask.ended()
    expect(statuses.at(-1)?.trace).toContain('refused at the flush')
    expect(consumer.committedOffsets.size).toBe(0)
  })

  it('does not commit at stop what a failed preCommit was about and was not put again', async () => {
    const { consumer, task, log, stop } = runningSink()
    consumer.append('t', 0, 'a')
    await until(() => task.values.length === 1)
    task.onPreCommit = (offsets) => {
      task.onPreCommit = (again) => again
      task.ask.pause([T0])
      throw new Error(`cannot flush up to ${offsets[0]?.offset}`)
    }
    task.ask.requestCommit()
    consumer.wakeup()
    await until(() => log.lines.some((line) => line.includes('rewinding to the last committed offsets')))
    await stop()
    expect(consumer.committedOffsets.size).toBe(0)
  })

  it('commits nothing of partitions that were lost, and closes them', async () => {
    const { consumer, task, stop } = runningSink()
    consumer.append('t', 0, 'a')
    await until(() => task.values.length === 1)
    consumer.loseAllAndRejoin(T1)
    await until(() => task.calls.includes('open t-1'))
    await stop()
    expect(task.calls).toEqual(['start', 'open t-0', 'close t-0', 'open t-1', 'close t-1', 'stop'])
    expect(consumer.committedOffsets.size).toBe(0)
  })

  it('opens nothing for an empty assignment', async () => {
    const { consumer, task, stop } = runningSink()
    await until(() => task.calls.includes('open t-0'))
    consumer.rebalanceTo()
    await until(() => task.calls.includes('close t-0'))
    await stop()
    expect(task.calls).toEqual(['start', 'open t-0', 'close t-0', 'stop'])
  })
})

describe('WorkerSinkTask: stop', () => {
  it('puts nothing any more', async () => {
    const { consumer, task, workerTask, statuses } = runningSink()
    consumer.append('t', 0, 'a')
    await until(() => task.values.length === 1)
    let puts = 0
    task.onPut = () => void puts++
    workerTask.stop()
    await workerTask.ended()
    expect([puts, statuses.at(-1)?.state]).toEqual([0, 'UNASSIGNED'])
  })
})

describe('WorkerSinkTask: what it counts', () => {
  it('counts records read and taken, what waits for a commit, lag and partitions', async () => {
    const { consumer, task, metrics, stop } = runningSink({ tolerance: 'all' })
    consumer.append('t', 0, 'a', 'bad', 'b')
    await until(() => metrics.get('sink-record-send-total') === 2)
    expect(metrics.snapshot()).toMatchObject({
      'sink-record-read-total': 3,
      'sink-record-send-total': 2,
      'sink-record-active-count': 3,
      'sink-record-lag': 0,
      'partition-count': 1,
      'offset-commit-completion-total': 0,
    })
    task.ask.requestCommit()
    consumer.wakeup()
    await until(() => metrics.get('offset-commit-completion-total') === 1)
    expect(metrics.get('sink-record-active-count')).toBe(0)
    task.ask.pause([T0])
    consumer.append('t', 0, 'c', 'd')
    consumer.rebalanceTo(T0, T1)
    await until(() => metrics.get('partition-count') === 2)
    expect(metrics.get('sink-record-lag')).toBe(2)
    await stop()
    expect([metrics.get('partition-count'), metrics.get('sink-record-lag')]).toEqual([0, 0])
  })

  it('says which phase it is in while the task works, and where its time went', async () => {
    const { consumer, task, metrics, stop } = runningSink()
    const phases: string[] = []
    task.onPut = async () => {
      phases.push(metrics.phase().phase)
      await delay(5)
    }
    task.onPreCommit = (offsets) => {
      phases.push(metrics.phase().phase)
      return offsets
    }
    consumer.append('t', 0, 'a')
    await until(() => task.values.length === 1)
    await stop()
    expect([phases[0], phases.at(-1)]).toEqual(['put', 'commit'])
    expect(metrics.get('put-time-ms-total')).toBeGreaterThan(0)
    expect(metrics.get('convert-time-ms-total')).toBeGreaterThan(0)
    expect(metrics.get('commit-time-ms-total')).toBeGreaterThan(0)
  })

  it('divides the time between converters and transformations as the first record of a poll does', async () => {
    const slow = {
      config: () => ({}) as never,
      configure: () => undefined,
      apply: <R>(record: R): R => {
        const end = performance.now() + 3
        while (performance.now() < end);
        return record
      },
    }
    const { consumer, task, metrics } = runningSink({ transformations: [slow] })
    consumer.append('t', 0, 'a', 'b', 'c')
    await until(() => task.values.length === 3)
    expect(metrics.get('transform-time-ms-total')).toBeGreaterThan(metrics.get('convert-time-ms-total'))
  })
})
