import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { PATIENT_STOP } from '../support/file-to-file.ts'
import { loneWorker } from '../support/lone-worker.ts'
import { kcatOrNothing } from '../support/services/kcat.ts'
import type { PostgresqlServer } from '../support/services/postgresql.ts'
import { describeWithPostgresql, newDatabase } from '../support/services/postgresql-suite.ts'
import { describeWithKafka } from '../support/services/suite.ts'
import { propertiesFile, scratchDir, until, WorkerProcess } from '../support/worker-process.ts'

const converter = 'org.apache.kafka.connect.json.JsonConverter'

async function sourceFiles(kafka: string, server: PostgresqlServer, database: string, props: Readonly<Record<string, string>>) {
  const dir = await scratchDir()
  const prefix = `jdbc-${randomUUID()}-`
  const worker = await propertiesFile(dir, 'worker.properties', {
    'bootstrap.servers': kafka,
    'key.converter': converter,
    'value.converter': converter,
    'offset.storage.file.filename': `${dir}/connect.offsets`,
    'offset.flush.interval.ms': '100',
    ...PATIENT_STOP,
  })
  const source = await propertiesFile(dir, 'source.properties', {
    name: 'source',
    'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
    'connection.url': server.jdbcUrl(database),
    'connection.user': 'postgres',
    'topic.prefix': prefix,
    'poll.interval.ms': '20',
    ...props,
  })
  return { dir, prefix, files: [worker, source] }
}

const records = async (kafka: string, topic: string) =>
  (await kcatOrNothing(kafka, ['-C', '-t', topic, '-o', 'beginning', '-e', '-q', '-f', '%k %s\n'])).split('\n').slice(0, -1)

await describeWithPostgresql('the JDBC source in a worker, with PostgreSQL', (server) => {
  describeWithKafka('and Kafka', (kafka) => {
    it('T2, T3, T57: rows become envelopes, byte for byte as Java’s, and go on behind the last one after a restart', async () => {
      const database = await newDatabase(server)
      await server.query(
        database,
        `CREATE TABLE t (id serial PRIMARY KEY, a numeric(10,2), b timestamptz, c bytea, d bool NOT NULL, e float8, f text);
         INSERT INTO t (a, b, c, d, e, f) VALUES (12.5, '2024-01-01 00:00:00.123456Z', '\\x0102', true, 1e20, E'say "é"\\n')`,
      )
      const { files, prefix, dir } = await sourceFiles(kafka, server, database, {
        mode: 'incrementing',
        'table.whitelist': 't',
        'key.columns': 'primary_key',
      })
      const topic = `${prefix}t`
      const first = new WorkerProcess(files)
      await until(async () => (await records(kafka, topic)).length === 1)
      expect(await first.stop()).toBe(143)
      await server.query(database, 'INSERT INTO t (d) VALUES (false)')
      const second = new WorkerProcess(files)
      await until(async () => (await records(kafka, topic)).length === 2)
      expect(await second.stop()).toBe(143)
      const key = (id: number) =>
        `{"schema":{"type":"struct","fields":[{"type":"int32","optional":false,"field":"id"}],"optional":false,"name":"t"},"payload":{"id":${id}}}`
      const decimal =
        '{"type":"bytes","optional":true,"name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2","connect.decimal.precision":"10"},"field":"a"}'
      const timestamp = '{"type":"int64","optional":true,"name":"org.apache.kafka.connect.data.Timestamp","version":1,"field":"b"}'
      const fields = `{"type":"int32","optional":false,"field":"id"},${decimal},${timestamp},{"type":"bytes","optional":true,"field":"c"},{"type":"boolean","optional":false,"field":"d"},{"type":"double","optional":true,"field":"e"},{"type":"string","optional":true,"field":"f"}`
      const value = (payload: string) =>
        `{"schema":{"type":"struct","fields":[${fields}],"optional":false,"name":"t"},"payload":${payload}}`
      expect(await records(kafka, topic)).toEqual([
        `${key(1)} ${value(String.raw`{"id":1,"a":"BOI=","b":1704067200123,"c":"AQI=","d":true,"e":1.0E20,"f":"say \"é\"\n"}`)}`,
        `${key(2)} ${value('{"id":2,"a":null,"b":null,"c":null,"d":false,"e":null,"f":null}')}`,
      ])
      expect(await readFile(`${dir}/connect.offsets`, 'latin1')).toContain('{"incrementing":2}')
    })

    it('T46: a table that is created while the worker runs is read without anybody’s doing, and the others go on', async () => {
      const database = await newDatabase(server)
      await server.query(database, 'CREATE TABLE a (id serial PRIMARY KEY); INSERT INTO a DEFAULT VALUES')
      const { files, prefix } = await sourceFiles(kafka, server, database, {
        mode: 'incrementing',
        'table.poll.interval.ms': '100',
        'tasks.max': '2',
      })
      const worker = new WorkerProcess(files)
      await until(async () => (await records(kafka, `${prefix}a`)).length === 1)
      await server.query(database, 'CREATE TABLE b (id serial PRIMARY KEY); INSERT INTO b DEFAULT VALUES; INSERT INTO a DEFAULT VALUES')
      await until(async () => (await records(kafka, `${prefix}b`)).length === 1)
      await until(async () => (await records(kafka, `${prefix}a`)).length >= 2)
      expect(await worker.stop()).toBe(143)
      expect((await records(kafka, `${prefix}a`)).map((record) => /"payload":(.*)\}$/.exec(record)?.[1])).toEqual(['{"id":1}', '{"id":2}'])
    })

    it('T49: errors of a table leave the task running and are told in its status', async () => {
      const database = await newDatabase(server)
      await server.query(database, 'CREATE TABLE t (id serial PRIMARY KEY)')
      const { start, task } = await loneWorker(kafka)
      await start('source', {
        'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
        'connection.url': server.jdbcUrl(database),
        'connection.user': 'postgres',
        'topic.prefix': 'p-',
        mode: 'incrementing',
        'table.whitelist': 't',
        'query.suffix': 'LIMIT x',
      })
      await until(() => JSON.stringify(task('source') ?? '').includes('does not exist'))
      expect(task('source')?.state).toBe('RUNNING')
    })
  })
})
