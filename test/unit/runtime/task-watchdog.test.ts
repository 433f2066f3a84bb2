import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { TaskMetricName } from '../../../src/metrics/registry.ts'
import { taskMetricIndex, TaskMetrics } from '../../../src/metrics/task-metrics.ts'
import type { TaskStatus } from '../../../src/runtime/state.ts'
import { TaskWatchdog, type WatchedTask } from '../../../src/runtime/task-watchdog.ts'
import { CollectingLogger } from '../../support/fakes/collecting-logger.ts'

const id = { connector: 'c', task: 0 }
const start = Date.parse('2026-11-21T10:00:00Z')

/** A watchdog over one task of which each test says what its numbers are. */
class Watched {
  now = start
  kind: WatchedTask['kind']
  status: TaskStatus = { id, state: 'RUNNING' }
  metrics = new TaskMetrics()
  silentSince: number | null = null
  readonly log = new CollectingLogger()
  readonly watchdog: TaskWatchdog

  constructor(kind: WatchedTask['kind'], stalledAfterMs = 300_000) {
    this.kind = kind
    this.watchdog = new TaskWatchdog({ stalledAfterMs, tasks: () => [this], log: this.log, now: () => this.now })
    this.watchdog.check()
  }

  set(values: Partial<Record<TaskMetricName, number>>): void {
    for (const name of Object.keys(values) as TaskMetricName[]) this.metrics.set(taskMetricIndex(name), values[name]!)
  }

  /** Looks again after so many seconds. @returns why the task is STALLED; null: it is not */
  after(seconds: number): string | null {
    this.now += seconds * 1000
    this.watchdog.check()
    return this.watchdog.condition(id)?.because ?? null
  }
}

