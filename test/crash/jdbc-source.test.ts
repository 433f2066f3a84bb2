import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { killWorkers } from '../support/chaos.ts'
import { endOffset } from '../support/kafka-records.ts'
import { kcatOrNothing } from '../support/services/kcat.ts'
import type { PostgresqlServer } from '../support/services/postgresql.ts'
import { privatePostgresql } from '../support/services/postgresql-suite.ts'
import { describeWithKafka } from '../support/services/suite.ts'
import { walkOver } from '../support/walk.ts'
import { propertiesFile, scratchDir, until } from '../support/worker-process.ts'

/** In the suite small; `STANDPIPE_CRASH_ROWS=1000000 STANDPIPE_CRASH_KILLS=20` is the whole thing. */
const rows = Number(process.env['STANDPIPE_CRASH_ROWS'] ?? 10_000)
const kills = Number(process.env['STANDPIPE_CRASH_KILLS'] ?? 4)
const timeoutMs = 600_000 + 2 * rows
const writers = 8

const modes = {
  incrementing: { mode: 'incrementing', 'incrementing.column.name': 'id' },
  'timestamp+incrementing': { mode: 'timestamp+incrementing', 'timestamp.column.name': 'ts', 'incrementing.column.name': 'id' },
  'incrementing, in pages': { mode: 'incrementing', 'incrementing.column.name': 'id', 'page.rows': '500' },
}

describeWithKafka('the JDBC source, killed with no last word', (kafka) => {
  it.for(Object.entries(modes))(
    `%s: a worker killed ${kills} times while ${writers} clients write ${rows} rows in transactions short and long misses none, keeps their order, and repeats some only after a kill`,
    { timeout: timeoutMs },
    async ([, mode]) => {
      const server = await privatePostgresql()
      await server.query('postgres', 'CREATE DATABASE source')
      await server.query(
        'source',
        'CREATE TABLE t (id bigserial PRIMARY KEY, ts timestamptz NOT NULL DEFAULT now(), writer int, note text)',
      )
      await server.query('source', 'CREATE INDEX ON t (ts, id)')
      const prefix = `crash-${randomUUID()}-`
      const files = await propertyFiles(kafka, server, prefix, mode)
      const written = Promise.all(Array.from({ length: writers }, (_, writer) => write(server, writer)))
      const sent = () => endOffset(kafka, `${prefix}t`, 0)
      const last = await killWorkers(files, kills, async (share) => until(async () => (await sent()) >= share * rows, 50))
      await written
      const ids = (await server.query('source', `SELECT id FROM t ORDER BY ${mode.mode === 'incrementing' ? 'id' : 'ts, id'}`)).map(
        ([id]) => Number(id),
      )
      await until(async () => (await idsInTopic(kafka, `${prefix}t`)).at(-1) === ids.at(-1), 250)
      expect(await last.stop()).toBe(143)
      const found = await idsInTopic(kafka, `${prefix}t`)
      const walk = walkOver(ids, found)
      console.log(`${mode.mode}: ${kills} kills, ${ids.length} rows, ${found.length} records, ${JSON.stringify(walk)}`)
      const inTopic = new Set(found)
      expect(ids.filter((id) => !inTopic.has(id))).toEqual([])
      expect(walk.jumps).toEqual([])
      expect(walk.rewinds).toBeLessThanOrEqual(kills)
    },
  )
})

async function propertyFiles(
  kafka: string,
  server: PostgresqlServer,
  prefix: string,
  mode: Readonly<Record<string, string>>,
): Promise<string[]> {
  const dir = await scratchDir()
  const converter = 'org.apache.kafka.connect.json.JsonConverter'
  const worker = await propertiesFile(dir, 'worker.properties', {
    'bootstrap.servers': kafka,
    'key.converter': converter,
    'value.converter': converter,
    'value.converter.schemas.enable': 'false',
    'offset.storage.file.filename': `${dir}/connect.offsets`,
    'offset.flush.interval.ms': '100',
  })
  const source = await propertiesFile(dir, 'source.properties', {
    name: `source-${prefix}`,
    'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
    'connection.url': server.jdbcUrl('source'),
    'connection.user': 'postgres',
    'table.whitelist': 't',
    'topic.prefix': prefix,
    'poll.interval.ms': '10',
    'batch.max.rows': '100',
    'visibility.guard': 'xmin',
    ...mode,
  })
  return [worker, source]
}

/** Transactions of one client: some long, some rolled back. */
async function write(server: PostgresqlServer, writer: number): Promise<void> {
  const client = await server.connect('source')
  onTestFinished(() => client.end())
  for (let left = Math.ceil(rows / writers); left > 0;) left -= await transaction(client, writer, left)
}

/** @returns rows that stay */
async function transaction(client: Client, writer: number, most: number): Promise<number> {
  const statements = 1 + Math.floor(Math.random() * 4)
  let count = 0
  await client.query('BEGIN')
  for (let statement = 0; statement < statements && count < most; statement++) {
    const size = Math.min(most - count, 1 + Math.floor(Math.random() * 15))
    await client.query(`INSERT INTO t (writer, note) SELECT ${writer}, repeat('x', 50) FROM generate_series(1, ${size})`)
    count += size
    if (Math.random() < 0.02) await delay(Math.random() * 300)
  }
  const isKept = Math.random() < 0.9
  await client.query(isKept ? 'COMMIT' : 'ROLLBACK')
  return isKept ? count : 0
}

/** In the topic's order. */
async function idsInTopic(kafka: string, topic: string): Promise<number[]> {
  const values = await kcatOrNothing(kafka, ['-C', '-t', topic, '-o', 'beginning', '-e', '-q'])
  return Array.from(values.matchAll(/^\{"id":(\d+),/gm), ([, id]) => Number(id))
}
