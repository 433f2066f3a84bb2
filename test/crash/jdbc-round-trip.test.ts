import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { everyType, everyTypeRows, makeEveryType } from '../support/jdbc/every-type.ts'
import { makePgbenchTables, pgbenchTables, runPgbench } from '../support/jdbc/pgbench.ts'
import { none, tableDifferences, type Differences } from '../support/jdbc/table-differences.ts'
import { withAdmin } from '../support/kafka-records.ts'
import type { PostgresqlServer } from '../support/services/postgresql.ts'
import { privatePostgresql } from '../support/services/postgresql-suite.ts'
import { describeWithKafka } from '../support/services/suite.ts'
import { propertiesFile, scratchDir, until, WorkerProcess } from '../support/worker-process.ts'

/** In the suite small; `STANDPIPE_ROUND_TRIP_SCALE=10 STANDPIPE_ROUND_TRIP_SECONDS=120` is the whole thing. */
const scale = Number(process.env['STANDPIPE_ROUND_TRIP_SCALE'] ?? 1)
const seconds = Number(process.env['STANDPIPE_ROUND_TRIP_SECONDS'] ?? 5)
const timeout = 600_000 + 60_000 * scale + 2_000 * seconds

const tables = Object.entries(pgbenchTables).map(([name, key]) => ({ name, key }))

describeWithKafka('a database that goes through a topic into a second one', (kafka) => {
  it('has every row there, of every type, while 8 clients with long transactions change it', { timeout }, async () => {
    const server = await twoDatabases()
    await makeEveryType(server, 'original', false)
    await makeEveryType(server, 'copy', true)
    const worker = await startRoundTrip(kafka, server, 'xmin', [...tables.map(({ name }) => name), everyType.name])
    const found = await changesAndDifferences(server)
    await until(async () => (await countOf(server, 'copy', everyType.name)) === everyTypeRows)
    expect(await worker.stop()).toBe(143)
    expect(await tableDifferences(server, 'original', 'copy', everyType)).toEqual(none)
    expect(found).toEqual(Object.fromEntries(tables.map(({ name }) => [name, none])))
  })

  it('misses rows that were committed late where the source has no visibility guard, as in Java', { timeout }, async () => {
    const server = await twoDatabases()
    const worker = await startRoundTrip(
      kafka,
      server,
      'none',
      tables.map(({ name }) => name),
    )
    const found = await changesAndDifferences(server)
    expect(await worker.stop()).toBe(143)
    expect(found['pgbench_history']?.missing).toBeGreaterThan(0)
    expect(found['pgbench_history']?.unexpected).toBe(0)
  })
})

async function twoDatabases(): Promise<PostgresqlServer> {
  const server = await privatePostgresql()
  for (const database of ['original', 'copy']) await server.query('postgres', `CREATE DATABASE ${database}`)
  await makePgbenchTables(server, 'original', scale)
  await makePgbenchTables(server, 'copy', null)
  return server
}

const CONVERTERS = {
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
}

