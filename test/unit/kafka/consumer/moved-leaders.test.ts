import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'
import { createKafkaClients } from '../../../../src/kafka/kafka-clients.ts'
import { append, numbers, openConsumer, pollRecords, pollUntil, startCluster, textOf, valuesOf } from './open-consumer.ts'

const T0 = { topic: 't', partition: 0 }

describe('a consumer whose brokers change', () => {
  it('K3: an answer of the old leader that comes after one of the new leader is dropped: each record comes once', async () => {
    const cluster = await startCluster({ nodes: 2, topics: { t: 1 } })
    append(cluster, 't', 0, numbers(0, 10))
    const consumer = await openConsumer(cluster, { 'metadata.max.age.ms': '20' })
    const release = Promise.withResolvers<void>()
    cluster.onRequest('Fetch', ({ node }) => (node === 1 ? release.promise : undefined))
    consumer.assign([T0])
    await pollUntil(consumer, () => cluster.requestsOf('Fetch').length === 1)
    cluster.setLeader('t', 0, 2)
    const fromNew = await pollRecords(consumer, 10)
    // the old one answers as if it had never heard of that
    cluster.log('t', 0).readReplica = 1
    release.resolve()
    append(cluster, 't', 0, [10])
    const rest = [...(await pollRecords(consumer, 1)), ...(await consumer.poll(100))]
    expect(valuesOf([...fromNew, ...rest]).map(Number)).toEqual(numbers(0, 11))
  })

  it('K36: a topic made anew, whose epochs begin again, is read from where auto.offset.reset says', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    for (let election = 0; election < 3; election++) cluster.setLeader('t', 0, 1)
    append(cluster, 't', 0, numbers(0, 10))
    const consumer = await openConsumer(cluster)
    consumer.assign([T0])
    await pollRecords(consumer, 10)
    cluster.deleteTopic('t')
    cluster.createTopic('t', 1)
    append(cluster, 't', 0, ['new'])
    expect(textOf(await pollRecords(consumer, 1))).toEqual(['t-0@0=new'])
  })

  it('a follower that is behind says so after the leader has changed: that moves no position', async () => {
    const cluster = await startCluster({ nodes: 3, topics: { t: 1 } })
    append(cluster, 't', 0, numbers(0, 10))
    cluster.log('t', 0).readReplica = 2
    const consumer = await openConsumer(cluster, { 'client.rack': 'b', 'metadata.max.age.ms': '20' })
    const isFollowed = Promise.withResolvers<void>()
    cluster.onRequest('Fetch', async ({ node }) => {
      if (node !== 2) return undefined
      await isFollowed.promise
      return { do: 'error', code: 1 }
    })
    consumer.assign([T0])
    consumer.seek(T0, 10) // no record was read, so its epoch is not known
    await pollUntil(consumer, () => cluster.requestsOf('Fetch').some(({ node }) => node === 2))
    cluster.log('t', 0).readReplica = -1
    cluster.setLeader('t', 0, 3)
    await pollUntil(consumer, () => cluster.requestsOf('Fetch').some(({ node }) => node === 3))
    isFollowed.resolve()
    const read = [...(await consumer.poll(100))]
    append(cluster, 't', 0, ['next'])
    read.push(...(await pollRecords(consumer, 1)))
    expect(textOf(read)).toEqual(['t-0@10=next'])
  })

  it('all known brokers are gone: the bootstrap address leads to the new ones', async () => {
    const cluster = await startCluster({ nodes: 3, topics: { t: 1 } })
    await cluster.stopNode(3)
    append(cluster, 't', 0, ['old'])
    const [old, , young] = cluster.bootstrapServers.split(',').map((server) => Number(server.split(':')[1]))
    let target = old!
    const bootstrap = await forwarder(() => target)
    const props = {
      'bootstrap.servers': bootstrap,
      'auto.offset.reset': 'earliest',
      'fetch.max.wait.ms': '50',
      'reconnect.backoff.max.ms': '100',
    }
    const consumer = await createKafkaClients().consumer(props, new CollectingLogger())
    onTestFinished(() => consumer.close())
    consumer.assign([T0])
    expect(valuesOf(await pollRecords(consumer, 1))).toEqual(['old'])
    await cluster.startNode(3)
    await Promise.all([cluster.stopNode(1), cluster.stopNode(2)])
    cluster.setLeader('t', 0, 3)
    append(cluster, 't', 0, ['new'])
    target = young!
    expect(valuesOf(await pollRecords(consumer, 1))).toEqual(['new'])
  })
})

