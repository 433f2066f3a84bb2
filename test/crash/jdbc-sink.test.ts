import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { isAllCommitted, killWorkers, sharesOf } from '../support/chaos.ts'
import { endOffset, produceAll, withAdmin, type TestInput } from '../support/kafka-records.ts'
import type { PostgresqlServer } from '../support/services/postgresql.ts'
import { privatePostgresql } from '../support/services/postgresql-suite.ts'
import { describeWithKafka } from '../support/services/suite.ts'
import { propertiesFile, scratchDir, until } from '../support/worker-process.ts'

/** In the suite small; `STANDPIPE_CHAOS_ROWS=1000000 STANDPIPE_CHAOS_SERVER_KILLS=5 STANDPIPE_CHAOS_WORKER_KILLS=10` is the whole thing. */
const rows = Number(process.env['STANDPIPE_CHAOS_ROWS'] ?? 30_000)
const serverKills = Number(process.env['STANDPIPE_CHAOS_SERVER_KILLS'] ?? 2)
const workerKills = Number(process.env['STANDPIPE_CHAOS_WORKER_KILLS'] ?? 3)
const timeoutMs = 300_000 + 3 * rows

const PARTITIONS = 4
/** So many records change a row that an earlier one made. */
const CHANGES = Math.floor(rows / 10)
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

describeWithKafka('the JDBC sink in bad weather', (kafka) => {
  it.for(Object.entries(modes))(
    `%s: ${rows} rows and ${CHANGES} changes; ${serverKills} crashes of the server, ${workerKills} kills of the worker, sessions and locks that end lose, repeat and misplace none`,
    { timeout: timeoutMs },
    async ([, mode]) => {
      const server = await privatePostgresql()
      await server.query('postgres', 'CREATE DATABASE sink')
      const topic = `chaos-${randomUUID()}`
      const expected = await produceRows(kafka, topic)
      const { name, files } = await propertyFiles(kafka, topic, server, mode)

      const progress = () => written(server, topic)
      const serverChaos = troubleServer(server, progress)
      const last = await killWorkers(files, workerKills, (share) => untilShare(progress, share))
      await serverChaos
      await until(() => isAllCommitted(kafka, topic, name, PARTITIONS), 250)
      expect(await last.stop()).toBe(143)

      if ('pk.mode' in mode) {
        const found = new Map((await server.query('sink', `SELECT id, n FROM "${topic}"`)).map(([id, n]) => [id!, Number(n)]))
        expect(differences(found, expected)).toEqual({ wrong: [], missing: 0, unexpected: 0 })
      } else {
        const counts = await server.query('sink', `SELECT count(*), count(DISTINCT n), max(n) + 1 FROM "${topic}"`)
        expect(counts).toEqual([Array.from({ length: 3 }, () => String(rows + CHANGES))])
      }
      expect(await endOffset(kafka, `${topic}-dlq`, 0)).toBe(0)
    },
  )
})

/** @returns per id the number of its last record */
async function produceRows(kafka: string, topic: string): Promise<Map<string, number>> {
  await withAdmin(kafka, (admin) => admin.createTopics([{ name: topic, partitions: PARTITIONS, replicationFactor: 1 }]))
  const expected = new Map<string, number>()
  function* records(): Generator<TestInput> {
    for (let n = 0; n < rows + CHANGES; n++) {
      const id = n < rows ? n : Math.floor(Math.random() * rows)
      expected.set(`id-${id}`, n)
      yield { key: `id-${id}`, value: { schema, payload: { n, text: 'x'.repeat(100) } }, partition: id % PARTITIONS }
    }
  }
  await produceAll(kafka, topic, records())
  return expected
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
    topics: topic,
    'auto.create': 'true',
    'retry.backoff.ms': '10',
    'errors.tolerance': 'all',
    'errors.deadletterqueue.topic.name': `${topic}-dlq`,
    'errors.deadletterqueue.topic.replication.factor': '1',
    'consumer.override.session.timeout.ms': '6000',
    'consumer.override.heartbeat.interval.ms': '500',
    ...mode,
  })
  return { name, files: [worker, sink] }
}

/** Rows so far; -1: nobody can say. */
async function written(server: PostgresqlServer, topic: string): Promise<number> {
  const counted = await server.query('sink', `SELECT count(*) FROM "${topic}"`).catch(() => null)
  return counted === null ? -1 : Number(counted[0]?.[0])
}

/** Waits for a share of the work, so that trouble is spread over it. */
const untilShare = (progress: () => Promise<number>, share: number) => until(async () => (await progress()) >= share * rows, 50)

async function troubleServer(server: PostgresqlServer, progress: () => Promise<number>): Promise<void> {
  const ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'sink' AND pid <> pg_backend_pid()"
  for (const share of sharesOf(serverKills)) {
    await untilShare(progress, share)
    await server.query('sink', ends)
    await server.query('postgres', 'ALTER DATABASE sink SET default_transaction_read_only = on')
    await server.query('postgres', ends)
    await delay(200)
    await server.query('postgres', 'ALTER DATABASE sink RESET default_transaction_read_only')
    await server.query('postgres', ends)
    await server.crash()
    await delay(500)
    await server.start()
  }
}

function differences(found: ReadonlyMap<string, number>, expected: ReadonlyMap<string, number>) {
  const wrong = [...expected].filter(([id, n]) => found.has(id) && found.get(id) !== n)
  const missing = [...expected.keys()].filter((id) => !found.has(id)).length
  return { wrong: wrong.slice(0, 10), missing, unexpected: found.size - expected.size + missing }
}
