import { Decimal, type ConnectStruct, type ConnectValue, type SourceRecord } from 'standpipe/api'
import { expect, it, vi } from 'vitest'
import { SourceDatabase } from '../support/jdbc/source-database.ts'
import { describeWithPostgresql } from '../support/services/postgresql-suite.ts'

const bulk = { mode: 'bulk', 'table.whitelist': 't' }
const value = (record: SourceRecord | undefined) => record?.value as ConnectStruct
const fieldsOf = (record: SourceRecord | undefined) =>
  record?.valueSchema?.fields.map(({ name, schema }) => `${name} ${schema.type}${schema.optional ? '?' : ''}`)

await describeWithPostgresql('JDBC source: tables and values', (server) => {
  async function firstRecord(columns: string, values: string, props: Record<string, string> = {}): Promise<SourceRecord | undefined> {
    const database = await SourceDatabase.create(
      server,
      `CREATE TYPE mood AS ENUM ('happy')`,
      `CREATE DOMAIN pos AS int4 NOT NULL CHECK (value > 0)`,
    )
    await database.query('CREATE EXTENSION citext; CREATE EXTENSION hstore')
    await database.query(`CREATE TABLE t (${columns})`)
    await database.query(`INSERT INTO t VALUES (${values})`)
    return (await (await database.started({ ...bulk, ...props })).pollAll(1))[0]
  }

  it('T25: numeric under best_fit', async () => {
    const record = await firstRecord('a numeric(8,0), b numeric(10,2), c numeric(20,5)', '1, 2.5, 3.5', { 'numeric.mapping': 'best_fit' })
    expect(fieldsOf(record)).toEqual(['a INT32?', 'b FLOAT64?', 'c BYTES?'])
    expect(value(record)['c']).toEqual(new Decimal(350000n, 5))
  })

  it('T26: numeric without precision is neither cut nor refused', async () => {
    const record = await firstRecord('a numeric, b numeric', '12.34, 500', { 'numeric.mapping': 'best_fit' })
    expect(Object.values(value(record)).map((each) => (each as Decimal).toNumber())).toEqual([12.34, 500])
  })

  it('T28: json, jsonb, uuid, enum and xml are strings', async () => {
    const columns = 'a json, b jsonb, c uuid, d mood, e xml'
    const record = await firstRecord(columns, `'{"a":  1}', '{"a":  1}', '6A0F9D3E-0A4B-4C7C-9F6E-3F5D2B1C0A99', 'happy', '<a/>'`)
    expect(Object.values(value(record))).toEqual(['{"a":  1}', '{"a": 1}', '6a0f9d3e-0a4b-4c7c-9f6e-3f5d2b1c0a99', 'happy', '<a/>'])
  })

  const odd = 'id int, a int[], b citext, c inet, d hstore, e interval'
  const oddValues = `1, '{1,NULL,3}', 'Ab', '10.0.0.1', 'a=>1', '1 day'`

  it('T29: columns without a type are left out, with a warning each', async () => {
    const database = await SourceDatabase.create(
      server,
      'CREATE EXTENSION citext; CREATE EXTENSION hstore',
      `CREATE TABLE t (${odd})`,
      `INSERT INTO t VALUES (${oddValues})`,
    )
    const source = await database.started(bulk)
    const records = await source.pollAll(3)
    expect(records.map((record) => value(record))).toEqual([{ id: 1 }, { id: 1 }, { id: 1 }])
    expect(source.log.lines.filter((line) => line.includes('is left out'))).toHaveLength(5)
  })

  it('T30: or strings of the server’s text', async () => {
    const record = await firstRecord(odd, oddValues, { 'unsupported.types': 'string' })
    expect(Object.values(value(record))).toEqual([1, '{1,NULL,3}', 'Ab', '10.0.0.1', '"a"=>"1"', '1 day'])
  })

  it('T31: one-dimensional arrays are arrays where that is wanted', async () => {
    const record = await firstRecord('a int[], b mood[], c timestamptz[], d pos[]', `'{1,NULL,3}', '{happy}', '{2024-01-01Z}', '{5}'`, {
      'sql.complex.types.enable': 'true',
    })
    expect(value(record)).toEqual({ a: [1, null, 3], b: ['happy'], c: [new Date(1704067200000)], d: [5] })
    expect(fieldsOf(record)).toEqual(['a ARRAY?', 'b ARRAY?', 'c ARRAY?', 'd ARRAY?'])
  })

  it('complex types: arrays nest as declared, hstore is a map or JSON, JSON has a name', async () => {
    const columns = 'a int[][], b numeric[], c numeric(10,2)[], d hstore, e jsonb, f hstore[]'
    const values = `'{{1,2},{3,NULL}}', '{1.50,NULL}', '{1.5}', 'k=>v, n=>NULL', '{"x": 1}', ARRAY['k=>v'::hstore]`
    const record = await firstRecord(columns, values, { 'sql.complex.types.enable': 'true', 'hstore.handling.mode': 'MAP' })
    const map = new Map<ConnectValue, ConnectValue>([['k', 'v']])
    expect(value(record)).toEqual({
      a: [
        [1, 2],
        [3, null],
      ],
      b: ['1.50', null],
      c: [new Decimal(150n, 2)],
      d: new Map<ConnectValue, ConnectValue>([...map, ['n', null]]),
      e: '{"x": 1}',
      f: [map],
    })
    expect(record?.valueSchema?.field('e')?.schema.name).toBe('io.confluent.connect.jdbc.data.Json')
    expect(value(await firstRecord('a hstore', `'k=>"a b"'`, { 'hstore.handling.mode': 'json' }))).toEqual({ a: '{"k":"a b"}' })
  })

  it('texts of all kinds come through: tabulators, line ends, backslashes, marks of null, nothing', async () => {
    const texts = ['a\tb', 'a\nb', '\\', '\\N', '\\\\N', '', 'é中\u{1F600}', '\b\f\v\r', '\\.']
    const database = await SourceDatabase.create(server, 'CREATE TABLE t (id serial PRIMARY KEY, a text, b text)')
    for (const text of texts) await database.query('INSERT INTO t (a, b) VALUES ($1, NULL)', [text])
    const records = await (await database.started({ mode: 'incrementing', 'table.whitelist': 't' })).pollAll()
    expect(records.map((record) => [value(record)['a'], value(record)['b']])).toEqual(texts.map((text) => [text, null]))
  })

  it('rows of many megabytes go by few', async () => {
    const database = await SourceDatabase.create(server, 'CREATE TABLE t (id serial PRIMARY KEY, a text)')
    await database.query("INSERT INTO t (a) SELECT repeat('x', 6000000) FROM generate_series(1, 12)")
    const source = await database.started({ mode: 'incrementing', 'table.whitelist': 't' })
    const sizes: number[] = []
    while (sizes.reduce((sum, size) => sum + size, 0) < 12) sizes.push((await source.poll()).length)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(4)
  })

  it('T32, T33: booleans, bits, bytes, blanks and domains', async () => {
    const record = await firstRecord('a bool, b bit(1), c bytea, d char(3), e pos', `true, B'1', '\\x0102', 'ab', 5`)
    expect(value(record)).toEqual({ a: true, b: true, c: Buffer.from([1, 2]), d: 'ab ', e: 5 })
    expect(fieldsOf(record)).toEqual(['a BOOLEAN?', 'b BOOLEAN?', 'c BYTES?', 'd STRING?', 'e INT32'])
  })

  it('T34: a view’s columns are all optional', async () => {
    const database = await SourceDatabase.create(
      server,
      'CREATE TABLE t (id int PRIMARY KEY, ts timestamptz NOT NULL)',
      'CREATE VIEW v AS SELECT * FROM t',
      "INSERT INTO t VALUES (1, '2024-01-01Z')",
    )
    const props = { mode: 'timestamp', 'timestamp.column.name': 'ts', 'table.types': 'VIEW', 'table.whitelist': 'v' }
    await expect(database.source(props).start()).rejects.toThrow('nullable')
    expect(fieldsOf((await (await database.started({ ...props, 'validate.non.null': 'false' })).pollAll())[0])).toEqual([
      'id INT32?',
      'ts INT64?',
    ])
  })

  it('T35: leaves have a topic each, or their parent has one for all', async () => {
    const database = await SourceDatabase.create(server, 'CREATE TABLE t (id int) PARTITION BY RANGE (id)')
    for (const from of [0, 10]) await database.query(`CREATE TABLE t${from} PARTITION OF t FOR VALUES FROM (${from}) TO (${from + 10})`)
    await database.query('INSERT INTO t VALUES (1), (11)')
    const topics = async (props: Record<string, string>) => [
      ...new Set((await (await database.started({ mode: 'bulk', ...props })).pollAll(4)).map(({ topic }) => topic)),
    ]
    expect((await topics({})).toSorted()).toEqual(['p-t0', 'p-t10'])
    expect(await topics({ 'table.types': 'PARTITIONED TABLE' })).toEqual(['p-t'])
  })

  it('T43, T44: tables of one name in two schemas fail the connector, unless filters or topics tell them apart', async () => {
    const database = await SourceDatabase.create(
      server,
      'CREATE SCHEMA app1',
      'CREATE SCHEMA app2',
      'CREATE TABLE app1.orders (id int)',
      'CREATE TABLE app2.orders (id int)',
    )
    await expect(database.source({ mode: 'bulk', 'table.whitelist': 'orders' }).connect()).rejects.toMatchObject({
      cause: { message: expect.stringContaining('duplicate unqualified table names') as string },
    })
    const tables = async (props: Record<string, string>) => (await database.source({ mode: 'bulk', ...props }).connect())[0]?.['tables']
    expect(await tables({ 'table.whitelist': 'app1.orders' })).toBe('"app1"."orders"')
    expect(await tables({ 'table.include.list': '.*orders', 'table.exclude.list': 'app2\\..*' })).toBe('"app1"."orders"')
    expect(await tables({ 'table.whitelist': 'orders', 'topic.name.format': '${schema}.${table}' })).toBe('"app1"."orders","app2"."orders"')
  })

  it('T46: a new table is found, a dropped one forgotten', async () => {
    const database = await SourceDatabase.create(server, 'CREATE TABLE a (id int)')
    const source = database.source({ mode: 'bulk', 'table.poll.interval.ms': '30' })
    const tables = async () => (await source.taskConfigs())[0]?.['tables']
    expect((await source.connect())[0]?.['tables']).toBe('"public"."a"')
    await database.query('CREATE TABLE b (id int)')
    await vi.waitUntil(() => source.reconfigurations === 1, { timeout: 60_000 })
    expect(await tables()).toBe('"public"."a","public"."b"')
    await database.query('DROP TABLE a')
    await vi.waitUntil(() => source.reconfigurations === 2, { timeout: 60_000 })
    expect(await tables()).toBe('"public"."b"')
  })

  it('T47: without any table the task fails with a hint', async () => {
    const database = await SourceDatabase.create(server)
    await expect(database.source({ mode: 'bulk', 'table.whitelist': 'none' }).start()).rejects.toThrow(
      'was not assigned a table nor a query',
    )
  })

  it('T48: a column added is in the next records, whose schema is another', async () => {
    const database = await SourceDatabase.create(server, 'CREATE TABLE t (id serial PRIMARY KEY)', 'INSERT INTO t DEFAULT VALUES')
    const source = await database.started({ mode: 'incrementing', 'table.whitelist': 't' })
    const [before] = await source.pollAll()
    await database.query('INSERT INTO t DEFAULT VALUES')
    const [same] = await source.pollAll()
    await database.query("ALTER TABLE t ADD x text DEFAULT 'x'; INSERT INTO t DEFAULT VALUES")
    const [after] = await source.pollAll()
    expect([value(before), value(after)]).toEqual([{ id: 1 }, { id: 3, x: 'x' }])
    expect(same?.valueSchema).toBe(before?.valueSchema)
  })

  it('T53: without quotation marks names are folded', async () => {
    const database = await SourceDatabase.create(
      server,
      'CREATE TABLE t ("Id" int)',
      'CREATE TABLE "T" (id int)',
      'INSERT INTO t VALUES (1)',
      'INSERT INTO "T" VALUES (2)',
    )
    const [record] = await (await database.started({ mode: 'bulk', 'table.whitelist': 'T', 'quote.sql.identifiers': 'never' })).pollAll(1)
    expect([record?.topic, value(record)]).toEqual(['p-t', { Id: 1 }])
  })

  it('odd names are read, also those with quotation marks and commas', async () => {
    const database = await SourceDatabase.create(
      server,
      'CREATE TABLE "a,b""c" ("x y" serial PRIMARY KEY, "?" text)',
      `INSERT INTO "a,b""c" ("?") VALUES ('q')`,
    )
    const [record] = await (await database.started({ mode: 'incrementing', 'table.include.list': '.*' })).pollAll()
    expect([record?.topic, value(record)]).toEqual(['p-a_b_c', { 'x y': 1, '?': 'q' } satisfies Record<string, ConnectValue>])
  })
})
