import { setTimeout as delay } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { TaskMetrics } from '../../src/metrics/task-metrics.ts'
import { MemoryOffsetBackingStore } from '../../src/offsets/memory-offset-backing-store.ts'
import type { OffsetBackingStore } from '../../src/offsets/offset-backing-store.ts'
import type { TaskHost, TaskSpec } from '../../src/runtime/task-host.ts'
import { CollectingLogger } from '../support/fakes/collecting-logger.ts'
import { keyOf, type Deed } from '../support/fakes/scripted-loop.ts'
import { TaskStatuses } from '../support/fakes/task-statuses.ts'

/** What a host of scripted tasks is made with. */
export interface TaskHostPlace {
  readonly listener: TaskStatuses
  readonly offsetStore: OffsetBackingStore
  readonly log: CollectingLogger
}

export type NewTaskHost = (place: TaskHostPlace) => TaskHost

export const idOf = (task: number) => ({ connector: 'scripted', task })

export function specOf(task: number, does: Deed, failsAt = ''): TaskSpec {
  const taskProps = { does, 'fails at': failsAt }
  return {
    id: idOf(task),
    kind: 'source',
    connectorClass: 'Scripted',
    workerProps: {},
    connectorProps: {},
    taskProps,
    metrics: new TaskMetrics().shared,
  }
}

/** A host whose tasks end with the test. */
export function hostOf(newHost: NewTaskHost, offsetStore: OffsetBackingStore = new MemoryOffsetBackingStore()) {
  const statuses = new TaskStatuses()
  const log = new CollectingLogger()
  const host = newHost({ listener: statuses, offsetStore, log })
  onTestFinished(() => host.stop([0, 1, 2, 3].map(idOf), 0))
  return { host, statuses, log, offsetStore }
}

