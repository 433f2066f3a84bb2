import { expect, it } from 'vitest'
import { SourceDatabase } from '../support/jdbc/source-database.ts'
import type { PostgresqlServer } from '../support/services/postgresql.ts'
import { describeWithPostgresql, privatePostgresql } from '../support/services/postgresql-suite.ts'
import { standbyOf } from '../support/services/postgresql-standby.ts'

const table = 'CREATE TABLE orders (id bigserial PRIMARY KEY, ts timestamptz NOT NULL DEFAULT now(), name text)'
const byId = { mode: 'incrementing', 'incrementing.column.name': 'id', 'table.whitelist': 'orders' }
const byTime = { mode: 'timestamp', 'timestamp.column.name': 'ts', 'table.whitelist': 'orders' }

await describeWithPostgresql('JDBC source: a standby', () => {
  it.for([byId, byTime])('rows wait for those of transactions of the primary that have written before them ($mode)', async (mode) => {
    const { primary, standby } = await pair()
    const database = await SourceDatabase.create(primary, table)
    const first = await database.session()
    await first.query("BEGIN; INSERT INTO orders (name) VALUES ('first')")
    await database.query("INSERT INTO orders (name) VALUES ('second')")
    await followed(standby, database, 1)
    const source = await database.started({ ...mode, 'visibility.guard': 'xmin', 'connection.url': standby.jdbcUrl(database.name) })
    expect(await source.pollAll()).toEqual([])
    await first.query('COMMIT')
    await followed(standby, database, 2)
    const records = await source.pollAll(2)
    expect(records.map(({ value }) => (value as Record<string, unknown>)['name'])).toEqual(['first', 'second'])
    expect(source.log.lines.filter((line) => line.includes('The server is a standby'))).toHaveLength(1)
  })

  it('says that visibility.rescan.ids finds nothing there, and repeats nothing', async () => {
    const { primary, standby } = await pair()
    const database = await SourceDatabase.create(primary, table, "INSERT INTO orders (name) VALUES ('first')")
    const open = await database.session()
    await open.query('BEGIN; SELECT pg_current_xact_id()')
    await database.query("INSERT INTO orders (name) VALUES ('second')")
    await followed(standby, database, 2)
    const url = standby.jdbcUrl(database.name)
    const source = await database.started({ ...byId, 'visibility.rescan.ids': '100', 'connection.url': url })
    expect([...(await source.pollAll(2)), ...(await source.pollAll())]).toHaveLength(2)
    expect(source.log.lines.filter((line) => line.includes('visibility.rescan.ids finds no rows'))).toHaveLength(1)
  })
})

async function pair(): Promise<{ readonly primary: PostgresqlServer; readonly standby: PostgresqlServer }> {
  const primary = await privatePostgresql()
  return { primary, standby: await standbyOf(primary) }
}

/** Waits until the standby has so many rows. */
async function followed(standby: PostgresqlServer, { name }: SourceDatabase, rows: number): Promise<void> {
  const count = () => standby.query(name, 'SELECT count(*) FROM orders').catch(() => [])
  await expect.poll(count, { timeout: 60_000 }).toEqual([[String(rows)]])
}
