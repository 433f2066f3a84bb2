import { RetriableException, type SinkRecord } from 'standpipe/api'
import { expect, it } from 'vitest'
import { row, struct } from '../support/jdbc/records.ts'
import { SinkDatabase } from '../support/jdbc/sink-database.ts'
import { offsetsOf, type SinkHarness } from '../support/jdbc/sink-harness.ts'
import { describeWithPostgresql, privatePostgresql } from '../support/services/postgresql-suite.ts'
import { standbyOf } from '../support/services/postgresql-standby.ts'
import type { PostgresqlServer } from '../support/services/postgresql.ts'
import { smallDisk } from '../support/services/small-disk.ts'

const schema = struct({ id: 'int32', name: 'string?' })
const upsert = { 'insert.mode': 'upsert', 'pk.mode': 'record_value', 'pk.fields': 'id', 'retry.backoff.ms': '1' }
const table = 'CREATE TABLE orders (id int PRIMARY KEY, name text)'
const rows = (from: number, to: number, name = 'a') =>
  Array.from({ length: to - from }, (_, index) => row(schema, { id: from + index, name }, { offset: from + index }))

/** Puts again and again, as the framework does, until the records are taken and written. @returns what was said meanwhile */
async function putUntilTaken(
  sink: SinkHarness,
  records: readonly SinkRecord[],
  meanwhile: (error: string) => Promise<void>,
): Promise<string[]> {
  const said: string[] = []
  const attempt = async (batch: readonly SinkRecord[]) => {
    try {
      await sink.task.put(batch)
      return true
    } catch (error) {
      if (!(error instanceof RetriableException)) throw error
      if (said.at(-1) !== error.message) said.push(error.message)
      await meanwhile(error.message)
      return false
    }
  }
  await expect.poll(() => attempt(records), { timeout: 60_000 }).toBe(true)
  const isWritten = async () => {
    const [committed] = await sink.task.preCommit(offsetsOf(records))
    return (await attempt([])) && committed?.offset === records.at(-1)!.kafkaOffset + 1
  }
  await expect.poll(isWritten, { timeout: 60_000 }).toBe(true)
  return said
}

const onlyOnce = (action: () => Promise<unknown>) => {
  let done: Promise<unknown> | null = null
  return async () => void (await (done ??= action()))
}

