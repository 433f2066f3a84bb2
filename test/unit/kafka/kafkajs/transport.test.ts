import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import dns, { type LookupAddress } from 'node:dns'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { KafkaError } from '../../../../src/kafka/errors.ts'
import { fetch } from '../../../../src/kafka/protocol/fetch.ts'
import { heartbeat } from '../../../../src/kafka/protocol/heartbeat.ts'
import { listOffsets } from '../../../../src/kafka/protocol/list-offsets.ts'
import { metadata } from '../../../../src/kafka/protocol/metadata.ts'
import { produce, type ProduceResponse } from '../../../../src/kafka/protocol/produce.ts'
import type { ApiRequest, Channel } from '../../../../src/kafka/transport.ts'
import { openMetadata, openTransport, RecordedLog } from '../../../support/scripted-broker/clients.ts'
import { writeBatch } from '../../../support/scripted-broker/record-batch.ts'
import { ScriptedCluster } from '../../../support/scripted-broker/scripted-cluster.ts'

const brokersOnly = metadata([], false)
type LookupAll = (error: Error | null, addresses: readonly LookupAddress[]) => void

const CHANNELS: readonly Channel[] = ['control', 'produce', 'fetch', 'coordinator']

function produceOne(value: string, acks: 0 | 1 = 1): ApiRequest<ProduceResponse> {
  const partitions = [{ topic: 't', partition: 0, batch: writeBatch([{ value }]) }]
  return produce({ transactionalId: null, acks, timeoutMs: 1000, zstd: false, partitions })
}

function longPoll(maxWaitMs: number): ApiRequest<unknown> {
  const partitions = [{ topic: 't', partition: 0, offset: 0, leaderEpoch: -1, maxBytes: 1000 }]
  return fetch({ maxWaitMs, minBytes: 1, maxBytes: 1000, isolation: 'read_uncommitted', rack: '', partitions })
}

async function rejection(promise: Promise<unknown>): Promise<KafkaError> {
  return promise.then(
    () => expect.unreachable('it resolved'),
    (error: unknown) => error as KafkaError,
  )
}

/** A server that answers ApiVersions, once, and reads nothing after that; `unread`: both ends of the connection. */
async function acceptAndStopReading(): Promise<{ address: string; unread: Promise<{ client: Socket; server: Socket }> }> {
  const unread = Promise.withResolvers<{ client: Socket; server: Socket }>()
  const clients: Socket[] = []
  const listening = createServer({ allowHalfOpen: true }, (server) => {
    onTestFinished(() => void server.destroy())
    server.once('data', (request) => {
      server.pause()
      const answer = Buffer.alloc(20)
      answer.writeInt32BE(16, 0)
      request.copy(answer, 4, 8, 12) // the correlation id
      answer.writeInt32BE(1, 10)
      answer.writeInt16BE(3, 14) // Metadata
      answer.writeInt16BE(8, 18)
      server.write(answer, () => unread.resolve({ client: clients[0]!, server }))
    })
  })
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  onTestFinished(() => void listening.close())
  const opened = (message: unknown) => clients.push((message as { socket: Socket }).socket)
  subscribe('net.client.socket', opened)
  onTestFinished(() => void unsubscribe('net.client.socket', opened))
  return { address: `127.0.0.1:${(listening.address() as AddressInfo).port}`, unread: unread.promise }
}

