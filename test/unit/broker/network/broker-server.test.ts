import { afterEach, describe, expect, it } from 'vitest'
import type { Apis } from '../../../../src/broker/api.ts'
import { BrokerServer, type BrokerServerOptions } from '../../../../src/broker/network/broker-server.ts'
import { Errors } from '../../../../src/broker/protocol/errors.ts'
import { API_KEYS } from '../../../../src/broker/protocol/messages.ts'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'
import { ConnectionClosed, framed, RawClient, requestFrame, requestHeader } from '../../../support/raw-client.ts'

const log = new CollectingLogger()
const opened: AsyncDisposable[] = []

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]()
})

async function started(apis: Apis, options: Partial<BrokerServerOptions> = {}): Promise<string> {
  const listeners = [{ name: 'PLAINTEXT', protocol: 'PLAINTEXT', host: '127.0.0.1', port: 0 } as const]
  const server = await BrokerServer.start({ listeners, apis, log, ...options })
  opened.push({ [Symbol.asyncDispose]: () => server.close() })
  return `127.0.0.1:${server.listeners[0]?.port}`
}

async function client(address: string): Promise<RawClient> {
  const raw = await RawClient.connect(address)
  opened.push(raw)
  return raw
}

const cluster = { throttleTimeMs: 0, errorCode: 0, errorMessage: null, endpointType: 1, clusterId: 'c', controllerId: 1, brokers: [] }
const DescribeCluster: Apis = { DescribeCluster: { versions: [0, 2], answer: () => cluster } }
const request = { includeClusterAuthorizedOperations: false }

