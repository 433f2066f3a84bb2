import { availableParallelism } from 'node:os'
import type { Logger } from '../api/logger.ts'
import { levelOf } from '../logging/logger.ts'
import { BalancedTaskHost } from './balanced-task-host.ts'
import { InlineTaskHost } from './inline-task-host.ts'
import type { TaskEnvironment } from './task-environment.ts'
import { makeTaskLoop } from './task-factory.ts'
import type { TaskHost, TaskHostListener } from './task-host.ts'
import { ThreadTaskHost } from './thread-task-host.ts'
import type { WorkerValues } from './worker-config.ts'

/**
 * A lane costs 0.15 s of start and 28 MB (measured on two cores): a source and a sink, the usual pair, do without.
 */
const tasksInMainThread = 2

interface TaskHostParts {
  readonly values: WorkerValues
  readonly environment: TaskEnvironment
  /** Module that a lane's thread runs. */
  readonly laneFile: URL
  readonly listener: TaskHostListener
  readonly log: Logger
}

/** The host that `task.isolation` asks for. */
export function makeTaskHost(parts: TaskHostParts): TaskHost {
  const cores = availableParallelism()
  const newHost = laneFactory(parts)
  const lanes = (count: number): TaskHost[] => Array.from({ length: count }, newHost)
  switch (parts.values['task.isolation']) {
    case 'thread':
      return new BalancedTaskHost({ hosts: lanes(Math.max(cores, 2)), newHost }) // with one lane only, nothing would be isolated
    case 'auto':
      return new BalancedTaskHost({
        hosts: lanes(Math.max(cores - 1, 1)),
        preferred: { host: inline(parts), tasks: tasksInMainThread },
        newHost,
      })
    default:
      return inline(parts)
  }
}

function inline({ environment, listener, log }: TaskHostParts): TaskHost {
  return new InlineTaskHost({ makeLoop: (spec, control, taskLog) => makeTaskLoop(spec, control, taskLog, environment), listener, log })
}

/** Lanes get numbers; none costs anything before its first task. */
function laneFactory({ values, environment, laneFile, listener, log }: TaskHostParts): () => TaskHost {
  let count = 0
  return () =>
    new ThreadTaskHost({
      name: `lane-${++count}`,
      file: laneFile,
      data: { logLevel: levelOf(log), pluginPath: values['plugin.path'] ?? [] },
      maxHeapMb: values['task.lane.max.heap.mb'],
      offsetStore: environment.offsetStore,
      listener,
      log,
    })
}
