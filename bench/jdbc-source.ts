/** PostgreSQL to topic: rows of 10 columns into one partition, as JSON without schemas and with them. */
import { randomUUID } from 'node:crypto'
import { EndOffset } from '../test/support/services/end-offset.ts'
import type { ServerProcess } from '../test/support/services/server-process.ts'
import { TUNED_JAVA_LOOP } from './jdbc-peers.ts'
import type { JdbcBenchmark } from './jdbc-sink.ts'
import { BenchDatabase, SOURCE_TABLE } from './jdbc-tables.ts'
import { JAVA_LOOP, javaProgram } from './java-programs.ts'
import { throughput, watchArrival } from './measured-process.ts'
import type { Metrics } from './results.ts'
import { deleteTopic, newTopic } from './topics.ts'
import { converters, inNewFolder, startWorker } from './worker-runs.ts'
import { standpipeSide } from './worker-side.ts'

const TIMEOUT_MS = 600_000
const MAX_ROWS = 1_000

export const GUARDED = 'standpipe, guarded'

interface SourceJob {
  readonly bootstrap: string
  readonly database: BenchDatabase
  readonly schemas: boolean
  /** The topic is this and the table's name. */
  readonly prefix: string
  readonly dir: string
}

type Start = (job: SourceJob) => Promise<ServerProcess>

export async function benchmarkJdbcSource(bench: JdbcBenchmark): Promise<void> {
  const sides = new Map<string, Start>([
    ['standpipe', (job) => startStandpipe(job, bench.nodeOptions, 'none')],
    [GUARDED, (job) => startStandpipe(job, bench.nodeOptions, 'xmin')],
    [JAVA_LOOP, (job) => startJavaLoop(job)],
    [TUNED_JAVA_LOOP, (job) => startJavaLoop(job, 'batch.size=262144', 'linger.ms=10', 'max.in.flight.requests.per.connection=5')],
  ])
  const database = await BenchDatabase.start()
  try {
    await database.makeSourceTable(bench.rows)
    for (let round = 1; round <= bench.rounds; round++) {
      for (const schemas of [false, true]) {
        const name = `rows to JSON ${schemas ? 'with' : 'without'} schemas`
        for (const [side, start] of sides) {
          if (!bench.isWanted(side) || !name.includes(bench.only)) continue
          const metrics = await inNewFolder(bench.dir, (dir) => measure(bench, { database, schemas, dir }, start))
          bench.results.add({ case: name, side, round, metrics })
        }
      }
    }
  } finally {
    await database.stop()
  }
}

async function measure(bench: JdbcBenchmark, job: Pick<SourceJob, 'database' | 'schemas' | 'dir'>, start: Start): Promise<Metrics> {
  const bootstrap = bench.kafka.address
  const prefix = `run-${randomUUID()}-`
  const topic = await newTopic(bootstrap, prefix + SOURCE_TABLE)
  const offsets = await EndOffset.of(bootstrap, topic)
  const startedAt = performance.now()
  const server = await start({ ...job, bootstrap, prefix })
  try {
    const seen = await watchArrival(server, { read: () => offsets.read(), expected: bench.rows, timeoutMs: TIMEOUT_MS })
    if (seen.last.records !== bench.rows) throw new Error(`${seen.last.records} records are in the topic, of ${bench.rows} rows.`)
    return throughput(startedAt, seen)
  } finally {
    await server.stop()
    offsets.close()
    await deleteTopic(bootstrap, topic)
  }
}

async function startStandpipe(job: SourceJob, nodeOptions: readonly string[], guard: 'none' | 'xmin'): Promise<ServerProcess> {
  const source = {
    name: `bench-${randomUUID()}`,
    'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
    'tasks.max': '1',
    'connection.url': job.database.url(),
    'connection.user': 'postgres',
    'table.whitelist': SOURCE_TABLE,
    mode: 'incrementing',
    'incrementing.column.name': 'id',
    'batch.max.rows': String(MAX_ROWS),
    'topic.prefix': job.prefix,
    'visibility.guard': guard,
  }
  const worker = { ...converters.JsonConverter, 'value.converter.schemas.enable': String(job.schemas) }
  const run = { address: job.bootstrap, side: standpipeSide(nodeOptions), dir: job.dir, worker, connectors: [source] }
  return (await startWorker(run)).server
}

function startJavaLoop(job: SourceJob, ...producer: readonly string[]): Promise<ServerProcess> {
  const url = job.database.url('?user=postgres&password=x')
  const args = [job.bootstrap, job.prefix + SOURCE_TABLE, url, MAX_ROWS, String(job.schemas), ...producer]
  return javaProgram(job.dir, 'JdbcSourceStandIn', args)
}
