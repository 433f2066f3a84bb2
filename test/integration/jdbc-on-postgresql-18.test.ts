/** What the version of a server can change most, once more on PostgreSQL 18: all tests of the JDBC connectors run on Debian's own (15). */
import type { ConnectStruct } from 'standpipe/api'
import { expect, it } from 'vitest'
import { row, struct } from '../support/jdbc/records.ts'
import { SinkDatabase } from '../support/jdbc/sink-database.ts'
import { SourceDatabase } from '../support/jdbc/source-database.ts'
import { describeWithPostgresql, onPostgresql } from '../support/services/postgresql-suite.ts'

onPostgresql('postgresql-18')
await import('./jdbc-source-modes.test.ts')
await import('./jdbc-sink-tables-and-values.test.ts')
await import('./jdbc-sink-keys-and-deletes.test.ts')

/** Virtual ones, computed when they are read, are the default of 18 and new in it. */
const table = 'CREATE TABLE orders (id int PRIMARY KEY, price int, twice int GENERATED ALWAYS AS (price * 2) VIRTUAL)'

await describeWithPostgresql('JDBC: virtual generated columns', (server) => {
  it('are read as any other', async () => {
    const database = await SourceDatabase.create(server, table, 'INSERT INTO orders (id, price) VALUES (1, 21)')
    const source = await database.started({ mode: 'incrementing', 'incrementing.column.name': 'id', 'table.whitelist': 'orders' })
    const [record] = await source.pollAll(1)
    expect(record?.value as ConnectStruct).toEqual({ id: 1, price: 21, twice: 42 })
  })

  it('are computed beside the columns that are written', async () => {
    const database = await SinkDatabase.create(server, table)
    const upsert = { 'insert.mode': 'upsert', 'pk.mode': 'record_value', 'pk.fields': 'id' }
    const schema = struct({ id: 'int32', price: 'int32' })
    await database.sink(upsert).put([row(schema, { id: 1, price: 20 }), row(schema, { id: 1, price: 21 }, { offset: 1 })])
    expect(await database.query('SELECT * FROM orders')).toEqual([['1', '21', '42']])
  })

  it('are left out where records have them', async () => {
    const database = await SinkDatabase.create(server, table)
    const schema = struct({ id: 'int32', price: 'int32', twice: 'int32' })
    await database.sink().put([row(schema, { id: 1, price: 21, twice: 1 })])
    expect(await database.query('SELECT * FROM orders')).toEqual([['1', '21', '42']])
  })
})
