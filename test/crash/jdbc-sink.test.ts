import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { isAllCommitted, killWorkers, sharesOf, type UntilShare } from '../support/chaos.ts'
import {
  databaseOnDisk,
  fullDisk,
  troubles,
  type DeadlockStatements,
  type Trouble,
  type TroubledServer,
} from '../support/jdbc/server-troubles.ts'
import { endOffset, produceAll, withAdmin, type TestInput } from '../support/kafka-records.ts'
import type { PostgresqlServer } from '../support/services/postgresql.ts'
import { privatePostgresql } from '../support/services/postgresql-suite.ts'
import { smallDisk } from '../support/services/small-disk.ts'
import { describeWithKafka } from '../support/services/suite.ts'
import { propertiesFile, scratchDir, until } from '../support/worker-process.ts'

/** In the suite small; `STANDPIPE_CHAOS_ROWS=1000000 STANDPIPE_CHAOS_TROUBLES=3 STANDPIPE_CHAOS_WORKER_KILLS=10` is the whole thing. */
const rows = Number(process.env['STANDPIPE_CHAOS_ROWS'] ?? 20_000)
const rounds = Number(process.env['STANDPIPE_CHAOS_TROUBLES'] ?? 1)
const workerKills = Number(process.env['STANDPIPE_CHAOS_WORKER_KILLS'] ?? 2)
const timeout = 300_000 + 3 * rows

const PARTITIONS = 4
const ROW_BYTES = 160
const schema = {
  type: 'struct',
  fields: [
    { field: 'n', type: 'int32' },
    { field: 'text', type: 'string' },
  ],
  optional: false,
}

const modes = {
  'upserts of rows by key': { 'insert.mode': 'upsert', 'pk.mode': 'record_key', 'pk.fields': 'id' },
  'inserts without a key, exactly once': { 'insert.mode': 'insert', delivery: 'exactly-once' },
} as const

type Mode = (typeof modes)[keyof typeof modes]

describeWithKafka('the JDBC sink in bad weather', (kafka) => {
  it.for(Object.entries(modes))(
    `%s: ${rows} rows and changes of them; ${workerKills} kills of the worker, and ${rounds} times each of ${Object.keys(troubles).join(', ')} lose, repeat and misplace none`,
    { timeout },
    async ([, mode]) => {
      const server = await privatePostgresql()
      await server.query('postgres', 'CREATE DATABASE sink')
      await expectAllWritten(kafka, server, mode, Object.values(troubles))
    },
  )

  it.for(Object.entries(modes))(
    `%s: ${rows} rows and changes of them; ${workerKills} kills of the worker, and a disk that is full ${rounds} times lose, repeat and misplace none`,
    { timeout },
    async ([, mode]) => {
      const server = await privatePostgresql()
      const disk = await smallDisk(100 + Math.ceil(rows / 1000), server.dataDir)
      await databaseOnDisk(server, 'sink', disk)
      await expectAllWritten(kafka, server, mode, [fullDisk(disk)])
    },
  )
})

/** A sink writes a topic into a database, and all that goes wrong meanwhile changes nothing about the outcome. */
async function expectAllWritten(kafka: string, server: PostgresqlServer, mode: Mode, wrongs: readonly Trouble[]): Promise<void> {
  const topic = await ChangingTopic.create(kafka)
  const { name, files } = await propertyFiles(kafka, topic.name, server, mode)
  const untilShare: UntilShare = (share) => until(async () => (await written(server, topic.name)) >= share * rows, 50)
  const deadlock = 'pk.mode' in mode ? deadlockOfRows(server, topic) : deadlockOfTables(topic)
  const troubled = { server, database: 'sink', table: `"${topic.name}"`, deadlock }
  const changes = topic.goesOnChanging()
  const [last] = await Promise.all([killWorkers(files, workerKills, untilShare), trouble(troubled, wrongs, untilShare)])
  await changes.stop()
  await until(() => isAllCommitted(kafka, topic.name, name, PARTITIONS), 250)
  expect(await last.stop()).toBe(143)

  console.log(`${topic.records} records of ${topic.expected.size} keys, ${workerKills} kills, ${rounds} × ${wrongs.length} troubles`)
  if ('pk.mode' in mode) {
    const found = new Map((await server.query('sink', `SELECT id, n FROM "${topic.name}"`)).map(([id, n]) => [id!, Number(n)]))
    expect(differences(found, topic.expected)).toEqual({ wrong: [], missing: 0, unexpected: 0 })
  } else {
    const counts = await server.query('sink', `SELECT count(*), count(DISTINCT n), max(n) + 1 FROM "${topic.name}"`)
    expect(counts).toEqual([Array.from({ length: 3 }, () => String(topic.records))])
  }
  expect(await endOffset(kafka, `${topic.name}-dlq`, 0)).toBe(0)
}

