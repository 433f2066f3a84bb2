import { RetriableException } from 'standpipe/api'
import { expect, it } from 'vitest'
import { row, struct } from '../support/jdbc/records.ts'
import { SinkDatabase } from '../support/jdbc/sink-database.ts'
import { describeWithPostgresql, privatePostgresql } from '../support/services/postgresql-suite.ts'

const schema = struct({ id: 'int32', name: 'string?' })
const upsert = { 'insert.mode': 'upsert', 'pk.mode': 'record_value', 'pk.fields': 'id' }
const table = 'CREATE TABLE orders (id int PRIMARY KEY, name text)'
const rows = (count: number, name = 'a', from = 0) =>
  Array.from({ length: count }, (_, id) => row(schema, { id: from + id, name }, { offset: from + id }))

await describeWithPostgresql('JDBC sink: faults', (server) => {
  it('S49 batch.size is the most rows of a statement, and a put is one transaction', async () => {
    const db = await SinkDatabase.create(server, table)
    await db.sink({ 'batch.size': '2' }).put(rows(5))
    expect(await db.query('SELECT count(DISTINCT xmin::text), count(DISTINCT cmin::text) FROM orders')).toEqual([['1', '3']])
  })

  it('S50 of 3000 records the one without a name is reported, soon', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (id int PRIMARY KEY, name text NOT NULL)')
    const sink = db.sink({}, { reporter: 'takes all' })
    const records = rows(3000)
    records[1234] = row(schema, { id: 1234, name: null }, { offset: 1234 })
    const [[before]] = (await db.query('SELECT pg_current_xact_id()::text::int')) as [[string]]
    await sink.put(records)
    expect(await db.query('SELECT count(*) FROM orders')).toEqual([['2999']])
    expect(sink.context.reported.map(({ record, error }) => [record.kafkaOffset, error.message])).toEqual([
      [1234, expect.stringMatching(/SQLSTATE 23502, table orders, column name/)],
    ])
    // one number for each attempt that wrote a row: halving takes a dozen, record by record it would be thousands
    const [[after]] = (await db.query('SELECT pg_current_xact_id()::text::int')) as [[string]]
    expect(Number(after) - Number(before)).toBeLessThan(500)
  })

  it('three records at fault for different reasons are reported with column and reason', async () => {
    const db = await SinkDatabase.create(
      server,
      'CREATE TABLE orders (id int PRIMARY KEY, a varchar(5), b int, c numeric(4,2), CHECK (b <> 13))',
    )
    const wide = struct({ id: 'int32', a: 'string?', b: 'string?', c: 'string?' })
    const records = Array.from({ length: 300 }, (_, id) => row(wide, { id, a: 'ok', b: '1', c: '1' }, { offset: id }))
    const bad: Record<number, object> = { 10: { b: 'many' }, 11: { a: 'too long' }, 150: { b: '13' }, 299: { c: '100' } }
    for (const [id, values] of Object.entries(bad))
      records[Number(id)] = row(wide, { id: Number(id), a: 'ok', b: '1', c: '1', ...values }, { offset: Number(id) })
    const sink = db.sink(upsert, { reporter: 'takes all' })
    await sink.put(records)
    expect(await db.query('SELECT count(*) FROM orders')).toEqual([['296']])
    expect(sink.context.reported.map(({ record, error }) => [record.kafkaOffset, error.message.match(/SQLSTATE.*(?=\))/)?.[0]])).toEqual([
      [10, 'SQLSTATE 22P02, column b'],
      [11, 'SQLSTATE 22001, column a'],
      [150, 'SQLSTATE 23514, table orders, column b, constraint orders_b_check'],
      [299, 'SQLSTATE 22003, column c'],
    ])
  })

  it('S51 without tolerance the task fails at once, nothing is written, and the record is named', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (id int PRIMARY KEY, name text NOT NULL)')
    const records = rows(300)
    records[123] = row(schema, { id: 123, name: null }, { offset: 123 })
    const sink = db.sink()
    await expect(sink.put(records)).rejects.toThrow(/orders-0@123.*null value in column "name".*23502/s)
    expect(await db.query('SELECT count(*) FROM orders')).toEqual([['0']])
    expect(await sink.task.preCommit([{ topic: 'orders', partition: 0, offset: 300 }])).toEqual([
      { topic: 'orders', partition: 0, offset: 0 },
    ])
  })

  it('a row that a good one of its key comes before is not lost with the bad one', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (id int PRIMARY KEY, name text NOT NULL)')
    const sink = db.sink(upsert, { reporter: 'takes all' })
    await sink.put([row(schema, { id: 1, name: 'good' }), row(schema, { id: 1, name: null }, { offset: 1 })])
    expect(await db.query('SELECT * FROM orders')).toEqual([['1', 'good']])
    expect(sink.context.reported.map(({ record }) => record.kafkaOffset)).toEqual([1])
  })

  it('a deferred constraint finds its record too', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE parent (id int PRIMARY KEY)', 'INSERT INTO parent VALUES (0), (1), (3)')
    await db.query('CREATE TABLE orders (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED, name text)')
    const sink = db.sink({}, { reporter: 'takes all' })
    await sink.put(rows(4))
    expect(await db.query('SELECT id FROM orders ORDER BY 1')).toEqual([['0'], ['1'], ['3']])
    expect(sink.context.reported.map(({ record, error }) => [record.kafkaOffset, error.message])).toEqual([
      [2, expect.stringContaining('23503')],
    ])
  })

  it('a table that is created meanwhile, or gets another type, is looked at again', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (id int PRIMARY KEY, name text)')
    const sink = db.sink()
    await sink.put(rows(1))
    await db.query('DROP TABLE orders')
    await db.query('CREATE TABLE orders ("ID" bigint PRIMARY KEY, name jsonb)')
    await sink.put(rows(1, '{}', 1))
    expect(await db.query('SELECT * FROM orders')).toEqual([['1', '{}']])
  })

  it('S52 sessions that the server ends cost nothing', async () => {
    const db = await SinkDatabase.create(server, table)
    const sink = db.sink({ ...upsert, 'max.retries': '2', 'retry.backoff.ms': '50' })
    await sink.put(rows(10))
    const end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'c' AND datname = current_database()"
    for (let round = 0; round < 3; round++) {
      await db.query(end)
      await sink.put(rows(10, `after ${round}`))
    }
    expect(await db.query('SELECT count(*), min(name) FROM orders')).toEqual([['10', 'after 2']])
  })

  it('S52 a session that ends in the middle of a statement is opened again', async () => {
    const db = await SinkDatabase.create(server, table, "INSERT INTO orders VALUES (1, 'locked')")
    const other = await server.connect(db.name)
    await other.query("BEGIN; UPDATE orders SET name = 'other' WHERE id = 1")
    const sink = db.sink(upsert)
    const putting = sink.put(rows(3))
    const waiting =
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'c' AND wait_event_type = 'Lock' AND datname = current_database()"
    await expect.poll(() => db.query(waiting), { timeout: 60_000 }).toHaveLength(1)
    await db.query(`SELECT pg_terminate_backend(pid) FROM (${waiting}) AS w`)
    await other.query('COMMIT')
    await other.end()
    await putting
    expect(await db.query('SELECT * FROM orders ORDER BY 1')).toEqual([
      ['0', 'a'],
      ['1', 'a'],
      ['2', 'a'],
    ])
  })

  it('S53 gives up when the retries are used up, and commits nothing', async () => {
    const postgresql = await privatePostgresql()
    const db = await SinkDatabase.create(postgresql, table)
    const sink = db.sink({ ...upsert, 'max.retries': '2', 'retry.backoff.ms': '1' }, { reporter: 'takes all' })
    await sink.put(rows(1))
    await postgresql.crash()
    const errorOfPut = () => sink.put(rows(5, 'b', 1)).then(() => 'none', String)
    expect(await errorOfPut()).toContain('RetriableException')
    await expect.poll(errorOfPut, { timeout: 60_000 }).toMatch(/2 retries are used up/)
    expect(sink.context.reported).toEqual([])
    await postgresql.start()
    expect(await db.query('SELECT count(*) FROM orders')).toEqual([['1']])
  })

  it('an outage keeps everything, reports nothing, and is over when the server is back', async () => {
    const postgresql = await privatePostgresql()
    const db = await SinkDatabase.create(postgresql, table)
    const sink = db.sink({ ...upsert, 'retry.backoff.ms': '10' }, { reporter: 'takes all' })
    await sink.put(rows(10))
    await postgresql.crash()
    // taken before anybody knows of the outage: kept, and not committed
    await sink.task.put(rows(10, 'b', 10))
    expect(await sink.task.preCommit([{ topic: 'orders', partition: 0, offset: 20 }])).toEqual([
      { topic: 'orders', partition: 0, offset: 10 },
    ])
    await expect(sink.task.put(rows(10, 'c', 20))).rejects.toThrow(RetriableException)
    expect(sink.context.timeoutMs).toBeGreaterThan(0)
    await postgresql.start()
    await expect
      .poll(
        () =>
          sink.put(rows(10, 'c', 20)).then(
            () => 'taken',
            () => 'refused',
          ),
        { timeout: 60_000 },
      )
      .toBe('taken')
    expect(await sink.task.preCommit([{ topic: 'orders', partition: 0, offset: 30 }])).toEqual([
      { topic: 'orders', partition: 0, offset: 30 },
    ])
    expect(await db.query('SELECT count(*), count(DISTINCT name) FROM orders')).toEqual([['30', '3']])
    expect(sink.context.reported).toEqual([])
  })

  it('a server that only reads is waited for', async () => {
    const db = await SinkDatabase.create(server, table)
    const sink = db.sink({ ...upsert, 'retry.backoff.ms': '1' }, { reporter: 'takes all' })
    await sink.put(rows(1))
    await db.query(`ALTER DATABASE ${db.name} SET default_transaction_read_only = on`)
    await db.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'c' AND datname = current_database()")
    await expect(sink.put(rows(2, 'b'))).rejects.toThrow(/25006/)
    await server.query('postgres', `ALTER DATABASE ${db.name} RESET default_transaction_read_only`)
    await expect
      .poll(
        () =>
          sink.put(rows(2, 'b')).then(
            () => 'taken',
            () => 'refused',
          ),
        { timeout: 60_000 },
      )
      .toBe('taken')
    expect(await db.query('SELECT count(*) FROM orders')).toEqual([['2']])
    expect(sink.context.reported).toEqual([])
  })

  it('a lock that is not given in time is asked for again', async () => {
    const db = await SinkDatabase.create(server, table, "INSERT INTO orders VALUES (1, 'old')")
    const sink = db.sink({ ...upsert, 'retry.backoff.ms': '1', 'connection.options': '-c lock_timeout=50' }, { reporter: 'takes all' })
    const other = await server.connect(db.name)
    await other.query("BEGIN; UPDATE orders SET name = 'other' WHERE id = 1")
    await expect(sink.put(rows(2))).rejects.toThrow(/55P03/)
    await other.query('COMMIT')
    await other.end()
    await expect
      .poll(
        () =>
          sink.put(rows(2)).then(
            () => 'taken',
            () => 'refused',
          ),
        { timeout: 60_000 },
      )
      .toBe('taken')
    expect(await db.query('SELECT name FROM orders WHERE id = 1')).toEqual([['a']])
    expect(sink.context.reported).toEqual([])
  })

  it('S55 an upsert without a unique index says which to make', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (id int, name text)')
    const sink = db.sink(upsert, { reporter: 'takes all' })
    await expect(sink.put(rows(1))).rejects.toThrow(/42P10.*CREATE UNIQUE INDEX ON "public"."orders" \("id"\)/)
    expect(sink.context.reported).toEqual([])
  })

  it('a privilege that is missing fails the task and reports nothing', async () => {
    const db = await SinkDatabase.create(server, table, `CREATE ROLE r_${Date.now()} LOGIN`)
    const [[role]] = (await db.query("SELECT max(rolname) FROM pg_roles WHERE rolname LIKE 'r\\_%'")) as [[string]]
    const sink = db.sink({ 'connection.user': role }, { reporter: 'takes all' })
    await expect(sink.put(rows(1))).rejects.toThrow(/permission denied.*42501/)
    expect(sink.context.reported).toEqual([])
  })

  it('partitions that go to another task are not written after they went', async () => {
    const postgresql = await privatePostgresql()
    const db = await SinkDatabase.create(postgresql, table)
    const sink = db.sink({ ...upsert, 'retry.backoff.ms': '1' })
    await sink.put(rows(1))
    await postgresql.crash()
    await sink.task.put([...rows(1, 'gone', 1), row(schema, { id: 2, name: 'kept' }, { partition: 1, offset: 0 })])
    await sink.task.close([{ topic: 'orders', partition: 0 }])
    await postgresql.start()
    await expect
      .poll(
        () =>
          sink.put([]).then(
            () => 'well',
            () => 'ill',
          ),
        { timeout: 60_000 },
      )
      .toBe('well')
    await sink.task.preCommit([])
    expect(await db.query('SELECT id, name FROM orders ORDER BY 1')).toEqual([
      ['0', 'a'],
      ['2', 'kept'],
    ])
  })

  it('of several servers the one that can be written to is used', async () => {
    const reading = await privatePostgresql({ settings: { default_transaction_read_only: 'on' } })
    const db = await SinkDatabase.create(server, table)
    const administrator = await reading.connect('postgres')
    await administrator.query('SET default_transaction_read_only = off')
    await administrator.query(`CREATE DATABASE ${db.name}`)
    await administrator.end()
    const url = `jdbc:postgresql://127.0.0.1:1,${reading.address},${server.address}/${db.name}`
    await db.sink({ 'connection.url': url }).put(rows(1))
    expect(await db.query('SELECT count(*) FROM orders')).toEqual([['1']])
  })
})
