import { Decimal, DecimalLogical, INT32_SCHEMA, OPTIONAL_STRING_SCHEMA, SchemaBuilder, type ConnectValue, type Schema } from 'standpipe/api'
import { expect, it } from 'vitest'
import { row, schemaOf, struct } from '../support/jdbc/records.ts'
import { SinkDatabase } from '../support/jdbc/sink-database.ts'
import { describeWithPostgresql } from '../support/services/postgresql-suite.ts'

const create = { 'auto.create': 'true' }
const evolve = { 'auto.create': 'true', 'auto.evolve': 'true' }
const idOnly = struct({ id: 'int32' })

await describeWithPostgresql('JDBC sink: tables and values', (server) => {
  it('S27 adds an optional column', async () => {
    const db = await SinkDatabase.create(server)
    const sink = db.sink(evolve)
    await sink.put([row(idOnly, { id: 1 }), row(struct({ id: 'int32', age: 'int32?' }), { id: 2, age: 3 }, { offset: 1 })])
    expect(await db.query('SELECT * FROM orders ORDER BY 1')).toEqual([
      ['1', null],
      ['2', '3'],
    ])
  })

  it('S28 does not add a required column, nor anything beside it', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (id int)')
    const record = row(struct({ id: 'int32', note: 'string?', age: 'int32' }), { id: 2, note: null, age: 3 })
    await expect(db.sink(evolve).put([record])).rejects.toThrow('is not optional and does not have a default')
    expect(await db.columns('orders')).toEqual(['id integer'])
  })

  it('S29 adds a column with the default of its field', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (id int)', 'INSERT INTO orders VALUES (1)')
    await db.sink(evolve).put([row(struct({ id: 'int32', n: 'int32=42' }), { id: 2, n: null })])
    expect(await db.columns('orders')).toEqual(['id integer', 'n integer default 42'])
    expect(await db.query('SELECT * FROM orders ORDER BY 1')).toEqual([
      ['1', '42'],
      ['2', '42'],
    ])
  })

  it('S30 says which columns are missing when it may not add them', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (id int)')
    const record = row(struct({ id: 'int32', age: 'int32?' }), { id: 2, age: 3 })
    await expect(db.sink().put([record])).rejects.toThrow(
      "is missing fields ([SinkRecordField{schema=Schema{INT32}, name='age', isPrimaryKey=false}]) and auto-evolution is disabled",
    )
  })

  it('S31 writes to the column that differs in case alone', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders ("Id" int, "Name" text)')
    await db.sink().put([row(struct({ id: 'int32', name: 'string?' }), { id: 1, name: 'a' })])
    expect(await db.query('SELECT * FROM orders')).toEqual([['1', 'a']])
  })

  it('S32 leaves columns that records do not have to their defaults', async () => {
    const db = await SinkDatabase.create(server, "CREATE TABLE orders (id int, state text NOT NULL DEFAULT 'new')")
    await db.sink().put([row(idOnly, { id: 1 })])
    expect(await db.query('SELECT * FROM orders')).toEqual([['1', 'new']])
  })

  it('S33 a null is the default of its field, or NULL', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (id int, x text)')
    const schema = struct({ id: 'int32', x: 'string?=x' })
    await db.sink().put([row(schema, { id: 1, x: null })])
    await db.sink({ 'replace.null.with.default': 'false' }).put([row(schema, { id: 2, x: null })])
    expect(await db.query('SELECT * FROM orders ORDER BY 1')).toEqual([
      ['1', 'x'],
      ['2', null],
    ])
  })

  it('S34 texts go into columns of any type', async () => {
    const types = {
      a: 'uuid',
      b: 'jsonb',
      c: 'json',
      d: 'mood',
      e: 'inet',
      f: 'timestamptz',
      g: 'citext',
      h: 'ltree',
      i: 'numeric(8,2)',
      j: 'interval',
      k: 'int4range',
      l: 'point',
      m: 'percent',
    }
    const values = {
      ...{
        a: '6a0f9d3e-0a4b-4c7c-9f6e-3f5d2b1c0a99',
        b: '{"x": 1}',
        c: '[1]',
        d: 'happy',
        e: '10.0.0.1',
        f: '2024-01-01 00:00:00+00',
        g: 'Abc',
        h: 'a.b',
      },
      ...{ i: '1.25', j: '1 day', k: '[1,5)', l: '(1,2)', m: '50' },
    }
    const db = await SinkDatabase.create(
      server,
      "CREATE EXTENSION citext; CREATE EXTENSION ltree; CREATE TYPE mood AS ENUM ('happy'); CREATE DOMAIN percent AS int CHECK (VALUE <= 100)",
    )
    await db.query(
      `CREATE TABLE orders (${Object.entries(types)
        .map(([name, type]) => `${name} ${type}`)
        .join(',')})`,
    )
    await db.sink().put([row(struct(Object.fromEntries(Object.keys(types).map((name) => [name, 'string']))), values)])
    const [stored] = await db.query("SELECT a, b, c, d, e, f AT TIME ZONE 'UTC', g, h, i, j, k, l, m FROM orders")
    expect(stored).toEqual(Object.values({ ...values, f: '2024-01-01 00:00:00' }))
  })

  it('S35 a word that is none of an enum is reported, the others are written', async () => {
    const db = await SinkDatabase.create(server, "CREATE TYPE mood AS ENUM ('happy'); CREATE TABLE orders (id int, m mood)")
    const sink = db.sink({}, { reporter: 'takes all' })
    const schema = struct({ id: 'int32', m: 'string' })
    await sink.put(['happy', 'bad', 'happy'].map((m, id) => row(schema, { id, m }, { offset: id })))
    expect(await db.query('SELECT id FROM orders ORDER BY 1')).toEqual([['0'], ['2']])
    expect(sink.context.reported.map(({ record, error }) => [record.kafkaOffset, error.message])).toEqual([
      [1, expect.stringContaining('22P02')],
    ])
  })

  it('S36 arrays of numbers, texts, bytes and decimals', async () => {
    const db = await SinkDatabase.create(server)
    const array = (element: Schema) => SchemaBuilder.array(element).build()
    const schema = struct({
      i: array(INT32_SCHEMA),
      s: array(OPTIONAL_STRING_SCHEMA),
      b: array(schemaOf('bytes')),
      d: array(DecimalLogical.schema(1)),
    })
    const value = {
      i: [1, 2],
      s: ['a', null, 'NULL', 'x,y', '{"}', ' '],
      b: [Buffer.from([1]), Buffer.from([255])],
      d: [new Decimal(15n, 1)],
    }
    await db.sink(create).put([row(schema, value)])
    expect(await db.columns('orders')).toEqual(['i integer[] not null', 's text[] not null', 'b bytea[] not null', 'd numeric[] not null'])
    const [[s]] = (await db.query('SELECT to_json(s)::text FROM orders')) as [[string]]
    expect(JSON.parse(s)).toEqual(['a', null, 'NULL', 'x,y', '{"}', ' '])
    expect(await db.query('SELECT i, b, d FROM orders')).toEqual([['{1,2}', '{"\\\\x01","\\\\xff"}', '{1.5}']])
  })

  it('S36 arrays of arrays, of any depth and element, with nulls, defaults and nothing in them', async () => {
    const db = await SinkDatabase.create(server)
    const array = (element: Schema) => SchemaBuilder.array(element).optional().build()
    const matrix = array(array(array(schemaOf('int32?'))))
    const texts = array(array(OPTIONAL_STRING_SCHEMA))
    const defaults = SchemaBuilder.array(array(INT32_SCHEMA))
      .optional()
      .defaultValue([
        [1, 2],
        [3, 4],
      ])
      .build()
    const schema = struct({
      id: 'int32',
      m: matrix,
      s: texts,
      d: array(array(DecimalLogical.schema(1))),
      t: array(array(schemaOf('timestamp'))),
      f: defaults,
    })
    const cube = [
      [
        [1, 2],
        [3, null],
      ],
      [
        [5, 6],
        [7, 8],
      ],
    ]
    const odd = [
      ['a', null],
      ['NULL', '{"x",\\}'],
    ]
    const value = { m: cube, s: odd, d: [[new Decimal(15n, 1)]], t: [[new Date(0)]] }
    await db
      .sink(create)
      .put([row(schema, { id: 1, ...value, f: null }), row(schema, { id: 2, m: [], s: null, d: [[]], t: null, f: [[9]] }, { offset: 1 })])
    expect(await db.columns('orders')).toEqual([
      ...['id integer not null', 'm integer[]', 's text[]', 'd numeric[]', 't timestamp without time zone[]'],
      'f integer[] default ARRAY[ARRAY[1, 2], ARRAY[3, 4]]',
    ])
    const [first, second] = (await db.query('SELECT to_json(m)::text, to_json(s)::text, d, t, f FROM orders ORDER BY id')) as string[][]
    const [m, s, d, t, f] = first!
    expect([JSON.parse(m!), JSON.parse(s!)]).toEqual([cube, odd])
    expect([d, t, f]).toEqual(['{{1.5}}', '{{"1970-01-01 00:00:00"}}', '{{1,2},{3,4}}'])
    expect(second).toEqual(['[]', null, '{}', null, '{{9}}'])
  })

  it('S36 an array whose inner arrays differ in length is reported', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (id int, m int[])')
    const sink = db.sink({}, { reporter: 'takes all' })
    const schema = struct({ id: 'int32', m: SchemaBuilder.array(SchemaBuilder.array(INT32_SCHEMA).build()).build() })
    await sink.put([row(schema, { id: 1, m: [[1, 2], [3]] }), row(schema, { id: 2, m: [[1], [2]] }, { offset: 1 })])
    expect(await db.query('SELECT * FROM orders')).toEqual([['2', '{{1},{2}}']])
    expect(sink.context.reported.map(({ error }) => error.message)).toEqual([expect.stringContaining('22P02')])
  })

  it('arrays and objects without a schema go into arrays of any depth and into hstore', async () => {
    const db = await SinkDatabase.create(server, 'CREATE EXTENSION hstore', 'CREATE TABLE orders (id int, m int[], j jsonb[], h hstore)')
    const sink = db.sink({ 'schemaless.enabled': 'true' })
    await sink.put([
      row(null, {
        id: 1,
        m: [
          [1, null],
          [3, 4],
        ],
        j: [{ a: 1 }, [2]],
        h: { a: 'x"y', b: null, c: 5, d: { e: [1] } },
      }),
      row(null, { id: 2, m: '{1}', j: null, h: 'k=>v' }, { offset: 1 }),
    ])
    expect(await db.query('SELECT m, j, h::jsonb FROM orders ORDER BY id')).toEqual([
      ['{{1,NULL},{3,4}}', '{"{\\"a\\": 1}",[2]}', '{"a": "x\\"y", "b": null, "c": "5", "d": "{\\"e\\":[1]}"}'],
      ['{1}', null, '{"k": "v"}'],
    ])
  })

  const nested = struct({ id: 'int32', x: SchemaBuilder.struct().field('a', INT32_SCHEMA).optional().build() })
  const map = struct({ id: 'int32', x: SchemaBuilder.map(schemaOf('string'), INT32_SCHEMA).optional().build() })

  it.for([
    { name: 'struct', schema: nested, value: { id: 1, x: { a: 1 } } },
    { name: 'map', schema: map, value: { id: 1, x: new Map<ConnectValue, ConnectValue>([['a', 1]]) } },
  ])('S37 a $name has no column, unless it may be JSON', async ({ schema, value }) => {
    const db = await SinkDatabase.create(server)
    await expect(db.sink(create).put([row(schema, value)])).rejects.toThrow("type doesn't have a mapping to the SQL database column type")
    await db.sink({ ...create, 'complex.types': 'json' }).put([row(schema, value)])
    expect(await db.columns('orders')).toEqual(['id integer not null', 'x jsonb'])
    expect(await db.query('SELECT x FROM orders')).toEqual([['{"a": 1}']])
  })

  it('a struct for a column that is no JSON is an error that names column and types', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (id int, x varchar(9))')
    await expect(db.sink().put([row(nested, { id: 1, x: { a: 1 } })])).rejects.toThrow(
      'Field x of type STRUCT cannot be written to column "x" of type character varying(9)',
    )
  })

  it('a map goes into an hstore', async () => {
    const db = await SinkDatabase.create(server, 'CREATE EXTENSION hstore', 'CREATE TABLE orders (id int, x hstore)')
    await db.sink().put([row(map, { id: 1, x: new Map<ConnectValue, ConnectValue>([['a"b', 1]]) })])
    expect(await db.query("SELECT x -> 'a\"b' FROM orders")).toEqual([['1']])
  })

  it('S38 decimals keep every digit', async () => {
    const db = await SinkDatabase.create(server)
    const schema = struct({ a: DecimalLogical.schema(2), b: DecimalLogical.schema(127) })
    await db.sink(create).put([row(schema, { a: new Decimal(1_234_567n, 2), b: new Decimal(10n ** 127n + 1n, 127) })])
    expect(await db.query('SELECT a, b FROM orders')).toEqual([['12345.67', `1.${'0'.repeat(126)}1`]])
  })

  it('S39 a timestamp is the wall clock of db.timezone, or the instant', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (a timestamp, b timestamptz)')
    const at = new Date(1_704_067_200_123)
    await db.sink({ 'db.timezone': 'America/New_York' }).put([row(struct({ a: 'timestamp', b: 'timestamp' }), { a: at, b: at })])
    expect(await db.query("SELECT a, b AT TIME ZONE 'UTC' FROM orders")).toEqual([['2023-12-31 19:00:00.123', '2024-01-01 00:00:00.123']])
  })

  it('S40 a date is the day in db.timezone, or the day that it is', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (d date)')
    const record = row(struct({ d: 'date' }), { d: new Date(19_723 * 86_400_000) })
    await db.sink({ 'db.timezone': 'America/New_York' }).put([record])
    await db.sink({ 'db.timezone': 'America/New_York', 'date.timezone': 'UTC' }).put([record])
    expect(await db.query('SELECT d FROM orders ORDER BY 1')).toEqual([['2023-12-31'], ['2024-01-01']])
  })

  it('S41 numbers since 1970 become timestamps', async () => {
    const db = await SinkDatabase.create(server)
    const sink = db.sink({ ...create, 'timestamp.fields.list': 'a,b' })
    await sink.put([row(struct({ a: 'int64', b: 'string' }), { a: 1_704_067_200_123_456n, b: '1704067200123456' })])
    expect(await db.columns('orders')).toEqual(['a timestamp without time zone not null', 'b timestamp without time zone not null'])
    expect(await db.query('SELECT a, b FROM orders')).toEqual([['2024-01-01 00:00:00.123456', '2024-01-01 00:00:00.123456']])
    const nanos = db.sink({ 'timestamp.fields.list': 'a,b', 'timestamp.precision.mode': 'nanoseconds', 'table.name.format': 'orders' })
    await nanos.put([row(struct({ a: 'int64', b: 'string' }), { a: -1_500n, b: '1704067200123456789' })])
    expect(await db.query('SELECT a, b FROM orders ORDER BY a LIMIT 1')).toEqual([
      ['1969-12-31 23:59:59.999998', '2024-01-01 00:00:00.123457'],
    ])
  })

  it('S42 bytes, truth values and numbers that are none', async () => {
    const db = await SinkDatabase.create(server)
    const value = { b: Buffer.from('deadbeef', 'hex'), t: true, n: Number.NaN, i: Number.NEGATIVE_INFINITY, z: -0 }
    await db.sink(create).put([row(struct({ b: 'bytes', t: 'boolean', n: 'float64', i: 'float32', z: 'float64' }), value)])
    expect(await db.query('SELECT b, t, n, i, z FROM orders')).toEqual([['\\xdeadbeef', 't', 'NaN', '-Infinity', '-0']])
  })

  it('S43 defaults with quotation marks, of bytes and of lists', async () => {
    const db = await SinkDatabase.create(server)
    const schema = struct({
      id: 'int32',
      s: SchemaBuilder.string()
        .optional()
        .defaultValue(String.raw`it's "a\b"`)
        .build(),
      b: SchemaBuilder.bytes()
        .optional()
        .defaultValue(Buffer.from([1, 255]))
        .build(),
      e: SchemaBuilder.array(INT32_SCHEMA).optional().defaultValue([]).build(),
      t: SchemaBuilder.bool().optional().defaultValue(true).build(),
    })
    await db.sink(create).put([row(schema, { id: 1, s: null, b: null, e: null, t: null })])
    await db.query('INSERT INTO orders (id) VALUES (2)')
    const expected = [String.raw`it's "a\b"`, '\\x01ff', '{}', 't']
    expect(await db.query('SELECT s, b, e, t FROM orders')).toEqual([expected, expected])
  })

  it('days before 1582 are those of the calendar asked for', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (d date, t timestamp)')
    const schema = struct({ d: 'date', t: 'timestamp' })
    const julian = new Date(-14_830_992_000_000)
    const beforeChrist = new Date(-62_230_000_000_000)
    await db.sink().put([row(schema, { d: julian, t: julian })])
    await db
      .sink({ 'date.calendar.system': 'PROLEPTIC_GREGORIAN' })
      .put([row(schema, { d: new Date(-14_831_769_600_000), t: beforeChrist })])
    expect(await db.query('SELECT d, t FROM orders ORDER BY t DESC')).toEqual([
      ['1500-01-01', '1500-01-01 00:00:00'],
      ['1500-01-01', '0003-01-04 08:53:20 BC'],
    ])
  })

  it('S44 the format names a schema', async () => {
    const db = await SinkDatabase.create(server, 'CREATE SCHEMA app')
    await db.sink({ ...create, 'table.name.format': 'app.${topic}' }).put([row(idOnly, { id: 1 })])
    expect(await db.query('SELECT * FROM app.orders')).toEqual([['1']])
  })

  it('S45 quotation marks keep the dots of a topic', async () => {
    const db = await SinkDatabase.create(server)
    await db.sink({ ...create, 'table.name.format': '"${topic}"' }).put([row(idOnly, { id: 1 }, { topic: 'a.b.c' })])
    expect(await db.query('SELECT * FROM "a.b.c"')).toEqual([['1']])
  })

  it('S46 names are made plain', async () => {
    const db = await SinkDatabase.create(server)
    const sink = db.sink({ ...create, 'table.name.normalize': 'true' }, { family: 'aiven' })
    await sink.put([row(idOnly, { id: 1 }, { topic: 'a.b-c' })])
    expect(await db.query('SELECT * FROM a_b_c')).toEqual([['1']])
  })

  it('S47 a topic that the mapping leaves out has no table', async () => {
    const db = await SinkDatabase.create(server)
    const sink = db.sink({ ...create, 'topics.to.tables.mapping': 'x:t1' }, { family: 'aiven' })
    await sink.put([row(idOnly, { id: 1 }, { topic: 'x' })])
    expect(await db.query('SELECT * FROM t1')).toEqual([['1']])
    await expect(sink.put([row(idOnly, { id: 1 }, { topic: 'y' })])).rejects.toThrow("Destination table for the topic: 'y'")
  })

  it('S48 without quotation marks names are lower case', async () => {
    const db = await SinkDatabase.create(server)
    await db.sink({ ...create, 'quote.sql.identifiers': 'never' }).put([row(struct({ Id: 'int32' }), { Id: 1 }, { topic: 'Orders' })])
    expect(await db.query('SELECT id FROM orders')).toEqual([['1']])
  })

  it('S54 two tasks may create one table', async () => {
    const db = await SinkDatabase.create(server)
    const sinks = [1, 2, 3, 4].map(() => db.sink(evolve))
    await Promise.all(sinks.map((sink, id) => sink.put([row(idOnly, { id })])))
    await Promise.all(sinks.map((sink, id) => sink.put([row(struct({ id: 'int32', age: 'int32?' }), { id, age: id })])))
    expect(await db.query('SELECT count(*), count(age) FROM orders')).toEqual([['8', '4']])
  })

  it('S56 identity columns take values, computed columns are left out', async () => {
    const db = await SinkDatabase.create(
      server,
      'CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY, a int, g int GENERATED ALWAYS AS (a * 2) STORED)',
    )
    await db.sink().put([row(struct({ id: 'int32', a: 'int32', g: 'int32' }), { id: 7, a: 1, g: 99 })])
    expect(await db.query('SELECT * FROM orders')).toEqual([['7', '1', '2']])
  })

  it('S57 a row outside of all partitions is reported', async () => {
    const db = await SinkDatabase.create(
      server,
      'CREATE TABLE orders (id int) PARTITION BY RANGE (id)',
      'CREATE TABLE orders1 PARTITION OF orders FOR VALUES FROM (0) TO (10)',
    )
    const sink = db.sink({ 'table.types': 'PARTITIONED TABLE' }, { reporter: 'takes all' })
    await sink.put([row(idOnly, { id: 1 }), row(idOnly, { id: 11 }, { offset: 1 })])
    expect(await db.query('SELECT * FROM orders')).toEqual([['1']])
    expect(sink.context.reported.map(({ error }) => error.message)).toEqual([expect.stringContaining('23514')])
  })

  it('S58 a view takes rows, and is not altered', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE base (id int)', 'CREATE VIEW orders AS SELECT * FROM base')
    const sink = db.sink({ ...evolve, 'table.types': 'VIEW' }, { reporter: 'takes all' })
    await sink.put([row(idOnly, { id: 1 }), row(struct({ id: 'int32', x: 'int32?' }), { id: 2, x: 1 }, { offset: 1 })])
    expect(await db.query('SELECT * FROM base')).toEqual([['1']])
    expect(sink.context.reported.map(({ error }) => error.message)).toEqual([expect.stringContaining('ALTER VIEW is unsupported')])
  })

  it('S59 a text that is too long is refused, never cut', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (a varchar(5), b char(3), c bit(2))')
    const sink = db.sink({}, { reporter: 'takes all' })
    const schema = struct({ a: 'string', b: 'string', c: 'string' })
    const values = [
      ['abcdef', 'x', '10'],
      ['a', 'abcd', '10'],
      ['a', 'x', '101'],
      ['abcde', 'abc', '11'],
    ]
    await sink.put(values.map(([a = '', b = '', c = ''], offset) => row(schema, { a, b, c }, { offset })))
    expect(await db.query('SELECT * FROM orders')).toEqual([['abcde', 'abc', '11']])
    expect(sink.context.reported.map(({ error }) => error.message)).toEqual([
      expect.stringContaining('22001'),
      expect.stringContaining('22001'),
      expect.stringContaining('22026'),
    ])
  })

  it('S60 a text with a zero character is reported', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (id text)')
    const sink = db.sink({}, { reporter: 'takes all' })
    await sink.put(['a', 'b\u0000c', 'd'].map((id, offset) => row(struct({ id: 'string' }), { id }, { offset })))
    expect(await db.query('SELECT * FROM orders ORDER BY 1')).toEqual([['a'], ['d']])
    expect(sink.context.reported.map(({ error }) => error.message)).toEqual([expect.stringContaining('22021')])
  })

  it('S67 schemas that alternate share statements', async () => {
    const db = await SinkDatabase.create(server)
    const sink = db.sink({ ...evolve, 'insert.mode': 'upsert', 'pk.mode': 'record_value', 'pk.fields': 'id' })
    const narrow = struct({ id: 'int32', n: 'int32' })
    const wide = struct({ id: 'int32', n: 'int32', x: 'int32?' })
    const records = Array.from({ length: 1000 }, (_, id) =>
      id % 2 === 0 ? row(narrow, { id, n: 1 }, { offset: id }) : row(wide, { id, n: 1, x: id }, { offset: id }),
    )
    await sink.put(records)
    expect(await db.query('SELECT count(*), count(x), sum(x) FROM orders')).toEqual([['1000', '500', '250000']])
    await sink.put(records)
    expect(await db.query('SELECT count(DISTINCT xmin::text), count(DISTINCT cmin::text) FROM orders')).toEqual([['1', '2']])
  })

  it('S68 parameters of the Java driver are taken', async () => {
    const db = await SinkDatabase.create(server, 'CREATE SCHEMA app')
    const url = db.url('?stringtype=unspecified&reWriteBatchedInserts=true&currentSchema=app')
    await db.sink({ ...create, 'connection.url': url }).put([row(idOnly, { id: 1 })])
    expect(await db.query('SELECT * FROM app.orders')).toEqual([['1']])
  })

  it('Debezium’s dates become dates where the column is one', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (d date, t time, at timestamp, n int)')
    const named = (name: string, builder: SchemaBuilder) => builder.name(name).build()
    const schema = struct({
      d: named('io.debezium.time.Date', SchemaBuilder.int32()),
      t: named('io.debezium.time.MicroTime', SchemaBuilder.int64()),
      at: named('io.debezium.time.MicroTimestamp', SchemaBuilder.int64()),
      n: named('io.debezium.time.Date', SchemaBuilder.int32()),
    })
    await db.sink().put([row(schema, { d: 19_723, t: 36_000_123_456n, at: 1_704_067_200_123_456n, n: 19_723 })])
    expect(await db.query('SELECT * FROM orders')).toEqual([['2024-01-01', '10:00:00.123456', '2024-01-01 00:00:00.123456', '19723']])
  })

  it('fields have names that objects have too', async () => {
    const db = await SinkDatabase.create(server)
    const schema = struct({ constructor: 'string?', toString: 'string?', ['__proto__x']: 'int32' })
    await db.sink(create).put([row(schema, { ['__proto__x']: 1 })])
    expect(await db.query('SELECT * FROM orders')).toEqual([[null, null, '1']])
  })
})
