import type { SourceRecord } from 'standpipe/api'
import { expect, it, onTestFinished, vi } from 'vitest'
import { SourceDatabase } from '../support/jdbc/source-database.ts'
import { StoredOffsets, type SourceHarness } from '../support/jdbc/source-harness.ts'
import type { PostgresqlServer } from '../support/services/postgresql.ts'
import { describeWithPostgresql, privatePostgresql } from '../support/services/postgresql-suite.ts'

const table = 'CREATE TABLE t (id int PRIMARY KEY, name text, n numeric(10,2))'
const cdc = { mode: 'cdc', 'table.whitelist': 't', name: 'cdc' }

/** `key:value` as text; a tombstone has null. */
const shown = ({ key, value }: SourceRecord) =>
  `${JSON.stringify(key)}:${JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each))}`
const named = (record: SourceRecord) =>
  `${JSON.stringify(record.key)} ${record.value === null ? 'deleted' : String((record.value as Record<string, unknown>)['name'])}`

/** Slots outlive their database’s sessions: they go before it. */
async function databaseWith(server: PostgresqlServer, ...setup: readonly string[]): Promise<SourceDatabase> {
  const database = await SourceDatabase.create(server, ...setup)
  onTestFinished(async () => {
    await vi.waitUntil(() => dropSlots(server, database), { timeout: 60_000, interval: 50 })
  })
  return database
}

async function dropSlots(server: PostgresqlServer, { name }: SourceDatabase): Promise<boolean> {
  const drop = 'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = $1'
  return server.query(name, drop, [name]).then(
    () => true,
    () => false, // still in use
  )
}

async function restarted(database: SourceDatabase, source: SourceHarness, offsets = source.offsets): Promise<SourceHarness> {
  await source.stop()
  await untilFree(database)
  return database.started(cdc, { offsets })
}

/** Waits until nobody reads from the slot any more. */
async function untilFree(database: SourceDatabase): Promise<void> {
  const isFree = "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'standpipe_cdc' AND active"
  await vi.waitUntil(async () => (await database.query(isFree))[0]?.[0] === '0', { timeout: 60_000, interval: 20 })
}

/** A poll may end before it hears that the connection has. */
async function pollUntilError(source: SourceHarness): Promise<never> {
  for (;;) expect(await source.poll()).toEqual([])
}

