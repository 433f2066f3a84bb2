import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { ChaosProxy } from '../support/fake-elasticsearch/chaos-proxy.ts'
import { isBulk, refusal, tooManyRequests, type Fault, type FaultSource } from '../support/fake-elasticsearch/faults.ts'
import { everyDocument } from '../support/elasticsearch-documents.ts'
import { ask, DEAD_LETTERS, SINK_CLASS } from '../support/elasticsearch-sink.ts'
import { isAllCommitted, killWorkers, sharesOf } from '../support/chaos.ts'
import { endOffset, produceAll, withAdmin, type TestInput } from '../support/kafka-records.ts'
import type { SearchNode } from '../support/services/elasticsearch-node.ts'
import { privateSearchServer } from '../support/services/elasticsearch-suite.ts'
import { describeWithKafka } from '../support/services/suite.ts'
import { propertiesFile, scratchDir, until } from '../support/worker-process.ts'

/** In the suite small; `STANDPIPE_CHAOS_DOCS=1000000 STANDPIPE_CHAOS_SERVER_KILLS=5 STANDPIPE_CHAOS_WORKER_KILLS=10` is the whole thing. */
const documents = Number(process.env['STANDPIPE_CHAOS_DOCS'] ?? 50_000)
const serverKills = Number(process.env['STANDPIPE_CHAOS_SERVER_KILLS'] ?? 2)
const workerKills = Number(process.env['STANDPIPE_CHAOS_WORKER_KILLS'] ?? 3)
const hangMs = Number(process.env['STANDPIPE_CHAOS_HANG_MS'] ?? 5_000)
const timeoutMs = 600_000 + 3 * documents

const PARTITIONS = 4
/** So many records change a document that an earlier one made. */
const CHANGES = Math.floor(documents / 10)

describeWithKafka('the Elasticsearch sink in bad weather', (kafka) => {
  it(
    `${documents} documents and ${CHANGES} changes: ${serverKills} kills of the server, ${workerKills} of the worker, and a proxy that fails all the time lose, repeat and misplace none`,
    { timeout: timeoutMs },
    async () => {
      const node = await privateSearchServer('elasticsearch-8')
      const topic = `chaos-${randomUUID()}`
      const expected = await produceDocuments(kafka, topic)
      const proxy = await ChaosProxy.start(node.url)
      onTestFinished(() => proxy.stop())
      proxy.keepsRequests = false
      proxy.faults = badWeather
      const { name, files } = await propertyFiles(kafka, topic, proxy.url)

      const serverChaos = killServers(node, proxy)
      const last = await killWorkers(files, workerKills, (share) => untilShare(proxy, share))
      await serverChaos
      await until(() => isAllCommitted(kafka, topic, name, PARTITIONS), 250)
      expect(await last.stop()).toBe(143)

      console.log(`${documents} documents, ${serverKills} + ${workerKills} kills, faults: ${JSON.stringify(proxy.faultCounts)}`)
      await ask(node.url, 'POST', `/${topic}/_refresh`)
      expect(await differences(node.url, topic, expected)).toEqual({ wrong: [], missing: 0, unexpected: 0 })
      expect(await endOffset(kafka, `${topic}-dlq`, 0)).toBe(0)
    },
  )
})

/** Per id: the offset of its last record, which is its version, and that record's number. */
type Expected = Map<string, { readonly version: number; readonly n: number }>

async function produceDocuments(kafka: string, topic: string): Promise<Expected> {
  await withAdmin(kafka, (admin) => admin.createTopics([{ name: topic, partitions: PARTITIONS, replicationFactor: 1 }]))
  const expected: Expected = new Map()
  const nextOffset = new Array<number>(PARTITIONS).fill(0)
  function* records(): Generator<TestInput> {
    for (let n = 0; n < documents + CHANGES; n++) {
      const id = n < documents ? n : Math.floor(Math.random() * documents)
      const partition = id % PARTITIONS
      expected.set(`id-${id}`, { version: nextOffset[partition]!++, n })
      yield { key: `id-${id}`, value: { n, text: 'x'.repeat(100) }, partition }
    }
  }
  await produceAll(kafka, topic, records())
  return expected
}

const oneIn = (times: number) => Math.random() * times < 1

/** What a bulk request meets: of the items that come through a fifth is refused every time, and one request in six fails as a whole. */
const badWeather: FaultSource = (request) => {
  if (!isBulk(request)) return oneIn(10) ? refusal(503, 'unavailable', 'not now') : null
  const whole: readonly (() => Fault)[] = [
    () => refusal(429, 'es_rejected_execution_exception', 'full'),
    () => refusal(503, 'unavailable', 'not now'),
    () => refusal(502, 'bad_gateway', 'not now'),
    () => ({ kind: 'reset', done: false }),
    () => ({ kind: 'reset', done: true }),
    () => (request.body.length > 200_000 ? { kind: 'status', status: 413 } : refusal(504, 'timeout', 'not now')),
  ]
  if (oneIn(200)) return { kind: 'hang', done: oneIn(2), ms: hangMs }
  if (oneIn(6)) return whole[Math.floor(Math.random() * whole.length)]!()
  return { kind: 'items', outcomeOf: () => (oneIn(5) ? tooManyRequests : null) }
}

async function propertyFiles(kafka: string, topic: string, url: string) {
  const dir = await scratchDir()
  const name = `sink-${randomUUID()}`
  const worker = await propertiesFile(dir, 'worker.properties', {
    'bootstrap.servers': kafka,
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'false',
    'offset.storage.file.filename': `${dir}/connect.offsets`,
    'offset.flush.interval.ms': '500',
  })
  const letters = Object.entries(DEAD_LETTERS).map(([key, value]) => [key, value.replace('<topic>', topic)] as const)
  const sink = await propertiesFile(dir, 'sink.properties', {
    name,
    'connector.class': SINK_CLASS,
    'connection.url': url,
    topics: topic,
    'retry.backoff.ms': '10', // a fifth of each request comes back every time: waits would add up
    'schema.ignore': 'true',
    'consumer.override.session.timeout.ms': '6000',
    'consumer.override.heartbeat.interval.ms': '500',
    ...Object.fromEntries(letters),
  })
  return { name, files: [worker, sink] }
}

/** Waits for a share of the work, so that kills are spread over it. */
const untilShare = (proxy: ChaosProxy, share: number) => until(() => proxy.operations >= share * documents, 5)

async function killServers(node: SearchNode, proxy: ChaosProxy): Promise<void> {
  for (const share of sharesOf(serverKills)) {
    await untilShare(proxy, share)
    await node.kill()
    await delay(500)
    await node.start()
  }
}

async function differences(server: string, index: string, expected: Expected) {
  const wrong: string[] = []
  let found = 0
  let unexpected = 0
  for await (const { id, version, source } of everyDocument(server, index)) {
    const want = expected.get(id)
    if (want === undefined) unexpected++
    else found++
    if (want !== undefined && (want.version !== version || want.n !== source['n']))
      wrong.push(`${id}: version ${version} of ${want.version}, record ${String(source['n'])} of ${want.n}`)
  }
  return { wrong: wrong.slice(0, 10), missing: expected.size - found, unexpected }
}
