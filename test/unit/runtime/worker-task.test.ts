import { expect, it, onTestFinished } from 'vitest'
import { RetriableException } from '../../../src/api/errors.ts'
import { TaskMetrics } from '../../../src/metrics/task-metrics.ts'
import { WorkerTask, type TaskLoop } from '../../../src/runtime/worker-task.ts'
import type { TaskControl } from '../../../src/runtime/task-control.ts'
import { CollectingLogger } from '../../support/fakes/collecting-logger.ts'
import { TaskStatuses } from '../../support/fakes/task-statuses.ts'

/** Loops whose starts end as told, one after the other; the rest start. */
class Loops {
  readonly calls: string[] = []
  readonly #ends: (Error | null)[]

  constructor(...ends: (Error | null)[]) {
    this.#ends = ends
  }

  readonly make = (control: TaskControl): Promise<TaskLoop> => {
    const { calls } = this
    const error = this.#ends.shift() ?? null
    const stopped = new Promise<void>((resolve) => control.signal.addEventListener('abort', () => resolve()))
    return Promise.resolve({
      start() {
        calls.push('start')
        return error === null ? Promise.resolve() : Promise.reject(error)
      },
      execute: () => stopped,
      close() {
        calls.push('close')
        return Promise.resolve()
      },
    })
  }
}

function running(loops: Loops) {
  const statuses = new TaskStatuses()
  const log = new CollectingLogger()
  const onStatus = statuses.taskStatusChanged.bind(statuses)
  const task = new WorkerTask({ id: { connector: 'scripted', task: 0 }, target: 'STARTED', metrics: new TaskMetrics(), log, onStatus })
  onTestFinished(() => task.stop())
  task.run(loops.make)
  return { task, statuses, log }
}

it('a task that starts during an outage is started again, each time with a new loop, and its status says why', async () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' })
  const loops = new Loops(refused, new RetriableException('not yet'))
  const { task, statuses, log } = running(loops)
  await expect.poll(() => log.lines).toContain('INFO Task is running')
  expect(loops.calls).toEqual(['start', 'close', 'start', 'close', 'start'])
  expect(statuses.all.map(({ condition }) => condition?.because)).toContain('connect ECONNREFUSED 127.0.0.1:5432')
  expect(statuses.all.at(-1)).toEqual({ id: task.id, state: 'RUNNING' })
})

it('a task that cannot start for another reason fails at once, closed', async () => {
  const loops = new Loops(new TypeError('cannot start'))
  const { statuses } = running(loops)
  const { trace } = await statuses.reaches(0, 'FAILED')
  expect(trace).toMatch(/^TypeError: cannot start\n/)
  expect(loops.calls).toEqual(['start', 'close'])
})

it('a stop ends the wait for another start', async () => {
  const loops = new Loops(...Array.from({ length: 1000 }, () => new RetriableException('not yet')))
  const { task, log } = running(loops)
  await expect.poll(() => log.lines.some((line) => line.includes('Start of the task'))).toBe(true)
  await expect.poll(() => loops.calls.at(-1)).toBe('close')
  const { length } = loops.calls
  task.stop()
  await task.ended()
  expect(loops.calls).toHaveLength(length)
})
