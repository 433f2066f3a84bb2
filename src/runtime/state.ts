import type { ConnectorTaskId } from './connector-task-id.ts'

/** What the user wants of a connector. PAUSED keeps its tasks, STOPPED removes them. */
export type TargetState = 'STARTED' | 'PAUSED' | 'STOPPED'

/** What a task's loop is asked to do; a STOPPED connector has no tasks. */
export type TaskTargetState = Exclude<TargetState, 'STOPPED'>

/** What a connector or task is doing. A task that has not reported yet has no status at all. */
export type State = 'UNASSIGNED' | 'RUNNING' | 'PAUSED' | 'FAILED' | 'RESTARTING' | 'STOPPED'

/**
 * What keeps a task from its work, beside its state; Connect has no word for it. Times are epoch ms.
 * RETRYING: RUNNING, but another system is out, and the same work is tried again. STALLED: RUNNING with work to do, and none is done.
 * RESTARTING: FAILED, and started again by itself at `nextAt`.
 */
export type TaskCondition =
  | { readonly kind: 'RETRYING'; readonly since: number; readonly because: string; readonly attempts: number; readonly nextAt: number }
  | { readonly kind: 'STALLED'; readonly since: number; readonly because: string }
  | { readonly kind: 'RESTARTING'; readonly since: number; readonly because: string; readonly attempts: number; readonly nextAt: number }

export interface TaskStatus {
  readonly id: ConnectorTaskId
  readonly state: State
  /** Java-like trace of the error; only when FAILED. */
  readonly trace?: string
  /** True, when FAILED: another worker does its work now, so that it must not be restarted by itself. */
  readonly takenOver?: true
  /** Absent: nothing is in the way. */
  readonly condition?: TaskCondition
}

export interface ConnectorStatus {
  readonly name: string
  readonly kind: 'source' | 'sink'
  readonly state: State
  readonly trace?: string
}
