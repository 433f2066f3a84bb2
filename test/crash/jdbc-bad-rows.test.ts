import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import type { ConsumerRecord } from '../../src/kafka/ports.ts'
import { isAllCommitted } from '../support/chaos.ts'
import { endOffset, firstRecords, produceAll, withAdmin, type TestInput } from '../support/kafka-records.ts'
import { privatePostgresql } from '../support/services/postgresql-suite.ts'
import { describeWithKafka } from '../support/services/suite.ts'
import { propertiesFile, scratchDir, until, WorkerProcess } from '../support/worker-process.ts'

/** In the suite small; `STANDPIPE_BAD_ROWS_AMONG=300000` is the whole thing. */
const rows = Number(process.env['STANDPIPE_BAD_ROWS_AMONG'] ?? 20_000)
const timeout = 600_000 + rows

const TABLE = `CREATE TABLE orders (id int PRIMARY KEY, quantity int CONSTRAINT quantity_is_positive CHECK (quantity > 0), price int,
  code varchar(10), written timestamptz DEFAULT clock_timestamp())`

const schema = {
  type: 'struct',
  fields: [
    { field: 'quantity', type: 'int32' },
    { field: 'price', type: 'string' },
    { field: 'code', type: 'string' },
  ],
  optional: false,
}

interface BadRow {
  readonly values: Readonly<Record<string, unknown>>
  readonly reason: readonly RegExp[]
}

/** Two of them side by side. */
const bad: ReadonlyMap<number, BadRow> = new Map([
  [
    Math.floor(rows / 4),
    { values: { price: 'a lot' }, reason: [/SQLSTATE 22P02/, /column price/, /invalid input syntax for type integer: "a lot"/] },
  ],
  [
    Math.floor(rows / 2),
    {
      values: { quantity: -1 },
      reason: [/SQLSTATE 23514/, /column quantity, constraint quantity_is_positive/, /violates check constraint/],
    },
  ],
  [
    Math.floor(rows / 2) + 1,
    { values: { code: 'eleven char' }, reason: [/SQLSTATE 22001/, /column code/, /value too long for type character varying\(10\)/] },
  ],
])

const modes = {
  'COPY of new rows': { 'insert.mode': 'insert' },
  'upserts of arrays': { 'insert.mode': 'upsert' },
} as const

describeWithKafka('bad rows among good ones', (kafka) => {
  it.for(Object.entries(modes))(
    `%s: 3 bad ones among ${rows} go to the dead letter queue, each with its reason, and no other`,
    { timeout },
    async ([, mode]) => {
      const server = await privatePostgresql()
      await server.query('postgres', TABLE)
      const topic = `bad-${randomUUID()}`
      await withAdmin(kafka, (admin) => admin.createTopics([{ name: topic, partitions: 1, replicationFactor: 1 }]))
      await produceAll(kafka, topic, orders())
      const { name, files } = await propertyFiles(kafka, topic, server.jdbcUrl('postgres'), mode)
      const worker = new WorkerProcess(files)
      await until(() => isAllCommitted(kafka, topic, name, 1), 250)
      expect(await worker.stop()).toBe(143)

      const written = await server.query('postgres', 'SELECT count(*), count(DISTINCT id), sum(id) FROM orders')
      const ids = [...bad.keys()]
      expect(written).toEqual([
        [rows - bad.size, rows - bad.size, (rows * (rows - 1)) / 2 - ids.reduce((sum, id) => sum + id, 0)].map(String),
      ])
      expect(await endOffset(kafka, `${topic}-dlq`, 0)).toBe(bad.size)
      const letters = await firstRecords(kafka, `${topic}-dlq`, bad.size)
      expect(letters.map(({ key }) => Number(key)).toSorted((a, b) => a - b)).toEqual(ids)
      for (const letter of letters)
        for (const reason of bad.get(Number(letter.key))!.reason) expect(headerOf(letter, 'exception.message')).toMatch(reason)
      const [[pause]] = (await server.query('postgres', LONGEST_PAUSE)) as [[string]]
      console.log(
        `${rows} rows, longest pause between two ${pause} s; ${letters.map((letter) => headerOf(letter, 'exception.message')).join(' | ')}`,
      )
    },
  )
})

/** In which no row is written: nothing was late by more. */
const LONGEST_PAUSE = `SELECT round(max(extract(epoch FROM pause)), 3) FROM (SELECT written - lag(written) OVER (ORDER BY written) AS pause FROM orders) p`

function* orders(): Generator<TestInput> {
  for (let id = 0; id < rows; id++) {
    const payload = { quantity: 1, price: String(id), code: 'ten chars.', ...bad.get(id)?.values }
    yield { key: String(id), value: { schema, payload } }
  }
}

function headerOf({ headers }: ConsumerRecord, name: string): string {
  return String(headers.find(({ key }) => key === `__connect.errors.${name}`)?.value)
}

async function propertyFiles(kafka: string, topic: string, url: string, mode: Readonly<Record<string, string>>) {
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
    'connection.url': url,
    'connection.user': 'postgres',
    topics: topic,
    'table.name.format': 'orders',
    'pk.mode': 'record_key',
    'pk.fields': 'id',
    'consumer.override.max.poll.records': '3000',
    'errors.tolerance': 'all',
    'errors.deadletterqueue.topic.name': `${topic}-dlq`,
    'errors.deadletterqueue.topic.replication.factor': '1',
    'errors.deadletterqueue.context.headers.enable': 'true',
    ...mode,
  })
  return { name, files: [worker, sink] }
}
