import { expect, onTestFinished, test } from 'vitest'
import { KafkaAdmin } from '../../../../src/kafka/admin/admin.ts'
import type { KafkaError } from '../../../../src/kafka/errors.ts'
import { openMetadata, openTransport, RecordedLog } from '../../../support/scripted-broker/clients.ts'
import { ScriptedCluster } from '../../../support/scripted-broker/scripted-cluster.ts'

function openAdmin(cluster: ScriptedCluster, apiTimeoutMs = 10_000): KafkaAdmin {
  const transport = openTransport(cluster.bootstrapServers)
  const config = { 'default.api.timeout.ms': apiTimeoutMs, 'retry.backoff.ms': 10, 'retry.backoff.max.ms': 50 }
  const admin = new KafkaAdmin({ config, transport, metadata: openMetadata(transport), log: new RecordedLog() })
  onTestFinished(() => admin.close())
  return admin
}

async function rejection(promise: Promise<unknown>): Promise<KafkaError> {
  return promise.then(
    () => expect.unreachable('it resolved'),
    (error: unknown) => error as KafkaError,
  )
}

const topic = { partitions: 2, replicationFactor: 1 }

test('K42: a controller that moved is found again', async () => {
  await using cluster = await ScriptedCluster.start({ nodes: 2 })
  const admin = openAdmin(cluster)
  await admin.createTopics([{ name: 'a', ...topic }])
  cluster.controllerId = 2
  expect(await admin.createTopics([{ name: 'b', ...topic }])).toEqual(new Map([['b', 'created']]))
  expect(cluster.requestsOf('CreateTopics').map(({ node }) => node)).toEqual([1, 1, 2])
})

test('K42: topics fail one by one, and only those that may succeed later are asked for again', async () => {
  await using cluster = await ScriptedCluster.start({ topics: { there: 1 } })
  cluster.onRequest('CreateTopics', () => ({ do: 'error', code: 44, where: (name) => name === 'forbidden' }))
  const admin = openAdmin(cluster)
  const outcomes = await admin.createTopics(['there', 'forbidden', 'new'].map((name) => ({ name, ...topic })))
  expect(outcomes.get('there')).toBe('exists')
  expect(outcomes.get('forbidden')).toMatchObject({ number: 44, topic: 'forbidden' })
  expect(outcomes.get('new')).toBe('created')
  expect(cluster.requestsOf('CreateTopics')).toHaveLength(1)
})

test('K39: a topic beyond a quota (THROTTLING_QUOTA_EXCEEDED) is asked for again', async () => {
  await using cluster = await ScriptedCluster.start()
  cluster.once('CreateTopics', { do: 'error', code: 89 })
  const admin = openAdmin(cluster)
  expect(await admin.createTopics([{ name: 'new', ...topic }])).toEqual(new Map([['new', 'created']]))
  expect(cluster.requestsOf('CreateTopics')).toHaveLength(2)
})

test('K42: creation waits until there is a leader', async () => {
  await using cluster = await ScriptedCluster.start()
  const admin = openAdmin(cluster)
  const remove = cluster.onRequest('Metadata', ({ request }) => {
    if (request.topics?.includes('slow') !== true) return
    if (cluster.requestsOf('Metadata').filter((seen) => seen.request.topics?.includes('slow')).length > 3) remove()
    return { do: 'error', code: 5, where: (name) => name === 'slow' }
  })
  await admin.createTopics([{ name: 'slow', ...topic }])
  expect(cluster.requestsOf('Metadata').length).toBeGreaterThan(4)
})

test('offsets are asked for at each leader, and again where the leader has moved', async () => {
  await using cluster = await ScriptedCluster.start({ nodes: 2, topics: { t: 2 } })
  cluster.append('t', 0, [
    { value: 'a', timestamp: 10 },
    { value: 'b', timestamp: 20 },
  ])
  const admin = openAdmin(cluster)
  const query = [
    { topic: 't', partition: 1, spec: 'latest' },
    { topic: 't', partition: 0, spec: 'latest' },
    { topic: 't', partition: 0, spec: 11 },
    { topic: 't', partition: 0, spec: 30 },
  ] as const
  expect(await admin.listOffsets(query.slice(0, 2))).toEqual([0, 2])
  cluster.setLeader('t', 0, 2)
  expect(await admin.listOffsets(query.slice(0, 2))).toEqual([0, 2])
  expect(await admin.listOffsets([query[2]])).toEqual([1])
  expect(await admin.listOffsets([query[3]])).toEqual([null])
})

test('one partition can be asked for several offsets at once', async () => {
  await using cluster = await ScriptedCluster.start({ topics: { t: 2 } })
  cluster.append('t', 0, [
    { value: 'a', timestamp: 10 },
    { value: 'b', timestamp: 20 },
  ])
  const query = (['earliest', 'latest', 11] as const).map((spec) => ({ topic: 't', partition: 0, spec }))
  expect(await openAdmin(cluster).listOffsets([...query, { topic: 't', partition: 1, spec: 'latest' }])).toEqual([0, 2, 1, 0])
})

test('a group’s coordinator that moved is found again', async () => {
  await using cluster = await ScriptedCluster.start({ nodes: 2, topics: { t: 1 } })
  const admin = openAdmin(cluster)
  await admin.alterGroupOffsets('g', [{ topic: 't', partition: 0, offset: 3 }])
  cluster.setCoordinator('g', 2)
  expect(await admin.groupOffsets('g')).toEqual([{ topic: 't', partition: 0, offset: 3 }])
  expect(cluster.requestsOf('OffsetFetch').map(({ node }) => node)).toEqual([1, 2])
})

test('a call ends after default.api.timeout.ms and says what it waited for', async () => {
  await using cluster = await ScriptedCluster.start()
  const admin = openAdmin(cluster, 200)
  const error = await rejection(admin.listOffsets([{ topic: 'nowhere', partition: 0, spec: 'latest' }]))
  expect(error).toMatchObject({ code: 'TIMEOUT', javaName: 'org.apache.kafka.common.errors.TimeoutException' })
  expect(error.message).toContain('Timed out after 200 ms while listing offsets')
  expect(error.message).toContain('does not host this topic-partition')
})

test('close ends a call that waits', async () => {
  await using cluster = await ScriptedCluster.start()
  await cluster.stopNode(1)
  const admin = openAdmin(cluster)
  const waiting = rejection(admin.listTopics())
  await admin.close()
  expect((await waiting).code).toBe('ILLEGAL_STATE')
})
