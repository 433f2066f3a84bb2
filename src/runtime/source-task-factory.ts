import { SourceTask } from '../api/source.ts'
import { StoreOffsetStorageReader } from '../offsets/offset-storage-reader.ts'
import { OffsetStorageWriter } from '../offsets/offset-storage-writer.ts'
import { adminProps, clientIds, producerProps } from './client-props.ts'
import { sourceRuntimeConfigDef } from './connector-config.ts'
import { openErrorHandling } from './errors/error-handling.ts'
import { ProcessingContext } from './errors/processing-context.ts'
import { Outage } from './outage.ts'
import { SourceOffsetCommitter } from './source-offset-committer.ts'
import type { OpenedResources, TaskParts } from './task-environment.ts'
import { makeConverters, makeTask, makeTransformationChain } from './task-plugins.ts'
import { topicCreationGroups, usesTopicCreation } from './topic-creation.ts'
import { TopicCreator } from './topic-creator.ts'
import { workerConfigDef } from './worker-config.ts'
import { WorkerSourceTask } from './worker-source-task.ts'

/** @param resources closes what was opened when a later step fails */
export async function makeSourceLoop(parts: TaskParts, resources: OpenedResources): Promise<WorkerSourceTask> {
  const { spec, control, log, plugins, kafka, offsetStore } = parts
  const { id, workerProps: worker, connectorProps: connector, taskProps } = spec
  const workerConfig = workerConfigDef.parse(worker)
  const { 'offset.flush.interval.ms': intervalMs, 'offset.flush.timeout.ms': timeoutMs } = workerConfig
  const config = sourceRuntimeConfigDef.parse(connector)
  const context = new ProcessingContext()
  const [task, converters, chain] = await Promise.all([
    makeTask(spec, SourceTask, plugins),
    makeConverters(connector, worker, plugins, context),
    makeTransformationChain(connector, plugins, context, log),
  ])
  const producer = resources.add(await kafka.producer(producerProps({ worker, connector }, clientIds.producer(id.connector, id.task)), log))
  const { operator } = await openErrorHandling(parts, config, context, resources)
  const createsTopics = workerConfig['topic.creation.enable'] && usesTopicCreation(connector)
  const writer = new OffsetStorageWriter(offsetStore, id.connector)
  return new WorkerSourceTask({
    task,
    taskProps,
    converters,
    chain,
    producer,
    offsetReader: new StoreOffsetStorageReader(offsetStore, id.connector, log),
    committer: new SourceOffsetCommitter({ writer, intervalMs, timeoutMs, log, metrics: control.metrics, outage: new Outage(parts) }),
    operator,
    topicCreator: createsTopics ? resources.add(await makeTopicCreator(parts)) : null,
    control,
    flushTimeoutMs: timeoutMs,
    log,
  })
}

async function makeTopicCreator({ spec, kafka, log }: TaskParts): Promise<TopicCreator> {
  const { id, workerProps: worker, connectorProps: connector } = spec
  const groups = topicCreationGroups(connector)
  const admin = await kafka.admin(adminProps({ worker, connector }, clientIds.admin(id.connector, id.task)), log)
  return new TopicCreator(admin, groups, log)
}
