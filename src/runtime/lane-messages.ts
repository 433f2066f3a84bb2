import type { ConnectorTaskId } from './connector-task-id.ts'
import type { LaneLogLine } from './lane-logger.ts'
import type { OffsetAnswer, OffsetCall } from './lane-offset-store.ts'
import type { TaskStatus, TaskTargetState } from './state.ts'
import type { TaskSpec } from './task-host.ts'
import type { LogLevel } from '../logging/logger.ts'

/** What a lane knows from its first moment on: its thread's `workerData`. */
export interface LaneData {
  readonly logLevel: LogLevel
  readonly pluginPath: readonly string[]
}

/** What the main thread tells a lane. */
export type LaneRequest =
  | { readonly type: 'start'; readonly spec: TaskSpec; readonly target: TaskTargetState }
  | { readonly type: 'setTargetState'; readonly id: ConnectorTaskId; readonly target: TaskTargetState }
  | { readonly type: 'stop'; readonly stop: number; readonly ids: readonly ConnectorTaskId[]; readonly timeoutMs: number }
  | { readonly type: 'offsets'; readonly answer: OffsetAnswer }
  | { readonly type: 'ping' }

/** What a lane tells the main thread. Records never cross. */
export type LaneReport =
  | { readonly type: 'status'; readonly status: TaskStatus }
  | { readonly type: 'stopped'; readonly stop: number }
  | { readonly type: 'offsets'; readonly call: OffsetCall }
  | { readonly type: 'log'; readonly line: LaneLogLine }
  | { readonly type: 'pong' }
