import type { ConnectStruct, SourceRecord } from 'standpipe/api'
import { expect, it } from 'vitest'
import { SourceDatabase } from '../support/jdbc/source-database.ts'
import { StoredOffsets } from '../support/jdbc/source-harness.ts'
import { describeWithPostgresql } from '../support/services/postgresql-suite.ts'

const orders = 'CREATE TABLE orders (id serial PRIMARY KEY, name text, ts timestamptz NOT NULL DEFAULT now())'
const byId = { mode: 'incrementing', 'incrementing.column.name': 'id', 'table.whitelist': 'orders' }
const byTime = { mode: 'timestamp', 'timestamp.column.name': 'ts', 'table.whitelist': 'orders' }
const byBoth = {
  mode: 'timestamp+incrementing',
  'timestamp.column.name': 'ts',
  'incrementing.column.name': 'id',
  'table.whitelist': 'orders',
}
const at = (second: number) => `'2024-01-01 00:00:0${second}Z'`

const field = (name: string) => (record: SourceRecord) => (record.value as ConnectStruct)[name]
const ids = (records: readonly SourceRecord[]) => records.map(field('id'))
const offsets = (records: readonly SourceRecord[]) => records.map(({ sourceOffset }) => JSON.stringify(sourceOffset))

await describeWithPostgresql('JDBC source: modes', (server) => {
  it('T1: bulk gives all rows at every poll, without offsets', async () => {
    const database = await SourceDatabase.create(server, orders, "INSERT INTO orders (name) VALUES ('a'), ('b')")
    const records = await (await database.started({ mode: 'bulk', 'table.whitelist': 'orders' })).pollAll(4)
    expect(ids(records)).toEqual([1, 2, 1, 2])
    const [{ topic, key, valueSchema, sourcePartition, sourceOffset }] = records as [SourceRecord]
    expect([topic, key, valueSchema?.name, sourcePartition, sourceOffset]).toEqual(['p-orders', null, 'orders', { table: 'orders' }, null])
  })

  it('T2, T3: incrementing gives new rows only, after a restart too', async () => {
    const database = await SourceDatabase.create(server, orders, "INSERT INTO orders (name) VALUES ('a'), ('b'), ('c')")
    const source = await database.started(byId)
    const first = await source.pollAll(3)
    await database.query("INSERT INTO orders (name) VALUES ('d'), ('e')")
    const second = await source.pollAll()
    expect(offsets([...first, ...second])).toEqual([1, 2, 3, 4, 5].map((id) => `{"incrementing":${id}}`))
    expect(JSON.stringify(first[0]?.sourcePartition)).toBe('{"protocol":"1","table":"public.orders"}')
    await source.stop()
    await database.query("INSERT INTO orders (name) VALUES ('f')")
    expect(ids(await (await database.started(byId, { offsets: source.offsets })).pollAll())).toEqual([6])
  })

  it('T4, T5: the serial column is found; without one the start fails and says what to set', async () => {
    const database = await SourceDatabase.create(
      server,
      orders,
      "INSERT INTO orders (name) VALUES ('a')",
      'CREATE TABLE plain (id int PRIMARY KEY)',
    )
    expect(ids(await (await database.started({ ...byId, 'incrementing.column.name': '' })).pollAll())).toEqual([1])
    const source = database.source({ mode: 'incrementing', 'table.whitelist': 'plain' })
    await expect(source.start()).rejects.toThrow(/"public"\."plain".*incrementing\.column\.name/)
  })

  it('T6: numbers start behind −1, or behind incrementing.initial', async () => {
    const database = await SourceDatabase.create(server, 'CREATE TABLE orders (id int PRIMARY KEY)', 'INSERT INTO orders VALUES (0), (-5)')
    expect(ids(await (await database.started(byId)).pollAll())).toEqual([0])
    expect(ids(await (await database.started({ ...byId, 'incrementing.initial': '-10' })).pollAll())).toEqual([-5, 0])
  })

  it('T7: a number beyond 64 bits fails the task', async () => {
    const database = await SourceDatabase.create(
      server,
      'CREATE TABLE orders (id numeric(20,0) PRIMARY KEY)',
      'INSERT INTO orders VALUES (9223372036854775808)',
    )
    await expect((await database.started(byId)).pollAll()).rejects.toThrow('9223372036854775808')
  })

  it('T9: a nullable number is refused, or its nulls are skipped', async () => {
    const database = await SourceDatabase.create(server, 'CREATE TABLE orders (id int)', 'INSERT INTO orders VALUES (1), (NULL)')
    await expect(database.source(byId).start()).rejects.toThrow('nullable')
    expect(ids(await (await database.started({ ...byId, 'validate.non.null': 'false' })).pollAll())).toEqual([1])
  })

  it('T10, T11: offsets of rows of one time let none be lost', async () => {
    const rows = [1, 1, 2, 2, 3].map((second) => `(${at(second)})`).join()
    const database = await SourceDatabase.create(server, orders, `INSERT INTO orders (ts) VALUES ${rows}`)
    const records = await (await database.started(byTime)).pollAll(5)
    expect(records.map(({ sourceOffset }) => sourceOffset?.['timestamp'])).toEqual([
      undefined,
      1704067201000,
      1704067201000,
      1704067202000,
      1704067203000,
    ])
    const stored = new StoredOffsets()
    stored.set(records[2]!.sourcePartition, records[2]!.sourceOffset)
    expect(ids(await (await database.started(byTime, { offsets: stored })).pollAll())).toEqual([3, 4, 5])
  })

  it('T12: a time in the future waits, unless the delay is negative', async () => {
    const database = await SourceDatabase.create(server, orders, "INSERT INTO orders (ts) VALUES (now() + interval '1 hour')")
    expect(await (await database.started(byTime)).pollAll()).toEqual([])
    expect(ids(await (await database.started({ ...byTime, 'timestamp.delay.interval.ms': '-7200000' })).pollAll())).toEqual([1])
  })

  it('T13: rows are left alone for the delay', async () => {
    const database = await SourceDatabase.create(server, orders, "INSERT INTO orders (ts) VALUES (now() - interval '1 minute'), (now())")
    expect(ids(await (await database.started({ ...byTime, 'timestamp.delay.interval.ms': '30000' })).pollAll())).toEqual([1])
  })

  it('T14: of two columns the first that is not null counts', async () => {
    const table = 'CREATE TABLE orders (id int, mod timestamptz, ts timestamptz NOT NULL)'
    const database = await SourceDatabase.create(server, table, `INSERT INTO orders VALUES (1, NULL, ${at(2)}), (2, ${at(1)}, ${at(3)})`)
    expect(ids(await (await database.started({ ...byTime, 'timestamp.column.name': 'mod,ts' })).pollAll())).toEqual([2, 1])
  })

  it('T15, T16: timestamp.initial is where reading starts', async () => {
    const database = await SourceDatabase.create(server, orders, `INSERT INTO orders (ts) VALUES (${at(0)}), (${at(1)})`)
    expect(ids(await (await database.started({ ...byTime, 'timestamp.initial': '1704067200000' })).pollAll())).toEqual([2])
    const fromNow = await database.started({ ...byTime, 'timestamp.initial': '-1' })
    expect(await fromNow.pollAll()).toEqual([])
    await database.query('INSERT INTO orders (ts) VALUES (clock_timestamp())')
    expect(ids(await fromNow.pollAll(1))).toEqual([3])
  })

  it('T17, T18: time and number together see updates, and no row twice', async () => {
    const database = await SourceDatabase.create(
      server,
      orders,
      `INSERT INTO orders (ts) VALUES (${at(1)}), ('2024-01-01 00:00:01.123456Z')`,
    )
    const source = await database.started(byBoth)
    const records = await source.pollAll()
    expect(offsets(records)).toEqual([
      '{"timestamp_nanos":0,"incrementing":1,"timestamp":1704067201000}',
      '{"timestamp_nanos":123456000,"incrementing":2,"timestamp":1704067201123}',
    ])
    await database.query(`UPDATE orders SET ts = ${at(2)} WHERE id = 1`)
    expect(ids(await source.pollAll())).toEqual([1])
  })

  it('T19: with an index over both the lower bound is an index condition', async () => {
    const database = await SourceDatabase.create(
      server,
      orders,
      "INSERT INTO orders (ts) SELECT '2024-01-01Z'::timestamptz + i * interval '1 second' FROM generate_series(1, 20000) i",
      'CREATE INDEX ON orders (ts, id)',
      'ANALYZE orders',
    )
    const sql = `EXPLAIN SELECT * FROM orders WHERE (ts, id) > ('2024-01-01 05:30:00Z', 19800::int8) AND ts < '2025-01-01Z' ORDER BY ts, id ASC`
    expect((await database.query(sql)).flat().join()).toMatch(/Index Cond: .*ROW\(ts, id\) > ROW/)
  })

  it.for([{ table: 'orders' }, { protocol: '1', table: 'DATABASE.public.orders' }])(
    'T20, T21: offsets stored under %j go on',
    async (partition) => {
      const database = await SourceDatabase.create(server, orders, 'INSERT INTO orders (name) SELECT NULL FROM generate_series(1, 9)')
      const stored = new StoredOffsets()
      stored.set({ ...partition, table: partition.table.replace('DATABASE', database.name) }, { incrementing: 7 })
      const records = await (await database.started(byId, { offsets: stored })).pollAll()
      expect([ids(records), records[0]?.sourcePartition]).toEqual([[8, 9], { protocol: '1', table: 'public.orders' }])
    },
  )

  it('T36: a query has one task, and a partition of its own', async () => {
    const database = await SourceDatabase.create(server, orders, "INSERT INTO orders (name) VALUES ('a')")
    const source = database.source({
      mode: 'incrementing',
      'incrementing.column.name': 'id',
      query: 'SELECT id, name FROM orders',
      'topic.prefix': 'all',
      'tasks.max': '4',
    })
    const configs = await source.connect()
    expect(configs).toHaveLength(1)
    await source.startTask(configs[0]!)
    const [record] = await source.pollAll()
    expect([record?.topic, record?.sourcePartition, record?.valueSchema?.name]).toEqual(['all', { query: 'query' }, null])
  })

  it.for([
    ['T37', 'SELECT id FROM orders WHERE id < 100', '1000'],
    ['T38', 'SELECT * FROM (SELECT id, name FROM orders WHERE id > ? ORDER BY id LIMIT 10) x --', '10'],
    ['T41', 'WITH o AS (SELECT id FROM orders) SELECT * FROM o', '1000'],
    ['T39', `SELECT id, 'a?b' AS q /* ? */ FROM orders WHERE '{"k":1}'::jsonb ?? 'k'`, '1000'],
  ] as const)('%s: %s is read to its end', async ([, query, most]) => {
    const database = await SourceDatabase.create(server, orders, 'INSERT INTO orders (name) SELECT NULL FROM generate_series(1, 25)')
    const source = await database.started({ mode: 'incrementing', 'incrementing.column.name': 'id', query })
    const first = await source.poll()
    expect(first.length).toBeLessThanOrEqual(Number(most))
    expect(ids([...first, ...(await source.pollAll())])).toEqual(Array.from({ length: 25 }, (_, index) => index + 1))
  })

  it('T52: no poll gives more than batch.max.rows', async () => {
    const database = await SourceDatabase.create(
      server,
      orders,
      "INSERT INTO orders (ts) SELECT now() - i * interval '1 second' FROM generate_series(1, 5) i",
    )
    for (const mode of [byId, byTime, byBoth]) {
      const source = await database.started({ ...mode, 'batch.max.rows': '2' })
      const sizes: number[] = []
      for (let count = 0; count < 5; count += sizes.at(-1)!) sizes.push((await source.poll()).length)
      expect([Math.max(...sizes), sizes.reduce((sum, size) => sum + size, 0)]).toEqual([2, 5])
    }
  })

  it.for([byId, byTime, byBoth, { mode: 'bulk', 'table.whitelist': 'orders' }])(
    'page.rows: in mode $mode each page is a transaction of its own, and rows of one time stay together',
    async (mode) => {
      const rows = [1, 1, 2, 2, 2, 3, 3].map((second) => `(${at(second)})`).join()
      const database = await SourceDatabase.create(server, orders, `INSERT INTO orders (ts) VALUES ${rows}`)
      const source = await database.started({ ...mode, 'page.rows': '2', 'poll.interval.ms': '1000000000' }) // there is one read
      const records = [...(await source.poll())]
      await database.query(`INSERT INTO orders (ts) VALUES (${at(4)})`)
      records.push(...(await source.pollAll(8 - records.length)))
      expect(ids(records)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
      expect(await source.poll()).toEqual([])
    },
  )

  it('page.rows: mode bulk begins again behind its last page, and goes by keys of any type', async () => {
    const table = 'CREATE TABLE orders (a text, b date, PRIMARY KEY (b, a))'
    const database = await SourceDatabase.create(server, table)
    await database.query("INSERT INTO orders SELECT chr(65 + i % 3), '2024-01-01'::date + i / 3 FROM generate_series(0, 8) i")
    const source = await database.started({ mode: 'bulk', 'table.whitelist': 'orders', 'page.rows': '4' })
    const read = (await source.pollAll(18)).map((record) => [field('b')(record) instanceof Date, field('a')(record)])
    const once = Array.from({ length: 9 }, (_, index) => [true, 'ABC'[index % 3]])
    expect(read).toEqual([...once, ...once])
  })

  it('T58: a row is given out at once, however long poll.linger.ms is', async () => {
    const database = await SourceDatabase.create(server, orders)
    const source = await database.started({ ...byId, 'poll.linger.ms': '9223372036854775807' })
    expect(await source.poll()).toEqual([])
    await database.query("INSERT INTO orders (name) VALUES ('a')")
    expect(ids(await source.pollAll(1))).toEqual([1])
  })

  it('T5, T8: what cannot be read by is said at the start', async () => {
    const database = await SourceDatabase.create(server, 'CREATE TABLE orders (id text PRIMARY KEY)')
    await expect(database.source(byId).start()).rejects.toThrow('Invalid type for incrementing column: text')
  })

  it('T57: keys hold the primary key where that is wanted', async () => {
    const database = await SourceDatabase.create(server, orders, "INSERT INTO orders (name) VALUES ('a')")
    const [bare] = await (await database.started({ ...byId, 'key.columns': 'id', 'key.format': 'primitive' })).pollAll()
    expect([bare?.key, bare?.keySchema?.type]).toEqual([1, 'INT32'])
    const [record] = await (await database.started({ ...byId, 'key.columns': 'primary_key' })).pollAll()
    expect([record?.key, record?.keySchema?.fields.map(({ name }) => name)]).toEqual([{ id: 1 }, ['id']])
  })

  it('Aiven’s class reads the same rows from its own keys', async () => {
    const database = await SourceDatabase.create(server, 'CREATE TABLE orders (id int PRIMARY KEY)', 'INSERT INTO orders VALUES (-5), (1)')
    expect(ids(await (await database.started({ ...byId, 'incrementing.initial': '-10' }, { family: 'aiven' })).pollAll())).toEqual([-5, 1])
  })
})