describe('a consumer with client.rack', () => {
  const RACK = { 'client.rack': 'here', 'metadata.max.age.ms': '100000' }
  const fetchedFrom = (cluster: Awaited<ReturnType<typeof startCluster>>) => cluster.requestsOf('Fetch').map(({ node }) => node)

  it('reads from the replica that the leader names', async () => {
    const cluster = await startCluster({ nodes: 2, topics: { t: 1 } })
    cluster.log('t', 0).readReplica = 2
    append(cluster, 't', 0, numbers(0, 5))
    const consumer = await openConsumer(cluster, RACK)
    consumer.assign([T0])
    const first = await pollRecords(consumer, 5)
    append(cluster, 't', 0, numbers(5, 10))
    expect(valuesOf([...first, ...(await pollRecords(consumer, 5))]).map(Number)).toEqual(numbers(0, 10))
    const [asked, ...rest] = fetchedFrom(cluster)
    expect(asked).toBe(1)
    expect(new Set(rest)).toEqual(new Set([2]))
    expect(cluster.requestsOf('Fetch')[0]!.request.rack).toBe('here')
  })

  it.each([
    { what: 'is behind (OFFSET_OUT_OF_RANGE)', action: { do: 'error', code: 1 } },
    { what: 'is no replica any more', action: { do: 'error', code: 6 } },
    { what: 'cuts the connection', action: { do: 'cut' } },
  ] as const)('goes back to the leader when the replica $what, without a reset', async ({ action }) => {
    const cluster = await startCluster({ nodes: 2, topics: { t: 1 } })
    cluster.log('t', 0).readReplica = 2
    append(cluster, 't', 0, numbers(0, 5))
    const log = new CollectingLogger()
    const consumer = await openConsumer(cluster, RACK, log)
    consumer.assign([T0])
    const first = await pollRecords(consumer, 5)
    cluster.log('t', 0).readReplica = -1
    cluster.onRequest('Fetch', ({ node }) => (node === 2 ? action : undefined))
    append(cluster, 't', 0, numbers(5, 10))
    expect(valuesOf([...first, ...(await pollRecords(consumer, 5))]).map(Number)).toEqual(numbers(0, 10))
    expect(fetchedFrom(cluster).at(-1)).toBe(1)
    expect(log.lines.join('\n')).not.toContain('out of range')
  })

  it('asks the leader again after metadata.max.age.ms, which may name another one', async () => {
    const cluster = await startCluster({ nodes: 3, topics: { t: 1 } })
    cluster.log('t', 0).readReplica = 2
    append(cluster, 't', 0, ['a'])
    const consumer = await openConsumer(cluster, { ...RACK, 'metadata.max.age.ms': '150' })
    consumer.assign([T0])
    await pollRecords(consumer, 1)
    cluster.log('t', 0).readReplica = 3
    // the old replica still serves, as real ones do
    cluster.onRequest('Fetch', ({ node }) => void (cluster.log('t', 0).readReplica = node === 2 ? 2 : 3))
    await pollUntil(consumer, () => fetchedFrom(cluster).includes(3))
    const nodes = fetchedFrom(cluster)
    expect(nodes[nodes.indexOf(3) - 1]).toBe(1)
  })
})

/** A port that leads wherever it is told for each connection. @returns host:port */
async function forwarder(target: () => number): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const onward = connect(target(), '127.0.0.1')
    for (const each of [socket, onward]) {
      sockets.add(each)
      each.on('error', () => undefined).once('close', () => [socket, onward].forEach((other) => other.destroy()))
    }
    socket.pipe(onward).pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}
