import { randomUUID } from 'node:crypto'
import { RetriableException, type ConnectStruct, type SourceRecord } from 'standpipe/api'
import { expect, it, vi } from 'vitest'
import { SourceDatabase } from '../support/jdbc/source-database.ts'
import type { SourceHarness } from '../support/jdbc/source-harness.ts'
import { describeWithPostgresql, privatePostgresql } from '../support/services/postgresql-suite.ts'
import { usedBytes } from '../support/used-memory.ts'

const table = 'CREATE TABLE t (id serial PRIMARY KEY, ts timestamptz NOT NULL DEFAULT now(), name text)'
const byId = { mode: 'incrementing', 'incrementing.column.name': 'id', 'table.whitelist': 't' }
const byTime = { mode: 'timestamp', 'timestamp.column.name': 'ts', 'table.whitelist': 't' }
const byBoth = { ...byTime, mode: 'timestamp+incrementing', 'incrementing.column.name': 'id' }
const ids = (records: readonly SourceRecord[]) => records.map(({ value }) => (value as ConnectStruct)['id'])
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

await describeWithPostgresql('JDBC source: faults and visibility', (server) => {
  it('T49: errors of a table are tried again, or fail the task after query.retry.attempts', async () => {
    const database = await SourceDatabase.create(server, table)
    const patient = await database.started({ ...byId, 'query.suffix': 'LIMIT x' })
    for (let attempt = 1; attempt <= 3; attempt++) await expect(patient.poll()).rejects.toBeInstanceOf(RetriableException)
    const strict = await database.started({ ...byId, 'query.suffix': 'LIMIT x', 'query.retry.attempts': '2' })
    await expect(strict.poll()).rejects.toBeInstanceOf(RetriableException)
    await expect(strict.poll()).rejects.toThrow(/Error while polling for records.*"x" does not exist/)
    const quick = await database.started({ ...byId, 'query.suffix': 'LIMIT x', 'query.on.error': 'fail' })
    await expect(quick.poll()).rejects.not.toBeInstanceOf(RetriableException)
  })

  it('a table that fails does not hold up the others', async () => {
    const database = await SourceDatabase.create(server, table, 'CREATE TABLE u (id serial PRIMARY KEY)', 'INSERT INTO u DEFAULT VALUES')
    const source = await database.started({ mode: 'incrementing', 'table.whitelist': 't,u' })
    await database.query('DROP TABLE t')
    expect((await source.pollAll(1)).map(({ topic }) => topic)).toEqual(['p-u'])
  })

  it('T50: sessions that are ended between and during reads cost no row, and none comes twice', async () => {
    const database = await SourceDatabase.create(server, table, 'INSERT INTO t (name) SELECT NULL FROM generate_series(1, 2000)')
    const source = await database.started({ ...byId, 'batch.max.rows': '100' })
    const records: SourceRecord[] = []
    for (let kill = 0; kill < 5; kill++) {
      records.push(...(await source.pollAll(100)))
      await database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'c'")
    }
    records.push(...(await source.pollAll(2000 - records.length)))
    expect(ids(records)).toEqual(upTo(2000))
  })

  it('T51: a server that is not there fails the start after all attempts, and a stop ends the wait', async () => {
    const database = await SourceDatabase.create(server, table)
    const away = { ...byId, 'connection.url': 'jdbc:postgresql://127.0.0.1:1/x', 'connection.attempts': '2' }
    const source = database.source({ ...away, 'connection.backoff.ms': '10' })
    await expect(source.connect()).rejects.toThrow('Connection to 127.0.0.1:1 refused')
    expect(source.log.lines.filter((line) => line.includes('Attempt 1 of 2'))).toHaveLength(1)
    const waiting = database.source({ ...away, 'connection.backoff.ms': '1000000000' })
    const start = expect(waiting.startTask({ ...away, name: 'c', 'connection.backoff.ms': '1000000000', tables: 't' })).rejects.toThrow(
      'refused',
    )
    await waiting.stop()
    await start
  })

  it('a server that crashes and comes back is waited for; no row is lost', async () => {
    const own = await privatePostgresql()
    const database = await SourceDatabase.create(own, table, 'INSERT INTO t (name) SELECT NULL FROM generate_series(1, 500)')
    const source = await database.started({ ...byId, 'batch.max.rows': '50' })
    const records = [...(await source.poll())]
    await own.crash()
    await expect(pollUntilError(source, records)).rejects.toBeInstanceOf(RetriableException)
    await own.start()
    records.push(...(await source.pollAll(500 - records.length)))
    expect(ids(records)).toEqual(upTo(500))
  })

  it.for([byId, byBoth])('T56: with visibility.guard rows wait for those before them ($mode)', async (mode) => {
    const database = await SourceDatabase.create(server, table)
    const late = await database.session()
    await late.query('BEGIN')
    await late.query("INSERT INTO t (name, ts) VALUES ('late', '2024-01-01Z')")
    await database.query("INSERT INTO t (name, ts) VALUES ('soon', '2024-01-02Z')")
    const plain = await database.started(mode)
    expect(ids(await plain.pollAll())).toEqual([2])
    const guarded = await database.started({ ...mode, 'visibility.guard': 'xmin' })
    expect(await guarded.pollAll()).toEqual([])
    await late.query('COMMIT')
    expect(ids(await guarded.pollAll(2))).toEqual([1, 2])
    expect(await plain.pollAll()).toEqual([])
  })

  it('T56: and in mode timestamp, where times are those of now()', async () => {
    const database = await SourceDatabase.create(server, table)
    const late = await database.session()
    await late.query('BEGIN')
    await late.query('SELECT now()')
    await database.query("INSERT INTO t (name) VALUES ('soon')")
    const plain = await database.started(byTime)
    expect(ids(await plain.pollAll())).toEqual([1])
    const guarded = await database.started({ ...byTime, 'visibility.guard': 'xmin' })
    expect(await guarded.pollAll()).toEqual([])
    await late.query("INSERT INTO t (name) VALUES ('late')")
    await late.query('COMMIT')
    expect(ids(await guarded.pollAll(2))).toEqual([2, 1])
  })

  it('T56: and for those of roles whose sessions it may not look into, which is told once', async () => {
    const [reader, database] = [`reader_${randomUUID().slice(0, 8)}`, await SourceDatabase.create(server, table)]
    await database.query(`CREATE ROLE ${reader} LOGIN; GRANT SELECT ON t TO ${reader}`)
    await database.query('INSERT INTO t DEFAULT VALUES') // the next number of the sequence needs no transaction number then
    const late = await database.session()
    await late.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    await late.query("SELECT nextval('t_id_seq')")
    await database.query('INSERT INTO t DEFAULT VALUES')
    const guarded = await database.started({ ...byId, 'visibility.guard': 'xmin', 'connection.user': reader })
    expect(ids(await guarded.pollAll(1))).toEqual([1])
    expect(await guarded.pollAll()).toEqual([])
    await late.query('INSERT INTO t (id) VALUES (2)')
    await late.query('COMMIT')
    expect(ids(await guarded.pollAll(2))).toEqual([2, 3])
    // that of `late`, and of a session before it that the server has not ended yet
    const told = guarded.log.lines.filter((line) => /the state of \d+ sessions is hidden from this user/.test(line))
    expect(told).toHaveLength(1)
  })

  it.for([byId, byTime, byBoth])(
    'visibility.guard.max.wait.ms: a transaction that stays open for longer is not waited for ($mode)',
    async (mode) => {
      const database = await SourceDatabase.create(server, table)
      const late = await database.session()
      await late.query('BEGIN')
      await late.query("INSERT INTO t (ts) VALUES (now() - interval '1 minute')")
      await database.query("INSERT INTO t (ts) VALUES (now() - interval '1 second')")
      const guarded = await database.started({ ...mode, 'visibility.guard': 'xmin', 'visibility.guard.max.wait.ms': '1' })
      expect(ids(await guarded.pollAll(1))).toEqual([2])
      expect(guarded.log.lines.filter((line) => line.includes('are no longer waited for'))).toHaveLength(1)
    },
  )

  it('visibility.guard.max.wait.ms: others are waited for all the same', async () => {
    const database = await SourceDatabase.create(server, table)
    const [forgotten, late] = [await database.session(), await database.session()]
    await forgotten.query('BEGIN')
    await forgotten.query('INSERT INTO t DEFAULT VALUES')
    const guarded = await database.started({ ...byId, 'visibility.guard': 'xmin', 'visibility.guard.max.wait.ms': '10000' })
    const isOverdue =
      "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start < clock_timestamp() - interval '10 s'"
    await vi.waitUntil(async () => (await database.query(isOverdue))[0]?.[0] === '1', { timeout: 60_000, interval: 100 })
    expect(await guarded.pollAll()).toEqual([])
    await late.query('BEGIN')
    await late.query('INSERT INTO t DEFAULT VALUES')
    await database.query('INSERT INTO t DEFAULT VALUES')
    expect(await guarded.poll()).toEqual([])
    await late.query('COMMIT')
    expect(ids(await guarded.pollAll(2))).toEqual([2, 3])
  })

  it('visibility.rescan.ids: rows whose numbers were handed out long before are found, once, after a restart too', async () => {
    const database = await SourceDatabase.create(server, 'CREATE TABLE t (id int PRIMARY KEY, name text)')
    const insert = (...rows: number[]) => database.query(`INSERT INTO t (id) VALUES ${rows.map((id) => `(${id})`).join()}`)
    await insert(1, 60, 200)
    const props = { ...byId, 'visibility.rescan.ids': '100', 'batch.max.rows': '2' }
    const source = await database.started(props)
    const first = await source.pollAll(3)
    expect(ids(first)).toEqual([1, 60, 200])
    expect(first.at(-1)?.sourceOffset).toMatchObject({ incrementing: 200, snapshot: expect.stringMatching(/^\d+:\d+:/) as string })
    await insert(99, 150, 201)
    const second = await source.pollAll(2)
    expect(ids(second)).toEqual([150, 201]) // 99 is out of reach
    expect(await source.pollAll()).toEqual([])
    await source.stop()
    await insert(120, 160)
    const restarted = await database.started(props, { offsets: source.offsets })
    const third = await restarted.pollAll(2)
    expect(ids(third)).toEqual([120, 160])
    expect(third[0]?.sourceOffset).toEqual(second.at(-1)?.sourceOffset) // the looking back is not over before its last row
    expect(third[1]?.sourceOffset?.['snapshot']).not.toBe(third[0]?.sourceOffset?.['snapshot'])
    const later = await database.started(props, { offsets: source.offsets })
    expect(await later.pollAll()).toEqual([])
  })

  it('with limits of time for answers rows come by a cursor, the same', async () => {
    const database = await SourceDatabase.create(server, table, 'INSERT INTO t (name) SELECT NULL FROM generate_series(1, 500)')
    const url = server.jdbcUrl(database.name)
    for (const limit of ['queryTimeout=60', 'socketTimeout=60']) {
      const source = await database.started({ ...byId, 'connection.url': `${url}?${limit}`, 'batch.max.rows': '100' })
      expect(ids(await source.pollAll(500))).toEqual(upTo(500))
    }
  })

  it('a limit that the database sets for statements does not end the reading of a large table', async () => {
    const database = await SourceDatabase.create(
      server,
      table,
      "INSERT INTO t (name) SELECT repeat('x', 200) FROM generate_series(1, 100000)",
    )
    await database.query(`ALTER DATABASE ${database.name} SET statement_timeout = 3000`)
    const source = await database.started({ ...byId, 'max.buffer.size': '1000' })
    const records = [...(await source.poll())]
    await server.query('postgres', 'SELECT pg_sleep(4)')
    while (records.length < 100_000) records.push(...(await source.poll()))
    expect(ids(records)).toEqual(upTo(100_000))
  })

  it('guarded, no row of eight writers with long transactions is skipped or repeated', async () => {
    const database = await SourceDatabase.create(server, table)
    const source = await database.started({ ...byId, 'visibility.guard': 'xmin' })
    const writers = upTo(8).map(async (writer) => {
      const session = await database.session()
      for (let round = 0; round < 15; round++) {
        await session.query('BEGIN')
        for (let row = 0; row <= (writer + round) % 4; row++) await session.query('INSERT INTO t DEFAULT VALUES')
        await session.query(`SELECT pg_sleep(${((writer * 7 + round * 3) % 10) / 500})`)
        await session.query('COMMIT')
      }
    })
    const records: SourceRecord[] = []
    let isWriting = true
    const written = Promise.all(writers).then(() => (isWriting = false))
    while (isWriting) records.push(...(await source.nextBatch()))
    await written
    const stored = await database.query('SELECT id FROM t ORDER BY id')
    records.push(...(await source.pollAll(stored.length - records.length)), ...(await source.pollAll()))
    expect(ids(records)).toEqual(stored.map(([id]) => Number(id)))
  })

  it('a stop ends a read under way, on the server too', async () => {
    const database = await SourceDatabase.create(server, table)
    const source = await database.started({ mode: 'bulk', query: 'SELECT pg_sleep(600)' })
    const polled = source.poll()
    await source.stop()
    expect(await polled).toEqual([])
    const running = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'c'"
    await vi.waitUntil(async () => (await database.query(running))[0]?.[0] === '0', { timeout: 60_000, interval: 100 })
  })

  it('memory stays bounded over a large table', async () => {
    const database = await SourceDatabase.create(
      server,
      table,
      "INSERT INTO t (name) SELECT repeat('x', 200) FROM generate_series(1, 300000)",
    )
    const source = await database.started(byId)
    const before = usedBytes()
    let count = 0
    let most = 0
    while (count < 300_000) {
      count += (await source.poll()).length
      if (count % 50_000 === 0) most = Math.max(most, usedBytes() - before)
    }
    expect(most).toBeLessThan(50 * 1024 * 1024)
  })
})

async function pollUntilError(source: SourceHarness, records: SourceRecord[]): Promise<never> {
  for (;;) records.push(...(await source.poll()))
}
