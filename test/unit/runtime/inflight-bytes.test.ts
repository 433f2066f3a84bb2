import { describe, expect, it } from 'vitest'
import type { InflightBytes, KafkaClients } from '../../../src/kafka/ports.ts'
import { taskMetricIndex, TaskMetrics } from '../../../src/metrics/task-metrics.ts'
import { clientsWithinInflightBytes } from '../../../src/runtime/clients-within-inflight-bytes.ts'
import { inflightLimit } from '../../../src/runtime/inflight-bytes.ts'
import { CollectingLogger } from '../../support/fakes/collecting-logger.ts'
import { MemoryConsumer } from '../../support/fakes/memory-consumer.ts'
import { MemoryProducer } from '../../support/fakes/memory-producer.ts'

const MB = 1024 * 1024

describe('worker.max.inflight.bytes', () => {
  it.each([
    [7 * MB, 512 * MB, 7 * MB, 'worker.max.inflight.bytes=7340032'],
    [null, 256 * MB, 64 * MB, '25 % of the container’s memory limit of 256 MB; worker.max.inflight.bytes changes it'],
    [null, 0, 128 * MB, 'the most without worker.max.inflight.bytes, as 25 % of this machine’s memory of 8192 MB is more'],
    [null, 2 ** 64, 128 * MB, 'the most without worker.max.inflight.bytes, as 25 % of this machine’s memory of 8192 MB is more'],
    [null, 1024 * MB, 128 * MB, 'the most without worker.max.inflight.bytes, as 25 % of the container’s memory limit of 1024 MB is more'],
  ])('%s with a container of %i bytes on 8 GB is %i', (configured, constrainedBytes, bytes, because) => {
    expect(inflightLimit(configured, { constrainedBytes, totalBytes: 8192 * MB })).toEqual({ bytes, because })
  })
})

describe('the clients of a task', () => {
  function clientsOf(share: number) {
    const metrics = new TaskMetrics()
    metrics.set(taskMetricIndex('inflight-bytes-limit'), share)
    const given: InflightBytes[] = []
    const keep = <C>(client: C, inflight: InflightBytes | undefined): Promise<C> => {
      given.push(inflight!)
      return Promise.resolve(client)
    }
    const kafka: KafkaClients = {
      producer: (_props, _log, inflight) => keep(new MemoryProducer(), inflight),
      consumer: (_props, _log, inflight) => keep(new MemoryConsumer(), inflight),
      admin: () => Promise.reject(new Error('no admin client here')),
    }
    return { metrics, given, clients: clientsWithinInflightBytes(kafka, metrics), log: new CollectingLogger() }
  }

  it('divide its share, follow its changes and count what they hold', async () => {
    const { metrics, given, clients, log } = clientsOf(4 * MB)
    await clients.consumer({}, log)
    expect(given.map(({ limit }) => limit)).toEqual([4 * MB])
    await clients.producer({}, log)
    expect(given.map(({ limit }) => limit)).toEqual([2 * MB, 2 * MB])
    metrics.set(taskMetricIndex('inflight-bytes-limit'), 2 * MB)
    expect(given.map(({ limit }) => limit)).toEqual([MB, MB])
    given[0]!.add(1000)
    given[1]!.add(500)
    given[0]!.add(-1000)
    expect(metrics.get('inflight-bytes')).toBe(500)
    expect(log.lines).toEqual([])
  })

  it('are not bounded when nobody gave the task a share', async () => {
    const { given, clients, log } = clientsOf(0)
    await clients.consumer({ 'fetch.max.bytes': '99999999999' }, log)
    expect(given[0]!.limit).toBe(Infinity)
    expect(log.lines).toEqual([])
  })

  it('tell a user who wants more that the share counts', async () => {
    const { clients, log } = clientsOf(MB)
    await clients.producer({ 'buffer.memory': '67108864' }, log)
    await clients.consumer({ 'fetch.max.bytes': '524288' }, log)
    expect(log.lines).toEqual([
      'WARN buffer.memory=67108864 is more than the 1048576 bytes that are now this task’s share of worker.max.inflight.bytes, which counts',
    ])
  })
})
