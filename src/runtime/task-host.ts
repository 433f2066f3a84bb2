import type { Props } from '../api/props.ts'
import type { ConnectorTaskId } from './connector-task-id.ts'
import type { TaskStatus, TaskTargetState } from './state.ts'

/** Everything a task is made from, as plain data that could be cloned to another thread. Variables are resolved. */
export interface TaskSpec {
  readonly id: ConnectorTaskId
  readonly kind: 'source' | 'sink'
  /** Class name as the registry knows it. */
  readonly connectorClass: string
  readonly workerProps: Props
  readonly connectorProps: Props
  readonly taskProps: Props
  /** The task's numbers (`TaskMetrics`): written where the task runs, read by the main thread. */
  readonly metrics: SharedArrayBuffer
}

/**
 * Where task loops run: in this thread, or in one of their own. The worker starts and stops tasks here and hears of them
 * through `TaskHostListener`; records never pass. Arguments and events are plain data.
 */
export interface TaskHost {
  /** Makes the task and lets its loop run; what goes wrong from here on is a FAILED status, not a rejection. */
  start(spec: TaskSpec, target: TaskTargetState): void
  setTargetState(id: ConnectorTaskId, target: TaskTargetState): void
  /**
   * Since when the thread of the task has owed a sign of life, epoch ms; null: it owes none. Each call asks for the next one. The main
   * thread owes itself none: while it is blocked, nobody asks.
   */
  silentSince(id: ConnectorTaskId): number | null
  /** True: the task failed because its thread ended, with all that ran there. Until it is stopped. */
  lostThread(id: ConnectorTaskId): boolean
  /**
   * Ends these tasks: last flush, last commit, clients closed.
   * @returns when all have ended, or `timeoutMs` after the call: those left are cancelled, that is abandoned without a last commit
   */
  stop(ids: readonly ConnectorTaskId[], timeoutMs: number): Promise<void>
}

export interface TaskHostListener {
  taskStatusChanged(status: TaskStatus): void
}