describe('BrokerServer', () => {
  it.each([0, 2, 3, 4])('lists what is served in ApiVersions %i', async (version) => {
    const raw = await client(await started(DescribeCluster))
    const { errorCode, apiKeys } = await raw.send('ApiVersions', version, { clientSoftwareName: 'raw', clientSoftwareVersion: '1' })
    expect(errorCode).toBe(0)
    expect(apiKeys).toEqual([
      { apiKey: API_KEYS.SaslHandshake, minVersion: 0, maxVersion: 1 },
      { apiKey: API_KEYS.ApiVersions, minVersion: 0, maxVersion: 4 },
      { apiKey: API_KEYS.SaslAuthenticate, minVersion: 0, maxVersion: 2 },
      { apiKey: API_KEYS.DescribeCluster, minVersion: 0, maxVersion: 2 },
    ])
  })

  it('tells who asks in a newer version of ApiVersions which ones there are', async () => {
    const raw = await client(await started({}))
    const frame = framed(requestHeader(API_KEYS.ApiVersions, 9, 77).noTags().compactString('new').compactString('9').noTags())
    const answer = await raw.exchange(frame, 77)
    expect(answer.toString('hex')).toBe('0023' + '00000001' + '0012' + '0000' + '0004')
  })

  it('refuses software names that Kafka refuses', async () => {
    const raw = await client(await started({}))
    expect(await raw.send('ApiVersions', 3, { clientSoftwareName: '-x', clientSoftwareVersion: '1' })).toMatchObject({
      errorCode: Errors.INVALID_REQUEST,
    })
  })

  it('answers in the version that was asked, and tells the API who asks', async () => {
    const contexts: unknown[] = []
    const address = await started({ DescribeCluster: { versions: [0, 2], answer: (_, context) => (contexts.push(context), cluster) } })
    const raw = await client(address)
    expect(await raw.send('DescribeCluster', 0, request)).toMatchObject({ clusterId: 'c' })
    expect(await raw.send('DescribeCluster', 2, request)).toMatchObject({ clusterId: 'c' })
    const context = { clientId: 'raw-client', clientHost: '/127.0.0.1', listener: 'PLAINTEXT', principal: 'User:ANONYMOUS' }
    expect(contexts).toMatchObject([
      { ...context, version: 0 },
      { ...context, version: 2 },
    ])
  })

  it('answers one request after another, also when the first takes longer', async () => {
    const order: string[] = []
    let release = (): void => undefined
    const waiting = new Promise<void>((resolve) => (release = resolve))
    const address = await started({
      DescribeCluster: { versions: [0, 2], answer: () => waiting.then(() => (order.push('slow'), cluster)) },
      ListTransactions: {
        versions: [0, 2],
        answer: () => (order.push('fast'), { throttleTimeMs: 0, errorCode: 0, unknownStateFilters: [], transactionStates: [] }),
      },
    })
    const raw = await client(address)
    const slow = raw.send('DescribeCluster', 0, request)
    const fast = raw.send('ListTransactions', 0, { stateFilters: [], producerIdFilters: [] })
    const other = await client(address)
    await other.send('ListTransactions', 0, { stateFilters: [], producerIdFilters: [] })
    expect(order).toEqual(['fast'])
    release()
    await Promise.all([slow, fast])
    expect(order).toEqual(['fast', 'slow', 'fast'])
  })

  it('sends records without copying them, and reads the next request when the client has read', async () => {
    const records = Buffer.alloc(8_000_000, 'r')
    const address = await started({
      Fetch: {
        versions: [4, 11],
        answer: () => ({
          responses: [
            { topic: 't', partitions: [{ partitionIndex: 0, errorCode: 0, highWatermark: 0, abortedTransactions: null, records }] },
          ],
        }),
      },
    })
    const raw = await client(address)
    const fetch = { maxWaitMs: 0, minBytes: 0, topics: [] }
    const answers = await Promise.all([4, 11, 7].map((version) => raw.send('Fetch', version, fetch)))
    for (const { responses } of answers) expect(responses[0]?.partitions[0]?.records?.equals(records)).toBe(true)
  })

  it('sends nothing for a request without answer, and goes on', async () => {
    const address = await started({ ...DescribeCluster, Produce: { versions: [3, 12], answer: () => null } })
    const raw = await client(address)
    raw.tell('Produce', 9, { acks: 0, timeoutMs: 0, topicData: [] })
    expect(await raw.send('DescribeCluster', 0, request)).toMatchObject({ clusterId: 'c' })
  })

  it.each([
    ['an unknown API', framed(requestHeader(999, 0, 1)), 'API 999 (version 0) is not known here'],
    ['an API that is not served', framed(requestHeader(API_KEYS.Fetch, 4, 1)), 'Fetch is not served here'],
    [
      'a version that is not served',
      framed(requestHeader(API_KEYS.DescribeCluster, 3, 1).noTags()),
      'DescribeCluster is served in versions 0 to 2, not in 3',
    ],
    ['a request that ends too soon', framed(requestHeader(API_KEYS.DescribeCluster, 0, 1)), 'Needs 1 bytes'],
    ['text of another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'a request of 1195725856 bytes is announced'],
    ['a length below zero', Buffer.alloc(4, 0xff), 'a request of -1 bytes is announced'],
  ])('closes the connection that sends %s, with one line in the log, and no other', async (_, bytes, why) => {
    const address = await started(DescribeCluster)
    const [bad, good] = [await client(address), await client(address)]
    log.lines.length = 0
    bad.write(bytes)
    await bad.closed
    expect(log.lines.filter((line) => line.includes('closed'))).toEqual([expect.stringContaining(why)])
    expect(await good.send('DescribeCluster', 0, request)).toMatchObject({ clusterId: 'c' })
  })

  it('closes the connection whose request could not be answered, and logs the error', async () => {
    const address = await started({ DescribeCluster: { versions: [0, 2], answer: () => Promise.reject(new TypeError('ours')) } })
    const raw = await client(address)
    log.lines.length = 0
    await expect(raw.send('DescribeCluster', 0, request)).rejects.toThrow(ConnectionClosed)
    expect(log.lines).toEqual([expect.stringContaining('could not be answered')])
  })

  it('closes connections that never speak, and those that only begin to', async () => {
    const address = await started(DescribeCluster, { firstRequestMs: 50 })
    const clients = await Promise.all(Array.from({ length: 50 }, () => client(address)))
    clients[0]?.write(Buffer.from([0, 0]))
    await Promise.all(clients.map((raw) => raw.closed))
  })

  it('closes connections that were idle for connections.max.idle.ms, not those that wait for an answer', async () => {
    let release = (): void => undefined
    const waiting = new Promise<void>((resolve) => (release = resolve))
    const address = await started(
      {
        ...DescribeCluster,
        ListTransactions: {
          versions: [0, 2],
          answer: () => waiting.then(() => ({ throttleTimeMs: 0, errorCode: 0, unknownStateFilters: [], transactionStates: [] })),
        },
      },
      { maxIdleMs: 1000 },
    )
    const [idle, polling] = [await client(address), await client(address)]
    const answer = polling.send('ListTransactions', 0, { stateFilters: [], producerIdFilters: [] })
    await idle.send('DescribeCluster', 0, request)
    await idle.closed
    release()
    expect(await answer).toMatchObject({ errorCode: 0 })
  })

  it('refuses connections beyond max.connections', async () => {
    const address = await started(DescribeCluster, { maxConnections: 1 })
    const first = await client(address)
    await (
      await client(address)
    ).closed
    expect(await first.send('DescribeCluster', 0, request)).toMatchObject({ clusterId: 'c' })
  })

  it('tells the API that the connection of its request is gone', async () => {
    let gone = (): void => undefined
    const isGone = new Promise<void>((resolve) => (gone = resolve))
    const address = await started({
      DescribeCluster: { versions: [0, 2], answer: (_, { closed }) => new Promise(() => closed.addEventListener('abort', gone)) },
    })
    const raw = await client(address)
    raw.write(requestFrame('DescribeCluster', 0, 1, request))
    await raw.close()
    await isGone
  })

  it('reports an address that is taken', async () => {
    const address = await started({})
    const port = Number(address.split(':')[1])
    const listeners = [{ name: 'PLAINTEXT', protocol: 'PLAINTEXT', host: '127.0.0.1', port } as const]
    await expect(BrokerServer.start({ listeners, apis: {}, log })).rejects.toThrow('EADDRINUSE')
  })
})
