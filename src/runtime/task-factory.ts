import type { Logger } from '../api/logger.ts'
import { clientsWithinInflightBytes } from './clients-within-inflight-bytes.ts'
import { makeSinkLoop } from './sink-task-factory.ts'
import { makeSourceLoop } from './source-task-factory.ts'
import type { TaskControl } from './task-control.ts'
import { OpenedResources, type TaskEnvironment } from './task-environment.ts'
import type { TaskSpec } from './task-host.ts'
import type { TaskLoop } from './worker-task.ts'

/**
 * Makes the loop of a task from plain data. Called by a task host when the task is about to run; whatever it throws fails the task.
 * @throws ConfigException, or KafkaError when a client cannot be made
 */
export async function makeTaskLoop(spec: TaskSpec, control: TaskControl, log: Logger, environment: TaskEnvironment): Promise<TaskLoop> {
  const parts = { ...environment, kafka: clientsWithinInflightBytes(environment.kafka, control.metrics), spec, control, log }
  return OpenedResources.guard<TaskLoop>((resources) =>
    spec.kind === 'source' ? makeSourceLoop(parts, resources) : makeSinkLoop(parts, resources),
  )
}
