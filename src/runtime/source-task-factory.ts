import { SourceTask } from '../api/source.ts'
import { StoreOffsetStorageReader } from '../offsets/offset-storage-reader.ts'
import { OffsetStorageWriter } from '../offsets/offset-storage-writer.ts'
import { TransactionOffsets } from '../offsets/transaction-offsets.ts'
import { producerConfigDef } from '../kafka/config/producer-keys.ts'
import { adminProps, clientIds, producerProps, transactionalProducerProps } from './client-props.ts'
import { sourceRuntimeConfigDef, type SourceRuntimeConfig } from './connector-config.ts'
import { openErrorHandling } from './errors/error-handling.ts'
import { ProcessingContext } from './errors/processing-context.ts'
import { Outage } from './outage.ts'
import { SourceOffsetCommitter } from './source-offset-committer.ts'
import { SourceTransaction } from './source-transaction.ts'
import type { OpenedResources, TaskParts } from './task-environment.ts'
import { makeConverters, makeTask, makeTransformationChain } from './task-plugins.ts'
import { topicCreationGroups, usesTopicCreation } from './topic-creation.ts'
import { TopicCreator } from './topic-creator.ts'
import { ConnectorBoundary, IntervalBoundary, pollBoundary, type TransactionBoundary } from './transaction-boundary.ts'
import { TransactionalCommitter } from './transactional-committer.ts'
import { isExactlyOnce, transactionalOffsetTopic, workerConfigDef, type WorkerValues } from './worker-config.ts'
import { WorkerSourceTask, type WorkerSourceTaskParts } from './worker-source-task.ts'

/** @param resources closes what was opened when a later step fails */
export async function makeSourceLoop(parts: TaskParts, resources: OpenedResources): Promise<WorkerSourceTask> {
  const { spec, control, log, plugins, offsetStore } = parts
  const { id, workerProps: worker, connectorProps: connector, taskProps } = spec
  const workerConfig = workerConfigDef.parse(worker)
  const config = sourceRuntimeConfigDef.parse(connector)
  const context = new ProcessingContext()
  const [task, converters, chain] = await Promise.all([
    makeTask(spec, SourceTask, plugins),
    makeConverters(connector, worker, plugins, context),
    makeTransformationChain(connector, plugins, context, log),
  ])
  const { operator } = await openErrorHandling(parts, config, context, resources)
  const createsTopics = workerConfig['topic.creation.enable'] && usesTopicCreation(connector)
  const { producer, committer } = isExactlyOnce(workerConfig)
    ? await transactional(parts, workerConfig, config, resources)
    : await atLeastOnce(parts, workerConfig, resources)
  return new WorkerSourceTask({
    task,
    taskProps,
    converters,
    chain,
    producer,
    offsetReader: new StoreOffsetStorageReader(offsetStore, id.connector, log),
    committer,
    operator,
    topicCreator: createsTopics ? resources.add(await makeTopicCreator(parts)) : null,
    control,
    flushTimeoutMs: workerConfig['offset.flush.timeout.ms'],
    log,
  })
}

type Sending = Pick<WorkerSourceTaskParts, 'producer' | 'committer'>

/** Records first, and beside them the offsets of those that Kafka has. */
async function atLeastOnce(parts: TaskParts, workerConfig: WorkerValues, resources: OpenedResources): Promise<Sending> {
  const { spec, control, kafka, offsetStore, log } = parts
  const { id, workerProps: worker, connectorProps: connector } = spec
  const { 'offset.flush.interval.ms': intervalMs, 'offset.flush.timeout.ms': timeoutMs } = workerConfig
  const props = producerProps({ worker, connector }, clientIds.producer(id.connector, id.task))
  const producer = resources.add(await kafka.producer(props, log))
  const writer = new OffsetStorageWriter(offsetStore, id.connector)
  const { metrics } = control
  return { producer, committer: new SourceOffsetCommitter({ writer, intervalMs, timeoutMs, log, metrics, outage: new Outage(parts) }) }
}

/** Records and their offsets in transactions. */
async function transactional(
  parts: TaskParts,
  workerConfig: WorkerValues,
  config: SourceRuntimeConfig,
  resources: OpenedResources,
): Promise<Sending> {
  const { spec, control, kafka, log } = parts
  const { id, workerProps: worker, connectorProps: connector } = spec
  const props = transactionalProducerProps({ worker, connector }, id, clientIds.producer(id.connector, id.task))
  const producer = resources.add(await kafka.producer(props, log))
  const timeoutMs = producerConfigDef.parse(props)['transaction.timeout.ms']
  const transaction = new SourceTransaction({ producer, id: props['transactional.id'], timeoutMs })
  const offsets = new TransactionOffsets(transaction, transactionalOffsetTopic(workerConfig))
  const writer = new OffsetStorageWriter(offsets, id.connector)
  const boundary = transactionBoundary(config, workerConfig['offset.flush.interval.ms'])
  const { metrics } = control
  return {
    producer: transaction,
    committer: new TransactionalCommitter({ transaction, writer, boundary, metrics, outage: new Outage(parts), log }),
  }
}

function transactionBoundary(config: SourceRuntimeConfig, defaultIntervalMs: number): TransactionBoundary {
  switch (config['transaction.boundary'].toLowerCase()) {
    case 'interval':
      return new IntervalBoundary(config['transaction.boundary.interval.ms'] ?? defaultIntervalMs)
    case 'connector':
      return new ConnectorBoundary()
    default:
      return pollBoundary
  }
}

async function makeTopicCreator({ spec, kafka, log }: TaskParts): Promise<TopicCreator> {
  const { id, workerProps: worker, connectorProps: connector } = spec
  const groups = topicCreationGroups(connector)
  const admin = await kafka.admin(adminProps({ worker, connector }, clientIds.admin(id.connector, id.task)), log)
  return new TopicCreator(admin, groups, log)
}
