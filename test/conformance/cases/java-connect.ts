import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startConnectJava, type ConnectJava } from '../../support/services/connect-java.ts'
import { propertiesFile, scratchDir } from '../../support/worker-process.ts'
import { LATEST, listOffset, newName, newTopic, valuesFrom } from '../raw-requests.ts'
import type { Stage } from '../target.ts'

const PATIENCE = { timeout: 60_000 }
const COMMITTED = { isolationLevel: 1 }

const converters = {
  'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'offset.flush.interval.ms': '300',
}

export function javaConnectCases(stage: Stage): void {
  describe('Java Kafka Connect, standalone', () => {
    it('runs a file source and a file sink, and commits what was written', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const dir = await scratchDir()
      const [input, output] = [join(dir, 'in.txt'), join(dir, 'out.txt')]
      const lines = Array.from({ length: 1000 }, (_, index) => `line ${index}\n`)
      await writeFile(input, lines.join(''))
      const name = newName('sink')
      const worker = await propertiesFile(dir, 'worker.properties', {
        'bootstrap.servers': stage.address,
        'offset.storage.file.filename': join(dir, 'offsets'),
        ...converters,
      })
      const connectors = [
        await propertiesFile(dir, 'source.properties', {
          name: newName('source'),
          'connector.class': 'FileStreamSource',
          file: input,
          topic,
        }),
        await propertiesFile(dir, 'sink.properties', { name, 'connector.class': 'FileStreamSink', file: output, topics: topic }),
      ]
      await using connect = await startConnectJava({ worker, connectors })
      const arrived = () => readFile(output, 'utf8').catch(() => '') // not made yet
      await expect.poll(arrived, PATIENCE).toBe(lines.join(''))
      await appendFile(input, 'one more\n')
      await expect.poll(arrived, PATIENCE).toBe(`${lines.join('')}one more\n`)
      const committed = async () => {
        const answer = await raw.send('OffsetFetch', 7, { groupId: `connect-${name}`, topics: [{ name: topic, partitionIndexes: [0] }] })
        return answer.topics[0]!.partitions[0]!.committedOffset
      }
      await expect.poll(committed, PATIENCE).toBe(1001)
      expect(await statusOf(connect, name)).toEqual(['RUNNING', 'RUNNING'])
    })
  })
}

/** A cluster of one worker. It keeps connectors, offsets and states in three compacted topics, and its source writes in transactions. */
export function javaConnectDistributedCases(stage: Stage): void {
  describe('Java Kafka Connect, distributed', () => {
    it('runs a source exactly once, keeps its offsets in a topic, and is told everything by REST', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const dir = await scratchDir()
      const input = join(dir, 'in.txt')
      await writeFile(input, 'a\nb\nc\n')
      const cluster = newName('cluster')
      const [configs, offsets, statuses] = ['configs', 'offsets', 'status'].map((kind) => `${cluster}-${kind}`) as [string, string, string]
      const worker = await propertiesFile(dir, 'worker.properties', {
        'bootstrap.servers': stage.address,
        'group.id': cluster,
        'config.storage.topic': configs,
        'offset.storage.topic': offsets,
        'status.storage.topic': statuses,
        'config.storage.replication.factor': '1',
        'offset.storage.replication.factor': '1',
        'status.storage.replication.factor': '1',
        'offset.storage.partitions': '3',
        'exactly.once.source.support': 'enabled',
        'scheduled.rebalance.max.delay.ms': '0',
        ...converters,
      })
      const connect = await startConnectJava({ worker, connectors: [], isDistributed: true })
      onTestFinished(() => connect.stop())
      const name = newName('source')
      const config = { 'connector.class': 'FileStreamSource', file: input, topic, 'tasks.max': '1', 'exactly.once.support': 'required' }
      await expect.poll(async () => (await rest(connect, 'POST', '/connectors', { name, config })).status, PATIENCE).toBe(201)
      await expect.poll(() => statusOf(connect, name), PATIENCE).toEqual(['RUNNING', 'RUNNING'])
      await expect.poll(() => valuesFrom(raw, topic, 0, COMMITTED), PATIENCE).toEqual(['a', 'b', 'c'])
      await appendFile(input, 'd\n')
      await expect.poll(() => valuesFrom(raw, topic, 0, COMMITTED), PATIENCE).toEqual(['a', 'b', 'c', 'd'])
      expect(await listOffset(raw, topic, LATEST)).toMatchObject({ offset: expect.toSatisfy((offset: number) => offset > 4) as number }) // markers

      for (const internal of [configs, offsets, statuses]) {
        const resources = [{ resourceType: 2, resourceName: internal, configurationKeys: ['cleanup.policy'] }]
        const { results } = await raw.send('DescribeConfigs', 4, { resources })
        expect(results[0]!.configs).toMatchObject([{ value: 'compact' }])
      }
      const { groups } = await raw.send('DescribeGroups', 5, { groups: [cluster] })
      expect(groups).toMatchObject([{ groupState: 'Stable', protocolType: 'connect' }])
      const { transactionStates } = await raw.send('ListTransactions', 0, { stateFilters: [], producerIdFilters: [] })
      expect(transactionStates.map(({ transactionalId }) => transactionalId)).toContain(`${cluster}-${name}-0`)

      expect((await rest(connect, 'PUT', `/connectors/${name}/stop`)).status).toBe(204)
      await expect.poll(() => statusOf(connect, name), PATIENCE).toEqual(['STOPPED'])
      const kept = (await rest(connect, 'GET', `/connectors/${name}/offsets`)).body
      expect(kept).toEqual({ offsets: [{ partition: { filename: input }, offset: { position: 8 } }] })
      await appendFile(input, 'e\n')
      expect((await rest(connect, 'PUT', `/connectors/${name}/resume`)).status).toBe(202)
      await expect.poll(() => valuesFrom(raw, topic, 0, COMMITTED), PATIENCE).toEqual(['a', 'b', 'c', 'd', 'e'])
      expect((await rest(connect, 'DELETE', `/connectors/${name}`)).status).toBe(204)
      await expect.poll(async () => (await rest(connect, 'GET', '/connectors')).body, PATIENCE).toEqual([])
    })
  })
}

async function rest(connect: ConnectJava, method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  const response = await fetch(connect.url + path, { method, ...content })
  const text = await response.text()
  return { status: response.status, body: text === '' ? null : JSON.parse(text) }
}

interface Status {
  readonly connector?: { readonly state: string }
  readonly tasks?: readonly { readonly state: string }[]
}

/** States of a connector and its tasks. */
async function statusOf(connect: ConnectJava, name: string): Promise<string[]> {
  const { connector, tasks = [] } = (await rest(connect, 'GET', `/connectors/${name}/status`)).body as Status
  return [connector, ...tasks].map((part) => part?.state ?? 'none')
}
