import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { ConnectProxy } from '../support/fake-elasticsearch/connect-proxy.ts'
import { FakeElasticsearch, type FakeOptions } from '../support/fake-elasticsearch/fake-elasticsearch.ts'
import { startSink } from '../support/elasticsearch-sink.ts'
import type { NodeOptions } from '../support/services/elasticsearch-node.ts'
import { describeWithOwnSearchServer } from '../support/services/elasticsearch-suite.ts'
import { describeWithKafka } from '../support/services/suite.ts'
import { until } from '../support/worker-process.ts'

const store = (name: string) => join(import.meta.dirname, '../support/key-stores', name)
const pem = (name: string) => readFileSync(store(name), 'utf8')
const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

const records = [{ value: { a: 1 } }]
const PLAIN = /^application\/(x-nd)?json(, text\/plain)?$/
const TRUST = {
  'elastic.security.protocol': 'SSL',
  'elastic.https.ssl.truststore.location': store('trust.p12'),
  'elastic.https.ssl.truststore.password': 'changeit',
}

async function fakeServer(options: FakeOptions): Promise<FakeElasticsearch> {
  const fake = await FakeElasticsearch.start(options)
  onTestFinished(() => fake.stop())
  return fake
}

/** A server whose certificate is that of `name`, of the test authority. */
const tlsServer = (name: string, more: FakeOptions['tls'] = {}) => fakeServer({ tls: { key: pem(name), cert: pem(name), ...more } })

const user = { name: 'tester', password: 'test-secret', hash: '$2a$10$tAzKJXuaQz5xp8TmktV1T.Os9X/EVpRAXOk2kGyH/pyVNL3f.6uEa' }
const authorization = basic(user.name, user.password)
const secured: NodeOptions = {
  settings: {
    'xpack.security.enabled': 'true',
    'xpack.security.http.ssl.enabled': 'false',
    'xpack.security.transport.ssl.enabled': 'false',
  },
  configFiles: {
    users: [user.name, 'reader'].map((name) => `${name}:${user.hash}\n`).join(''),
    users_roles: `superuser:${user.name}\nreader:reader\n`,
    'roles.yml': 'reader: { cluster: [monitor], indices: [{ names: ["*"], privileges: [read, view_index_metadata] }] }',
  },
  authorization,
}

await describeWithOwnSearchServer('elasticsearch-8', 'the sink and a server with security', secured, (url) => {
  describeWithKafka('and Kafka', (kafka) => {
    const asked = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
      const init = body === undefined ? {} : { body: JSON.stringify(body) }
      const response = await fetch(url + path, { method, ...init, headers: { authorization, 'content-type': 'application/json' } })
      return (await response.json()) as Record<string, unknown>
    }
    const count = async (index: string) => {
      await asked('POST', `/${index}/_refresh`)
      return (await asked('GET', `/${index}/_count`)).count
    }

    it('#82 a user and a password, from the first request on', async () => {
      const config = { 'connection.username': user.name, 'connection.password': user.password }
      const sink = await startSink(kafka, url, { config, records })
      await sink.committed(1)
      expect(sink.proxy.requests.map(({ headers }) => headers.authorization)).toEqual(sink.proxy.requests.map(() => authorization))
      expect(await count(sink.topic)).toBe(1)
    })

    it('a wrong password fails the task at once, and stands in no log and no trace', async () => {
      const config = { 'connection.username': user.name, 'connection.password': 'wrong-secret' }
      const sink = await startSink(kafka, url, { config, records })
      const trace = await sink.failed()
      expect(trace).toContain('401')
      expect(trace + sink.log.lines.join()).not.toContain('wrong-secret')
      expect(sink.proxy.requests.length).toBeLessThan(5)
    })

    it('a user who may read and not write is told so', async () => {
      const config = { 'connection.username': 'reader', 'connection.password': user.password }
      const sink = await startSink(kafka, url, { config, records })
      expect(await sink.failed()).toMatch(/403|security_exception/)
      expect(await sink.offsets()).toEqual({})
    })
  })
})

