import { onTestFinished } from 'vitest'
import { createKafkaClients } from '../../../../src/kafka/kafka-clients.ts'
import type { Consumer, InflightBytes, PartitionRecords, RebalanceListener, TopicPartition } from '../../../../src/kafka/ports.ts'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'
import { ScriptedCluster, type ScriptedClusterOptions } from '../../../support/scripted-broker/scripted-cluster.ts'

/** A scripted cluster that ends with the test. */
export async function startCluster(options: ScriptedClusterOptions = {}): Promise<ScriptedCluster> {
  const cluster = await ScriptedCluster.start(options)
  onTestFinished(() => cluster[Symbol.asyncDispose]())
  return cluster
}

const QUICK = {
  'auto.offset.reset': 'earliest',
  'enable.auto.commit': 'false',
  'fetch.max.wait.ms': '50',
  'heartbeat.interval.ms': '50',
  'retry.backoff.ms': '10',
  'retry.backoff.max.ms': '50',
}

/** A consumer with short intervals that is closed with the test. */
export async function openConsumer(
  cluster: ScriptedCluster,
  props: Record<string, string> = {},
  log = new CollectingLogger(),
  inflight?: InflightBytes,
): Promise<Consumer> {
  const consumer = await createKafkaClients().consumer({ 'bootstrap.servers': cluster.bootstrapServers, ...QUICK, ...props }, log, inflight)
  onTestFinished(() => consumer.close(1000).catch(() => undefined))
  return consumer
}

export function partitionsOf(topic: string, count: number): TopicPartition[] {
  return Array.from({ length: count }, (_, partition) => ({ topic, partition }))
}

/** Appends records with these values, one batch. */
export function append(cluster: ScriptedCluster, topic: string, partition: number, values: readonly (string | number)[]): void {
  cluster.append(
    topic,
    partition,
    values.map((value) => ({ value: String(value) })),
  )
}

export function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}

/** `topic-partition@offset=value` of each record. */
export function textOf(batches: readonly PartitionRecords[]): string[] {
  return batches.flatMap(({ records }) =>
    records.map(({ topic, partition, offset, value }) => `${topic}-${partition}@${offset}=${value?.toString() ?? 'null'}`),
  )
}

export function valuesOf(batches: readonly PartitionRecords[]): string[] {
  return batches.flatMap(({ records }) => records.map(({ value }) => value?.toString() ?? 'null'))
}

/** Polls until so many records came. */
export async function pollRecords(consumer: Consumer, count: number, timeoutMs = 10_000): Promise<PartitionRecords[]> {
  const batches: PartitionRecords[] = []
  const deadline = Date.now() + timeoutMs
  let seen = 0
  while (seen < count) {
    if (Date.now() > deadline) throw new Error(`${seen} of ${count} records came within ${timeoutMs} ms`)
    for (const batch of await consumer.poll(100)) {
      batches.push(batch)
      seen += batch.records.length
    }
  }
  return batches
}

/** Polls until a condition holds. */
export async function pollUntil(consumer: Consumer, condition: () => boolean, timeoutMs = 10_000): Promise<PartitionRecords[]> {
  const batches: PartitionRecords[] = []
  const deadline = Date.now() + timeoutMs
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`Not so within ${timeoutMs} ms: ${condition.toString()}`)
    batches.push(...(await consumer.poll(20)))
  }
  return batches
}

/** Writes down what it is called with: `revoked t-0,t-1`. */
export class RecordingListener implements RebalanceListener {
  readonly calls: string[] = []
  /** Replaced by tests that want to do something in a callback. */
  onCall: (call: string, partitions: readonly TopicPartition[]) => Promise<void> = () => Promise.resolve()

  onPartitionsRevoked(partitions: readonly TopicPartition[]): Promise<void> {
    return this.#called('revoked', partitions)
  }

  onPartitionsAssigned(partitions: readonly TopicPartition[]): Promise<void> {
    return this.#called('assigned', partitions)
  }

  onPartitionsLost(partitions: readonly TopicPartition[]): Promise<void> {
    return this.#called('lost', partitions)
  }

  async #called(what: string, partitions: readonly TopicPartition[]): Promise<void> {
    this.calls.push(`${what} ${partitions.map(({ topic, partition }) => `${topic}-${partition}`).join(',')}`.trim())
    await this.onCall(what, partitions)
  }
}
