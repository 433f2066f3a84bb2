import { setTimeout as delay } from 'node:timers/promises'
import { RetriableException, type TopicPartitionOffset } from 'standpipe/api'
import { expect, it } from 'vitest'
import { row, struct } from '../support/jdbc/records.ts'
import { SinkDatabase } from '../support/jdbc/sink-database.ts'
import type { SinkHarness } from '../support/jdbc/sink-harness.ts'
import { describeWithPostgresql, privatePostgresql } from '../support/services/postgresql-suite.ts'

const schema = struct({ id: 'int32' })
const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => row(schema, { id: from + index }, { offset: from + index }))
const exactlyOnce = { delivery: 'exactly-once', 'retry.backoff.ms': '1' }

/** What the task asked to read from, last. */
function seeks(sink: SinkHarness): TopicPartitionOffset[] {
  const asked: TopicPartitionOffset[] = []
  sink.context.offset = (...[offsets]: unknown[]) => void asked.push(...(offsets as TopicPartitionOffset[]))
  return asked
}

await describeWithPostgresql('JDBC sink: offsets in the transaction', (server) => {
  it('S65 a task that dies before Kafka knows of its offsets writes no row twice', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (id int)')
    await db.sink(exactlyOnce).put(rows(0, 10))
    const restarted = db.sink(exactlyOnce)
    await restarted.put(rows(0, 5))
    expect(await restarted.task.preCommit([{ topic: 'orders', partition: 0, offset: 5 }])).toEqual([
      { topic: 'orders', partition: 0, offset: 5 },
    ])
    await restarted.put(rows(5, 15))
    expect(await db.query('SELECT count(*), count(DISTINCT id) FROM orders')).toEqual([['15', '15']])
    expect(await db.query('SELECT connector, topic, partition, next_offset FROM connect_offsets')).toEqual([['c', 'orders', '0', '15']])
  })

  it('reading goes back to where the table ends when Kafka’s offsets are ahead', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (id int)')
    await db.sink(exactlyOnce).put(rows(0, 10))
    const restarted = db.sink(exactlyOnce)
    const asked = seeks(restarted)
    await restarted.put(rows(12, 15))
    expect(asked).toEqual([{ topic: 'orders', partition: 0, offset: 10 }])
    await restarted.put(rows(10, 15))
    expect(await db.query('SELECT count(*), count(DISTINCT id), max(id) FROM orders')).toEqual([['15', '15', '14']])
  })

  it('S66 a task whose partition has gone to another cannot write', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (id int)')
    const zombie = db.sink(exactlyOnce)
    await zombie.put(rows(0, 5))
    const owner = db.sink(exactlyOnce)
    await owner.put(rows(0, 5))
    await expect(zombie.put(rows(5, 10))).rejects.toThrow('Another task writes partitions of this one')
    await owner.put(rows(5, 10))
    expect(await db.query('SELECT count(*), count(DISTINCT id) FROM orders')).toEqual([['10', '10']])
  })

  it('a bad record does not hold offsets back, and the rest of its batch is there once', async () => {
    const db = await SinkDatabase.create(server, 'CREATE TABLE orders (id int CHECK (id <> 7))')
    const sink = db.sink(exactlyOnce, { reporter: 'takes all' })
    await sink.put(rows(0, 20))
    expect(sink.context.reported.map(({ record }) => record.kafkaOffset)).toEqual([7])
    expect(await db.query('SELECT count(*), count(DISTINCT id) FROM orders')).toEqual([['19', '19']])
    expect(await db.query('SELECT next_offset FROM connect_offsets')).toEqual([['20']])
  })

  it('a commit whose answer is lost is not made twice', async () => {
    const postgresql = await privatePostgresql()
    const db = await SinkDatabase.create(postgresql, 'CREATE TABLE orders (id int)')
    const sink = db.sink(exactlyOnce)
    await sink.put(rows(0, 5))
    let next = 5
    for (let round = 0; round < 5; round++) {
      const killing = postgresql.crash().then(() => postgresql.start())
      while (next < 100 * (round + 1)) {
        const batch = rows(next, next + 10)
        try {
          await sink.put(batch)
          next += batch.length
        } catch (error) {
          if (!(error instanceof RetriableException)) throw error
          await delay(5)
        }
      }
      await killing
    }
    await sink.task.preCommit([])
    await expect
      .poll(
        () =>
          sink.put([]).then(
            () => 'well',
            () => 'ill',
          ),
        { timeout: 60_000 },
      )
      .toBe('well')
    expect(await db.query('SELECT count(*), count(DISTINCT id), max(id) + 1 FROM orders')).toEqual([
      [String(next), String(next), String(next)],
    ])
  })
})
