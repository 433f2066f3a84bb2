import { describe, expect, it, onTestFinished } from 'vitest'
import { createKafkaClients } from '../../../src/kafka/kafka-clients.ts'
import { ZombieFence } from '../../../src/runtime/zombie-fence.ts'
import { CollectingLogger } from '../../support/fakes/collecting-logger.ts'
import { ScriptedCluster, type ScriptedClusterOptions } from '../../support/scripted-broker/scripted-cluster.ts'

async function setUp(options: ScriptedClusterOptions = {}) {
  const cluster = await ScriptedCluster.start(options)
  onTestFinished(() => cluster[Symbol.asyncDispose]())
  for (const id of ['g-c-0', 'g-c-5', 'g-c-1-0', 'g-c-x', 'g-d-0', 'h-c-0']) cluster.transaction(id).take(-1, -1)
  const log = new CollectingLogger()
  const fence = new ZombieFence(createKafkaClients(), log)
  const connector = { name: 'c', worker: { 'bootstrap.servers': cluster.bootstrapServers, 'group.id': 'g' }, connector: {} }
  return {
    cluster,
    log,
    fence,
    connector,
    fenced: () => cluster.requestsOf('InitProducerId').map(({ request }) => request.transactionalId),
  }
}

describe('zombies of an exactly-once source', () => {
  it('are fenced by their connector’s name, once for all tasks that start, and again for the next set of tasks', async () => {
    const { fence, connector, fenced } = await setUp()
    fence.newTasks('c')
    await Promise.all([fence.fence(connector), fence.fence(connector), fence.fence(connector)])
    expect(fenced().toSorted()).toEqual(['g-c-0', 'g-c-5'])
    await fence.fence(connector) // one task is started again
    expect(fenced()).toHaveLength(2)
    fence.newTasks('c')
    await fence.fence(connector)
    expect(fenced()).toHaveLength(4)
  })

  it('that cannot be fenced keep the new tasks from starting, and the next start tries again', async () => {
    const { cluster, fence, connector, fenced } = await setUp()
    cluster.once('InitProducerId', { do: 'error', code: 53 })
    fence.newTasks('c')
    await expect(fence.fence(connector)).rejects.toThrow(
      'Tasks that an older worker may still run for connector c cannot be fenced, so no new one is started: records could be written twice.',
    )
    const before = fenced().length
    await fence.fence(connector)
    expect(fenced().slice(before).toSorted()).toEqual(['g-c-0', 'g-c-5'])
  })

  it('are left to the tasks themselves, with a warning, where brokers cannot list transactional ids', async () => {
    const { cluster, fence, connector, fenced, log } = await setUp({ versions: { ListTransactions: [9, 9] } })
    fence.newTasks('c')
    await fence.fence(connector)
    expect(fenced()).toEqual([])
    expect(log.lines.join('\n')).toContain('WARN These brokers are older than Apache Kafka 3.0 and cannot list transactional ids')
    expect(cluster.requestsOf('ListTransactions')).toEqual([])
  })
})
