import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ElasticsearchClient } from '../../../../../connectors/elasticsearch/client/elasticsearch-client.ts'
import type { RequestFailure } from '../../../../../connectors/elasticsearch/client/request-failure.ts'
import { readElasticsearchSinkSettings } from '../../../../../connectors/elasticsearch/config/settings.ts'
import { FakeElasticsearch, type FakeOptions } from '../../../../support/fake-elasticsearch/fake-elasticsearch.ts'
import { ScriptedElasticsearch, type ScriptedAnswer } from '../../../../support/scripted-elasticsearch.ts'

const body = Buffer.from('{"index":{"_index":"t","_id":"0"}}\n{"n":0}\n')
const store = (name: string): string => new URL(`../../../../support/key-stores/${name}`, import.meta.url).pathname
const pem = (name: string): Buffer => readFileSync(store(name))

async function open(url: string, keys: Readonly<Record<string, string>> = {}): Promise<ElasticsearchClient> {
  const client = await ElasticsearchClient.open(readElasticsearchSinkSettings({ topics: 't', 'connection.url': url, ...keys }).connection)
  onTestFinished(() => client.close())
  return client
}

async function fake(options: FakeOptions = {}): Promise<FakeElasticsearch> {
  const server = await FakeElasticsearch.start(options)
  onTestFinished(() => server.stop())
  return server
}

/** A server that gives every request this answer. */
async function answering(answer: ScriptedAnswer): Promise<ScriptedElasticsearch> {
  const server = await ScriptedElasticsearch.start([{ match: '.*', answers: [answer], repeatLast: true }])
  onTestFinished(() => server.stop())
  return server
}

async function failureOf(request: Promise<unknown>): Promise<RequestFailure> {
  return await request.then(
    () => expect.fail('the request should have failed'),
    (error: unknown) => error as RequestFailure,
  )
}

async function unusedAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  server.close()
  await once(server, 'close')
  return address
}

describe('the client', () => {
  it.for([
    { distribution: 'elasticsearch', version: '7.17.29' },
    { distribution: 'elasticsearch', version: '8.19.9' },
    { distribution: 'elasticsearch', version: '9.2.0' },
    { distribution: 'opensearch', version: '3.3.2' },
  ] as const)('#90 talks to $distribution $version, with plain content types', async (flavour) => {
    const server = await fake({ flavour })
    const client = await open(server.url)
    expect(await client.exists('t')).toBe(false)
    await client.createIndex('t')
    expect(await client.hasMapping('t')).toBe(false)
    await client.putMapping('t', '{"properties":{"n":{"type":"long"}}}')
    expect(await client.hasMapping('t')).toBe(true)
    expect(await client.bulk(body, 1)).toEqual([])
    expect(await client.info()).toEqual({ version: flavour.version, isOpenSearch: flavour.distribution === 'opensearch' })
    const bulk = server.bulkRequests[0]!
    expect([bulk.headers['content-type'], bulk.headers.accept]).toEqual(['application/x-ndjson', 'application/json'])
    expect(bulk.query.get('filter_path')).toBe('errors,items.*.status,items.*.error')
  })

  it('takes a server that has no page at / for one that says nothing', async () => {
    const server = await answering({ status: 405 })
    const client = await open(`http://${server.address}`)
    expect([await client.info(), await client.ping()]).toEqual([{ version: '', isOpenSearch: false }, true])
  })

  it('#80 keeps the path of an address before each request', async () => {
    const server = await answering({ text: '{"errors":false}' })
    const client = await open(`http://${server.address}/behind/es/`)
    await client.exists('t')
    await client.bulk(body, 1)
    expect(server.exchanges.map(({ path }) => path.replace(/\?.*/, ''))).toEqual(['/behind/es/t', '/behind/es/_bulk'])
  })

  it('escapes names of indices in paths', async () => {
    const server = await answering({ status: 200 })
    await (await open(`http://${server.address}`)).exists('a,b/ä')
    expect(server.exchanges[0]?.path).toBe('/a%2Cb%2F%C3%A4')
  })

  it('#83 compresses requests, and reads answers that are', async () => {
    const server = await fake()
    const client = await open(server.url, { 'connection.compression': 'true' })
    expect(await client.bulk(body, 1)).toEqual([])
    const { headers, body: received } = server.bulkRequests[0]!
    expect([headers['content-encoding'], headers['accept-encoding'], received]).toEqual(['gzip', 'gzip,deflate', body.toString()])
  })
})