describe('connections', () => {
  test('K46: many first requests at once open exactly one socket per channel', async () => {
    await using cluster = await ScriptedCluster.start({ topics: { t: 1 } })
    const transport = openTransport(cluster.bootstrapServers)
    await openMetadata(transport).refresh()
    const requests = CHANNELS.flatMap((channel) => Array.from({ length: 20 }, () => transport.send(1, channel, brokersOnly)))
    await Promise.all(requests)
    expect(cluster.acceptedConnections()).toBe(CHANNELS.length)
  })

  test('a connection made for bootstrap serves the node behind it', async () => {
    await using cluster = await ScriptedCluster.start()
    const transport = openTransport(cluster.bootstrapServers)
    await openMetadata(transport).refresh()
    await transport.send(1, 'control', brokersOnly)
    expect(cluster.acceptedConnections()).toBe(1)
  })

  test('requests that wait for a connection go out in call order, and none overtakes them', async () => {
    await using cluster = await ScriptedCluster.start({ topics: { t: 1 } })
    const transport = openTransport(cluster.bootstrapServers)
    await openMetadata(transport).refresh()
    const sent: Promise<unknown>[] = []
    for (let index = 0; index < 50; index++) {
      sent.push(transport.send(1, 'produce', produceOne(String(index))))
      if (index % 10 === 9) await sleep(1)
    }
    await Promise.all(sent)
    expect(cluster.records('t', 0).map(({ value }) => value)).toEqual(Array.from({ length: 50 }, (_, index) => String(index)))
  })

  test('a connection that broke is opened again by the next request', async () => {
    await using cluster = await ScriptedCluster.start({ topics: { t: 1 } })
    const transport = openTransport(cluster.bootstrapServers)
    await openMetadata(transport).refresh()
    cluster.once('Produce', { do: 'cut' })
    expect(await rejection(transport.send(1, 'produce', produceOne('a')))).toMatchObject({
      code: 'DISCONNECTED',
      retriable: true,
      refresh: 'metadata',
    })
    await transport.send(1, 'produce', produceOne('b'))
    expect(cluster.records('t', 0).map(({ value }) => value)).toEqual(['b'])
  })

  test('everything in flight is rejected when a connection breaks', async () => {
    await using cluster = await ScriptedCluster.start({ topics: { t: 1 } })
    const transport = openTransport(cluster.bootstrapServers)
    await openMetadata(transport).refresh()
    cluster.once('Produce', { do: 'cut' })
    const errors = await Promise.all(['a', 'b', 'c'].map((value) => rejection(transport.send(1, 'produce', produceOne(value)))))
    expect(errors.map(({ code }) => code)).toEqual(['DISCONNECTED', 'DISCONNECTED', 'DISCONNECTED'])
  })

  test('half an answer before the cut does not spoil the next connection', async () => {
    const answer = Buffer.alloc(40)
    answer.writeInt32BE(1000, 0)
    const broken = createServer((socket) => socket.once('data', () => socket.end(answer)))
    broken.listen(0, '127.0.0.1')
    await once(broken, 'listening')
    onTestFinished(() => void broken.close())
    const { port } = broken.address() as AddressInfo
    const transport = openTransport(`127.0.0.1:${port}`)
    for (let attempt = 0; attempt < 3; attempt++) {
      const error = await rejection(transport.send('any', 'control', brokersOnly))
      expect(error.retriable).toBe(true)
      expect(error.message).toContain('security.protocol')
    }
  })

  test('a connection whose other side ended it and reads no more leaves no socket behind', async () => {
    const ended = await acceptAndStopReading()
    const transport = openTransport(ended.address)
    const sending = rejection(transport.send('any', 'control', { ...brokersOnly, encode: () => [Buffer.alloc(32 * 2 ** 20)] }))
    const socket = await ended.unread
    await expect.poll(() => socket.client.writableLength).toBeGreaterThan(0)
    socket.server.end()
    expect(await sending).toMatchObject({ code: 'DISCONNECTED', retriable: true })
    await expect.poll(() => socket.client.closed).toBe(true)
  })

  test('nodes that metadata no longer lists are left once their answers are in', async () => {
    await using cluster = await ScriptedCluster.start({ nodes: 2, topics: { t: 1 } })
    const transport = openTransport(cluster.bootstrapServers)
    await openMetadata(transport).refresh()
    const [first, second] = transport.brokers()
    await transport.send(2, 'control', brokersOnly)
    const polling = transport.send(1, 'fetch', longPoll(100))
    await cluster.until(() => cluster.requestsOf('Fetch').length === 1)
    transport.updateBrokers([second!])
    await polling
    await cluster.until(() => cluster.openConnections(first!.nodeId) === 0)
    expect(await rejection(transport.send(1, 'control', brokersOnly))).toMatchObject({ retriable: true, refresh: 'metadata' })
  })

  test('close ends the connection to a broker that has left the cluster and still owes an answer', async () => {
    await using cluster = await ScriptedCluster.start({ nodes: 2 })
    const transport = openTransport(cluster.bootstrapServers)
    const [first, second] = (await transport.send('any', 'control', brokersOnly)).brokers
    transport.updateBrokers([first!, second!])
    const polling = rejection(transport.send(1, 'fetch', longPoll(60_000)))
    await cluster.until(() => cluster.requestsOf('Fetch').length === 1)
    transport.updateBrokers([second!])
    await transport.close()
    expect((await polling).message).toContain('The Kafka client is closed')
    await cluster.until(() => cluster.openConnections() === 0)
  })

  test('a broker that leaves the cluster while it is being connected to leaves no connection behind', async () => {
    await using cluster = await ScriptedCluster.start({ nodes: 2 })
    const transport = openTransport(cluster.bootstrapServers.split(',')[0]!)
    const [first, second] = (await transport.send('any', 'control', brokersOnly)).brokers
    transport.updateBrokers([first!])
    const asked = transport.send('any', 'fetch', brokersOnly).catch((error: unknown) => error)
    transport.updateBrokers([second!])
    expect(await asked).toMatchObject({ retriable: true })
    await transport.close()
    await cluster.until(() => cluster.openConnections() === 0)
  })

  test('requests that wait for the connection to a broker that leaves the cluster are sent, and then it is closed', async () => {
    await using cluster = await ScriptedCluster.start({ nodes: 2 })
    const transport = openTransport(cluster.bootstrapServers.split(',')[0]!)
    const [first, second] = (await transport.send('any', 'control', brokersOnly)).brokers
    transport.updateBrokers([first!, second!])
    const waiting = [1, 2, 3].map(() => transport.send(1, 'fetch', brokersOnly))
    transport.updateBrokers([second!])
    expect((await Promise.all(waiting)).map(({ brokers }) => brokers.length)).toEqual([2, 2, 2])
    await cluster.until(() => cluster.openConnections() === 0)
  })

  test('an idle connection is closed after connections.max.idle.ms, quietly, and opened again when needed', async () => {
    await using cluster = await ScriptedCluster.start()
    const log = new RecordedLog()
    const transport = openTransport(cluster.bootstrapServers, { maxIdleMs: 50, log })
    await transport.send('any', 'control', brokersOnly)
    await cluster.until(() => cluster.openConnections() === 0)
    await transport.send('any', 'control', brokersOnly)
    expect(log.lines.filter((line) => line.startsWith('WARN'))).toEqual([])
  })

  test('an IPv6 address can be a bootstrap server', async () => {
    const error = await rejection(openTransport('[::1]:1').send('any', 'control', brokersOnly))
    expect(error.message).toContain('broker [::1]:1')
    expect(error.message).toMatch(/connect E\w+ ::1:1/)
  })
})