/** What every task host promises. Called inside a describe block. */
export function taskHostContract(newHost: NewTaskHost): void {
  it('runs a task until it is stopped', async () => {
    const { host, statuses, log } = hostOf(newHost)
    host.start(specOf(0, 'runs'), 'STARTED')
    await statuses.reaches(0, 'RUNNING')
    await host.stop([idOf(0)], 60_000)
    expect(statuses.statesOf(0)).toEqual(['RUNNING', 'UNASSIGNED'])
    expect(log.lines).toEqual(['INFO Task is running', 'INFO closed'])
  })

  it('pauses and resumes a task', async () => {
    const { host, statuses } = hostOf(newHost)
    host.start(specOf(0, 'runs'), 'STARTED')
    await statuses.reaches(0, 'RUNNING')
    host.setTargetState(idOf(0), 'PAUSED')
    await statuses.reaches(0, 'PAUSED')
    host.setTargetState(idOf(0), 'STARTED')
    await statuses.reaches(0, 'RUNNING')
    expect(statuses.statesOf(0)).toEqual(['RUNNING', 'PAUSED', 'RUNNING'])
  })

  it('makes a task that starts paused only when it is resumed', async () => {
    const { host, statuses } = hostOf(newHost)
    host.start(specOf(0, 'runs', 'make'), 'PAUSED')
    await statuses.reaches(0, 'PAUSED')
    host.setTargetState(idOf(0), 'STARTED')
    await statuses.reaches(0, 'FAILED')
    expect(statuses.statesOf(0)).toEqual(['PAUSED', 'FAILED'])
  })

  it.each(['make', 'start'])('reports a task that fails at %s, with its trace', async (step) => {
    const { host, statuses, log } = hostOf(newHost)
    host.start(specOf(0, 'runs', step), 'STARTED')
    const { trace } = await statuses.reaches(0, 'FAILED')
    expect(trace).toContain(`TypeError: cannot ${step}\n\tat `)
    expect(log.lines.at(-1)).toMatch(/^ERROR Task threw an uncaught and unrecoverable exception/)
  })

  it('reports a loop that fails with the trace of every cause, and leaves other tasks alone', async () => {
    const { host, statuses, log } = hostOf(newHost)
    host.start(specOf(0, 'runs'), 'STARTED')
    host.start(specOf(1, 'fails'), 'STARTED')
    const { trace } = await statuses.reaches(1, 'FAILED')
    expect(trace).toMatch(/^Error: the loop broke\n(\tat .*\n)+Caused by: RangeError: for a reason\n/)
    expect((log.errors.at(-1) as Error).stack).toMatch(/^Error: the loop broke\n/)
    await statuses.reaches(0, 'RUNNING')
  })

  it('starts a failed task again after it was stopped', async () => {
    const { host, statuses } = hostOf(newHost)
    host.start(specOf(0, 'fails'), 'STARTED')
    await statuses.reaches(0, 'FAILED')
    await host.stop([idOf(0)], 60_000)
    host.start(specOf(0, 'runs'), 'STARTED')
    await statuses.reaches(0, 'RUNNING')
    expect(statuses.statesOf(0)).toEqual(['RUNNING', 'FAILED', 'RUNNING'])
  })

  it('stops one task and leaves the others running', async () => {
    const { host, statuses } = hostOf(newHost)
    for (const task of [0, 1, 2]) host.start(specOf(task, 'runs'), 'STARTED')
    for (const task of [0, 1, 2]) await statuses.reaches(task, 'RUNNING')
    await host.stop([idOf(1)], 60_000)
    expect([0, 1, 2].map((task) => statuses.last(task)?.state)).toEqual(['RUNNING', 'UNASSIGNED', 'RUNNING'])
  })

  it('gives up a task that does not end within its time, and hears no more of it', async () => {
    const { host, statuses, log } = hostOf(newHost)
    host.start(specOf(0, 'hangs'), 'STARTED')
    await statuses.reaches(0, 'RUNNING')
    await host.stop([idOf(0)], 20)
    expect(log.lines.at(-1)).toMatch(/^ERROR Graceful stop of task scripted-0 failed/)
    expect(statuses.statesOf(0)).toEqual(['RUNNING'])
  })

  it('keeps the neighbours of a task that was given up, and runs it anew', async () => {
    const { host, statuses } = hostOf(newHost)
    host.start(specOf(0, 'hangs'), 'STARTED')
    host.start(specOf(1, 'runs'), 'STARTED')
    await statuses.reaches(0, 'RUNNING')
    await statuses.reaches(1, 'RUNNING')
    await host.stop([idOf(0)], 20)
    host.start(specOf(0, 'counts'), 'STARTED')
    await delay(0)
    host.setTargetState(idOf(1), 'PAUSED')
    await statuses.reaches(1, 'PAUSED')
    await statuses.reaches(0, 'RUNNING')
    await host.stop([idOf(0), idOf(1)], 60_000)
    expect(statuses.statesOf(0)).toEqual(['RUNNING', 'RUNNING', 'UNASSIGNED'])
    expect(statuses.statesOf(1)).toEqual(['RUNNING', 'PAUSED', 'UNASSIGNED'])
  })

  it('reports what is in a task’s way, and when it is not any more', async () => {
    const { host, statuses } = hostOf(newHost)
    host.start(specOf(0, 'retries'), 'STARTED')
    while (statuses.last(0)?.condition === undefined) await delay(2)
    expect(statuses.last(0)).toEqual({
      id: idOf(0),
      state: 'RUNNING',
      condition: { kind: 'RETRYING', since: 1, because: 'the database is down', attempts: 2, nextAt: 3 },
    })
    host.setTargetState(idOf(0), 'PAUSED')
    const paused = await statuses.reaches(0, 'PAUSED')
    expect(paused.condition).toBeUndefined()
  })

  it('shows a task’s numbers and phase while it runs, each start from zero', async () => {
    const { host, log } = hostOf(newHost)
    for (const round of [1, 2]) {
      const spec = specOf(0, 'measures')
      host.start(spec, 'STARTED')
      while (log.lines.filter((line) => line === 'INFO measured').length < round) await delay(2)
      const metrics = new TaskMetrics(spec.metrics)
      expect(metrics.get('sink-record-send-total')).toBe(3)
      expect(metrics.phase()).toEqual({ phase: 'put', since: 1234 })
      await host.stop([idOf(0)], 60_000)
    }
  })

  it('hears from the thread of a task that does its work', async () => {
    const { host, statuses } = hostOf(newHost)
    expect(host.silentSince(idOf(0))).toBeNull()
    host.start(specOf(0, 'runs'), 'STARTED')
    await statuses.reaches(0, 'RUNNING')
    for (let asked = 0; asked < 3; asked++) while (host.silentSince(idOf(0)) !== null) await delay(2)
  })

  it('stops tasks it never had at once', async () => {
    const { host, statuses } = hostOf(newHost)
    await host.stop([idOf(3)], 60_000)
    expect(statuses.all).toEqual([])
  })

  it('lets tasks read and write offsets of the worker’s store', async () => {
    const { host, statuses, log, offsetStore } = hostOf(newHost)
    await offsetStore.set([{ key: keyOf(specOf(0, 'counts')), value: Buffer.from('41') }])
    host.start(specOf(0, 'counts'), 'STARTED')
    host.start(specOf(1, 'counts'), 'STARTED')
    while (log.lines.filter((line) => line === 'WARN 2 offsets').length < 1) await delay(2)
    await host.stop([idOf(0), idOf(1)], 60_000)
    const stored = await offsetStore.get([keyOf(specOf(0, 'counts')), keyOf(specOf(1, 'counts'))])
    expect(stored.map(String)).toEqual(['42', '1'])
    expect(statuses.last(0)?.state).toBe('UNASSIGNED')
  })

  it('tells tasks when offsets cannot be stored', async () => {
    const broken = new MemoryOffsetBackingStore()
    broken.set = () => Promise.reject(new Error('No space left on device'))
    const { host, statuses } = hostOf(newHost, broken)
    host.start(specOf(0, 'counts'), 'STARTED')
    const { trace } = await statuses.reaches(0, 'FAILED')
    expect(trace).toContain('No space left on device')
  })
}
