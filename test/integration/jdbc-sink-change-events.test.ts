import { FLOAT64_SCHEMA, SchemaBuilder, STRING_SCHEMA, type ConnectStruct, type ConnectValue, type SinkRecord } from 'standpipe/api'
import { expect, it } from 'vitest'
import { row, struct, tombstone } from '../support/jdbc/records.ts'
import { SinkDatabase } from '../support/jdbc/sink-database.ts'
import { describeWithPostgresql } from '../support/services/postgresql-suite.ts'

const state = SchemaBuilder.struct()
  .field('id', SchemaBuilder.int32().build())
  .field('name', SchemaBuilder.string().optional().build())
  .optional()
  .build()
const source = struct({ schema: 'string', table: 'string' })
const envelope = struct({ before: state, after: state, source, op: 'string' }, 'srv.public.orders.Envelope')
const keySchema = struct({ id: 'int32' })
const topic = 'srv.public.orders'

let offset = 0

function event(op: string, before: ConnectStruct | null, after: ConnectStruct | null): SinkRecord {
  const key: ConnectValue = op === 't' ? null : { id: (after ?? before)?.['id'] ?? null }
  const value = { before, after, source: { schema: 'public', table: 'orders' }, op }
  return row(envelope, value, { topic, keySchema: op === 't' ? null : keySchema, key, offset: offset++ })
}

const debezium = {
  'insert.mode': 'upsert',
  'primary.key.mode': 'record_key',
  'delete.enabled': 'true',
  'truncate.enabled': 'true',
  'schema.evolution': 'basic',
}