describe('brokers that cannot be reached', () => {
  test('any other one is asked', async () => {
    await using cluster = await ScriptedCluster.start({ nodes: 3 })
    const transport = openTransport(cluster.bootstrapServers)
    await cluster.stopNode(1)
    await cluster.stopNode(2)
    for (let count = 0; count < 5; count++) {
      expect((await transport.send('any', 'control', brokersOnly)).brokers.map(({ nodeId }) => nodeId)).toEqual([3])
    }
  })

  test('none at all: a retriable error that names them', async () => {
    await using cluster = await ScriptedCluster.start({ nodes: 2 })
    const servers = cluster.bootstrapServers
    const transport = openTransport(servers)
    await cluster.stopNode(1)
    await cluster.stopNode(2)
    const error = await rejection(transport.send('any', 'control', brokersOnly))
    expect(error.retriable).toBe(true)
    for (const server of servers.split(',')) expect(error.message).toContain(server)
  })

  test('bootstrap servers are asked again when none of the known brokers answers', async () => {
    await using old = await ScriptedCluster.start()
    await using cluster = await ScriptedCluster.start({ nodes: 2 })
    const transport = openTransport(old.bootstrapServers)
    const [, unreachable] = (await openTransport(cluster.bootstrapServers).send('any', 'control', brokersOnly)).brokers
    await cluster.stopNode(2)
    transport.updateBrokers([unreachable!])
    expect((await transport.send('any', 'control', brokersOnly)).brokers).toHaveLength(1)
  })

  test('metadata.recovery.strategy=none: they are not, once brokers are known', async () => {
    await using cluster = await ScriptedCluster.start({ nodes: 2 })
    const [first, second] = cluster.bootstrapServers.split(',') as [string, string]
    await cluster.stopNode(2)
    const transport = openTransport(`${first},${second}`, { rebootstraps: false })
    await openMetadata(transport).refresh()
    await cluster.startNode(2)
    await cluster.stopNode(1)
    await rejection(transport.send('any', 'control', brokersOnly)) // finds the connection broken
    const error = await rejection(transport.send('any', 'control', brokersOnly))
    expect(error.retriable).toBe(true)
    expect(error.message).toContain(`No broker can be reached at ${first}.`)
    expect(cluster.acceptedConnections(2)).toBe(0)
  })

  test('of a name with several addresses, one that nobody answers at is passed over', async () => {
    await using cluster = await ScriptedCluster.start()
    const [, port] = cluster.bootstrapServers.split(':')
    const addresses = ['127.0.0.2', '127.0.0.3', '127.0.0.1'].map((address) => ({ address, family: 4 }))
    const lookup = vi
      .spyOn(dns, 'lookup')
      .mockImplementation(((_name: string, _options: unknown, done: LookupAll) => done(null, addresses)) as never)
    onTestFinished(() => lookup.mockRestore())
    const { brokers } = await openTransport(`three-addresses.test:${port}`).send('any', 'control', brokersOnly)
    expect(brokers).toHaveLength(1)
    expect(lookup).toHaveBeenCalledWith('three-addresses.test', expect.anything(), expect.anything())
  })

  test('all brokers that are connected are asked in turn, so that none of them can mislead for ever', async () => {
    await using cluster = await ScriptedCluster.start({ nodes: 3 })
    const transport = openTransport(cluster.bootstrapServers)
    await openMetadata(transport).refresh()
    for (const node of [1, 2, 3]) await transport.send(node, 'control', brokersOnly)
    const from = cluster.requestsOf('Metadata').length
    for (let asked = 0; asked < 100; asked++) await transport.send('any', 'control', brokersOnly)
    const nodes = cluster
      .requestsOf('Metadata')
      .slice(from)
      .map(({ node }) => node)
    expect(new Set(nodes)).toEqual(new Set([1, 2, 3]))
  })

  test('a state change is logged once per broker, attempts are not', async () => {
    await using cluster = await ScriptedCluster.start({ topics: { t: 1 } })
    const log = new RecordedLog()
    const transport = openTransport(cluster.bootstrapServers, { log })
    await openMetadata(transport).refresh()
    await Promise.all(CHANNELS.map((channel) => transport.send(1, channel, brokersOnly)))
    await cluster.stopNode(1)
    for (let attempt = 0; attempt < 4; attempt++) await rejection(transport.send(1, 'control', brokersOnly))
    await cluster.startNode(1)
    await transport.send(1, 'control', brokersOnly)
    const broker = `broker ${cluster.bootstrapServers}`
    expect(log.lines).toEqual([
      expect.stringMatching(`^INFO Disconnected from ${broker}`),
      expect.stringMatching(`^WARN Connection to ${broker} could not be established; retrying`),
      `INFO Connected to ${broker} again`,
    ])
  })
})

