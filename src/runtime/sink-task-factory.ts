import { SinkTask } from '../api/sink.ts'
import { consumerConfigDef } from '../kafka/config/consumer-keys.ts'
import { clientIds, consumerProps } from './client-props.ts'
import { sinkRuntimeConfigDef } from './connector-config.ts'
import { openErrorHandling } from './errors/error-handling.ts'
import { ProcessingContext } from './errors/processing-context.ts'
import { WorkerErrantRecordReporter } from './errors/worker-errant-record-reporter.ts'
import type { OpenedResources, TaskParts } from './task-environment.ts'
import { makeConverters, makeTask, makeTransformationChain } from './task-plugins.ts'
import { subscriptionOf } from './topic-subscription.ts'
import { workerConfigDef } from './worker-config.ts'
import { WorkerSinkTask } from './worker-sink-task.ts'

const longestWithoutPollMs = 10_000

/** @param resources closes what was opened when a later step fails */
export async function makeSinkLoop(parts: TaskParts, resources: OpenedResources): Promise<WorkerSinkTask> {
  const { spec, control, log, plugins, kafka } = parts
  const { id, workerProps: worker, connectorProps: connector, taskProps } = spec
  const { 'offset.flush.interval.ms': commitIntervalMs, 'offset.flush.timeout.ms': commitTimeoutMs } = workerConfigDef.parse(worker)
  const config = sinkRuntimeConfigDef.parse(connector)
  const context = new ProcessingContext()
  const [task, converters, chain] = await Promise.all([
    makeTask(spec, SinkTask, plugins),
    makeConverters(connector, worker, plugins, context),
    makeTransformationChain(connector, plugins, context, log),
  ])
  const clientProps = consumerProps({ worker, connector }, id.connector, clientIds.consumer(id.connector, id.task))
  const { operator, hasReporters } = await openErrorHandling(parts, config, context, resources)
  return new WorkerSinkTask({
    task,
    taskProps,
    topics: subscriptionOf(config),
    converters,
    chain,
    consumer: await kafka.consumer(clientProps, log),
    operator,
    errantRecordReporter: hasReporters ? new WorkerErrantRecordReporter(operator, converters) : null,
    control,
    commitIntervalMs,
    commitTimeoutMs,
    pollBesideAfterMs: Math.min(longestWithoutPollMs, consumerConfigDef.parse(clientProps)['max.poll.interval.ms'] / 3),
    bisects: config['errors.put.bisect'],
    log,
  })
}
