import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { taskConditionText } from '../../../src/runtime/task-condition.ts'
import type { TaskStatus } from '../../../src/runtime/state.ts'
import { TaskSupervisor, type RestartPolicy } from '../../../src/runtime/task-supervisor.ts'
import { CollectingLogger } from '../../support/fakes/collecting-logger.ts'

const id = { connector: 'sink', task: 0 }
const failed: TaskStatus = { id, state: 'FAILED', trace: 'java.lang.Error: disk gone\n\tat put (sink.ts:1)\nCaused by: Error: why\n' }
const fenced: TaskStatus = { ...failed, takenOver: true }
const running: TaskStatus = { id, state: 'RUNNING' }

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-11-21T10:00:00Z') })
  onTestFinished(() => void vi.useRealTimers())
})

function supervisorWith(policy: Partial<RestartPolicy> = {}, random = () => 0) {
  const restarts: TaskStatus[] = []
  const log = new CollectingLogger()
  const supervisor = new TaskSupervisor({
    policy: {
      'task.restart.backoff.initial.ms': 1000,
      'task.restart.backoff.max.ms': 300_000,
      'task.restart.max.attempts': -1,
      'task.restart.healthy.ms': 60_000,
      ...policy,
    },
    restart: (status) => restarts.push(status),
    log,
    random,
  })
  /** Pauses until the restart after each of so many failures in a row. */
  const pausesOf = (failures: number): (number | null)[] =>
    Array.from({ length: failures }, () => {
      const { condition } = supervisor.observed(failed)
      if (condition?.kind !== 'RESTARTING') return null
      const pauseMs = condition.nextAt - Date.now()
      vi.advanceTimersByTime(pauseMs)
      supervisor.observed(running)
      return pauseMs
    })
  return { supervisor, restarts, log, pausesOf }
}

describe('TaskSupervisor', () => {
  it('leaves a task alone whose work another worker has taken over', () => {
    const { supervisor, restarts } = supervisorWith()
    expect(supervisor.observed(fenced)).toBe(fenced)
    vi.advanceTimersByTime(3_600_000)
    expect(restarts).toEqual([])
  })

  it('shows a failed task as RESTARTING, with attempt, time and reason, and restarts it then', () => {
    const { supervisor, restarts, log } = supervisorWith()
    const shown = supervisor.observed(failed)
    expect(shown).toMatchObject({ state: 'FAILED', trace: failed.trace })
    expect(taskConditionText(shown.condition!)).toBe(
      'RESTARTING since 2026-11-21T10:00:00.000Z (attempt 1, next at 2026-11-21T10:00:01.000Z) because java.lang.Error: disk gone',
    )
    expect(log.lines).toEqual([
      'WARN Task is restarted by itself at 2026-11-21T10:00:01.000Z (attempt 1), because it failed with java.lang.Error: disk gone',
    ])
    vi.advanceTimersByTime(999)
    expect(restarts).toEqual([])
    vi.advanceTimersByTime(1)
    expect(restarts).toEqual([shown])
    expect(restarts[0]).toBe(shown)
  })

  it('waits twice as long each time, up to the longest pause', () => {
    const { pausesOf, restarts } = supervisorWith()
    expect(pausesOf(11)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000])
    expect(restarts).toHaveLength(11)
  })

  it('leaves out a random part of up to a quarter', () => {
    expect(supervisorWith({}, () => 1).pausesOf(3)).toEqual([750, 1500, 3000])
  })

  it('counts from the beginning after the task was healthy', () => {
    const { supervisor, pausesOf } = supervisorWith()
    expect(pausesOf(3)).toEqual([1000, 2000, 4000])
    vi.advanceTimersByTime(59_999)
    expect(pausesOf(1)).toEqual([8000])
    vi.advanceTimersByTime(60_000)
    expect(pausesOf(1)).toEqual([1000])
    supervisor.observed({ id, state: 'PAUSED' })
    vi.advanceTimersByTime(60_000)
    expect(pausesOf(1)).toEqual([2000]) // a paused task shows nothing about its health
  })

  it('gives up after so many restarts in a row, and says so', () => {
    const { pausesOf, log } = supervisorWith({ 'task.restart.max.attempts': 2 })
    expect(pausesOf(3)).toEqual([1000, 2000, null])
    expect(log.lines.at(-2)).toContain('(attempt 2 of 2)')
    expect(log.lines.at(-1)).toBe(
      'ERROR Task stays FAILED until somebody restarts it: it was restarted task.restart.max.attempts=2 times in a row.',
    )
  })

  it('with 0 attempts leaves a failed task as Java does', () => {
    const { supervisor, restarts, log } = supervisorWith({ 'task.restart.max.attempts': 0 })
    expect(supervisor.observed(failed)).toBe(failed)
    vi.advanceTimersByTime(1_000_000)
    expect(restarts).toEqual([])
    expect(log.lines).toEqual(['ERROR Task stays FAILED until somebody restarts it: task.restart.max.attempts=0.'])
  })

  it('forgets a task that was stopped or restarted by somebody', () => {
    const { supervisor, restarts, pausesOf } = supervisorWith()
    pausesOf(3)
    restarts.length = 0
    supervisor.observed(failed)
    supervisor.forget(id)
    vi.advanceTimersByTime(1_000_000)
    expect(restarts).toEqual([])
    expect(pausesOf(1)).toEqual([1000])
  })

  it('restarts nothing once the worker stops', () => {
    const { supervisor, restarts } = supervisorWith()
    supervisor.observed(failed)
    supervisor.stop()
    expect(supervisor.observed(failed)).toBe(failed)
    vi.advanceTimersByTime(1_000_000)
    expect(restarts).toEqual([])
  })

  it('keeps a pause that is longer than a timer can be', () => {
    const { supervisor, restarts } = supervisorWith({ 'task.restart.backoff.initial.ms': 1e12, 'task.restart.backoff.max.ms': 1e12 })
    supervisor.observed(failed)
    vi.advanceTimersByTime(1_000_000)
    expect(restarts).toEqual([])
  })
})