describe('versions', () => {
  test('K43: a range outside ours is an error that names broker, API and both ranges', async () => {
    await using cluster = await ScriptedCluster.start({ versions: { ListOffsets: [6, 9] } })
    const transport = openTransport(cluster.bootstrapServers)
    const error = await rejection(transport.send('any', 'control', listOffsets([], 'read_uncommitted')))
    expect(error).toMatchObject({ number: 35, retriable: false })
    expect(error.message).toContain('ListOffsets with version in range [1,5]')
    expect(error.message).toContain('The supported range is [6,9]')
    expect(error.message).toContain(cluster.bootstrapServers)
  })

  test('K43: an API the broker does not have is named', async () => {
    await using cluster = await ScriptedCluster.start({ versions: { Heartbeat: null } })
    const request = heartbeat({ groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null })
    const error = await rejection(openTransport(cluster.bootstrapServers).send('any', 'coordinator', request))
    expect(error.number).toBe(35)
    expect(error.message).toContain('does not support Heartbeat')
  })

  test('K43: in a cluster of mixed versions each broker is spoken to in its own', async () => {
    await using cluster = await ScriptedCluster.start({ nodes: 2, topics: { t: 2 }, nodeVersions: { 2: { Fetch: [4, 5] } } })
    const transport = openTransport(cluster.bootstrapServers)
    await openMetadata(transport).refresh()
    await transport.send(1, 'fetch', longPoll(0))
    await transport.send(2, 'fetch', longPoll(0))
    expect(cluster.requestsOf('Fetch').map(({ node, version }) => [node, version])).toEqual([
      [1, 11],
      [2, 5],
    ])
    expect(transport.version(2, 1, 4, 11)).toBe(5)
    expect(transport.version(1, 1, 4, 11)).toBe(11)
    expect(transport.version(3, 1, 4, 11)).toBeNull()
  })

  test('a broker that was upgraded is asked for its versions again', async () => {
    const versions: { ListOffsets: readonly [number, number] } = { ListOffsets: [1, 2] }
    await using cluster = await ScriptedCluster.start({ versions })
    const transport = openTransport(cluster.bootstrapServers)
    await transport.send('any', 'control', listOffsets([], 'read_uncommitted'))
    versions.ListOffsets = [1, 5]
    cluster.cutConnections()
    await cluster.until(() => cluster.openConnections() === 0)
    await transport.send('any', 'control', listOffsets([], 'read_uncommitted'))
    expect(cluster.requestsOf('ListOffsets').map(({ version }) => version)).toEqual([2, 5])
  })
})

