/** PostgreSQL to topic to PostgreSQL at a steady rate, for as long as one likes: what grows that should not? */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import type { KafkaBroker } from '../test/support/services/kafka.ts'
import { startPostgresql, type PostgresqlServer } from '../test/support/services/postgresql.ts'
import { cpuSeconds, memory } from './process-usage.ts'
import { newTopic } from './topics.ts'
import { startWorker, type WorkerRun } from './worker-runs.ts'
import { standpipeSide, type MeasuredWorker } from './worker-side.ts'

const STEP_MS = 100
const TABLE = 'soak'
const SETTLES_MS = 60_000

export interface Soak {
  readonly kafka: KafkaBroker
  readonly dir: string
  readonly minutes: number
  readonly rowsPerSecond: number
  /** Between two lines of the report. */
  readonly reportMs: number
}

/** How the worker is at one moment. */
interface Sample {
  readonly memoryMb: number
  readonly cpuSeconds: number
  /** Sessions of others than ours on both databases. */
  readonly connections: number
  /** Rows that are in the source and not in the target yet. */
  readonly lag: number
}

/** Prints a line at a time, and a summary. @throws Error when a row is missing in the end */
export async function soakJdbc(soak: Soak): Promise<void> {
  const server = await startPostgresql({ settings: { max_wal_size: '4GB' } })
  const clients: Client[] = []
  try {
    for (const database of ['origin', 'target']) {
      await server.query('postgres', `CREATE DATABASE ${database}`)
      await server.query(
        database,
        `CREATE TABLE ${TABLE} (id bigserial PRIMARY KEY, at timestamptz DEFAULT now(), a int, b float8, c text, d text)`,
      )
      clients.push(await server.connect(database))
    }
    const [origin, target] = clients as [Client, Client]
    const worker = await startWorker(await workerRun(soak, server))
    try {
      await watch(soak, worker, origin, target)
    } finally {
      await worker.stop()
    }
  } finally {
    for (const client of clients) await client.end()
    await server.stop()
  }
}

async function watch(soak: Soak, worker: MeasuredWorker, origin: Client, target: Client): Promise<void> {
  const samples: Sample[] = []
  const startedAt = performance.now()
  const endsAt = startedAt + soak.minutes * 60_000
  const rows = Math.ceil((soak.rowsPerSecond * STEP_MS) / 1000)
  const insert = `INSERT INTO ${TABLE} (a, b, c, d) SELECT i, i / 7.0, 'customer-' || md5(i::text), repeat('x', 100) FROM generate_series(1, ${rows}) i`
  let written = 0
  let nextReportAt = startedAt + soak.reportMs
  for (let step = 1; performance.now() < endsAt; step++) {
    await origin.query(insert)
    written += rows
    if (performance.now() > nextReportAt) {
      samples.push(await sample(worker, target, written))
      report((performance.now() - startedAt) / 60_000, samples)
      nextReportAt += soak.reportMs
    }
    await sleep(Math.max(0, startedAt + step * STEP_MS - performance.now()))
  }
  await allMustArrive(target, written)
  summarize(samples, written)
}

async function sample(worker: MeasuredWorker, target: Client, written: number): Promise<Sample> {
  const { pid } = worker.server
  const used = memory(pid)
  if (used === null) throw new Error(`The worker has ended.\n${worker.server.logTail()}`)
  const sessions = `SELECT count(*) AS n FROM pg_stat_activity WHERE datname IN ('origin', 'target') AND application_name <> ''`
  const there = await numberOf(target, `SELECT coalesce(max(id), 0) AS n FROM ${TABLE}`)
  return { memoryMb: used.nowMb, cpuSeconds: cpuSeconds(pid) ?? 0, connections: await numberOf(target, sessions), lag: written - there }
}

function report(minute: number, samples: readonly Sample[]): void {
  const { memoryMb, cpuSeconds: cpu, connections, lag } = samples.at(-1) as Sample
  const cpuNow = cpu - (samples.at(-2)?.cpuSeconds ?? 0)
  console.log(
    `minute ${minute.toFixed(1)}: ${memoryMb.toFixed(0)} MB, ${cpuNow.toFixed(1)} s CPU since the last line, ${connections} connections, ${lag} rows behind`,
  )
}

function summarize(samples: readonly Sample[], written: number): void {
  const third = Math.ceil(samples.length / 3)
  const mean = (part: readonly Sample[]) => (part.reduce((sum, { memoryMb }) => sum + memoryMb, 0) / part.length).toFixed(0)
  const most = (figure: 'memoryMb' | 'connections' | 'lag') => Math.max(...samples.map((each) => each[figure])).toFixed(0)
  console.log(
    `\n${written} rows, all of them there once. Memory: ${mean(samples.slice(0, third))} MB in the first third, ${mean(samples.slice(-third))} MB in the last, ` +
      `at most ${most('memoryMb')} MB. At most ${most('connections')} connections, ${most('lag')} rows behind.`,
  )
}

async function allMustArrive(target: Client, written: number): Promise<void> {
  const giveUpAt = performance.now() + SETTLES_MS
  const count = () => numberOf(target, `SELECT count(*) AS n FROM ${TABLE}`)
  let there = await count()
  while (there !== written) {
    if (performance.now() > giveUpAt) throw new Error(`${there} rows have arrived, of ${written}.`)
    await sleep(500)
    there = await count()
  }
}

async function numberOf(client: Client, sql: string): Promise<number> {
  const { rows } = await client.query<{ n: string }>(sql)
  return Number(rows[0]?.n)
}

async function workerRun({ kafka, dir }: Soak, server: PostgresqlServer): Promise<WorkerRun> {
  const prefix = `soak-${randomUUID()}-`
  const topic = await newTopic(kafka.address, prefix + TABLE)
  const json = 'org.apache.kafka.connect.json.JsonConverter'
  const connection = { 'connection.user': 'postgres', 'tasks.max': '1' }
  const source = {
    ...{ name: `source-${prefix}`, 'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector', ...connection },
    'connection.url': server.jdbcUrl('origin'),
    'connection.ApplicationName': 'source',
    'table.whitelist': TABLE,
    mode: 'incrementing',
    'incrementing.column.name': 'id',
    'poll.interval.ms': '200',
    'visibility.guard': 'xmin',
    'topic.prefix': prefix,
  }
  const sink = {
    ...{ name: `sink-${prefix}`, 'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector', ...connection },
    'connection.url': server.jdbcUrl('target'),
    'connection.ApplicationName': 'sink',
    topics: topic,
    'table.name.format': TABLE,
    'insert.mode': 'upsert',
    'pk.mode': 'record_value',
    'pk.fields': 'id',
  }
  const worker = { 'key.converter': json, 'value.converter': json }
  return { address: kafka.address, side: standpipeSide([]), dir, worker, connectors: [source, sink] }
}