await describeWithPostgresql('JDBC source: mode cdc', (server) => {
  it('T59: a snapshot, then inserts, updates, changes of keys and deletions, in the order of commits', async () => {
    const database = await databaseWith(server, table, "INSERT INTO t VALUES (1, 'a', 1.5), (2, 'b', NULL)")
    const source = await database.started(cdc)
    const first = await source.pollAll(2)
    expect(first.map(shown)).toEqual([
      '{"id":1}:{"id":1,"name":"a","n":{"unscaled":"150","scale":2}}',
      '{"id":2}:{"id":2,"name":"b","n":null}',
    ])
    expect(first.map(({ sourceOffset }) => sourceOffset?.['snapshot'])).toEqual([true, undefined])
    await database.query("INSERT INTO t VALUES (3, 'c', 2); UPDATE t SET name = 'A' WHERE id = 1; UPDATE t SET id = 4 WHERE id = 2")
    await database.query("DELETE FROM t WHERE id = 3; TRUNCATE t; INSERT INTO t VALUES (5, 'e', 0)")
    const changes = await source.pollAll(6)
    expect(changes.map(named)).toEqual(['{"id":3} c', '{"id":1} A', '{"id":2} deleted', '{"id":4} b', '{"id":3} deleted', '{"id":5} e'])
    expect(changes.map(({ topic, sourcePartition }) => [topic, sourcePartition])).toEqual(Array(6).fill(['p-t', { slot: 'standpipe_cdc' }]))
    expect(changes.map(({ sourceOffset }) => sourceOffset?.['seq'])).toEqual([1, 2, 3, 4, 1, 2])
    expect(changes[0]?.sourceOffset?.['lsn']).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/)
    expect(source.log.lines.filter((line) => line.includes('was truncated'))).toHaveLength(1)
  })

  it('T59: a restart in the middle of a transaction repeats nothing and misses nothing', async () => {
    const database = await databaseWith(server, table, "INSERT INTO t VALUES (0, 'start', 0)")
    const source = await database.started(cdc)
    await source.pollAll(1)
    await database.query("INSERT INTO t SELECT i, 'x', 0 FROM generate_series(1, 10) i")
    const changes = await source.pollAll(10)
    const offsets = new StoredOffsets()
    offsets.set(changes[3]!.sourcePartition, changes[3]!.sourceOffset)
    await database.query("INSERT INTO t VALUES (11, 'x', 0)")
    const again = await restarted(database, source, offsets)
    expect((await again.pollAll(7)).map(({ key }) => key)).toEqual([5, 6, 7, 8, 9, 10, 11].map((id) => ({ id })))
    expect(await again.poll()).toEqual([])
  })

  it('T60: what was stored but not acknowledged comes from the slot again and is left out by its place', async () => {
    const database = await databaseWith(server, table, "INSERT INTO t VALUES (0, 'start', 0)")
    const source = await database.started(cdc)
    await source.pollAll(1)
    await database.query("INSERT INTO t VALUES (1, 'x', 0); UPDATE t SET name = 'y'")
    expect((await source.pollAll(3)).map(named)).toEqual(['{"id":1} x', '{"id":0} y', '{"id":1} y'])
    const again = await restarted(database, source) // nothing was acknowledged
    await database.query("INSERT INTO t VALUES (2, 'z', 0)")
    expect((await again.pollAll(1)).map(named)).toEqual(['{"id":2} z'])
    expect(await again.poll()).toEqual([])
  })

  it('the server keeps its log until offsets are stored, and no longer, also when nothing of ours happens', async () => {
    const database = await databaseWith(server, table, "INSERT INTO t VALUES (0, 'start', 0)")
    const source = await database.started(cdc)
    await source.pollAll(1)
    const confirmed = async () =>
      (await database.query("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = 'standpipe_cdc'"))[0]?.[0]
    const isBehind = async (lsn: string) =>
      (await database.query('SELECT $1::pg_lsn >= $2::pg_lsn', [await confirmed(), lsn]))[0]?.[0] === 't'
    await database.query("INSERT INTO t VALUES (1, 'x', 0)")
    const [change] = await source.pollAll(1)
    const lsn = change?.sourceOffset?.['lsn'] as string
    expect(await isBehind(lsn)).toBe(false)
    await vi.waitUntil(
      async () => {
        expect(await source.poll()).toEqual([]) // the end of the transaction may come after its change
        await source.commit()
        return isBehind(lsn)
      },
      { timeout: 60_000, interval: 50 },
    )
    await database.query('CREATE TABLE other (id int)')
    await database.query('INSERT INTO other SELECT generate_series(1, 1000)')
    const [[now]] = (await database.query('SELECT pg_current_wal_lsn()')) as [[string]]
    await vi.waitUntil(
      async () => {
        await source.poll()
        await source.commit()
        return isBehind(now)
      },
      { timeout: 60_000, interval: 50 },
    )
  })

  it('large values that did not change are there, whatever the replica identity', async () => {
    const big = 'x'.repeat(50_000)
    const database = await databaseWith(
      server,
      table,
      'ALTER TABLE t ALTER name SET STORAGE EXTERNAL',
      `INSERT INTO t VALUES (1, '${big}', 1)`,
    )
    const source = await database.started(cdc)
    await source.pollAll(1)
    await database.query('UPDATE t SET n = 2')
    await database.query('ALTER TABLE t REPLICA IDENTITY FULL')
    await database.query('UPDATE t SET n = 3')
    const names = (await source.pollAll(2)).map(({ value }) => (value as Record<string, unknown>)['name'])
    expect(names).toEqual([big, big])
  })

  it('a large key that did not change is no other key', async () => {
    const database = await databaseWith(
      server,
      'CREATE TABLE t (id text PRIMARY KEY, name text)',
      'ALTER TABLE t ALTER id SET STORAGE EXTERNAL',
      `INSERT INTO t VALUES ('${'k'.repeat(2500)}', 'a')`,
    )
    const source = await database.started(cdc)
    await source.pollAll(1)
    await database.query("UPDATE t SET name = 'b'")
    const [change, ...others] = [...(await source.pollAll(1)), ...(await source.pollAll())]
    expect([(change?.key as Record<string, string>)['id']?.length, (change?.value as Record<string, unknown>)['name']]).toEqual([2500, 'b'])
    expect(others).toEqual([])
  })

  it('keys are what the log tells rows apart by: another index than the primary key', async () => {
    const database = await databaseWith(server, table, 'ALTER TABLE t ALTER name SET NOT NULL', 'CREATE UNIQUE INDEX by_name ON t (name)')
    await database.query("ALTER TABLE t REPLICA IDENTITY USING INDEX by_name; INSERT INTO t VALUES (1, 'a', 0)")
    const source = await database.started(cdc)
    const first = await source.pollAll(1)
    await database.query("UPDATE t SET name = 'b'")
    await database.query('DELETE FROM t')
    expect([...first, ...(await source.pollAll(3))].map(named)).toEqual([
      '{"name":"a"} a',
      '{"name":"a"} deleted',
      '{"name":"b"} b',
      '{"name":"b"} deleted',
    ])
  })

  it('changes from before a column of the key got another name have its old one', async () => {
    const database = await databaseWith(server, table)
    const source = await database.started(cdc)
    await source.poll()
    await source.stop()
    await database.query("INSERT INTO t VALUES (1, 'a', 0)")
    await database.query('ALTER TABLE t RENAME id TO number')
    await database.query("INSERT INTO t VALUES (2, 'b', 0)")
    await untilFree(database)
    const again = await database.started(cdc, { offsets: source.offsets })
    expect((await again.pollAll(4)).slice(-2).map(named)).toEqual(['{"id":1} a', '{"number":2} b'])
  })

  it('a column that is added is in the next records', async () => {
    const database = await databaseWith(server, table)
    const source = await database.started(cdc)
    await source.poll()
    await database.query("INSERT INTO t VALUES (1, 'a', 0)")
    await database.query("ALTER TABLE t ADD d date; INSERT INTO t VALUES (2, 'b', 0, '2024-01-02')")
    const [before, after] = await source.pollAll(2)
    expect(before?.valueSchema?.fields.map(({ name }) => name)).toEqual(['id', 'name', 'n'])
    expect((after?.value as Record<string, unknown>)['d']).toEqual(new Date('2024-01-02'))
  })

  it('a server that crashes and comes back is waited for; no change is lost or repeated', async () => {
    const own = await privatePostgresql()
    const database = await SourceDatabase.create(own, table)
    const source = await database.started(cdc)
    await source.poll()
    await database.query("INSERT INTO t SELECT i, 'x', 0 FROM generate_series(1, 5) i")
    const changes = [...(await source.pollAll(5))]
    await own.crash()
    await expect(pollUntilError(source)).rejects.toThrow()
    await own.start()
    await database.query("INSERT INTO t SELECT i, 'x', 0 FROM generate_series(6, 9) i")
    changes.push(...(await source.pollAll(4)))
    expect(changes.map(({ key }) => key)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((id) => ({ id })))
    await source.stop()
    await vi.waitUntil(() => dropSlots(own, database), { timeout: 60_000, interval: 50 })
  })

  it('offsets without their slot fail the task: changes are lost, and it says what to do', async () => {
    const database = await databaseWith(server, table, "INSERT INTO t VALUES (1, 'a', 0)")
    const source = await database.started(cdc)
    await source.pollAll(1)
    await source.stop()
    await vi.waitUntil(() => dropSlots(server, database), { timeout: 60_000, interval: 50 })
    await expect(database.source(cdc, { offsets: source.offsets }).start()).rejects.toThrow('Remove the offsets of the connector')
  })

  it.for(['initial', 'never'])(
    'changes made before an offset was stored, while nobody was there, are read all the same (%s)',
    async (snapshot) => {
      const props = { ...cdc, 'cdc.snapshot.mode': snapshot }
      const database = await databaseWith(server, table)
      const source = await database.started(props)
      expect(await source.poll()).toEqual([])
      await source.stop()
      await database.query("INSERT INTO t VALUES (1, 'a', 0)")
      await database.query('DELETE FROM t')
      await untilFree(database)
      const again = await database.started(props, { offsets: source.offsets })
      expect((await again.pollAll(2)).map(named)).toEqual(['{"id":1} a', '{"id":1} deleted'])
    },
  )

  it('two connectors do not share a slot: the second waits, and says who has it', async () => {
    const database = await databaseWith(server, table)
    const source = await database.started(cdc)
    await source.poll()
    // the stream is begun by then, though the server may not have got to it
    const isTaken = "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'standpipe_cdc' AND active"
    await vi.waitUntil(async () => (await database.query(isTaken))[0]?.[0] === '1', { timeout: 60_000, interval: 20 })
    await expect(database.source(cdc).start()).rejects.toThrow('Slot standpipe_cdc is in use by process')
  })
})