/** Two sources and two sinks: numbers and times of microseconds for the tables of pgbench, Connect's own times for the one of all types. */
async function startRoundTrip(kafka: string, server: PostgresqlServer, guard: 'xmin' | 'none', names: readonly string[]) {
  const dir = await scratchDir()
  const run = randomUUID()
  const prefix = `trip-${run}-`
  const topics = names.map((name) => prefix + name)
  await withAdmin(kafka, (admin) => admin.createTopics(topics.map((name) => ({ name, partitions: 1, replicationFactor: 1 }))))
  const worker = await propertiesFile(dir, 'worker.properties', {
    'bootstrap.servers': kafka,
    ...CONVERTERS,
    'offset.storage.file.filename': `${dir}/connect.offsets`,
    'offset.flush.interval.ms': '1000',
  })
  const source = {
    'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
    'connection.url': server.jdbcUrl('original'),
    'connection.user': 'postgres',
    'topic.prefix': prefix,
    'poll.interval.ms': '50',
    'key.columns': 'primary_key',
    'visibility.guard': guard,
  }
  const sink = {
    'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
    'connection.url': server.jdbcUrl('copy'),
    'connection.user': 'postgres',
    'insert.mode': 'upsert',
    'pk.mode': 'record_key',
    transforms: 'table',
    'transforms.table.type': 'org.apache.kafka.connect.transforms.RegexRouter',
    'transforms.table.regex': `${prefix}(.*)`,
    'transforms.table.replacement': '$1',
  }
  const connectors = {
    changing: {
      ...source,
      'table.include.list': 'public[.]pgbench_(accounts|tellers|branches)',
      mode: 'timestamp+incrementing',
      'timestamp.columns.mapping': 'public[.]pgbench_.*:[changed]',
      'incrementing.column.mapping': 'public[.]pgbench_accounts:aid,public[.]pgbench_tellers:tid,public[.]pgbench_branches:bid',
      'timestamp.granularity': 'micros_long',
    },
    growing: { ...source, 'table.whitelist': 'pgbench_history', mode: 'incrementing', 'timestamp.granularity': 'micros_long' },
    typed: {
      ...source,
      ...{ 'table.whitelist': everyType.name, mode: 'incrementing', 'incrementing.column.name': 'id' },
      ...{ 'sql.complex.types.enable': 'true', 'unsupported.types': 'string' },
    },
    'pgbench-copies': {
      ...sink,
      topics: topics.filter((topic) => topic.includes('pgbench')).join(','),
      'timestamp.fields.list': 'changed,mtime',
    },
    'typed-copies': { ...sink, topics: prefix + everyType.name },
  }
  const wanted = Object.entries(connectors).filter(([name]) => names.includes(everyType.name) || !name.startsWith('typed'))
  const files = wanted.map(([name, config]) => propertiesFile(dir, `${name}.properties`, { ...config, name: `${name}-${run}` }))
  return new WorkerProcess([worker, ...(await Promise.all(files))])
}

/** Clients change the tables while they are read; then all that arrives has arrived. */
async function changesAndDifferences(server: PostgresqlServer): Promise<Record<string, Differences>> {
  await until(async () => (await countOf(server, 'copy', 'pgbench_accounts')) > 0)
  const committed = await runPgbench(server, 'original', scale, seconds, await scratchDir())
  await server.query('original', lastChanges)
  for (const isThere of lastChangesThere) await until(async () => (await server.query('copy', isThere)).length > 0, 100)
  const found = await Promise.all(
    tables.map(async (table) => [table.name, await tableDifferences(server, 'original', 'copy', table)] as const),
  )
  const rows = await Promise.all(tables.map(async ({ name }) => `${name} ${await countOf(server, 'original', name)}`))
  console.log(`${committed} transactions of 8 clients in ${seconds} s; rows: ${rows.join(', ')}; differences: ${JSON.stringify(found)}`)
  return Object.fromEntries(found)
}

const LAST = 424_242
/** Each table's records are in order: what comes after these is nothing. */
const lastChanges = `INSERT INTO pgbench_history (delta) VALUES (${LAST}); UPDATE pgbench_accounts SET abalance = ${LAST} WHERE aid = 1;
UPDATE pgbench_tellers SET tbalance = ${LAST} WHERE tid = 1; UPDATE pgbench_branches SET bbalance = ${LAST} WHERE bid = 1`
const lastChangesThere = [
  `SELECT 1 FROM pgbench_history WHERE delta = ${LAST}`,
  `SELECT 1 FROM pgbench_accounts WHERE aid = 1 AND abalance = ${LAST}`,
  `SELECT 1 FROM pgbench_tellers WHERE tid = 1 AND tbalance = ${LAST}`,
  `SELECT 1 FROM pgbench_branches WHERE bid = 1 AND bbalance = ${LAST}`,
]

async function countOf(server: PostgresqlServer, database: string, table: string): Promise<number> {
  return Number((await server.query(database, `SELECT count(*) FROM ${table}`))[0]?.[0])
}
