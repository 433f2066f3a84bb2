import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { ChangedTable, contentsAfter, firstMissing, numberOf } from '../support/jdbc/changed-table.ts'
import { RowWriters } from '../support/jdbc/row-writers.ts'
import { Random } from '../support/random.ts'
import { describeWithKafka, privateKafka } from '../support/services/suite.ts'
import { walkOver } from '../support/walk.ts'
import { until } from '../support/worker-process.ts'

/** In the suite small; `STANDPIPE_CRASH_KILLS=40` is the whole thing. The seed of a run that failed is given as STANDPIPE_CRASH_SEED. */
const kills = Number(process.env['STANDPIPE_CRASH_KILLS'] ?? 4)
const seed = Number(process.env['STANDPIPE_CRASH_SEED'] ?? Date.now() % 1_000_000)
const timeout = 300_000 + 20_000 * kills
const writers = 4
const firstRows = 100
/** So many that giving them out one by one takes a while. */
const snapshotRows = 4_000
/** More than the connector takes from the server at a time, 16 MB. */
const largeTransaction = "INSERT INTO t SELECT i, i, repeat('x', 8000) FROM generate_series(500001, 502500) i"

describeWithKafka('the JDBC source in mode cdc, killed with no last word', (kafka) => {
  it(
    `a worker killed ${kills} times, and a server that crashes, while ${writers} clients change rows in transactions small and large: no change is missed, all are in order, and some come again only after a kill`,
    { timeout },
    async () => {
      const random = new Random(seed)
      const table = await ChangedTable.create(kafka, { rows: firstRows })
      const first = await table.worker()
      await until(async () => (await table.sent()) >= firstRows)
      const clients = new RowWriters(table.server, 'source', writers, seed)
      for (let killed = 0, worker = first; killed < kills; killed++, worker = await table.worker()) {
        if (killed === 1) await table.query(largeTransaction)
        if (killed === 2) await crash(table)
        const enough = (await table.sent()) + random.below(600)
        await until(async () => (await table.sent()) >= enough, 5)
        await delay(random.below(200))
        await worker.kill()
      }
      await clients.stop()
      await table.untilAllSent()
      const [changes, records] = [await table.witness.changes(), await table.records()]
      const walk = walkOver(changes.map(numberOf), records.slice(firstRows).map(numberOf))
      console.log(`seed ${seed}: ${kills} kills, ${changes.length} changes, ${records.length} records, ${JSON.stringify(walk)}`)
      expect(walk.jumps).toEqual([])
      expect(walk.rewinds).toBeLessThanOrEqual(kills)
      expect(firstMissing(changes, records)).toBeNull()
      expect(contentsAfter(records)).toEqual(await table.contents())
    },
  )

  it(
    'a worker killed twice, and a server that crashes, in the middle of the first snapshot: it is taken again, and no change since the first one is missed',
    { timeout },
    async () => {
      const random = new Random(seed)
      let broken = await snapshotsBrokenOff(kafka, random)
      // one that this process stood still for was over before it was broken off
      for (let again = 0; again < 2 && !broken.every((count) => count < snapshotRows); again++)
        broken = await snapshotsBrokenOff(kafka, random)
      expect(broken.filter((count) => count >= snapshotRows)).toEqual([])
    },
  )

  it('what the server is told to forget is in Kafka, with its offset stored', { timeout }, async () => {
    const broker = await privateKafka()
    const table = await ChangedTable.create(broker.address, { rows: 1, server: { settings: { wal_sender_timeout: '3s' } } })
    const first = await table.worker()
    await until(async () => (await table.forgottenTo()) !== null && (await table.sent()) === 1)
    process.kill(broker.pid!, 'SIGSTOP')
    await table.query("INSERT INTO t SELECT i, i, 'not taken by Kafka yet' FROM generate_series(1, 50) i")
    await isToldAgain(table)
    expect(await isForgotten(table)).toBe(false)
    await first.kill()
    process.kill(broker.pid!, 'SIGCONT')

    const second = await table.worker()
    await until(() => isForgotten(table))
    expect(firstMissing(await table.witness.changes(), await table.records())).toBeNull()
    await second.stop()

    const third = await table.worker({ flushMs: 600_000 })
    const enough = (await table.sent()) + 50
    await table.query("INSERT INTO t SELECT i, i, 'in Kafka, but the offset is not stored yet' FROM generate_series(51, 100) i")
    await until(async () => (await table.sent()) >= enough)
    await isToldAgain(table)
    expect(await isForgotten(table)).toBe(false)
    expect(await third.stop()).toBe(143)
  })
})

/**
 * Kills two workers and the server in the middle of their snapshots, and looks at what came of it.
 * @returns how many records each snapshot had given out by then
 */
async function snapshotsBrokenOff(kafka: string, random: Random): Promise<number[]> {
  const table = await ChangedTable.create(kafka, { rows: snapshotRows, noteBytes: 1000 })
  const clients = new RowWriters(table.server, 'source', writers, seed)
  const broken: number[] = []
  const breaks = async (end: () => Promise<void>) => {
    const before = await table.sent()
    const enough = before + 1 + random.below(snapshotRows / 2)
    await until(async () => (await table.sent()) >= enough, 1)
    await end()
    broken.push((await table.sent()) - before)
  }
  const first = await table.worker({ isSlow: true })
  await breaks(() => first.kill())
  const begin = await table.forgottenTo()
  const second = await table.worker({ isSlow: true })
  await breaks(() => table.server.crash())
  await table.server.start()
  await breaks(() => second.kill())
  const last = await table.worker()
  await until(() => table.isStreaming())
  await clients.stop()
  await table.untilAllSent()
  expect(await last.stop()).toBe(143)
  const changes = (await table.witness.changes()).filter(({ endLsn }) => endLsn > begin!)
  const records = await table.records()
  console.log(`seed ${seed}: snapshots broken off at ${broken.join(', ')}; ${changes.length} changes, ${records.length} records`)
  expect(firstMissing(changes, records)).toBeNull()
  expect(contentsAfter(records)).toEqual(await table.contents())
  return broken
}

async function crash({ server }: ChangedTable): Promise<void> {
  await server.crash()
  await server.start()
}

/** Whether the server may have forgotten the change that was made last. */
async function isForgotten(table: ChangedTable): Promise<boolean> {
  const last = (await table.witness.changes()).at(-1)!
  return (await table.forgottenTo())! >= last.endLsn
}

/** Waits until all has gone to the worker, and the server has been told twice since what it may forget. */
async function isToldAgain(table: ChangedTable): Promise<void> {
  const now = (await table.query('SELECT pg_current_wal_lsn()'))[0]![0]
  const sender = (what: string) => table.query(`SELECT ${what} FROM pg_stat_replication WHERE state = 'streaming'`)
  await until(async () => (await sender(`sent_lsn >= '${now}'`))[0]?.[0] === 't')
  for (let times = 0; times < 2; times++) {
    const told = (await sender('reply_time'))[0]?.[0]
    await until(async () => (await sender('reply_time'))[0]?.[0] !== told)
  }
}