describe('who the client says it is', () => {
  const authorization = async (url: (address: string) => string, keys: Record<string, string> = {}): Promise<string | undefined> => {
    const server = await answering({ status: 200 })
    await (await open(url(server.address), keys)).ping()
    return server.exchanges[0]?.headers.authorization
  }
  const plain = (address: string) => `http://${address}`

  it('#82 user and password, from the first request on, in UTF-8', async () => {
    const keys = { 'connection.username': 'jürgen', 'connection.password': 'ge:heim€' }
    expect(await authorization(plain, keys)).toBe(`Basic ${Buffer.from('jürgen:ge:heim€').toString('base64')}`)
  })

  it('user and password of the address', async () => {
    expect(await authorization((address) => `http://u%40x:p%3A@${address}`)).toBe(`Basic ${Buffer.from('u@x:p:').toString('base64')}`)
  })

  it('an API key, encoded or as id and key', async () => {
    expect(await authorization(plain, { 'connection.api.key': 'id:key' })).toBe(`ApiKey ${Buffer.from('id:key').toString('base64')}`)
    expect(await authorization(plain, { 'connection.api.key': 'aWQ6a2V5' })).toBe('ApiKey aWQ6a2V5')
  })

  it('a bearer token', async () => {
    expect(await authorization(plain, { 'connection.bearer.token': 'abc' })).toBe('Bearer abc')
  })

  it('nobody', async () => {
    expect(await authorization(plain)).toBeUndefined()
  })

  it('#92 in no error', async () => {
    const server = await answering({ status: 503, text: 'no' })
    const keys = { 'connection.username': 'u', 'connection.password': 'geheim', 'max.retries': '0' }
    const basic = Buffer.from('u:geheim').toString('base64')
    const failures = [
      await failureOf((await open(`http://${server.address}`, keys)).bulk(body, 1)),
      await failureOf((await open(`http://u:geheim@${await unusedAddress()}`)).bulk(body, 1)),
    ]
    for (const failure of failures) {
      const shown = `${inspect(failure, { depth: 20 })}${failure.stack}`
      expect(shown).not.toContain('geheim')
      expect(shown).not.toContain(basic)
    }
  })
})

describe('what the client says of a failure', () => {
  it('nobody listens', async () => {
    const address = await unusedAddress()
    const failure = await failureOf((await open(`http://${address}`)).bulk(body, 1))
    expect(failure).toMatchObject({
      kind: 'unreachable',
      status: 0,
      isPassing: true,
      javaText: 'java.net.ConnectException: Connection refused',
    })
    expect(failure.message).toBe(`POST http://${address}/_bulk?timeout=1m: connect ECONNREFUSED ${address}`)
  })

  it('the host has no address', async () => {
    const failure = await failureOf((await open('http://no-such-host.invalid:9200')).ping())
    expect(failure).toMatchObject({ kind: 'unreachable', isPassing: true })
  })

  it.for(['close', 'reset', 'truncate'] as const)('the connection ends (%s)', async (action) => {
    const server = await answering({ action })
    const failure = await failureOf((await open(`http://${server.address}`)).bulk(body, 1))
    expect(failure).toMatchObject({ kind: 'disconnected', status: 0, isPassing: true })
  })

  it('no answer within read.timeout.ms', async () => {
    const server = await answering({ action: 'hang' })
    const failure = await failureOf((await open(`http://${server.address}`, { 'read.timeout.ms': '100' })).bulk(body, 1))
    expect(failure).toMatchObject({ kind: 'timeout', isPassing: true })
    expect(failure.message).toContain('no answer within read.timeout.ms=100')
  })

  it('the request was given up', async () => {
    const server = await answering({ action: 'hang' })
    const abort = new AbortController()
    const request = failureOf((await open(`http://${server.address}`)).bulk(body, 1, abort.signal))
    await expect.poll(() => server.exchanges.length).toBe(1)
    abort.abort()
    expect(await request).toMatchObject({ kind: 'aborted', isPassing: false })
  })

  it.for([
    ['is not answered', { action: 'hang' }, '50', 'timeout'],
    ['is refused', { status: 429 }, '60000', 'status'],
  ] as const)('nothing copies the body of a request that %s, byte by byte', async ([, answer, readTimeoutMs, kind]) => {
    const server = await answering(answer)
    const client = await open(`http://${server.address}`, { 'read.timeout.ms': readTimeoutMs })
    const watched = Buffer.from(body)
    Object.defineProperty(watched, 'members', { enumerable: true, get: () => expect.unreachable('the members of the body were asked for') })
    expect((await failureOf(client.bulk(watched, 1))).kind).toBe(kind)
  })

  it('the server says no, with type, reason and when to come again', async () => {
    const error = { type: 'some_exception', reason: 'for the test', caused_by: { type: 'inner', reason: 'why' } }
    const server = await answering({ status: 429, body: { error, status: 429 }, headers: { 'retry-after': '7' } })
    const failure = await failureOf((await open(`http://${server.address}`)).bulk(body, 1))
    expect(failure).toMatchObject({
      kind: 'status',
      status: 429,
      isPassing: true,
      retryAfterMs: 7000,
      serverError: { type: 'some_exception' },
    })
    expect(failure.javaText).toBe(
      'ElasticsearchStatusException[Elasticsearch exception [type=some_exception, reason=for the test]]; nested: ElasticsearchException[Elasticsearch exception [type=inner, reason=why]];',
    )
  })

  it('a proxy says no in HTML, of which it repeats a part', async () => {
    const server = await answering({ status: 502, text: `<html>${'x'.repeat(10_000)}` })
    const failure = await failureOf((await open(`http://${server.address}`)).bulk(body, 1))
    expect(failure).toMatchObject({ status: 502, isPassing: true, serverError: null })
    expect(failure.message.length).toBeLessThan(700)
  })

  it('the answer is none', async () => {
    const server = await answering({ text: '<html>' })
    expect(await failureOf((await open(`http://${server.address}`)).bulk(body, 1))).toMatchObject({ kind: 'unreadable', isPassing: true })
  })

  it.for([400, 401, 403, 404])('%i does not pass by itself', async (status) => {
    const server = await answering({ status, text: '' })
    expect(await failureOf((await open(`http://${server.address}`)).bulk(body, 1))).toMatchObject({ status, isPassing: false })
  })
})

