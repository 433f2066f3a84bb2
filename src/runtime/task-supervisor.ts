import type { Logger } from '../api/logger.ts'
import { type ConnectorTaskId, taskIdText, taskLogContext } from './connector-task-id.ts'
import type { TaskCondition, TaskStatus } from './state.ts'

/** The worker's `task.restart.*`. */
export interface RestartPolicy {
  readonly 'task.restart.backoff.initial.ms': number
  readonly 'task.restart.backoff.max.ms': number
  /** -1: no limit. */
  readonly 'task.restart.max.attempts': number
  readonly 'task.restart.healthy.ms': number
}

export interface TaskSupervisorParts {
  readonly policy: RestartPolicy
  /** Starts the task anew if it still has this status, which is the very object that `observed` returned. Must not throw. */
  readonly restart: (status: TaskStatus) => void
  readonly log: Logger
  readonly now?: () => number
  readonly random?: () => number
}

interface Watched {
  /** Restarts since the task was last healthy. */
  attempts: number
  /** When it reported RUNNING; null: it does not run. */
  runningSince: number | null
  timer: NodeJS.Timeout | null
}

/** Longest delay that `setTimeout` keeps. */
const longestTimerMs = 2 ** 31 - 1

/**
 * Restarts tasks that failed, after a pause that doubles with each restart until the task was healthy for a while.
 * Java leaves them FAILED until somebody restarts them.
 */
export class TaskSupervisor {
  readonly #parts: TaskSupervisorParts
  readonly #now: () => number
  readonly #random: () => number
  readonly #watched = new Map<string, Watched>()
  #stopped = false

  constructor(parts: TaskSupervisorParts) {
    this.#parts = parts
    this.#now = parts.now ?? Date.now
    this.#random = parts.random ?? Math.random
  }

  /** Called with each status that a task reports. @returns the status to show: with condition RESTARTING where a restart is due */
  observed(status: TaskStatus): TaskStatus {
    if (this.#stopped) return status
    const watched = this.#watch(status.id)
    switch (status.state) {
      case 'FAILED':
        return this.#failed(status, watched)
      case 'RUNNING':
        watched.runningSince ??= this.#now()
        return status
      default:
        watched.runningSince = null
        return status
    }
  }

  /** The task is stopped, or restarted by somebody: what was planned is off, and counting starts again. */
  forget(id: ConnectorTaskId): void {
    clearTimeout(this.#watched.get(taskIdText(id))?.timer ?? undefined)
    this.#watched.delete(taskIdText(id))
  }

  /** From now on nothing is restarted. */
  stop(): void {
    this.#stopped = true
    for (const { timer } of this.#watched.values()) clearTimeout(timer ?? undefined)
    this.#watched.clear()
  }

  #watch(id: ConnectorTaskId): Watched {
    let watched = this.#watched.get(taskIdText(id))
    if (watched === undefined) this.#watched.set(taskIdText(id), (watched = { attempts: 0, runningSince: null, timer: null }))
    return watched
  }

  #failed(status: TaskStatus, watched: Watched): TaskStatus {
    const { policy, log } = this.#parts
    const now = this.#now()
    if (watched.runningSince !== null && now - watched.runningSince >= policy['task.restart.healthy.ms']) watched.attempts = 0
    watched.runningSince = null
    const taskLog = log.child(taskLogContext(status.id))
    if (status.takenOver === true) return status
    const limit = policy['task.restart.max.attempts']
    if (limit >= 0 && watched.attempts >= limit) {
      taskLog.error(staysFailedText(limit))
      return status
    }
    const pauseMs = this.#pauseMs(watched.attempts++)
    const condition: TaskCondition = {
      kind: 'RESTARTING',
      since: now,
      because: firstLine(status.trace),
      attempts: watched.attempts,
      nextAt: now + pauseMs,
    }
    taskLog.warn(restartText(condition, limit))
    const shown: TaskStatus = { ...status, condition }
    clearTimeout(watched.timer ?? undefined)
    watched.timer = setTimeout(() => this.#parts.restart(shown), Math.min(pauseMs, longestTimerMs))
    return shown
  }

  /** Never longer than the longest, and different for tasks that failed together. */
  #pauseMs(earlierAttempts: number): number {
    const { 'task.restart.backoff.initial.ms': initialMs, 'task.restart.backoff.max.ms': maxMs } = this.#parts.policy
    return Math.round(Math.min(initialMs * 2 ** earlierAttempts, maxMs) * (1 - 0.25 * this.#random()))
  }
}

function restartText({ attempts, nextAt, because }: Extract<TaskCondition, { kind: 'RESTARTING' }>, limit: number): string {
  const attempt = limit < 0 ? `attempt ${attempts}` : `attempt ${attempts} of ${limit}`
  return `Task is restarted by itself at ${new Date(nextAt).toISOString()} (${attempt}), because it failed with ${because}`
}

function staysFailedText(limit: number): string {
  const why = limit === 0 ? 'task.restart.max.attempts=0' : `it was restarted task.restart.max.attempts=${limit} times in a row`
  return `Task stays FAILED until somebody restarts it: ${why}.`
}

/** Class and message of the error. */
function firstLine(trace = ''): string {
  return trace.split('\n', 1)[0] ?? ''
}