await describeWithPostgresql('JDBC sink: outages that servers really have', (server) => {
  it('a disk that is full is waited for, and nothing is reported', async () => {
    const postgresql = await privatePostgresql()
    const disk = await smallDisk(4, postgresql.dataDir)
    const db = await SinkDatabase.create(postgresql)
    await postgresql.query('postgres', `CREATE TABLESPACE small LOCATION '${disk.dir}'`)
    await db.query(`${table} TABLESPACE small`)
    const sink = db.sink(upsert, { reporter: 'takes all' })
    const long = 'x'.repeat(1000)
    await sink.put(rows(0, 1000, long))
    const said = await putUntilTaken(
      sink,
      rows(1000, 20_000, long),
      onlyOnce(() => disk.resize(200)),
    )
    expect(said).toEqual([expect.stringMatching(/No space left on device.*SQLSTATE 53100/s)])
    expect(await db.query('SELECT count(*), max(id), min(length(name)) FROM orders')).toEqual([['20000', '19999', '1000']])
    expect(sink.context.reported).toEqual([])
    await db.query('DROP TABLE orders')
  })

  it('of a list of servers the standby takes over once it is promoted', async () => {
    const primary = await privatePostgresql()
    const db = await SinkDatabase.create(primary, table)
    const standby = await standbyOf(primary)
    const url = `jdbc:postgresql://${primary.address},${standby.address}/${db.name}`
    const sink = db.sink({ ...upsert, 'connection.url': url }, { reporter: 'takes all' })
    await sink.put(rows(0, 500))
    await expect.poll(() => standby.query(db.name, 'SELECT count(*) FROM orders'), { timeout: 60_000 }).toEqual([['500']])
    await primary.crash()
    const said = await putUntilTaken(sink, rows(500, 1000), async (error) => {
      if (error.includes('25006')) await promoted(standby)
    })
    expect(said.join('\n')).toContain('cannot execute INSERT in a read-only transaction (SQLSTATE 25006)')
    expect(await standby.query(db.name, 'SELECT count(*), max(id) FROM orders')).toEqual([['1000', '999']])
    expect(sink.context.reported).toEqual([])
    await primary.start() // its database is dropped after the test
  })

  it('a server that becomes read-only under an open session is left for one that is not', async () => {
    const other = await privatePostgresql()
    const db = await SinkDatabase.create(await privatePostgresql(), table)
    await other.query('postgres', `CREATE DATABASE ${db.name}`)
    await other.query(db.name, table)
    await readOnly(other, true)
    const url = `jdbc:postgresql://${db.server.address},${other.address}/${db.name}`
    const sink = db.sink({ ...upsert, 'connection.url': url }, { reporter: 'takes all' })
    await sink.put(rows(0, 10))
    await readOnly(db.server, true)
    await expect.poll(() => sink.put(rows(10, 20)).then(() => 'taken', String), { timeout: 60_000 }).toContain('25006')
    await readOnly(other, false)
    await putUntilTaken(sink, rows(10, 20), async () => undefined)
    // an open session takes the setting when it is told of it: the later rows may have been written here, too
    expect(await db.query('SELECT count(*) FROM orders WHERE id < 10')).toEqual([['10']])
    expect(await other.query(db.name, 'SELECT min(id), count(*) FROM orders')).toEqual([['10', '10']])
    expect(sink.context.reported).toEqual([])
    await readOnly(db.server, false)
  })

  it('one server that reads only is waited for in the same place', async () => {
    const postgresql = await privatePostgresql()
    const db = await SinkDatabase.create(postgresql, table)
    const sink = db.sink(upsert, { reporter: 'takes all' })
    await sink.put(rows(0, 10))
    await readOnly(postgresql, true)
    // an open session takes the setting when it is told of it, which may be after the next statement
    await expect.poll(() => sink.put(rows(10, 20)).then(() => 'taken', String), { timeout: 60_000 }).toContain('25006')
    await readOnly(postgresql, false)
    await putUntilTaken(sink, rows(10, 20), async () => undefined)
    expect(await db.query('SELECT count(*) FROM orders')).toEqual([['20']])
    expect(sink.context.reported).toEqual([])
  })

  it('a deadlock is tried again at once, and nothing is reported', async () => {
    const db = await SinkDatabase.create(server, table, "INSERT INTO orders VALUES (1, 'old'), (2, 'old')")
    const sink = db.sink({ ...upsert, 'max.retries': '0' }, { reporter: 'takes all' })
    const other = await server.connect(db.name)
    // who waits last finds the circle: the sink, since the other looks for one much later
    await other.query("SET deadlock_timeout = '60s'; BEGIN; UPDATE orders SET name = 'other' WHERE id = 2")
    const putting = sink.put(rows(1, 3))
    const waiting =
      "SELECT 1 FROM pg_stat_activity WHERE application_name = 'c' AND wait_event_type = 'Lock' AND datname = current_database()"
    await expect.poll(() => db.query(waiting), { timeout: 60_000, interval: 10 }).toHaveLength(1)
    await other.query('UPDATE orders SET name = $1 WHERE id = 1', ['other'])
    await other.query('COMMIT')
    await other.end()
    await putting
    expect(await db.query('SELECT name FROM orders')).toEqual([['a'], ['a']])
    await sink.task.stop() // the server counts for a session when it ends
    const counted = 'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()'
    // more than one when the sink has its first row again before the other wakes up
    await expect.poll(() => db.query(counted), { timeout: 60_000 }).not.toEqual([['0']])
    expect(sink.context.reported).toEqual([])
  })

  it('a statement that takes too long is asked for again, not reported', async () => {
    const db = await SinkDatabase.create(server, table, "INSERT INTO orders VALUES (1, 'old')")
    const sink = db.sink({ ...upsert, 'connection.options': '-c statement_timeout=1000' }, { reporter: 'takes all' })
    const other = await server.connect(db.name)
    await other.query("BEGIN; UPDATE orders SET name = 'other' WHERE id = 1")
    const release = onlyOnce(async () => {
      await other.query('COMMIT')
      await other.end()
    })
    const said = await putUntilTaken(sink, rows(0, 3), release)
    expect(said.length).toBeGreaterThan(0)
    // of more than one statement where the server stands still
    expect(said.filter((error) => !error.includes('57014'))).toEqual([])
    expect(await db.query('SELECT name FROM orders')).toEqual([['a'], ['a'], ['a']])
    expect(sink.context.reported).toEqual([])
  })
})

async function promoted(standby: PostgresqlServer): Promise<void> {
  const [[isStandby]] = (await standby.query('postgres', 'SELECT pg_is_in_recovery()')) as [[string]]
  if (isStandby === 't') await standby.query('postgres', 'SELECT pg_promote()')
}

/** Also under sessions that are open; who administers says so for itself. */
async function readOnly(server: PostgresqlServer, isReadOnly: boolean): Promise<void> {
  const client = await server.connect('postgres')
  await client.query('SET default_transaction_read_only = off')
  await client.query(`ALTER SYSTEM SET default_transaction_read_only = ${isReadOnly ? 'on' : 'off'}`)
  await client.query('SELECT pg_reload_conf()')
  await client.end()
}
