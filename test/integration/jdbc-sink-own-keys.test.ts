import { INT64_SCHEMA, SchemaBuilder, STRING_SCHEMA, type Header } from 'standpipe/api'
import { expect, it } from 'vitest'
import { row, struct, tombstone } from '../support/jdbc/records.ts'
import { SinkDatabase } from '../support/jdbc/sink-database.ts'
import { describeWithPostgresql } from '../support/services/postgresql-suite.ts'

const schema = struct({ id: 'int32', name: 'string?', v: 'int32?' })
const upsert = { 'insert.mode': 'upsert', 'pk.mode': 'record_value', 'pk.fields': 'id' }
const table = 'CREATE TABLE orders (id int PRIMARY KEY, name text, v int)'
let offset = 0
const at = (id: number, name: string, v: number | null) => row(schema, { id, name, v }, { offset: offset++ })

await describeWithPostgresql('JDBC sink: keys of our own', (server) => {
  it('update.if: the newest row of a key stays, whatever the order they come in', async () => {
    const db = await SinkDatabase.create(server, table, "INSERT INTO orders VALUES (1, 'there', 5), (2, 'there', NULL), (3, 'there', 5)")
    const sink = db.sink({ ...upsert, 'update.if': 'v' })
    await sink.put([
      at(1, 'older', 4),
      at(2, 'first', 1),
      at(3, 'equal', 5),
      at(4, 'new', 2),
      at(4, 'newest', 3),
      at(4, 'late', 1),
      at(4, 'without', null),
      at(5, 'none', null),
      at(5, 'last', null),
    ])
    await sink.put([at(1, 'without', null), at(2, 'late', 0)])
    expect(await db.query('SELECT * FROM orders ORDER BY 1')).toEqual([
      ['1', 'there', '5'],
      ['2', 'first', '1'],
      ['3', 'equal', '5'],
      ['4', 'newest', '3'],
      ['5', 'last', null],
    ])
  })

  it('update.if: of several columns the first that differs decides, and updates are compared too', async () => {
    const wide = struct({ id: 'int32', a: 'int32?', b: 'string?' })
    const setup = [
      'CREATE TABLE orders (id int PRIMARY KEY, a int, b text)',
      "INSERT INTO orders VALUES (1, 1, 'm'), (2, 1, 'm'), (3, 1, 'm')",
    ]
    for (const mode of ['upsert', 'update']) {
      const db = await SinkDatabase.create(server, ...setup)
      const sink = db.sink({ ...upsert, 'insert.mode': mode, 'update.if': 'a,B' })
      await sink.put([
        row(wide, { id: 1, a: 1, b: 'n' }),
        row(wide, { id: 2, a: 0, b: 'z' }, { offset: 1 }),
        row(wide, { id: 3, a: 2, b: 'a' }, { offset: 2 }),
        row(wide, { id: 3, a: 2, b: null }, { offset: 3 }),
      ])
      expect(await db.query('SELECT * FROM orders ORDER BY 1')).toEqual([
        ['1', '1', 'n'],
        ['2', '1', 'm'],
        ['3', '2', 'a'],
      ])
    }
  })

  it('update.if: a delete is not compared, and keeps its place among the rows of its key', async () => {
    const db = await SinkDatabase.create(server, table)
    const key = struct({ id: 'int32' })
    const sink = db.sink({ ...upsert, 'pk.mode': 'record_key', 'delete.enabled': 'true', 'update.if': 'v' })
    const write = (id: number, v: number) => row(schema, { id, name: 'a', v }, { keySchema: key, key: { id }, offset: offset++ })
    await sink.put([
      write(1, 9),
      tombstone(key, { id: 1 }, { offset: offset++ }),
      write(1, 2),
      write(2, 9),
      tombstone(key, { id: 2 }, { offset: offset++ }),
    ])
    expect(await db.query('SELECT id, v FROM orders')).toEqual([['1', '2']])
  })

  it('update.if: a column that the records do not fill is an error that names it', async () => {
    const db = await SinkDatabase.create(server, table)
    await expect(db.sink({ ...upsert, 'update.if': 'at' }).put([at(1, 'a', 1)])).rejects.toThrow(
      /The column at of update.if .* Columns are name, v\./,
    )
    expect(() => db.sink({ 'update.if': 'v' })).toThrow('insert.mode upsert or update')
  })

  it('metadata.columns: what records have besides their value has columns', async () => {
    const db = await SinkDatabase.create(server)
    const metadata = 'topic:source,partition,offset,timestamp:sent,key,headers,header.trace:trace,header.none'
    const sink = db.sink({ 'auto.create': 'true', 'metadata.columns': metadata })
    const headers: Header[] = [
      { key: 'trace', schema: STRING_SCHEMA, value: 'old' },
      { key: 'trace', schema: STRING_SCHEMA, value: 'a"b' },
      { key: 'n', schema: INT64_SCHEMA, value: 9_007_199_254_740_993n },
    ]
    await sink.put([row(schema, { id: 1, name: 'a', v: 2 }, { partition: 3, offset: 42, headers, keySchema: STRING_SCHEMA, key: 'k' })])
    expect(await db.columns('orders')).toEqual([
      ...['id integer not null', 'name text', 'v integer', 'source text', '__connect_partition integer', '__connect_offset bigint'],
      ...['sent timestamp without time zone', '__connect_key text', '__connect_headers jsonb', 'trace text', '__connect_none text'],
    ])
    expect(
      await db.query(
        'SELECT source, __connect_partition, __connect_offset, sent, __connect_key, __connect_headers, trace, __connect_none FROM orders',
      ),
    ).toEqual([['orders', '3', '42', '2023-11-14 22:13:20', 'k', '{"n": 9007199254740993, "trace": "a\\"b"}', 'a"b', null]])
  })

  it('metadata.columns: schemaless values and deletes have them as well, or need none', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (id int PRIMARY KEY, name text, "offset" bigint)')
    const props = {
      ...upsert,
      'pk.mode': 'record_key',
      'delete.enabled': 'true',
      'schemaless.enabled': 'true',
      'metadata.columns': 'offset:offset',
    }
    const key = struct({ id: 'int32' })
    await db
      .sink(props)
      .put([
        row(null, { name: 'a' }, { keySchema: key, key: { id: 1 }, offset: 7 }),
        row(null, { name: 'b' }, { keySchema: key, key: { id: 2 }, offset: 8 }),
        tombstone(key, { id: 1 }, { offset: 9 }),
      ])
    expect(await db.query('SELECT * FROM orders')).toEqual([['2', 'b', '8']])
  })

  it('metadata.columns: a column that a field has already is an error', async () => {
    const db = await SinkDatabase.create(server, table)
    await expect(db.sink({ 'metadata.columns': 'topic:name' }).put([at(1, 'a', 1)])).rejects.toThrow(
      'The column name of metadata.columns is a field',
    )
  })

  it('ddl.string.type: new columns for texts have the type asked for', async () => {
    const db = await SinkDatabase.create(server)
    const list = SchemaBuilder.array(STRING_SCHEMA).build()
    await db
      .sink({ 'auto.create': 'true', 'ddl.string.type': 'varchar(5)' })
      .put([row(struct({ a: 'string=it', b: list }), { a: 'abc', b: ['x'] })])
    expect(await db.columns('orders')).toEqual([
      "a character varying(5) default 'it'::character varying",
      'b character varying(5)[] not null',
    ])
    expect(() => db.sink({ 'ddl.string.type': 'TEXT); DROP TABLE orders --' })).toThrow('no name of a type')
  })

  it.for(['insert', 'upsert', 'update'])('write.method=values: %s writes what arrays write', async (mode) => {
    const all = await Promise.all(
      ['unnest', 'values'].map(async (method) => {
        const db = await SinkDatabase.create(server, 'CREATE TABLE orders (id numeric PRIMARY KEY, name text, v int)')
        if (mode === 'update') await db.query("INSERT INTO orders SELECT n, 'old', 0 FROM generate_series(0, 50) n")
        const sink = db.sink({ ...upsert, 'insert.mode': mode, 'write.method': method, 'batch.size': '13' })
        const records = Array.from({ length: 37 }, (_, id) =>
          at(mode === 'insert' ? id : id % 30, id === 3 ? String.raw`\N"{}` : `n${id}`, id === 4 ? null : id),
        )
        await sink.put(records)
        return db.query('SELECT * FROM orders ORDER BY id')
      }),
    )
    expect(all[0]).toHaveLength({ insert: 37, upsert: 30, update: 51 }[mode]!)
    expect(all[1]).toEqual(all[0])
  })

  it('write.method=values: a row too much for its column goes alone', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (id int, name varchar(3), v int)')
    const sink = db.sink({ 'write.method': 'values' }, { reporter: 'takes all' })
    await sink.put([at(1, 'ok', 1), at(2, 'too long', 1), at(3, 'ok', 1)])
    expect(await db.query('SELECT id FROM orders ORDER BY 1')).toEqual([['1'], ['3']])
    expect(sink.context.reported.map(({ error }) => error.message)).toEqual([expect.stringContaining('SQLSTATE 22001, column name')])
  })

  it('an insert of a key that is there twice is refused, also where only the server can compare keys', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (id numeric PRIMARY KEY, name text, v int)')
    const sink = db.sink({ 'pk.mode': 'record_value', 'pk.fields': 'id' })
    await expect(sink.put([at(1, 'a', 1), at(1, 'b', 2)])).rejects.toThrow('23505')
    expect(await db.query('SELECT * FROM orders')).toEqual([])
  })

  it('names of tables are made of what records hold, as one part each', async () => {
    const db = await SinkDatabase.create(server, 'CREATE SCHEMA eu')
    const tenant = struct({ id: 'int32', tenant: 'string?', kind: 'string' }, 'com.acme.Order')
    const sink = db.sink(
      { 'auto.create': 'true', 'table.name.format': '${value.tenant}.${topic}_${value.kind}' },
      { reporter: 'takes all' },
    )
    await sink.put([
      row(tenant, { id: 1, tenant: 'eu', kind: 'a' }),
      row(tenant, { id: 2, tenant: 'public', kind: 'x.y"z' }, { offset: 1 }),
      row(tenant, { id: 3, tenant: null, kind: 'a' }, { offset: 2 }),
      row(tenant, { id: 4, tenant: 'eu', kind: 'a' }, { offset: 3 }),
    ])
    expect(await db.query('SELECT id FROM eu.orders_a ORDER BY 1')).toEqual([['1'], ['4']])
    expect(await db.query('SELECT id FROM public."orders_x.y""z"')).toEqual([['2']])
    expect(sink.context.reported.map(({ error }) => error.message)).toEqual([expect.stringContaining('made of ${value.tenant}')])
  })

  it('names of tables are made of headers, keys and names of schemas', async () => {
    const db = await SinkDatabase.create(server)
    const order = struct({ id: 'int32' }, 'com.acme.Order')
    const headers = [{ key: 'region', schema: STRING_SCHEMA, value: 'Eu' }]
    const props = { 'auto.create': 'true', 'quote.sql.identifiers': 'never', 'table.name.format': '${header.region}_${key.part}' }
    await db.sink(props).put([row(order, { id: 1 }, { headers, keySchema: struct({ part: 'int32' }), key: { part: 7 } })])
    expect(await db.query('SELECT id FROM eu_7')).toEqual([['1']])
    await db.sink({ 'auto.create': 'true', 'table.name.format': '${schema.name}' }).put([row(order, { id: 2 })])
    expect(await db.query('SELECT id FROM "com.acme.Order"')).toEqual([['2']])
  })

  it('topics.to.tables.fallback: a topic that the mapping leaves out follows the format', async () => {
    const db = await SinkDatabase.create(server)
    const props = { 'auto.create': 'true', 'topics.to.tables.mapping': 'x:t1', 'topics.to.tables.fallback': 'true' }
    const sink = db.sink(props, { family: 'aiven' })
    await sink.put([row(struct({ id: 'int32' }), { id: 1 }), row(struct({ id: 'int32' }), { id: 2 }, { topic: 'x' })])
    expect(await db.query('SELECT id FROM orders UNION ALL SELECT id FROM t1')).toEqual([['1'], ['2']])
  })
})
