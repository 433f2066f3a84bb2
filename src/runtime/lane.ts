import type { MessagePort } from 'node:worker_threads'
import type { Logger } from '../api/logger.ts'
import type { LogLevel } from '../logging/logger.ts'
import { logProcessWarnings } from '../logging/process-warnings.ts'
import type { OffsetBackingStore } from '../offsets/offset-backing-store.ts'
import { InlineTaskHost } from './inline-task-host.ts'
import { LaneLogger } from './lane-logger.ts'
import type { LaneReport, LaneRequest } from './lane-messages.ts'
import { LaneOffsetStore } from './lane-offset-store.ts'
import type { TaskControl } from './task-control.ts'
import type { TaskSpec } from './task-host.ts'
import type { TaskLoop } from './worker-task.ts'

export interface LaneParts {
  /** To the main thread. */
  readonly port: MessagePort
  readonly logLevel: LogLevel
  readonly makeLoop: (spec: TaskSpec, control: TaskControl, log: Logger, offsetStore: OffsetBackingStore) => Promise<TaskLoop>
}

/** The thread's side of a lane: runs task loops as the main thread asks, until the thread is ended. */
export function runLane({ port, logLevel, makeLoop }: LaneParts): void {
  const send = (report: LaneReport): void => port.postMessage(report)
  const offsetStore = new LaneOffsetStore((call) => send({ type: 'offsets', call }))
  const log = new LaneLogger((line) => send({ type: 'log', line }), logLevel)
  logProcessWarnings(log)
  const host = new InlineTaskHost({
    makeLoop: (spec, control, log) => makeLoop(spec, control, log, offsetStore),
    listener: { taskStatusChanged: (status) => send({ type: 'status', status }) },
    log,
  })
  const carryOut = (request: LaneRequest): void => {
    switch (request.type) {
      case 'start':
        return host.start(request.spec, request.target)
      case 'setTargetState':
        return host.setTargetState(request.id, request.target)
      case 'stop':
        return void host.stop(request.ids, request.timeoutMs).then(() => send({ type: 'stopped', stop: request.stop }))
      case 'offsets':
        return offsetStore.receive(request.answer)
      case 'ping':
        return send({ type: 'pong' })
    }
  }
  port.on('message', carryOut)
}
