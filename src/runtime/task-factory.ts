import type { Logger } from '../api/logger.ts'
import { SinkTask } from '../api/sink.ts'
import { SourceTask } from '../api/source.ts'
import { ConfigException, ConnectException } from '../api/errors.ts'
import type { KafkaClients } from '../kafka/ports.ts'
import type { OffsetBackingStore } from '../offsets/offset-backing-store.ts'
import { StoreOffsetStorageReader } from '../offsets/offset-storage-reader.ts'
import { OffsetStorageWriter } from '../offsets/offset-storage-writer.ts'
import { adminProps, clientIds, consumerProps, producerProps } from './client-props.ts'
import { sinkConnectorConfigDef, sourceConnectorConfigDef } from './connector-config.ts'
import type { ConnectorTaskId } from './connector-task-id.ts'
import { DeadLetterQueueReporter, ensureDeadLetterTopic } from './errors/dead-letter-queue-reporter.ts'
import { LogReporter } from './errors/log-reporter.ts'
import { ProcessingContext } from './errors/processing-context.ts'
import { RetryWithToleranceOperator, type ErrorPolicy, type ErrorReporter } from './errors/retry-with-tolerance-operator.ts'
import { WorkerErrantRecordReporter } from './errors/worker-errant-record-reporter.ts'
import type { Plugins } from './plugins.ts'
import { SourceOffsetCommitter } from './source-offset-committer.ts'
import type { TaskControl } from './task-control.ts'
import type { TaskSpec } from './task-host.ts'
import { makeConverters, makeTransformationChain } from './task-plugins.ts'
import { topicCreationGroups, usesTopicCreation } from './topic-creation.ts'
import { TopicCreator } from './topic-creator.ts'
import { subscriptionOf } from './topic-subscription.ts'
import { workerConfigDef } from './worker-config.ts'
import { WorkerSinkTask } from './worker-sink-task.ts'
import { WorkerSourceTask } from './worker-source-task.ts'
import type { TaskLoop } from './worker-task.ts'

/** What tasks of one thread share. */
export interface TaskEnvironment {
  readonly plugins: Plugins
  readonly kafka: KafkaClients
  readonly offsetStore: OffsetBackingStore
}

/** The keys of connector configurations that the loops follow. */
interface ErrorKeys {
  readonly 'errors.retry.timeout': number
  readonly 'errors.retry.delay.max.ms': number
  readonly 'errors.tolerance': string
  readonly 'errors.log.enable': boolean
  readonly 'errors.log.include.messages': boolean
}

interface DeadLetterKeys {
  readonly 'errors.deadletterqueue.topic.name': string
  readonly 'errors.deadletterqueue.topic.replication.factor': number
  readonly 'errors.deadletterqueue.context.headers.enable': boolean
}

/**
 * Makes the loop of a task from plain data. Called by a task host when the task is about to run; whatever it throws fails the task.
 * @throws ConfigException, or KafkaError when a client cannot be made
 */
export async function makeTaskLoop(spec: TaskSpec, control: TaskControl, log: Logger, environment: TaskEnvironment): Promise<TaskLoop> {
  return spec.kind === 'source' ? makeSourceLoop(spec, control, log, environment) : makeSinkLoop(spec, control, log, environment)
}

async function makeSourceLoop(spec: TaskSpec, control: TaskControl, log: Logger, environment: TaskEnvironment): Promise<TaskLoop> {
  const { id, workerProps: worker, connectorProps: connector, taskProps } = spec
  const { plugins, kafka, offsetStore } = environment
  const context = new ProcessingContext()
  const config = sourceConnectorConfigDef.parse(connector)
  const operator = makeOperator(config, logReporters(config, id, log), control, context)
  const workerConfig = workerConfigDef.parse(worker)
  const { 'offset.flush.interval.ms': intervalMs, 'offset.flush.timeout.ms': flushTimeoutMs } = workerConfig
  const createsTopics = workerConfig['topic.creation.enable'] && usesTopicCreation(connector)
  const [task, converters, chain, producer, topicCreator] = await Promise.all([
    makeTask(spec, SourceTask, plugins),
    makeConverters(connector, worker, plugins, context),
    makeTransformationChain(connector, plugins, context),
    kafka.producer(producerProps({ worker, connector }, clientIds.producer(id.connector, id.task)), log),
    createsTopics ? makeTopicCreator(spec, kafka, log) : null,
  ])
  const writer = new OffsetStorageWriter(offsetStore, id.connector)
  return new WorkerSourceTask({
    task,
    taskProps,
    converters,
    chain,
    producer,
    offsetReader: new StoreOffsetStorageReader(offsetStore, id.connector, log),
    committer: new SourceOffsetCommitter({ writer, intervalMs, timeoutMs: flushTimeoutMs, log }),
    operator,
    topicCreator,
    control,
    flushTimeoutMs,
    log,
  })
}