describe('requests', () => {
  test('a request without an answer resolves when it is written (acks=0)', async () => {
    await using cluster = await ScriptedCluster.start({ topics: { t: 1 } })
    const transport = openTransport(cluster.bootstrapServers)
    await openMetadata(transport).refresh()
    expect(await transport.send(1, 'produce', produceOne('a', 0))).toBeUndefined()
    await cluster.until(() => cluster.records('t', 0).length === 1)
  })

  test('no answer in time: retriable, and the connection is given up with what else is in flight', async () => {
    await using cluster = await ScriptedCluster.start({ topics: { t: 1 } })
    const transport = openTransport(cluster.bootstrapServers)
    await openMetadata(transport).refresh()
    cluster.once('Produce', { do: 'silence' })
    const [late, other] = await Promise.all([
      rejection(transport.send(1, 'produce', produceOne('a'), { timeoutMs: 100 })),
      rejection(transport.send(1, 'produce', longPoll(60_000))),
    ])
    expect(late).toMatchObject({ code: 'REQUEST_TIMEOUT', retriable: true })
    expect(late.message).toContain('Produce was not answered by broker')
    expect(other).toMatchObject({ code: 'DISCONNECTED', retriable: true })
    await transport.send(1, 'produce', produceOne('b'))
    expect(cluster.records('t', 0).map(({ value }) => value)).toEqual(['b'])
  })

  test('time limits of Long.MAX_VALUE, which no timer keeps, do not end at once', async () => {
    await using cluster = await ScriptedCluster.start({ topics: { t: 1 } })
    const forEver = 9223372036854775807
    const limits = { requestTimeoutMs: forEver, connectTimeoutMs: forEver, connectTimeoutMaxMs: forEver, maxIdleMs: forEver }
    const transport = openTransport(cluster.bootstrapServers, limits)
    const warnings: Error[] = []
    const keep = (warning: Error): number => warnings.push(warning)
    process.on('warning', keep)
    onTestFinished(() => void process.off('warning', keep))
    await openMetadata(transport, { maxAgeMs: forEver }).refresh()
    await transport.send(1, 'fetch', longPoll(100))
    expect(cluster.requestsOf('Metadata')).toHaveLength(1)
    expect(warnings).toEqual([])
  })

  test('K39: a broker that throttles is left alone for that long, on that connection', async () => {
    await using cluster = await ScriptedCluster.start({ topics: { t: 1 } })
    const transport = openTransport(cluster.bootstrapServers)
    await openMetadata(transport).refresh()
    cluster.once('Produce', { do: 'throttle', ms: 200 })
    await transport.send(1, 'produce', produceOne('a'))
    const from = Date.now()
    await Promise.all([transport.send(1, 'produce', produceOne('b')), transport.send(1, 'produce', produceOne('c'))])
    const [, second, third] = cluster.requestsOf('Produce')
    expect(second!.at - from).toBeGreaterThanOrEqual(190)
    expect(third!.at).toBeGreaterThanOrEqual(second!.at)
    expect(cluster.records('t', 0).map(({ value }) => value)).toEqual(['a', 'b', 'c'])
  })

  test('K39: waiting because of a throttle is not waiting for an answer: it may be longer than the time limit', async () => {
    await using cluster = await ScriptedCluster.start({ topics: { t: 1 } })
    const transport = openTransport(cluster.bootstrapServers, { requestTimeoutMs: 1000 })
    await openMetadata(transport).refresh()
    cluster.once('Produce', { do: 'throttle', ms: 1500 })
    await transport.send(1, 'produce', produceOne('a'))
    await transport.send(1, 'produce', produceOne('b'))
    expect(cluster.requestsOf('Produce').map(({ connection }) => connection)).toEqual([2, 2])
  })

  test('an answer that came while the process stood still counts, however late it is read', async () => {
    await using cluster = await ScriptedCluster.start({ topics: { t: 1 } })
    const transport = openTransport(cluster.bootstrapServers, { requestTimeoutMs: 300 })
    await openMetadata(transport).refresh()
    const standStill = () => {
      for (const end = performance.now() + 400; performance.now() < end;);
    }
    const remove = cluster.onRequest('Produce', () => void setImmediate(standStill)) // when the answer is on its way
    await transport.send(1, 'produce', produceOne('a'))
    remove()
    await transport.send(1, 'produce', produceOne('b'))
    expect(cluster.acceptedConnections()).toBe(2) // nobody was disconnected
  })

  test('a dropped connection answers nobody, and the next request has a new one', async () => {
    await using cluster = await ScriptedCluster.start({ topics: { t: 1 } })
    const transport = openTransport(cluster.bootstrapServers)
    await openMetadata(transport).refresh()
    const polling = rejection(transport.send(1, 'fetch', longPoll(60_000)))
    await cluster.until(() => cluster.requestsOf('Fetch').length === 1)
    transport.dropConnection(1, 'fetch')
    expect((await polling).retriable).toBe(true)
    await transport.send(1, 'fetch', longPoll(0))
    expect(cluster.acceptedConnections()).toBe(3)
  })

  test('an answer that cannot be read is fatal and says whose it was', async () => {
    await using cluster = await ScriptedCluster.start()
    const request: ApiRequest<unknown> = {
      ...brokersOnly,
      decode: (body) => body.readBigInt64BE(body.length),
    }
    const error = await rejection(openTransport(cluster.bootstrapServers).send('any', 'control', request))
    expect(error).toMatchObject({ code: 'MALFORMED_RESPONSE', retriable: false })
    expect(error.message).toContain('Metadata answer')
    expect(error.message).toContain(cluster.bootstrapServers)
  })
})

