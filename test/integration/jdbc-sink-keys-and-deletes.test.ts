import { SchemaBuilder, INT64_SCHEMA, OPTIONAL_STRING_SCHEMA, STRING_SCHEMA } from 'standpipe/api'
import { expect, it } from 'vitest'
import { row, struct, tombstone } from '../support/jdbc/records.ts'
import { SinkDatabase } from '../support/jdbc/sink-database.ts'
import { describeWithPostgresql } from '../support/services/postgresql-suite.ts'

const idName = struct({ id: 'int32', name: 'string?' })
const idKey = struct({ id: 'int32' })
const upsert = { 'insert.mode': 'upsert', 'pk.mode': 'record_key', 'pk.fields': 'id' }
const deletes = { ...upsert, 'delete.enabled': 'true' }
const table = 'CREATE TABLE orders (id int PRIMARY KEY, name text)'

await describeWithPostgresql('JDBC sink: keys and deletes', (server) => {
  it('S1 creates a table from the first record', async () => {
    const db = await SinkDatabase.create(server)
    await db.sink({ 'auto.create': 'true' }).put([row(idName, { id: 1, name: 'a' })])
    expect(await db.columns('orders')).toEqual(['id integer not null', 'name text'])
    expect(await db.query('SELECT * FROM orders')).toEqual([['1', 'a']])
  })

  it('S2 fails without the table, and with a reporter goes on', async () => {
    const db = await SinkDatabase.create(server)
    await expect(db.sink().put([row(idName, { id: 1, name: 'a' })])).rejects.toThrow('is missing and auto-creation is disabled')
    const tolerant = db.sink({}, { reporter: 'takes all' })
    await tolerant.put([row(idName, { id: 1, name: 'a' })])
    expect(tolerant.context.reported.map(({ error }) => error.message)).toEqual([
      expect.stringContaining('is missing and auto-creation is disabled'),
    ])
    await db.query(table)
    await tolerant.put([row(idName, { id: 2, name: 'b' })])
    expect(await db.query('SELECT id FROM orders')).toEqual([['2']])
  })

  it('S3 keys of Kafka coordinates are unique', async () => {
    const db = await SinkDatabase.create(server)
    const record = row(struct({ a: 'string' }), { a: 'x' }, { offset: 42 })
    const sink = db.sink({ 'pk.mode': 'kafka', 'auto.create': 'true' })
    await sink.put([record])
    expect(await db.query('SELECT * FROM orders')).toEqual([['orders', '0', '42', 'x']])
    await expect(sink.put([record])).rejects.toThrow('23505')
    await db.sink({ 'pk.mode': 'kafka', 'insert.mode': 'upsert' }).put([record])
    expect(await db.query('SELECT count(*) FROM orders')).toEqual([['1']])
  })

  it('S4 asks for three names of Kafka coordinates', async () => {
    const db = await SinkDatabase.create(server)
    const sink = db.sink({ 'pk.mode': 'kafka', 'pk.fields': 't,p', 'auto.create': 'true' })
    await expect(sink.put([row(idName, { id: 1, name: null })])).rejects.toThrow('or exactly 3, defined fields are: [t, p]')
  })

  it('S5 a primitive key is a column, and a replay updates', async () => {
    const db = await SinkDatabase.create(server)
    const name = struct({ name: 'string?' })
    const sink = db.sink({ ...upsert, 'auto.create': 'true' })
    await sink.put([row(name, { name: 'a' }, { keySchema: INT64_SCHEMA, key: 5n })])
    await sink.put([row(name, { name: 'b' }, { keySchema: INT64_SCHEMA, key: 5n })])
    expect(await db.query('SELECT id, name FROM orders')).toEqual([['5', 'b']])
  })

  it('S6 a primitive key needs a name', async () => {
    const db = await SinkDatabase.create(server)
    const sink = db.sink({ ...upsert, 'pk.fields': '', 'auto.create': 'true' })
    const record = row(idName, { id: 1, name: null }, { keySchema: INT64_SCHEMA, key: 5n })
    await expect(sink.put([record])).rejects.toThrow('Need exactly one PK column defined')
  })

  it('S7 all fields of a struct are the key', async () => {
    const db = await SinkDatabase.create(server)
    const keySchema = struct({ id: 'int32', region: 'string' })
    const sink = db.sink({ ...upsert, 'pk.fields': '', 'auto.create': 'true' })
    const value = struct({ v: 'string?' })
    for (const v of ['a', 'b']) await sink.put([row(value, { v }, { keySchema, key: { id: 1, region: 'eu' } })])
    expect(await db.query('SELECT id, region, v FROM orders')).toEqual([['1', 'eu', 'b']])
  })

  it('S8 names a key field that is not there', async () => {
    const db = await SinkDatabase.create(server)
    const sink = db.sink({ ...upsert, 'pk.fields': 'nope', 'auto.create': 'true' })
    await expect(sink.put([row(idName, { id: 1, name: null }, { keySchema: idKey, key: { id: 1 } })])).rejects.toThrow(
      'does not contain field: nope',
    )
  })

  it('S9 of one key in one put the last record counts', async () => {
    const db = await SinkDatabase.create(server)
    const sink = db.sink({ 'insert.mode': 'upsert', 'pk.mode': 'record_value', 'pk.fields': 'id', 'auto.create': 'true' })
    await sink.put([row(idName, { id: 1, name: 'a' }), row(idName, { id: 1, name: 'b' }, { offset: 1 })])
    expect(await db.query('SELECT * FROM orders')).toEqual([['1', 'b']])
  })

  it('S10 a row that is all key is left alone when it is there', async () => {
    const db = await SinkDatabase.create(server)
    const sink = db.sink({ 'insert.mode': 'upsert', 'pk.mode': 'record_value', 'auto.create': 'true' })
    const schema = struct({ a: 'int32', b: 'int32' })
    await sink.put([row(schema, { a: 1, b: 2 })])
    await sink.put([row(schema, { a: 1, b: 2 })])
    expect(await db.query('SELECT * FROM orders')).toEqual([['1', '2']])
  })

  it('S11 an upsert needs a key', async () => {
    const db = await SinkDatabase.create(server, table)
    await expect(db.sink({ 'insert.mode': 'upsert' }).put([row(idName, { id: 1, name: null })])).rejects.toThrow(
      'requires key field names to be known',
    )
  })

  it('S12 an update without a key is refused at the start', async () => {
    const db = await SinkDatabase.create(server, table)
    expect(() => db.sink({ 'insert.mode': 'update' })).toThrow("must not be 'none'")
  })

  it('S13 an update changes rows that are there, and only those', async () => {
    const db = await SinkDatabase.create(server, table, "INSERT INTO orders VALUES (1, 'old')")
    const sink = db.sink({ ...upsert, 'insert.mode': 'update' })
    await sink.put([1, 2].map((id) => row(idName, { id, name: 'new' }, { keySchema: idKey, key: { id }, offset: id })))
    expect(await db.query('SELECT * FROM orders')).toEqual([['1', 'new']])
  })

  it('S14 deletes need keys of records', async () => {
    const db = await SinkDatabase.create(server, table)
    expect(() => db.sink({ 'delete.enabled': 'true', 'pk.mode': 'record_value' })).toThrow("Primary key mode must be 'record_key'")
  })

  const write = (id: number, name: string, offset: number) => row(idName, { id, name }, { keySchema: idKey, key: { id }, offset })
  const remove = (id: number, offset: number) => tombstone(idKey, { id }, { offset })

  it.for([
    { name: 'S15 a row that is deleted in the same put is gone', records: [write(1, 'a', 0), remove(1, 1)], rows: [] },
    { name: 'S16 a row that comes after its delete is there', records: [remove(1, 0), write(1, 'a', 1)], rows: [['1', 'a']] },
    {
      name: 'S17 a row that comes back has its second value',
      records: [write(1, 'a', 0), remove(1, 1), write(1, 'b', 2)],
      rows: [['1', 'b']],
    },
    { name: 'S18 a row may be deleted that is not there', records: [remove(1, 0), remove(1, 1)], rows: [] },
  ])('$name', async ({ records, rows }) => {
    const db = await SinkDatabase.create(server, table)
    await db.sink(deletes).put(records)
    expect(await db.query('SELECT * FROM orders')).toEqual(rows)
  })

  it('a row that comes back after its delete has defaults again in other columns', async () => {
    const db = await SinkDatabase.create(
      server,
      "CREATE TABLE orders (id int PRIMARY KEY, name text, note text DEFAULT 'none')",
      "INSERT INTO orders VALUES (1, 'old', 'kept')",
    )
    await db.sink(deletes).put([write(1, 'a', 0), remove(1, 1), write(1, 'b', 2)])
    expect(await db.query('SELECT * FROM orders')).toEqual([['1', 'b', 'none']])
  })

  it('any order of writes and deletes ends as one by one', async () => {
    const keys = [1, 2, 3]
    let seed = 7
    const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below
    for (let round = 0; round < 10; round++) {
      const db = await SinkDatabase.create(server, table, 'CREATE TABLE reference (id int PRIMARY KEY, name text)')
      const records = Array.from({ length: 30 }, (_, offset) => {
        const id = keys[random(3)]!
        return random(3) === 0 ? remove(id, offset) : write(id, `v${offset}`, offset)
      })
      await db.sink(deletes).put(records)
      const oneByOne = db.sink({ ...deletes, 'table.name.format': 'reference' })
      for (const record of records) await oneByOne.put([record])
      expect(await db.query('SELECT * FROM orders ORDER BY 1')).toEqual(await db.query('SELECT * FROM reference ORDER BY 1'))
    }
  })

  it('S19 a delete does not make the table that a row needs', async () => {
    const db = await SinkDatabase.create(server)
    const sink = db.sink({ ...deletes, 'auto.create': 'true' })
    const required = struct({ id: 'int32', name: 'string' })
    await sink.put([remove(1, 0)])
    await sink.put([row(required, { id: 1, name: 'a' }, { keySchema: idKey, key: { id: 1 } })])
    expect(await db.columns('orders')).toEqual(['id integer not null', 'name text not null'])
    expect(await db.query('SELECT * FROM orders')).toEqual([['1', 'a']])
  })

  it('S20 a tombstone without deletes fails, or is skipped where that is asked for', async () => {
    const db = await SinkDatabase.create(server, table)
    await expect(db.sink(upsert).put([remove(1, 0)])).rejects.toThrow('with a null value')
    await db.sink({ ...upsert, 'on.tombstone.disabled': 'skip' }).put([remove(1, 0)])
    const debezium = { 'primary.key.mode': 'record_key', 'insert.mode': 'upsert' }
    await db.sink(debezium, { family: 'debezium' }).put([remove(1, 0)])
  })

  it('S21 deletes by a uuid key, however it is written', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (id uuid PRIMARY KEY, name text)')
    const id = '6a0f9d3e-0a4b-4c7c-9f6e-3f5d2b1c0a99'
    const sink = db.sink(deletes)
    const value = struct({ name: 'string?' })
    await sink.put([
      row(value, { name: 'a' }, { keySchema: STRING_SCHEMA, key: id }),
      tombstone(STRING_SCHEMA, id.toUpperCase(), { offset: 1 }),
    ])
    expect(await db.query('SELECT * FROM orders')).toEqual([])
    await sink.put([row(value, { name: 'a' }, { keySchema: STRING_SCHEMA, key: id })])
    await sink.put([tombstone(STRING_SCHEMA, id)])
    expect(await db.query('SELECT * FROM orders')).toEqual([])
  })

  it('keys that only the server can compare keep their order', async () => {
    const db = await SinkDatabase.create(server, 'CREATE EXTENSION citext', 'CREATE TABLE orders (id citext PRIMARY KEY, name text)')
    const value = struct({ name: 'string?' })
    const named = (id: string, name: string, offset: number) => row(value, { name }, { keySchema: STRING_SCHEMA, key: id, offset })
    await db.sink(deletes).put([named('A', '1', 0), named('a', '2', 1), named('B', '3', 2), tombstone(STRING_SCHEMA, 'b', { offset: 3 })])
    expect(await db.query('SELECT name FROM orders')).toEqual([['2']])
    await db.sink({ ...deletes, 'insert.mode': 'update' }).put([named('a', '4', 4), named('A', '5', 5)])
    expect(await db.query('SELECT name FROM orders')).toEqual([['5']])
  })

  it('S22 plain JSON is refused with a hint, and reported where that is tolerated', async () => {
    const db = await SinkDatabase.create(server, table)
    await expect(db.sink().put([row(null, { id: 1 })])).rejects.toThrow(/HashMap value and null value schema.*schemaless\.enabled/)
    const sink = db.sink({}, { reporter: 'takes all' })
    await sink.put([row(null, { id: 1 })])
    expect(sink.context.reported).toHaveLength(1)
  })

  it('S23 plain JSON goes into the columns of a table', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (id int, doc jsonb, tags text[], at timestamptz, n numeric)')
    const sink = db.sink({ 'schemaless.enabled': 'true' }, { reporter: 'takes all' })
    await sink.put([
      row(null, { id: 1, doc: { x: [1] }, tags: ['a', 'b"c'], at: '2024-01-01T00:00:00Z', n: 1.5 }),
      row(null, { id: 2, doc: 'text' }, { offset: 1 }),
      row(null, { id: 3, other: 1 }, { offset: 2 }),
      row(null, { id: { a: 1 } }, { offset: 3 }),
    ])
    expect(await db.query("SELECT id, doc, tags, at AT TIME ZONE 'UTC', n FROM orders ORDER BY id")).toEqual([
      ['1', '{"x": [1]}', '{a,"b\\"c"}', '2024-01-01 00:00:00', '1.5'],
      ['2', '"text"', null, null, null],
    ])
    expect(sink.context.reported.map(({ record, error }) => [record.kafkaOffset, error.message])).toEqual([
      [2, expect.stringContaining('no columns for these members of the value')],
      [3, expect.stringContaining('neither JSON nor an array')],
    ])
  })

  it('plain JSON is upserted and deleted by its key', async () => {
    const db = await SinkDatabase.create(server, table)
    const sink = db.sink({ ...deletes, 'schemaless.enabled': 'true' })
    await sink.put([
      row(null, { name: 'a' }, { keySchema: INT64_SCHEMA, key: 1n }),
      row(null, { name: 'b' }, { keySchema: INT64_SCHEMA, key: 2n, offset: 1 }),
    ])
    await sink.put([tombstone(INT64_SCHEMA, 1n, { offset: 2 })])
    expect(await db.query('SELECT * FROM orders')).toEqual([['2', 'b']])
  })

  it('S24 a text becomes a column', async () => {
    const db = await SinkDatabase.create(server)
    await db.sink({ 'auto.create': 'true' }).put([row(STRING_SCHEMA, 'hello')])
    expect(await db.columns('orders')).toEqual(['record_value text'])
    expect(await db.query('SELECT * FROM orders')).toEqual([['hello']])
  })

  it('S25 a text has no fields to choose from', async () => {
    const db = await SinkDatabase.create(server)
    const sink = db.sink({ 'auto.create': 'true', 'fields.whitelist': 'a' })
    await expect(sink.put([row(STRING_SCHEMA, 'hello')])).rejects.toThrow('[fields.whitelist]')
  })

  it('S26 key fields are written whatever fields are chosen', async () => {
    const db = await SinkDatabase.create(server)
    const sink = db.sink({ ...upsert, 'auto.create': 'true', 'fields.whitelist': 'a' })
    await sink.put([row(struct({ a: 'int32', b: 'int32' }), { a: 1, b: 2 }, { keySchema: idKey, key: { id: 7 } })])
    expect(await db.query('SELECT * FROM orders')).toEqual([['1', '7']])
    expect(await db.columns('orders')).toEqual(['a integer not null', 'id integer not null'])
  })

  it('rows with different columns of one key keep their order', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (id int PRIMARY KEY, a text, b text)')
    const a = struct({ a: 'string?' })
    const b = SchemaBuilder.struct().field('a', OPTIONAL_STRING_SCHEMA).field('b', OPTIONAL_STRING_SCHEMA).build()
    const at = (id: number, offset: number) => ({ keySchema: idKey, key: { id }, offset })
    await db
      .sink(upsert)
      .put([
        row(a, { a: '1' }, at(1, 0)),
        row(b, { a: '2', b: '2' }, at(1, 1)),
        row(a, { a: '3' }, at(1, 2)),
        row(b, { a: '4', b: '4' }, at(2, 3)),
      ])
    expect(await db.query('SELECT * FROM orders ORDER BY 1')).toEqual([
      ['1', '3', '2'],
      ['2', '4', '4'],
    ])
  })
})
