import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'
import { CountedBytes } from '../../../support/fakes/counted-bytes.ts'
import type { ScriptedCluster } from '../../../support/scripted-broker/scripted-cluster.ts'
import { append, numbers, openConsumer, partitionsOf, pollRecords, startCluster, valuesOf } from './open-consumer.ts'

const BATCH_BYTES = 10_100
const BATCHES = 30

/** Partitions of so many batches of one record of 10 kB; values begin with partition and number. */
async function clusterOf(nodes: number, partitions: number): Promise<ScriptedCluster> {
  const cluster = await startCluster({ nodes, topics: { t: partitions } })
  for (const partition of numbers(0, partitions)) {
    for (const number of numbers(0, BATCHES)) append(cluster, 't', partition, [`${partition} ${number} `.padEnd(10_000, '.')])
  }
  return cluster
}

const open = (cluster: ScriptedCluster, bytes: CountedBytes, props: Record<string, string> = {}) =>
  openConsumer(cluster, { 'max.poll.records': '1', ...props }, new CollectingLogger(), bytes)

/** Until the consumer has asked for nothing more for a while. */
async function quiet(cluster: ScriptedCluster): Promise<void> {
  for (let seen = -1; seen !== cluster.requestsOf('Fetch').length; await delay(100)) seen = cluster.requestsOf('Fetch').length
}

describe('a consumer with a share of memory', () => {
  it.each([
    [1, 1],
    [1, 8],
    [3, 12],
  ])('holds no more than that and a batch a broker while nobody polls, from %i brokers and %i partitions', async (nodes, partitions) => {
    const cluster = await clusterOf(nodes, partitions)
    const bytes = new CountedBytes(5 * BATCH_BYTES)
    const consumer = await open(cluster, bytes)
    consumer.assign(partitionsOf('t', partitions))
    await pollRecords(consumer, 1)
    await quiet(cluster)
    expect(bytes.held).toBeGreaterThan(2 * BATCH_BYTES)
    expect(bytes.most).toBeLessThanOrEqual((5 + nodes) * BATCH_BYTES)
  })

  it('holds what is being worked on and one batch when its share is smaller than a batch', async () => {
    const cluster = await clusterOf(1, 4)
    const bytes = new CountedBytes(1)
    const consumer = await open(cluster, bytes)
    consumer.assign(partitionsOf('t', 4))
    await pollRecords(consumer, 1)
    await quiet(cluster)
    expect(Math.round(bytes.held / BATCH_BYTES)).toBe(2)
  })

  it('would hold far more without one', async () => {
    const cluster = await clusterOf(3, 12)
    const bytes = new CountedBytes(Infinity)
    const consumer = await open(cluster, bytes)
    consumer.assign(partitionsOf('t', 12))
    await pollRecords(consumer, 1)
    while (bytes.held <= 50 * BATCH_BYTES) await delay(5)
  })

  it.each([5 * BATCH_BYTES, 1])('of %i bytes reads everything in order, and holds nothing in the end', async (limit) => {
    const cluster = await clusterOf(2, 4)
    const bytes = new CountedBytes(limit)
    const consumer = await open(cluster, bytes, { 'max.poll.records': '3' })
    consumer.assign(partitionsOf('t', 4))
    const values = valuesOf(await pollRecords(consumer, 4 * BATCHES)).map((value) => value.split(' ').map(Number))
    for (const partition of numbers(0, 4)) {
      expect(values.filter(([of]) => of === partition).map(([, number]) => number)).toEqual(numbers(0, BATCHES))
    }
    await consumer.poll(0)
    expect(bytes.held).toBe(0)
    expect(bytes.most).toBeLessThanOrEqual(limit + 2 * BATCH_BYTES)
  })

  it('reads the other partitions while paused ones hold all of it', async () => {
    const cluster = await clusterOf(1, 2)
    const bytes = new CountedBytes(BATCH_BYTES)
    const consumer = await open(cluster, bytes)
    consumer.assign(partitionsOf('t', 1))
    await pollRecords(consumer, 1)
    await quiet(cluster)
    consumer.pause(partitionsOf('t', 1))
    consumer.assign(partitionsOf('t', 2))
    const values = valuesOf(await pollRecords(consumer, BATCHES))
    expect(values.every((value) => value.startsWith('1 '))).toBe(true)
  })

  it('gives back what a seek or a revoked partition makes useless', async () => {
    const cluster = await clusterOf(1, 1)
    const bytes = new CountedBytes(5 * BATCH_BYTES)
    const consumer = await open(cluster, bytes)
    consumer.assign(partitionsOf('t', 1))
    await pollRecords(consumer, 1)
    await quiet(cluster)
    consumer.seek({ topic: 't', partition: 0 }, 3)
    await quiet(cluster)
    expect(valuesOf(await pollRecords(consumer, 1))[0]).toMatch(/^0 3 /)
    consumer.assign([])
    await consumer.poll(0)
    expect(bytes.held).toBe(0)
  })

  it('fetches more as soon as its share grows', async () => {
    const cluster = await clusterOf(1, 8)
    const bytes = new CountedBytes(1)
    const consumer = await open(cluster, bytes)
    consumer.assign(partitionsOf('t', 8))
    await pollRecords(consumer, 20)
    expect(bytes.most).toBeLessThanOrEqual(2 * BATCH_BYTES)
    bytes.limit = 100 * BATCH_BYTES
    await pollRecords(consumer, 20)
    expect(bytes.most).toBeGreaterThan(20 * BATCH_BYTES)
  })
})