async function makeSinkLoop(spec: TaskSpec, control: TaskControl, log: Logger, environment: TaskEnvironment): Promise<TaskLoop> {
  const { id, workerProps: worker, connectorProps: connector, taskProps } = spec
  const { plugins, kafka } = environment
  const config = sinkConnectorConfigDef.parse(connector)
  const context = new ProcessingContext()
  const reporters = [...logReporters(config, id, log), ...(await deadLetterQueue(config, spec, kafka, log))]
  const operator = makeOperator(config, reporters, control, context)
  const { 'offset.flush.interval.ms': commitIntervalMs, 'offset.flush.timeout.ms': commitTimeoutMs } = workerConfigDef.parse(worker)
  const [task, converters, chain, consumer] = await Promise.all([
    makeTask(spec, SinkTask, plugins),
    makeConverters(connector, worker, plugins, context),
    makeTransformationChain(connector, plugins, context),
    kafka.consumer(consumerProps({ worker, connector }, id.connector, clientIds.consumer(id.connector, id.task)), log),
  ])
  return new WorkerSinkTask({
    task,
    taskProps,
    topics: subscriptionOf(config),
    converters,
    chain,
    consumer,
    operator,
    errantRecordReporter: reporters.length > 0 ? new WorkerErrantRecordReporter(operator) : null,
    control,
    commitIntervalMs,
    commitTimeoutMs,
    log,
  })
}

async function makeTopicCreator(
  { id, workerProps: worker, connectorProps: connector }: TaskSpec,
  kafka: KafkaClients,
  log: Logger,
): Promise<TopicCreator> {
  const admin = await kafka.admin(adminProps({ worker, connector }, clientIds.admin(id.connector, id.task)), log)
  return new TopicCreator(admin, topicCreationGroups(connector), log)
}

function makeOperator(
  config: ErrorKeys,
  reporters: readonly ErrorReporter[],
  { signal }: TaskControl,
  context: ProcessingContext,
): RetryWithToleranceOperator {
  const policy: ErrorPolicy = {
    retryTimeoutMs: config['errors.retry.timeout'],
    retryDelayMaxMs: config['errors.retry.delay.max.ms'],
    tolerance: config['errors.tolerance'] === 'all' ? 'all' : 'none',
  }
  return new RetryWithToleranceOperator({ context, policy, reporters, signal })
}

function logReporters(config: ErrorKeys, id: ConnectorTaskId, log: Logger): readonly ErrorReporter[] {
  return config['errors.log.enable'] ? [new LogReporter(id, log, config['errors.log.include.messages'])] : []
}

/** The dead letter queue of a sink task, its topic created when it is absent; none when no topic is configured. */
async function deadLetterQueue(
  config: DeadLetterKeys,
  spec: TaskSpec,
  kafka: KafkaClients,
  log: Logger,
): Promise<readonly ErrorReporter[]> {
  const topic = config['errors.deadletterqueue.topic.name'].trim()
  if (topic === '') return []
  const { id, workerProps: worker, connectorProps: connector } = spec
  const admin = await kafka.admin(adminProps({ worker, connector }, clientIds.dlqAdmin(id.connector, id.task)), log)
  try {
    await ensureDeadLetterTopic(admin, topic, config['errors.deadletterqueue.topic.replication.factor'])
  } finally {
    await admin.close()
  }
  const producer = await kafka.producer(producerProps({ worker, connector }, clientIds.dlqProducer(id.connector, id.task)), log)
  const contextHeaders = config['errors.deadletterqueue.context.headers.enable']
  return [new DeadLetterQueueReporter({ id, topic, contextHeaders }, producer)]
}

/** The connector's task, not started. */
async function makeTask<T>({ kind, connectorClass }: TaskSpec, type: abstract new () => T, plugins: Plugins): Promise<T> {
  const ConnectorClass = await plugins.load(kind, connectorClass)
  if (ConnectorClass === null) throw new ConfigException(`Class ${connectorClass} of kind ${kind} is not known to this worker`)
  const { taskClass: TaskClass } = new ConnectorClass()
  const task: unknown = new TaskClass()
  if (!(task instanceof type)) {
    throw new ConnectException(`${TaskClass.name}, the task class of ${connectorClass}, does not extend ${type.name} of standpipe/api`)
  }
  return task
}
