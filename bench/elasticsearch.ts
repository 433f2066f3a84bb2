/** Topic to Elasticsearch: documents of 195 bytes into a server that keeps nothing, and into a real one. */
import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { startSearchServer } from '../test/support/services/elasticsearch.ts'
import type { KafkaBroker } from '../test/support/services/kafka.ts'
import type { ServerProcess } from '../test/support/services/server-process.ts'
import { buildRedpandaConnect, NullServer, startJavaLoop, startRedpandaConnect, type SinkJob } from './elasticsearch-peers.ts'
import { generateTopic, JAVA_LOOP } from './java-programs.ts'
import { throughput, watchArrival } from './measured-process.ts'
import type { Metrics, Results } from './results.ts'
import { standpipeSide, writeProperties } from './worker-side.ts'

const TIMEOUT_MS = 300_000
const TOPIC = 'bench'
const BATCH = 2_000
const IN_FLIGHT = 5
/** Asking a real server how far it is costs it work: not at every look of the measurement. */
const STATS_EVERY_MS = 200

export const REDPANDA_CONNECT = 'Redpanda Connect'

type Start = (job: SinkJob) => Promise<ServerProcess>

export interface ElasticsearchBenchmark {
  readonly kafka: KafkaBroker
  readonly dir: string
  readonly rounds: number
  /** In the null server; a real one gets a quarter as many. */
  readonly documents: number
  /** Part of the names of the cases to run; empty: all. */
  readonly only: string
  readonly nodeOptions: readonly string[]
  readonly isWanted: (side: string) => boolean
  readonly results: Results
}

/** Where documents go, and how many of them are there. */
interface Target {
  readonly name: string
  readonly url: string
  readonly documents: number
  reset(): Promise<void>
  count(): Promise<number>
  stop(): Promise<void>
}

export async function benchmarkElasticsearch(bench: ElasticsearchBenchmark): Promise<void> {
  if (bench.isWanted(REDPANDA_CONNECT)) await buildRedpandaConnect()
  await generateTopic(bench.kafka.address, TOPIC, bench.documents, 'plain', bench.dir)
  const sides = new Map<string, Start>([
    ['standpipe', (job) => startStandpipe(job, bench.nodeOptions)],
    [JAVA_LOOP, startJavaLoop],
    [REDPANDA_CONNECT, startRedpandaConnect],
  ])
  for (const startTarget of [nullTarget, elasticsearchTarget]) {
    const target = await startTarget(bench)
    try {
      // Whoever came first would meet a server that is still slow.
      if (target.name.includes(bench.only)) await measured(bench, target, (job) => startStandpipe(job, []))
      for (let round = 1; round <= bench.rounds; round++)
        for (const [side, start] of sides)
          if (bench.isWanted(side) && target.name.includes(bench.only)) await measure(bench, round, target, side, start)
    } finally {
      await target.stop()
    }
  }
}

async function measure(bench: ElasticsearchBenchmark, round: number, target: Target, side: string, start: Start): Promise<void> {
  const metrics = await measured(bench, target, start)
  bench.results.add({ case: `documents into ${target.name}`, side, round, metrics })
}

async function measured(bench: ElasticsearchBenchmark, target: Target, start: Start): Promise<Metrics> {
  const dir = join(bench.dir, `run-${randomUUID()}`)
  await mkdir(dir)
  await target.reset()
  const metrics = await run(target, () =>
    start({ bootstrap: bench.kafka.address, topic: TOPIC, url: target.url, index: TOPIC, batch: BATCH, inFlight: IN_FLIGHT, dir }),
  )
  await rm(dir, { recursive: true })
  return metrics
}

async function run(target: Target, start: () => Promise<ServerProcess>): Promise<Metrics> {
  const startedAt = performance.now()
  const server = await start()
  try {
    const arrival = { read: () => target.count(), expected: target.documents, timeoutMs: TIMEOUT_MS }
    return throughput(startedAt, await watchArrival(server, arrival))
  } finally {
    await server.stop()
  }
}

async function startStandpipe(job: SinkJob, nodeOptions: readonly string[]): Promise<ServerProcess> {
  const worker = await writeProperties(join(job.dir, 'worker.properties'), {
    'bootstrap.servers': job.bootstrap,
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'false',
    'offset.storage.file.filename': join(job.dir, 'connect.offsets'),
    'offset.flush.interval.ms': '10000',
  })
  const sink = await writeProperties(join(job.dir, 'sink.properties'), {
    name: `bench-${randomUUID()}`,
    'connector.class': 'io.confluent.connect.elasticsearch.ElasticsearchSinkConnector',
    'tasks.max': '1',
    topics: job.topic,
    'connection.url': job.url,
    'schema.ignore': 'true',
    'batch.size': String(job.batch),
    'max.in.flight.requests': String(job.inFlight),
    'linger.ms': '100',
  })
  return (await standpipeSide(nodeOptions).start(job.dir, worker, [sink])).server
}

async function nullTarget({ dir, documents }: ElasticsearchBenchmark): Promise<Target> {
  const server = await NullServer.start(dir)
  return {
    name: 'a null server',
    url: server.url,
    documents,
    reset: () => server.reset(),
    count: () => server.documents(),
    stop: () => server.stop(),
  }
}

async function elasticsearchTarget({ documents }: ElasticsearchBenchmark): Promise<Target> {
  const node = await startSearchServer('elasticsearch-8', { jvm: ['-Xms1g', '-Xmx1g'] })
  let seen = { at: 0, count: 0 }
  return {
    name: node.name,
    url: node.url,
    documents: Math.floor(documents / 4),
    async reset() {
      await emptyIndex(`${node.url}/${TOPIC}`)
      seen = { at: 0, count: 0 }
    },
    async count() {
      if (performance.now() - seen.at > STATS_EVERY_MS) seen = { at: performance.now(), count: await indexed(node.url) }
      return seen.count
    },
    stop: () => node.stop(),
  }
}

const JSON_BODY = { 'content-type': 'application/json' }

const INDEX = {
  settings: { number_of_shards: 1, number_of_replicas: 0, refresh_interval: '-1' },
  mappings: {
    properties: {
      ...{ id: { type: 'long' }, a: { type: 'integer' }, b: { type: 'integer' }, d: { type: 'double' }, flag: { type: 'boolean' } },
      ...{ s1: { type: 'keyword' }, s2: { type: 'keyword' }, s3: { type: 'keyword' }, s4: { type: 'keyword' }, ts: { type: 'date' } },
    },
  },
}

async function indexed(url: string): Promise<number> {
  const answer = (await (await fetch(`${url}/${TOPIC}/_stats/indexing`)).json()) as {
    _all: { primaries: { indexing?: { index_total: number } } }
  }
  return answer._all.primaries.indexing?.index_total ?? 0
}

/** A request of the side before that comes late makes the index anew: it is deleted again. */
async function emptyIndex(url: string): Promise<void> {
  for (;;) {
    await fetch(url, { method: 'DELETE' })
    const answer = await fetch(url, { method: 'PUT', headers: JSON_BODY, body: JSON.stringify(INDEX) })
    if (answer.ok) return
    const text = await answer.text()
    if (!text.includes('resource_already_exists_exception')) throw new Error(text)
  }
}