describe('several addresses', () => {
  it('work while one of them does', async () => {
    const server = await fake()
    const client = await open(`http://${await unusedAddress()},${server.url},http://${await unusedAddress()}`)
    for (let times = 0; times < 10; times++) expect(await client.bulk(body, 1)).toEqual([])
  })

  it('work while one of them has no server behind it', async () => {
    const [server, broken] = [await fake(), await answering({ status: 503 })]
    const client = await open(`http://${broken.address},${server.url}`)
    for (let times = 0; times < 10; times++) expect(await client.bulk(body, 1)).toEqual([])
  })
})

describe('#84 TLS', () => {
  const tls = { key: pem('server.pem'), cert: pem('server.pem') }
  const ssl = (keys: Record<string, string>) =>
    Object.fromEntries(Object.entries(keys).map(([key, value]) => [`elastic.https.ssl.${key}`, value]))
  const trust = (name: string) => ssl({ 'truststore.location': store(name), 'truststore.password': 'changeit' })

  it.for(['ca.pem', 'trust.p12', 'trust.jks', 'trust.jceks'])('trusts the authority of %s', async (name) => {
    const server = await fake({ tls })
    expect(await (await open(server.url, trust(name))).ping()).toBe(true)
  })

  it('trusts the authorities of a text', async () => {
    const server = await fake({ tls })
    expect(await (await open(server.url, ssl({ 'truststore.certificates': pem('ca.pem').toString() }))).ping()).toBe(true)
  })

  it('refuses an authority that is not known', async () => {
    const server = await fake({ tls })
    expect(await failureOf((await open(server.url)).ping())).toMatchObject({ kind: 'unreachable' })
  })

  it('offers the cipher suites of the list only', async () => {
    const suites = { ...trust('ca.pem'), ...ssl({ 'cipher.suites': 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256' }) }
    expect(await (await open((await fake({ tls })).url, suites)).ping()).toBe(true)
    const newer = await fake({ tls: { ...tls, minVersion: 'TLSv1.3' } })
    expect(await failureOf((await open(newer.url, suites)).ping())).toMatchObject({ kind: 'unreachable' })
  })

  it('refuses another name, unless names are not looked at', async () => {
    const stranger = await fake({ tls: { key: pem('stranger.pem'), cert: pem('stranger.pem') } })
    expect(await failureOf((await open(stranger.url, trust('ca.pem'))).ping())).toMatchObject({ kind: 'unreachable' })
    const unnamed = { ...trust('ca.pem'), ...ssl({ 'endpoint.identification.algorithm': '' }) }
    expect(await (await open(stranger.url, unnamed)).ping()).toBe(true)
    expect(await failureOf((await open(stranger.url, ssl({ 'endpoint.identification.algorithm': '' }))).ping())).toMatchObject({
      kind: 'unreachable',
    })
  })

  it('trusts anybody where that is asked for', async () => {
    const server = await fake({ tls })
    expect(await (await open(server.url, ssl({ 'verification.mode': 'none' }))).ping()).toBe(true)
  })

  it('trusts the authority with this fingerprint, and no other', async () => {
    const server = await fake({ tls: { ...tls, cert: Buffer.concat([pem('server.pem'), pem('ca.pem')]) } })
    const { X509Certificate } = await import('node:crypto')
    const fingerprint = new X509Certificate(pem('ca.pem')).fingerprint256
    expect(await (await open(server.url, ssl({ 'ca.fingerprint': fingerprint }))).ping()).toBe(true)
    const other = fingerprint.replace(/^../, (first) => (first === '00' ? '01' : '00'))
    expect(await failureOf((await open(server.url, ssl({ 'ca.fingerprint': other }))).ping())).toMatchObject({ status: 0 })
  })

  it.for([
    ['client.pem', {}],
    ['client.p12', { 'keystore.password': 'changeit' }],
    ['client-3des.p12', { 'keystore.password': 'changeit' }],
    ['client.jks', { 'keystore.password': 'changeit', 'key.password': 'key-secret' }],
    ['client-encrypted.pem', { 'key.password': 'key-secret' }],
  ] as const)('shows the client certificate of %s', async ([name, passwords]) => {
    const server = await fake({ tls: { ...tls, ca: pem('ca.pem'), requestCert: true, rejectUnauthorized: true } })
    const keys = { ...trust('ca.pem'), ...ssl({ 'keystore.location': store(name), ...passwords }) }
    expect(await (await open(server.url, keys)).ping()).toBe(true)
    expect(await failureOf((await open(server.url, trust('ca.pem'))).ping())).toMatchObject({ isPassing: true })
  })

  it('names a store that cannot be read, and no password', async () => {
    const wrong = { ...trust('trust.p12'), ...ssl({ 'truststore.password': 'geheim' }) }
    await expect(open('https://localhost:9200', wrong)).rejects.toThrow(
      `Failed to load SSL keystore ${store('trust.p12')}: the password is wrong`,
    )
  })
})

describe('#85 a proxy', () => {
  /** Lets through whom it knows. @returns its port and the tunnels asked for */
  async function proxy(authorization?: string): Promise<{ port: string; tunnels: string[] }> {
    const tunnels: string[] = []
    const server = createServer()
    server.on('connect', (request, socket) => {
      tunnels.push(request.url ?? '')
      if (request.headers['proxy-authorization'] !== authorization)
        return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      const [host, port] = (request.url ?? '').split(':')
      const target = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        target.pipe(socket).pipe(target)
      })
      target.on('error', () => socket.destroy())
      socket.on('error', () => target.destroy())
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    return { port: String((server.address() as AddressInfo).port), tunnels }
  }

  it('is asked for a tunnel', async () => {
    const [server, { port, tunnels }] = [await fake(), await proxy()]
    const client = await open(server.url, { 'proxy.host': '127.0.0.1', 'proxy.port': port })
    expect(await client.bulk(body, 1)).toEqual([])
    expect(tunnels).toEqual([server.address])
  })

  it('gets user and password', async () => {
    const [server, { port }] = [await fake(), await proxy(`Basic ${Buffer.from('pü:x:y').toString('base64')}`)]
    const client = await open(server.url, {
      'proxy.host': '127.0.0.1',
      'proxy.port': port,
      'proxy.username': 'pü',
      'proxy.password': 'x:y',
    })
    expect(await client.ping()).toBe(true)
  })

  it('that refuses is a failure that passes', async () => {
    const [server, { port }] = [await fake(), await proxy('somebody else')]
    const client = await open(server.url, { 'proxy.host': '127.0.0.1', 'proxy.port': port })
    expect(await failureOf(client.ping())).toMatchObject({ status: 0, isPassing: true })
  })
})