describe('TaskWatchdog', () => {
  it('says of a sink that hangs in put() since when, how much waits and where its time went', () => {
    const sink = new Watched('sink')
    sink.set({ 'sink-record-read-total': 500, 'sink-record-send-total': 400, 'sink-record-lag': 1000, 'sink-record-active-count': 100 })
    expect(sink.after(1)).toBeNull()
    sink.set({ 'poll-time-ms-total': 3000 })
    sink.metrics.enter('put', sink.now + 3000)
    expect(sink.after(299)).toBeNull()
    expect(sink.after(1)).toBe(
      'put() took no record for 300 s, although 1000 wait in Kafka and 100 are read and not committed. The task is in put() of the task ' +
        'since 2026-11-21T10:00:04.000Z; since the last progress it spent 99 % in put() of the task, 1 % in poll() of the consumer',
    )
    expect(sink.watchdog.condition(id)).toMatchObject({ kind: 'STALLED', since: start + 1000 })
  })

  it('warns at the beginning and then once a minute, and tells when the task gets on again', () => {
    const source = new Watched('source')
    source.set({ 'source-record-poll-total': 10, 'source-record-active-count': 10 })
    source.after(1)
    for (let seconds = 10; seconds <= 420; seconds += 10) source.after(10)
    expect(source.log.lines).toHaveLength(3)
    expect(source.log.lines[0]).toBe(
      'WARN STALLED since 2026-11-21T10:00:01.000Z: Kafka acknowledged no record for 300 s, although 10 are polled and not acknowledged. ' +
        'The task is between two steps; since the last progress it spent no time in any step',
    )
    source.set({ 'source-record-write-total': 1 })
    expect(source.after(10)).toBeNull()
    expect(source.log.lines.slice(3)).toEqual(['INFO Gets on again after 430 s without progress'])
  })

  it.each<[string, WatchedTask['kind'], Partial<Record<TaskMetricName, number>>]>([
    ['a source that has nothing to send', 'source', { 'source-record-write-total': 7 }],
    ['a sink that has read everything and waits in poll()', 'sink', { 'sink-record-active-count': 7, 'sink-record-send-total': 7 }],
  ])('leaves %s alone', (_, kind, values) => {
    const task = new Watched(kind)
    task.set(values)
    task.metrics.enter('poll', start)
    for (let minute = 0; minute < 20; minute++) expect(task.after(60)).toBeNull()
  })

  it('sees a sink that hangs in its commit although nothing is left to read', () => {
    const sink = new Watched('sink')
    sink.set({ 'sink-record-active-count': 7, 'sink-record-send-total': 7 })
    sink.metrics.enter('commit', start)
    sink.after(1)
    expect(sink.after(300)).toContain('The task is in preCommit() and the commit of offsets since 2026-11-21T10:00:00.000Z')
  })

  it.each<[WatchedTask['kind'], TaskMetricName]>([
    ['source', 'source-record-write-total'],
    ['source', 'source-record-poll-total'],
    ['source', 'total-records-skipped'],
    ['sink', 'sink-record-read-total'],
    ['sink', 'sink-record-send-total'],
    ['sink', 'total-records-skipped'],
  ])('of a %s takes %s that grows for progress', (kind, name) => {
    const task = new Watched(kind)
    task.set({ 'source-record-active-count': 1, 'sink-record-lag': 1 })
    for (let count = 1; count < 9; count++) {
      task.set({ [name]: count })
      expect(task.after(200)).toBeNull()
    }
    expect(task.after(300)).not.toBeNull()
  })

  it.each<[string, TaskStatus]>([
    ['paused', { id, state: 'PAUSED' }],
    ['FAILED', { id, state: 'FAILED', trace: '' }],
    [
      'RETRYING, which says itself why it does not get on',
      { id, state: 'RUNNING', condition: { kind: 'RETRYING', since: start, because: 'down', attempts: 9, nextAt: start } },
    ],
  ])('does not call a task stalled that is %s', (_, status) => {
    const sink = new Watched('sink')
    sink.set({ 'sink-record-lag': 1 })
    sink.after(1)
    expect(sink.after(300)).not.toBeNull()
    sink.status = status
    expect(sink.after(10)).toBeNull()
    sink.status = { id, state: 'RUNNING' }
    expect(sink.after(10)).toBeNull() // its time begins anew
  })

  it('begins anew with a restarted task', () => {
    const sink = new Watched('sink')
    sink.set({ 'sink-record-lag': 1 })
    sink.after(290)
    sink.metrics = new TaskMetrics()
    sink.set({ 'sink-record-lag': 1 })
    expect(sink.after(20)).toBeNull()
    expect(sink.after(300)).not.toBeNull()
  })

  it('tells of a thread that does not answer, also when no work is to be seen', () => {
    const source = new Watched('source')
    source.metrics.enter('poll', start)
    expect(source.after(10)).toBeNull()
    source.silentSince = source.now
    for (let seconds = 10; seconds < 300; seconds += 10) expect(source.after(10)).toBeNull()
    expect(source.after(10)).toMatch(
      /^Nothing was done for \d+ s\. The task is in poll\(\) of the task since .*\. Its thread has not answered since 2026-11-21T10:00:10.000Z: something there works without ever waiting/,
    )
    source.silentSince = null
    expect(source.after(10)).toBeNull()
  })

  it('watches by itself once started, and not at all with task.stalled.after.ms=0', () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const on = new Watched('sink', 1000)
    const off = new Watched('sink', 0)
    for (const { watchdog } of [on, off]) watchdog.start()
    for (const task of [on, off]) task.set({ 'sink-record-lag': 1 })
    for (let ms = 0; ms < 1000; ms += 250) {
      for (const task of [on, off]) task.now += 250
      vi.advanceTimersByTime(250)
    }
    expect([on, off].map(({ watchdog }) => watchdog.condition(id)?.kind)).toEqual(['STALLED', undefined])
    on.watchdog.stop()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('blames no task for a standstill of the whole process, as on a machine that slept', () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const sink = new Watched('sink', 1000)
    sink.watchdog.start()
    sink.set({ 'sink-record-lag': 1 })
    const looks = (...ms: number[]) =>
      ms.map((passed) => {
        sink.now += passed
        vi.advanceTimersByTime(250)
        return sink.watchdog.condition(id)?.kind ?? null
      })
    expect(looks(250, 8 * 3_600_000, 250, 250, 250)).toEqual([null, null, null, null, null])
    expect(looks(250)).toEqual(['STALLED'])
    expect(looks(3_600_000)).toEqual(['STALLED'])
    sink.watchdog.stop()
  })
})