describeWithKafka('the Elasticsearch sink and TLS', (kafka) => {
  it.each([
    ['PKCS12', { 'truststore.location': store('trust.p12'), 'truststore.password': 'changeit' }],
    ['JKS', { 'truststore.location': store('trust.jks'), 'truststore.password': 'changeit', 'truststore.type': 'JKS' }],
    ['PEM', { 'truststore.location': store('ca.pem'), 'truststore.type': 'PEM' }],
  ])('#84 trusts the authority of a %s trust store', async (_type, keys) => {
    const fake = await tlsServer('server.pem')
    const config = Object.fromEntries(Object.entries(keys).map(([key, value]) => [`elastic.https.ssl.${key}`, value]))
    const sink = await startSink(kafka, fake.url, {
      config: { ...config, 'elastic.security.protocol': 'SSL', 'connection.url': fake.url },
      records,
    })
    await sink.committed(1)
    expect(fake.documents(sink.topic).size).toBe(1)
  })

  it('#84 sends nothing to a server whose authority it does not know', async () => {
    const fake = await tlsServer('server.pem')
    const sink = await startSink(kafka, fake.url, { config: { 'connection.url': fake.url }, records })
    await until(() => /certificate/.test(sink.log.lines.join() + (sink.task?.trace ?? '') + (sink.task?.condition?.because ?? '')))
    expect(fake.requests).toEqual([])
    expect(await sink.offsets()).toEqual({})
  })

  it('#84 looks at the name of the server, unless the algorithm for that is empty', async () => {
    const stranger = await tlsServer('stranger.pem')
    const refused = await startSink(kafka, stranger.url, { config: { ...TRUST, 'connection.url': stranger.url }, records })
    await until(() => /certificate/.test(refused.log.lines.join() + (refused.task?.trace ?? '') + (refused.task?.condition?.because ?? '')))
    expect(stranger.requests).toEqual([])
    const config = { ...TRUST, 'connection.url': stranger.url, 'elastic.https.ssl.endpoint.identification.algorithm': '' }
    const sink = await startSink(kafka, stranger.url, { config, records })
    await sink.committed(1)
  })

  it('shows its own certificate where the server wants one', async () => {
    const fake = await tlsServer('server.pem', { requestCert: true, rejectUnauthorized: true, ca: pem('ca.pem') })
    const own = { 'elastic.https.ssl.keystore.location': store('client.p12'), 'elastic.https.ssl.keystore.password': 'changeit' }
    const sink = await startSink(kafka, fake.url, { config: { ...TRUST, ...own, 'connection.url': fake.url }, records })
    await sink.committed(1)
    expect(fake.documents(sink.topic).size).toBe(1)
  })
})

describeWithKafka('the Elasticsearch sink and other ways to a server', (kafka) => {
  it.each([
    ['an API key', 'ApiKey a2V5OnNlY3JldA==', { 'connection.api.key': 'a2V5OnNlY3JldA==' }],
    ['a bearer token', 'Bearer token-of-tests', { 'connection.bearer.token': 'token-of-tests' }],
    ['a password beyond ASCII', basic('größe', 'Käse€'), { 'connection.username': 'größe', 'connection.password': 'Käse€' }],
  ])('%s', async (_name, authorization, config) => {
    const fake = await fakeServer({ authorization })
    const sink = await startSink(kafka, fake.url, { config, records })
    await sink.committed(1)
    expect(fake.documents(sink.topic).size).toBe(1)
  })

  it('#80 several servers, one of them down and another behind a path', async () => {
    const [down, up] = [await fakeServer({}), await fakeServer({})]
    const address = down.address
    await down.stop()
    const sink = await startSink(kafka, up.url, { config: { 'connection.url': `${address},${up.address}/` }, records })
    await sink.committed(1)
    expect(up.documents(sink.topic).size).toBe(1)
  })

  it('#85 an HTTP proxy with a user of its own', async () => {
    const fake = await fakeServer({})
    const proxy = await ConnectProxy.start(basic('guest', 'proxy-secret'))
    onTestFinished(() => proxy.stop())
    const way = { 'proxy.host': '127.0.0.1', 'proxy.port': String(proxy.port), 'proxy.username': 'guest', 'proxy.password': 'proxy-secret' }
    const sink = await startSink(kafka, fake.url, { config: { ...way, 'connection.url': fake.url }, records })
    await sink.committed(1)
    expect(new Set(proxy.tunnels)).toEqual(new Set([fake.address]))
    expect(fake.documents(sink.topic).size).toBe(1)
  })

  it.each([
    ['without a product header', { sendsProduct: false }, 1],
    ['that is OpenSearch', { flavour: { distribution: 'opensearch', version: '3.3.2' } }, 1],
    ['that is Elasticsearch 7.17', { flavour: { distribution: 'elasticsearch', version: '7.17.29' } }, 0],
    ['that is Elasticsearch 9.2', { flavour: { distribution: 'elasticsearch', version: '9.2.0' } }, 0],
  ] satisfies [string, FakeOptions, number][])('#90 a server %s gets plain media types', async (_name, options, warnings) => {
    const fake = await fakeServer(options)
    const sink = await startSink(kafka, fake.url, { records })
    await sink.committed(1)
    expect(fake.documents(sink.topic).size).toBe(1)
    expect(sink.log.lines.filter((line) => line.startsWith('WARN The server at'))).toHaveLength(warnings)
    for (const { headers } of sink.proxy.requests) {
      expect(headers.accept).toMatch(PLAIN)
      expect(headers['content-type']).toMatch(PLAIN)
    }
  })
})
