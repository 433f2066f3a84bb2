import { expect, onTestFinished, test } from 'vitest'
import { KafkaAdmin } from '../../../../src/kafka/admin/admin.ts'
import { openMetadata, openTransport, RecordedLog } from '../../../support/scripted-broker/clients.ts'
import { ScriptedCluster } from '../../../support/scripted-broker/scripted-cluster.ts'

function openAdmin(cluster: ScriptedCluster): KafkaAdmin {
  const transport = openTransport(cluster.bootstrapServers)
  const config = { 'default.api.timeout.ms': 10_000, 'retry.backoff.ms': 10, 'retry.backoff.max.ms': 50 }
  const admin = new KafkaAdmin({ config, transport, metadata: openMetadata(transport), log: new RecordedLog() })
  onTestFinished(() => admin.close())
  return admin
}

test('K19 fenceProducers takes every id at its coordinator, and leaves no transaction open', async () => {
  await using cluster = await ScriptedCluster.start({ nodes: 2 })
  cluster.setCoordinator('b', 2)
  const zombie = cluster.transaction('a')
  zombie.take(-1, -1)
  zombie.addPartitions([{ topic: 't', partition: 0 }])

  await openAdmin(cluster).fenceProducers(['a', 'b'])

  expect(zombie).toMatchObject({ producerEpoch: 1, ended: ['abort'] })
  expect(zombie.check(zombie.producerId, 0, 2)).toBe(90)
  const asked = cluster.requestsOf('InitProducerId').map(({ node, request }) => [node, request.transactionalId])
  expect(asked.toSorted()).toEqual([
    [1, 'a'],
    [2, 'b'],
  ])
})

test.each([14, 15, 16, 51])('an answer of %i is waited out', async (code) => {
  await using cluster = await ScriptedCluster.start({ nodes: 2 })
  cluster.once('InitProducerId', { do: 'error', code })

  await openAdmin(cluster).fenceProducers(['a'])

  expect(cluster.transaction('a').producerEpoch).toBe(0)
})

test('an id that may not be used rejects at once', async () => {
  await using cluster = await ScriptedCluster.start()
  cluster.once('InitProducerId', { do: 'error', code: 53 })

  await expect(openAdmin(cluster).fenceProducers(['a'])).rejects.toMatchObject({ auth: true, number: 53 })
  expect(cluster.requestsOf('InitProducerId')).toHaveLength(1)
})

test('listTransactions asks every broker for ids that begin as told, and waits out a coordinator that loads', async () => {
  await using cluster = await ScriptedCluster.start({ nodes: 2 })
  for (const id of ['a.b-0', 'a.b-1', 'aXb-2', 'c']) cluster.transaction(id)
  cluster.setCoordinator('a.b-1', 2)
  cluster.once('ListTransactions', { do: 'error', code: 14 })

  expect([...(await openAdmin(cluster).listTransactions('a.b-'))].toSorted()).toEqual(['a.b-0', 'a.b-1'])
  expect(cluster.requestsOf('ListTransactions').map(({ request }) => request.pattern)).toContain(String.raw`a\.b-.*`)
})

test.each([0, 1])('listTransactions in version %i, which has no pattern, gives the same', async (version) => {
  await using cluster = await ScriptedCluster.start({ versions: { ListTransactions: [0, version] } })
  for (const id of ['a.b-0', 'aXb-2']) cluster.transaction(id)

  expect(await openAdmin(cluster).listTransactions('a.b-')).toEqual(['a.b-0'])
})
