import type { ConnectorTaskId } from './connector-task-id.ts'

/** What the user wants of a connector. PAUSED keeps its tasks, STOPPED removes them. */
export type TargetState = 'STARTED' | 'PAUSED' | 'STOPPED'

/** What a task's loop is asked to do; a STOPPED connector has no tasks. */
export type TaskTargetState = Exclude<TargetState, 'STOPPED'>

/** What a connector or task is doing. A task that has not reported yet has no status at all. */
export type State = 'UNASSIGNED' | 'RUNNING' | 'PAUSED' | 'FAILED' | 'RESTARTING' | 'STOPPED'

export interface TaskStatus {
  readonly id: ConnectorTaskId
  readonly state: State
  /** Java-like trace of the error; only when FAILED. */
  readonly trace?: string
}

export interface ConnectorStatus {
  readonly name: string
  readonly kind: 'source' | 'sink'
  readonly state: State
  readonly trace?: string
}
