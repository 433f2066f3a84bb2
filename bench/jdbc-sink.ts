/** Topic to PostgreSQL: records of 10 fields with their schema, into rows of 10 columns. */
import { randomUUID } from 'node:crypto'
import type { KafkaBroker } from '../test/support/services/kafka.ts'
import type { ServerProcess } from '../test/support/services/server-process.ts'
import { DEBEZIUM, debeziumPlugin, REWRITING_JAVA_LOOP } from './jdbc-peers.ts'
import { BenchDatabase, lastKeys, SINK_TABLE, SinkProgress, type SinkTableStart } from './jdbc-tables.ts'
import { generateTopic, JAVA_LOOP, javaProgram } from './java-programs.ts'
import { throughput, watchArrival } from './measured-process.ts'
import type { Results } from './results.ts'
import { inNewFolder, startWorker } from './worker-runs.ts'
import { javaConnectSide, standpipeSide, type Properties, type WorkerSide } from './worker-side.ts'

const TIMEOUT_MS = 900_000
const TOPIC = 'bench-sink'
const BATCH = 3_000

export interface JdbcBenchmark {
  readonly kafka: KafkaBroker
  readonly dir: string
  readonly rounds: number
  readonly rows: number
  /** Part of the names of the cases to run; empty: all but the public table. */
  readonly only: string
  readonly nodeOptions: readonly string[]
  readonly isWanted: (side: string) => boolean
  readonly results: Results
}

interface SinkCase {
  readonly name: string
  readonly mode: 'insert' | 'upsert'
  readonly start: SinkTableStart
  readonly tasks: number
}

const cases: readonly SinkCase[] = [
  { name: 'insert of new rows', mode: 'insert', start: 'empty', tasks: 1 },
  { name: 'upsert of new rows', mode: 'upsert', start: 'empty', tasks: 1 },
  { name: 'upsert of rows that are there', mode: 'upsert', start: 'filled', tasks: 1 },
]

/** What others publish figures of (10 M rows, `--records 10000000`): run when `--case` asks for it. */
const publicTable: readonly SinkCase[] = [1, 2].map((tasks) => ({
  ...{ name: `public table, ${tasks === 1 ? '1 task' : '2 tasks'}`, mode: 'insert', start: 'empty, no key', tasks },
}))

interface SinkJob extends SinkCase {
  readonly bootstrap: string
  readonly database: BenchDatabase
  readonly dir: string
}

type Start = (job: SinkJob) => Promise<ServerProcess>

export async function benchmarkJdbcSink(bench: JdbcBenchmark): Promise<void> {
  const sides = new Map<string, Start>([
    ['standpipe', (job) => startStandpipe(job, bench.nodeOptions)],
    [JAVA_LOOP, (job) => startJavaLoop(job, '')],
    [REWRITING_JAVA_LOOP, (job) => startJavaLoop(job, '&reWriteBatchedInserts=true')],
    [DEBEZIUM, startDebezium],
  ])
  if (bench.isWanted(DEBEZIUM)) await debeziumPlugin()
  await generateTopic(bench.kafka.address, TOPIC, bench.rows, 'schema', bench.dir)
  const last = await lastKeys(bench.kafka.address, TOPIC)
  const wanted = bench.only === '' ? cases : [...cases, ...publicTable].filter(({ name }) => name.includes(bench.only))
  const database = await BenchDatabase.start()
  try {
    for (let round = 1; round <= bench.rounds; round++)
      for (const sinkCase of wanted)
        for (const [side, start] of sides)
          if (bench.isWanted(side))
            await measure(bench, round, { ...sinkCase, bootstrap: bench.kafka.address, database }, last, side, start)
  } finally {
    await database.stop()
  }
}

async function measure(
  bench: JdbcBenchmark,
  round: number,
  job: Omit<SinkJob, 'dir'>,
  last: readonly string[],
  side: string,
  start: Start,
): Promise<void> {
  await job.database.makeSinkTable(job.start, bench.rows, last)
  const progress = await SinkProgress.of(job.database, bench.rows, last)
  const metrics = await inNewFolder(bench.dir, async (dir) => {
    const startedAt = performance.now()
    const server = await start({ ...job, dir })
    try {
      const seen = await watchArrival(server, { read: () => progress.read(), expected: bench.rows, timeoutMs: TIMEOUT_MS })
      return throughput(startedAt, seen)
    } finally {
      await server.stop()
    }
  })
  await progress.mustBeExact()
  bench.results.add({ case: job.name, side, round, metrics })
}

const CONVERTERS = {
  'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'true',
}

function connector(className: string, { tasks }: SinkJob): Properties {
  return {
    name: `bench-${randomUUID()}`,
    'connector.class': className,
    'tasks.max': String(tasks),
    topics: TOPIC,
    'batch.size': String(BATCH),
    'consumer.override.max.poll.records': String(BATCH),
  }
}

/** Worker of either side with one sink. */
async function startConnect(side: WorkerSide, job: SinkJob, sink: Properties, worker: Properties): Promise<ServerProcess> {
  const run = { address: job.bootstrap, side, dir: job.dir, worker: { ...CONVERTERS, ...worker }, connectors: [sink] }
  return (await startWorker(run)).server
}

function startStandpipe(job: SinkJob, nodeOptions: readonly string[]): Promise<ServerProcess> {
  const keys = job.mode === 'upsert' ? { 'pk.mode': 'record_value', 'pk.fields': 'id' } : {}
  const sink = {
    ...connector('io.confluent.connect.jdbc.JdbcSinkConnector', job),
    'connection.url': job.database.url(),
    'connection.user': 'postgres',
    'table.name.format': SINK_TABLE,
    'insert.mode': job.mode,
    ...keys,
  }
  return startConnect(standpipeSide(nodeOptions), job, sink, {})
}

function startJavaLoop({ bootstrap, database, mode, tasks, dir }: SinkJob, parameters: string): Promise<ServerProcess> {
  const url = database.url(`?user=postgres&password=x${parameters}`)
  return javaProgram(dir, 'JdbcSinkStandIn', [bootstrap, TOPIC, `loop-${randomUUID()}`, url, mode, tasks, BATCH])
}

/** With its fastest settings: one statement with an array a column where there is a key, multi-row statements where not. */
async function startDebezium(job: SinkJob): Promise<ServerProcess> {
  const keys = job.mode === 'upsert' ? { 'primary.key.mode': 'record_value', 'primary.key.fields': 'id' } : {}
  const sink = {
    ...connector('io.debezium.connector.jdbc.JdbcSinkConnector', job),
    'connection.url': job.database.url('?reWriteBatchedInserts=true'),
    'connection.username': 'postgres',
    'connection.password': 'x',
    'collection.name.format': SINK_TABLE,
    'insert.mode': job.mode,
    'schema.evolution': 'none',
    ...(job.mode === 'upsert' ? { 'dialect.postgres.unnest.insert.enabled': 'true' } : {}),
    ...keys,
  }
  return startConnect(javaConnectSide, job, sink, { 'plugin.path': await debeziumPlugin() })
}
