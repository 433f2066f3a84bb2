import { SinkTask } from '../api/sink.ts'
import { adminProps, clientIds, consumerProps, producerProps } from './client-props.ts'
import { sinkConnectorConfigDef } from './connector-config.ts'
import { DeadLetterQueueReporter, ensureDeadLetterTopic } from './errors/dead-letter-queue-reporter.ts'
import { logReporters, makeOperator } from './errors/error-handling.ts'
import { ProcessingContext } from './errors/processing-context.ts'
import { WorkerErrantRecordReporter } from './errors/worker-errant-record-reporter.ts'
import type { OpenedResources, TaskParts } from './task-environment.ts'
import { makeConverters, makeTask, makeTransformationChain } from './task-plugins.ts'
import { subscriptionOf } from './topic-subscription.ts'
import { workerConfigDef } from './worker-config.ts'
import { WorkerSinkTask } from './worker-sink-task.ts'

/** @param resources closes what was opened when a later step fails */
export async function makeSinkLoop(parts: TaskParts, resources: OpenedResources): Promise<WorkerSinkTask> {
  const { spec, control, log, plugins, kafka } = parts
  const { id, workerProps: worker, connectorProps: connector, taskProps } = spec
  const { 'offset.flush.interval.ms': commitIntervalMs, 'offset.flush.timeout.ms': commitTimeoutMs } = workerConfigDef.parse(worker)
  const config = sinkConnectorConfigDef.parse(connector)
  const context = new ProcessingContext()
  const [task, converters, chain] = await Promise.all([
    makeTask(spec, SinkTask, plugins),
    makeConverters(connector, worker, plugins, context),
    makeTransformationChain(connector, plugins, context, log),
  ])
  const deadLetterQueue = await makeDeadLetterQueue(parts, resources)
  const reporters = [...logReporters(config, id, log), ...(deadLetterQueue === null ? [] : [deadLetterQueue])]
  const operator = makeOperator(config, reporters, control, context)
  return new WorkerSinkTask({
    task,
    taskProps,
    topics: subscriptionOf(config),
    converters,
    chain,
    consumer: await kafka.consumer(consumerProps({ worker, connector }, id.connector, clientIds.consumer(id.connector, id.task)), log),
    operator,
    errantRecordReporter: reporters.length > 0 ? new WorkerErrantRecordReporter(operator, converters) : null,
    control,
    commitIntervalMs,
    commitTimeoutMs,
    log,
  })
}

/** With its topic, created when it is absent. Null: no topic is configured. */
async function makeDeadLetterQueue({ spec, kafka, log }: TaskParts, resources: OpenedResources): Promise<DeadLetterQueueReporter | null> {
  const { id, workerProps: worker, connectorProps: connector } = spec
  const config = sinkConnectorConfigDef.parse(connector)
  const topic = config['errors.deadletterqueue.topic.name']
  if (topic === '') return null
  const admin = await kafka.admin(adminProps({ worker, connector }, clientIds.dlqAdmin(id.connector, id.task)), log)
  try {
    await ensureDeadLetterTopic(admin, topic, config['errors.deadletterqueue.topic.replication.factor'])
  } finally {
    await admin.close()
  }
  const producer = await kafka.producer(producerProps({ worker, connector }, clientIds.dlqProducer(id.connector, id.task)), log)
  const contextHeaders = config['errors.deadletterqueue.context.headers.enable']
  return resources.add(new DeadLetterQueueReporter({ id, topic, contextHeaders }, producer))
}
