import type { Logger } from '../api/logger.ts'
import type { TaskMetricName } from '../metrics/registry.ts'
import type { TaskMetrics } from '../metrics/task-metrics.ts'
import { type ConnectorTaskId, taskIdText, taskLogContext } from './connector-task-id.ts'
import { isoTime, phaseTimes, seconds, stalledText, type PhaseTimes } from './stalled-text.ts'
import type { TaskCondition, TaskStatus } from './state.ts'

/** A task as the watchdog looks at it. */
export interface WatchedTask {
  readonly kind: 'source' | 'sink'
  readonly status: TaskStatus
  readonly metrics: TaskMetrics
  /** Since when the task's thread has owed a sign of life, epoch ms; null: it owes none. */
  readonly silentSince: number | null
}

export interface TaskWatchdogParts {
  /** `task.stalled.after.ms`; 0: nothing is watched. */
  readonly stalledAfterMs: number
  /** Every task that has a status. */
  readonly tasks: () => Iterable<WatchedTask>
  readonly log: Logger
  readonly now?: () => number
}

/** What was seen when the task last got on. */
interface Observation {
  readonly id: ConnectorTaskId
  readonly metrics: TaskMetrics
  readonly progress: number
  readonly since: number
  readonly times: PhaseTimes
  /** Null: not stalled. */
  stalled: { condition: TaskCondition; readonly since: number; warnedAt: number } | null
}

/** Any of these grows: the task gets on. Records that transformations drop count as read or polled. */
const progressMetrics: Readonly<Record<WatchedTask['kind'], readonly TaskMetricName[]>> = {
  source: ['source-record-poll-total', 'source-record-write-total', 'total-records-skipped'],
  sink: ['sink-record-read-total', 'sink-record-send-total', 'total-records-skipped'],
}

const longestCheckIntervalMs = 10_000
const warningIntervalMs = 60_000
/** A thread that owes an answer for longer is held by synchronous work. */
const silenceMs = 1000

/**
 * Says which running tasks have work to do and get nowhere, and where their time goes. Reads the tasks' numbers in shared memory,
 * so that it also sees those whose thread is blocked. Only tells; nothing is restarted.
 */
export class TaskWatchdog {
  readonly #parts: TaskWatchdogParts
  readonly #now: () => number
  readonly #observations = new Map<string, Observation>()
  #timer: NodeJS.Timeout | null = null

  constructor(parts: TaskWatchdogParts) {
    this.#parts = parts
    this.#now = parts.now ?? Date.now
  }

  /** Looks at the tasks from now on, until `stop`. Further calls change nothing. */
  start(): void {
    const { stalledAfterMs } = this.#parts
    if (stalledAfterMs === 0 || this.#timer !== null) return
    const everyMs = Math.min(Math.ceil(stalledAfterMs / 4), longestCheckIntervalMs)
    let lastAt = this.#now()
    this.#timer = setInterval(() => {
      const now = this.#now()
      if (now - lastAt >= stalledAfterMs) this.#forgive()
      lastAt = now
      this.check()
    }, everyMs).unref()
  }

  stop(): void {
    clearInterval(this.#timer ?? undefined)
    this.#timer = null
  }

  /** STALLED, or null. */
  condition(id: ConnectorTaskId): TaskCondition | null {
    return this.#observations.get(taskIdText(id))?.stalled?.condition ?? null
  }

  /** Looks once. */
  check(): void {
    const gone = new Set(this.#observations.keys())
    for (const task of this.#parts.tasks()) {
      const { state, condition, id } = task.status
      if (state !== 'RUNNING' || condition !== undefined) continue // RETRYING says why it does not get on
      gone.delete(taskIdText(id))
      this.#look(task)
    }
    for (const name of gone) this.#observations.delete(name)
  }

  /** The process itself stood still, as on a machine that slept: no task could get on meanwhile, and each has its whole time again. */
  #forgive(): void {
    for (const [name, { stalled }] of this.#observations) if (stalled === null) this.#observations.delete(name)
  }

  #look(task: WatchedTask): void {
    const { id } = task.status
    const now = this.#now()
    const before = this.#observations.get(taskIdText(id))
    const observation = this.#newObservation(task, now)
    if (before === undefined || before.metrics !== task.metrics) {
      this.#observations.set(taskIdText(id), observation)
    } else if (observation.progress !== before.progress || !(hasWork(task) || isBlocked(task, now))) {
      this.#observations.set(taskIdText(id), observation)
      if (before.stalled !== null) this.#log(id).info(`Gets on again after ${seconds(now - before.stalled.since)} without progress`)
    } else if (now - before.since >= this.#parts.stalledAfterMs) {
      this.#stalled(before, task, now)
    }
  }

  #newObservation({ kind, status, metrics }: WatchedTask, since: number): Observation {
    const progress = progressMetrics[kind].reduce((sum, name) => sum + metrics.get(name), 0)
    return { id: status.id, metrics, progress, since, times: phaseTimes(metrics, since), stalled: null }
  }

  #stalled(observation: Observation, task: WatchedTask, now: number): void {
    const { since } = observation
    const condition: TaskCondition = {
      kind: 'STALLED',
      since,
      because: stalledText(task, observation, isBlocked(task, now) ? task.silentSince : null, now),
    }
    const { warnedAt = -Infinity } = observation.stalled ?? {}
    const isDue = now - warnedAt >= warningIntervalMs
    observation.stalled = { condition, since, warnedAt: isDue ? now : warnedAt }
    if (isDue) this.#log(observation.id).warn(`STALLED since ${isoTime(since)}: ${condition.because}`)
  }

  #log(id: ConnectorTaskId): Logger {
    return this.#parts.log.child(taskLogContext(id))
  }
}

/** A sink that waits in `poll` with nothing left to read has none, although what it put may not be committed yet. */
function hasWork({ kind, metrics }: WatchedTask): boolean {
  if (kind === 'source') return metrics.get('source-record-active-count') > 0
  if (metrics.get('sink-record-lag') > 0) return true
  const { phase } = metrics.phase()
  return metrics.get('sink-record-active-count') > 0 && phase !== 'poll' && phase !== 'idle'
}

function isBlocked({ silentSince }: WatchedTask, now: number): boolean {
  return silentSince !== null && now - silentSince >= silenceMs
}
