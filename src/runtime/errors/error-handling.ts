import type { ParsedConfig } from '../../api/config/config-def.ts'
import { KafkaError } from '../../kafka/errors.ts'
import { adminProps, clientIds, producerProps } from '../client-props.ts'
import type { sinkRuntimeConfigDef, sourceRuntimeConfigDef } from '../connector-config.ts'
import { Outage } from '../outage.ts'
import type { OpenedResources, TaskParts } from '../task-environment.ts'
import { throughOutage } from '../through-outage.ts'
import { DeadLetterFile } from './dead-letter-file.ts'
import { DeadLetterFileReporter } from './dead-letter-file-reporter.ts'
import { DeadLetterQueueReporter, ensureDeadLetterTopic } from './dead-letter-queue-reporter.ts'
import { ErrorMetrics } from './error-metrics.ts'
import { LogReporter } from './log-reporter.ts'
import type { ProcessingContext } from './processing-context.ts'
import { RetryWithToleranceOperator, type ErrorReporter } from './retry-with-tolerance-operator.ts'
import { ToleranceBudget } from './tolerance-budget.ts'

/** A connector's configuration; its `errors.*` keys are those of sources and sinks alike. */
type ConnectorValues = ParsedConfig<(typeof sinkRuntimeConfigDef | typeof sourceRuntimeConfigDef)['declarations']>

/** What happens with a task's failed records, by its `errors.*` keys. */
export interface ErrorHandling {
  readonly operator: RetryWithToleranceOperator
  /** False: neither an error log nor a dead letter queue is configured. */
  readonly hasReporters: boolean
}

/** @param resources closes the reporters when a later step fails; else the operator does @throws ConnectException when a dead letter queue cannot be used */
export async function openErrorHandling(
  parts: TaskParts,
  config: ConnectorValues,
  context: ProcessingContext,
  resources: OpenedResources,
): Promise<ErrorHandling> {
  const { control } = parts
  const reporters = await openReporters(parts, config, resources)
  const operator = new RetryWithToleranceOperator({
    context,
    policy: {
      retryTimeoutMs: config['errors.retry.timeout'],
      retryDelayMaxMs: config['errors.retry.delay.max.ms'],
      tolerance: config['errors.tolerance'] === 'all' ? 'all' : 'none',
    },
    budget: new ToleranceBudget({
      maxCount: config['errors.tolerance.max.count'],
      maxRatio: config['errors.tolerance.max.ratio'],
      window: config['errors.tolerance.ratio.window'],
    }),
    reporters,
    signal: control.signal,
    metrics: control.metrics,
    outage: new Outage(parts),
  })
  return { operator, hasReporters: reporters.length > 0 }
}

async function openReporters(parts: TaskParts, config: ConnectorValues, resources: OpenedResources): Promise<ErrorReporter[]> {
  const { spec, log, control } = parts
  const metrics = new ErrorMetrics(control.metrics)
  const topic = config['errors.deadletterqueue.topic.name'].trim()
  const path = config['errors.deadletterqueue.file'].trim()
  const reporters: ErrorReporter[] = []
  if (config['errors.log.enable'])
    reporters.push(new LogReporter({ id: spec.id, log, includeMessages: config['errors.log.include.messages'], metrics }))
  if (topic !== '') reporters.push(resources.add(await openTopic(parts, topic, config, metrics)))
  if (path !== '') reporters.push(resources.add(await openFile(parts, path, metrics)))
  return reporters
}

/** The topic is created when it is absent. */
async function openTopic(
  parts: TaskParts,
  topic: string,
  config: ConnectorValues,
  metrics: ErrorMetrics,
): Promise<DeadLetterQueueReporter> {
  const { spec, kafka, log, control } = parts
  const { id, workerProps: worker, connectorProps: connector } = spec
  const { signal } = control
  const outage = new Outage(parts)
  const admin = await kafka.admin(adminProps({ worker, connector }, clientIds.dlqAdmin(id.connector, id.task)), log)
  try {
    const doing = `Looking for the dead letter queue topic ${topic}`
    await throughOutage({ outage, signal, doing, isOutage: isNoAnswer }, () =>
      ensureDeadLetterTopic(admin, topic, config['errors.deadletterqueue.topic.replication.factor']),
    )
  } finally {
    await admin.close()
  }
  const producer = await kafka.producer(producerProps({ worker, connector }, clientIds.dlqProducer(id.connector, id.task)), log)
  const contextHeaders = config['errors.deadletterqueue.context.headers.enable']
  return new DeadLetterQueueReporter({ id, topic, contextHeaders, producer, metrics, outage, signal })
}

async function openFile(parts: TaskParts, path: string, metrics: ErrorMetrics): Promise<DeadLetterFileReporter> {
  const file = new DeadLetterFile({ path, metrics, outage: new Outage(parts), signal: parts.control.signal })
  await file.open()
  return new DeadLetterFileReporter(parts.spec.id, file, metrics)
}

/** Without the right to create its queue a task fails at its start, as in Connect. */
function isNoAnswer(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof KafkaError && error.cause.retriable
}