/** Records with a key and a number, which says which of a key is the last. */
class ChangingTopic {
  readonly name = `chaos-${randomUUID()}`
  /** Per id the number of its last record. */
  readonly expected = new Map<string, number>()
  records = 0
  readonly #kafka: string

  private constructor(kafka: string) {
    this.#kafka = kafka
  }

  static async create(kafka: string): Promise<ChangingTopic> {
    const topic = new ChangingTopic(kafka)
    await withAdmin(kafka, (admin) => admin.createTopics([{ name: topic.name, partitions: PARTITIONS, replicationFactor: 1 }]))
    await produceAll(kafka, topic.name, topic.#next(rows))
    return topic
  }

  /** New rows and changes of old ones, so that there is always something to be written, until it is stopped. */
  goesOnChanging(): { stop(): Promise<void> } {
    const stopping = new AbortController()
    const done = (async () => {
      while (!stopping.signal.aborted) {
        await produceAll(this.#kafka, this.name, this.#next(100))
        await delay(50)
      }
    })()
    return {
      async stop() {
        stopping.abort()
        await done
      },
    }
  }

  *#next(count: number): Generator<TestInput> {
    for (let more = 0; more < count; more++) {
      const n = this.records++
      const id = n % 10 < 9 ? n : Math.floor(Math.random() * n)
      this.expected.set(`id-${id}`, n)
      yield { key: `id-${id}`, value: { schema, payload: { n, text: 'x'.repeat(100) } }, partition: id % PARTITIONS }
    }
  }
}

/** We insert a row that the sink is about to insert too, and while it waits for that one, those that it has inserted before. */
function deadlockOfRows(server: PostgresqlServer, topic: ChangingTopic): DeadlockStatements {
  return async () => {
    const written = Number((await server.query('sink', `SELECT coalesce(max(n), 0) FROM "${topic.name}"`))[0]?.[0])
    const next = Math.ceil(Math.min(written + 3_000, topic.records + 50) / 10) * 10
    const insert = (from: number, to: number) => `INSERT INTO "${topic.name}" (id, n, text)
      SELECT 'id-' || i, 0, '' FROM generate_series(${from}, ${to}) i ON CONFLICT DO NOTHING`
    return { first: insert(next, next), second: insert(Math.max(0, next - 300), next + 300) }
  }
}

/** The sink writes its offsets first, and then its rows. */
function deadlockOfTables(topic: ChangingTopic): DeadlockStatements {
  const lock = (table: string) => `LOCK TABLE "${table}" IN SHARE ROW EXCLUSIVE MODE`
  return () => Promise.resolve({ first: lock(topic.name), second: lock('connect_offsets') })
}

async function propertyFiles(kafka: string, topic: string, server: PostgresqlServer, mode: Readonly<Record<string, string>>) {
  const dir = await scratchDir()
  const name = `sink-${randomUUID()}`
  const worker = await propertiesFile(dir, 'worker.properties', {
    'bootstrap.servers': kafka,
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'offset.storage.file.filename': `${dir}/connect.offsets`,
    'offset.flush.interval.ms': '500',
  })
  const sink = await propertiesFile(dir, 'sink.properties', {
    name,
    'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
    'connection.url': server.jdbcUrl('sink'),
    'connection.user': 'postgres',
    'connection.ApplicationName': name,
    topics: topic,
    'auto.create': 'true',
    'retry.backoff.ms': '10',
    'max.retries': '100',
    'errors.tolerance': 'all',
    'errors.deadletterqueue.topic.name': `${topic}-dlq`,
    'errors.deadletterqueue.topic.replication.factor': '1',
    'consumer.override.session.timeout.ms': '6000',
    'consumer.override.heartbeat.interval.ms': '500',
    ...mode,
  })
  return { name, files: [worker, sink] }
}

/** About how many rows there are, at no cost; -1: nobody can say. */
async function written(server: PostgresqlServer, topic: string): Promise<number> {
  const size = await server.query('sink', `SELECT pg_relation_size('"${topic}"')`).catch(() => null)
  return size === null ? -1 : Number(size[0]?.[0]) / ROW_BYTES
}

/** Every trouble in turn, spread over the work. */
async function trouble(troubled: TroubledServer, wrongs: readonly Trouble[], untilShare: UntilShare): Promise<void> {
  const all = Array.from({ length: rounds }, () => wrongs).flat()
  for (const share of sharesOf(all.length)) {
    await untilShare(share)
    await all.shift()?.(troubled)
  }
}

function differences(found: ReadonlyMap<string, number>, expected: ReadonlyMap<string, number>) {
  const wrong = [...expected].filter(([id, n]) => found.has(id) && found.get(id) !== n)
  const missing = [...expected.keys()].filter((id) => !found.has(id)).length
  return { wrong: wrong.slice(0, 10), missing, unexpected: found.size - expected.size + missing }
}