await describeWithPostgresql('JDBC sink: change events of Debezium', (server) => {
  it('S61 follows the life of a row', async () => {
    const db = await SinkDatabase.create(server)
    const sink = db.sink(debezium, { family: 'debezium' })
    await sink.put([event('c', null, { id: 1, name: 'a' }), event('r', null, { id: 2, name: 'b' })])
    expect(await db.query('SELECT * FROM srv_public_orders ORDER BY 1')).toEqual([
      ['1', 'a'],
      ['2', 'b'],
    ])
    await sink.put([
      event('u', { id: 1, name: 'a' }, { id: 1, name: 'c' }),
      event('d', { id: 2, name: 'b' }, null),
      tombstone(keySchema, { id: 2 }, { topic, offset: offset++ }),
    ])
    expect(await db.query('SELECT * FROM srv_public_orders')).toEqual([['1', 'c']])
    await sink.put([event('c', null, { id: 3, name: 'x' }), event('t', null, null), event('c', null, { id: 4, name: 'y' })])
    expect(await db.query('SELECT * FROM srv_public_orders')).toEqual([['4', 'y']])
  })

  it('leaves deletes and truncates out where they are not enabled', async () => {
    const db = await SinkDatabase.create(server)
    const sink = db.sink({ ...debezium, 'delete.enabled': 'false', 'truncate.enabled': 'false' }, { family: 'debezium' })
    await sink.put([event('c', null, { id: 1, name: 'a' }), event('d', { id: 1, name: 'a' }, null), event('t', null, null)])
    expect(await db.query('SELECT * FROM srv_public_orders')).toEqual([['1', 'a']])
  })

  it('deletes by fields of the row as it was', async () => {
    const db = await SinkDatabase.create(server)
    const sink = db.sink({ ...debezium, 'primary.key.mode': 'record_value', 'primary.key.fields': 'id' }, { family: 'debezium' })
    await sink.put([event('c', null, { id: 1, name: 'a' }), event('c', null, { id: 2, name: 'b' })])
    await sink.put([event('d', { id: 1, name: 'a' }, null), tombstone(keySchema, { id: 1 }, { topic, offset: offset++ })])
    expect(await db.query('SELECT id FROM srv_public_orders')).toEqual([['2']])
  })

  it('S62 takes the key from headers', async () => {
    const db = await SinkDatabase.create(server)
    const sink = db.sink({ ...debezium, 'primary.key.mode': 'record_header' }, { family: 'debezium' })
    const headers = [{ key: 'id', schema: STRING_SCHEMA, value: '1' }]
    const name = struct({ name: 'string?' })
    for (const value of ['a', 'b']) await sink.put([row(name, { name: value }, { topic: 'flat', headers, offset: offset++ })])
    expect(await db.query('SELECT id, name FROM flat')).toEqual([['1', 'b']])
  })

  it('S63 names tables after the source, and leaves out what has none', async () => {
    const db = await SinkDatabase.create(server)
    const sink = db.sink({ ...debezium, 'collection.name.format': '${source.schema}_${source.table}' }, { family: 'debezium' })
    await sink.put([
      event('c', null, { id: 1, name: 'a' }),
      row(struct({ id: 'int32' }), { id: 2 }, { topic, keySchema, key: { id: 2 }, offset: offset++ }),
    ])
    expect(await db.query('SELECT * FROM public_orders')).toEqual([['1', 'a']])
  })

  it('names are lower case unless they are quoted, and dots of topics stay where asked for', async () => {
    const db = await SinkDatabase.create(server, 'CREATE SCHEMA "Srv"')
    const record = row(struct({ Id: 'int32' }), { Id: 1 }, { topic: 'Srv.Orders' })
    await db.sink({ 'schema.evolution': 'basic' }, { family: 'debezium' }).put([record])
    expect(await db.query('SELECT id FROM srv_orders')).toEqual([['1']])
    const naming = 'io.debezium.connector.jdbc.naming.PassthroughCollectionNamingStrategy'
    const kept = { 'schema.evolution': 'basic', 'quote.identifiers': 'true', 'collection.naming.strategy': naming }
    await db.sink(kept, { family: 'debezium' }).put([record])
    expect(await db.query('SELECT "Id" FROM "Srv"."Orders"')).toEqual([['1']])
  })

  it('chooses fields by patterns', async () => {
    const db = await SinkDatabase.create(server)
    const sink = db.sink({ ...debezium, 'field.exclude.list': 'srv.public.orders:na.*' }, { family: 'debezium' })
    await sink.put([event('c', null, { id: 1, name: 'a' })])
    expect(await db.columns('srv_public_orders')).toEqual(['id integer not null'])
  })

  it('validate-only fails at the start for a table that is missing, and creates none', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE srv_public_orders (id int PRIMARY KEY, name text)')
    const props = { ...debezium, 'schema.evolution': 'validate-only', topics: 'srv.public.orders' }
    await db.sink(props, { family: 'debezium' }).put([event('c', null, { id: 1, name: 'a' })])
    expect(await db.query('SELECT id FROM srv_public_orders')).toEqual([['1']])
    const sink = db.sink({ ...props, topics: 'srv.public.orders, other' }, { family: 'debezium' })
    await expect(sink.started).rejects.toThrow(/Table .*other of topic other is missing, and schema\.evolution is validate-only/)
  })

  it('a naming strategy of somebody else’s is refused', async () => {
    const db = await SinkDatabase.create(server)
    expect(() => db.sink({ 'collection.naming.strategy': 'com.acme.MyNamingStrategy' }, { family: 'debezium' })).toThrow(
      'DefaultCollectionNamingStrategy and PassthroughCollectionNamingStrategy only',
    )
    expect(() => db.sink({ 'column.naming.strategy': 'com.acme.Upper' }, { family: 'debezium' })).toThrow(
      'DefaultColumnNamingStrategy only',
    )
  })

  it('columns have the types of the source where it tells them, and Debezium’s own types have theirs', async () => {
    const db = await SinkDatabase.create(server, 'CREATE EXTENSION citext; CREATE EXTENSION ltree; CREATE EXTENSION hstore')
    const typed = (builder: SchemaBuilder, type: string) => builder.optional().parameter('__debezium.source.column.type', type).build()
    const named = (builder: SchemaBuilder, name: string) => builder.optional().name(`io.debezium.${name}`).build()
    const schema = struct({
      id: 'int32',
      a: typed(SchemaBuilder.string(), 'INET'),
      b: typed(SchemaBuilder.string(), 'citext'),
      c: typed(SchemaBuilder.array(STRING_SCHEMA), '_INT4RANGE'),
      d: typed(SchemaBuilder.string(), 'VARCHAR'),
      e: named(SchemaBuilder.string(), 'data.Ltree'),
      f: named(SchemaBuilder.string(), 'data.Json'),
      g: named(SchemaBuilder.int64(), 'time.MicroDuration'),
      h: SchemaBuilder.map(STRING_SCHEMA, STRING_SCHEMA).optional().build(),
      i: named(SchemaBuilder.string(), 'time.ZonedTimestamp'),
    })
    const value = {
      ...{ id: 1, a: '10.0.0.1', b: 'Ab', c: ['[1,3)', 'empty'], d: 'x', e: 'a.b', f: '{"k":1}', g: 3_600_000_000n },
      ...{ h: new Map([['k', null]]), i: '2024-01-01T00:00:00Z' },
    }
    await db.sink({ 'schema.evolution': 'basic' }, { family: 'debezium' }).put([row(schema, value)])
    expect(await db.columns('orders')).toEqual([
      ...['id integer not null', 'a inet', 'b citext', 'c int4range[]', 'd text', 'e ltree', 'f jsonb', 'g interval', 'h hstore'],
      'i timestamp with time zone',
    ])
    expect(await db.query("SELECT a, b, c, d, e, f, g, h, i AT TIME ZONE 'UTC' FROM orders")).toEqual([
      ['10.0.0.1', 'Ab', '{"[1,3)",empty}', 'x', 'a.b', '{"k": 1}', '01:00:00', '"k"=>NULL', '2024-01-01 00:00:00'],
    ])
  })

  it('a point of Debezium goes into a column of points', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (p point)')
    const point = SchemaBuilder.struct()
      .name('io.debezium.data.geometry.Point')
      .field('x', FLOAT64_SCHEMA)
      .field('y', FLOAT64_SCHEMA)
      .build()
    await db.sink({}, { family: 'debezium' }).put([row(struct({ p: point }), { p: { x: 1.5, y: -2 } })])
    expect(await db.query('SELECT p FROM orders')).toEqual([['(1.5,-2)']])
  })
})