describe('a port that security.protocol does not match is told at the first failure', () => {
  /** A server that does this with whoever connects. @returns host:port */
  async function listen(onConnection: (socket: Socket) => void): Promise<string> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => onConnection(socket))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    return `127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  test.each<[string, (socket: Socket) => void, string]>([
    ['closes', (socket) => socket.end(), 'was closed by the other side before it answered a request'],
    ['says so', (socket) => socket.write(Buffer.from([0x15, 3, 3, 0, 2, 2, 80])), 'it answers with a TLS alert'],
  ])('PLAINTEXT on a TLS port, which %s', async (_, onConnection, reason) => {
    const log = new RecordedLog()
    const transport = openTransport(await listen(onConnection), { log })
    const error = await rejection(transport.send('any', 'control', brokersOnly))
    expect(error.retriable).toBe(true)
    expect(log.lines[0]).toMatch(/^WARN Connection to broker 127.0.0.1:\d+ could not be established; retrying. /)
    expect(log.lines[0]).toContain(reason)
    expect(log.lines[0]).toContain('security.protocol matches the port: it is PLAINTEXT')
    expect(log.lines[0]).toContain('(SSL, SASL_PLAINTEXT, SASL_SSL)')
  })

  test('SSL on a PLAINTEXT port', async () => {
    const log = new RecordedLog()
    const transport = openTransport(await listen((socket) => socket.destroy()), { log, tls: {} })
    await rejection(transport.send('any', 'control', brokersOnly))
    expect(log.lines[0]).toContain('security.protocol matches the port: it is SSL')
  })

  test('PLAINTEXT on a SASL port, which answers ApiVersions and then closes', async () => {
    await using cluster = await ScriptedCluster.start()
    cluster.onRequest('Metadata', () => ({ do: 'cut' }))
    const log = new RecordedLog()
    const transport = openTransport(cluster.bootstrapServers, { log })
    for (let attempt = 0; attempt < 3; attempt++) await rejection(transport.send('any', 'control', brokersOnly))
    expect(log.lines).toHaveLength(1)
    expect(log.lines[0]).toMatch(/^WARN Disconnected from broker .* before it answered a request\. .*security.protocol .*PLAINTEXT/)
  })
})

describe('close', () => {
  test('K34: a long poll is given up at once and no socket stays', async () => {
    await using cluster = await ScriptedCluster.start({ topics: { t: 1 } })
    const transport = openTransport(cluster.bootstrapServers)
    await openMetadata(transport).refresh()
    const polling = rejection(transport.send(1, 'fetch', longPoll(60_000)))
    await cluster.until(() => cluster.requestsOf('Fetch').length === 1)
    await transport.close()
    expect(await polling).toMatchObject({ code: 'ILLEGAL_STATE', retriable: false })
    await cluster.until(() => cluster.openConnections() === 0)
    expect((await rejection(transport.send(1, 'control', brokersOnly))).message).toBe('The Kafka client is closed')
    await transport.close()
  })

  test('K34: an attempt to connect is given up too', async () => {
    const silent = createServer()
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    onTestFinished(() => void silent.close())
    const { port } = silent.address() as AddressInfo
    const transport = openTransport(`127.0.0.1:${port}`, { connectTimeoutMs: 60_000, connectTimeoutMaxMs: 60_000 })
    const connected = once(silent, 'connection')
    const sending = rejection(transport.send('any', 'control', brokersOnly))
    const [socket] = (await connected) as [NodeJS.EventEmitter]
    const closed = once(socket, 'close')
    await transport.close()
    expect((await sending).code).toBe('ILLEGAL_STATE')
    await closed
  })
})
