import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BatchWalk } from '../../../../src/broker/log/batch-walk.ts'
import { KeyOffsets } from '../../../../src/broker/log/cleaner/key-offsets.ts'
import { dirtyPart } from '../../../../src/broker/log/cleaner/dirty-part.ts'
import { LogCleaning } from '../../../../src/broker/log/cleaner/log-cleaning.ts'
import type { PartitionLog } from '../../../../src/broker/log/partition-log.ts'
import { MemoryFolder } from '../../../../src/broker/log/storage/memory-storage.ts'
import type { CompressionType } from '../../../../src/kafka/record/compression-type.ts'
import { batchOf, cursorOver, record } from '../../../support/record-batches.ts'
import { openLog, readRecords, RECORD_TIME, type LogChanges } from './log-fixture.ts'

const COMPACT = { 'cleanup.policy': ['compact'], 'segment.bytes': 400, 'delete.retention.ms': 1000, 'index.interval.bytes': 100 }
type Pair = readonly [key: string, value: string | null]

function compacted(changes: LogChanges = {}): PartitionLog {
  return openLog({ ...changes, config: { ...COMPACT, ...changes.config } })
}

interface Write {
  readonly producerId?: number
  readonly sequence?: number
  readonly isTransactional?: boolean
  readonly type?: CompressionType
}

function write(
  log: PartitionLog,
  pairs: readonly Pair[],
  { producerId = -1, sequence = -1, isTransactional = false, type = 'none' }: Write = {},
) {
  const records = pairs.map(([key, value]) => record(value, { key: Buffer.from(key) }))
  const producer = { producerId, producerEpoch: producerId < 0 ? -1 : 0, baseSequence: sequence }
  return log.append(batchOf(records, { producer, isTransactional, compression: { type } }))
}

async function clean(log: PartitionLog, now = RECORD_TIME): Promise<void> {
  log.roll()
  const part = dirtyPart(log, now)
  if (part !== null) log.cleanedOffset = await new LogCleaning(log, part, now).run()
}

/** All records that are not aborted, by offset. */
async function records(log: PartitionLog): Promise<[number, string, string | null][]> {
  const all: [number, string, string | null][] = []
  for (let offset = log.logStartOffset; offset < log.lastStableOffset;) {
    const read = await log.read(offset, 100_000, { isolation: 'read_committed', minOneBatch: true })
    if ((read.records as Buffer).length === 0) break
    const cursor = cursorOver(read.records as Buffer, {
      fetchOffset: offset,
      isolation: 'read_committed',
      abortedTransactions: read.abortedTransactions,
    })
    while (!cursor.isDrained)
      for (const { offset: at, key, value } of cursor.take(100)) all.push([at, String(key), value === null ? null : String(value)])
    offset = Math.max(cursor.nextOffset, offset + 1)
  }
  return all
}

function lastValues(all: readonly [number, string, string | null][]): Map<string, string> {
  const values = new Map<string, string>()
  for (const [, key, value] of all) {
    if (value === null) values.delete(key)
    else values.set(key, value)
  }
  return values
}

function batchCount(log: PartitionLog): number {
  let count = 0
  for (const { file } of log.segments.all) for (const walk = new BatchWalk(file); walk.next();) count++
  return count
}

describe('compaction', () => {
  it('keeps the last value of each key under its offset, in one segment where it fits', async () => {
    const log = compacted()
    for (let index = 0; index < 30; index++) write(log, [[`k${index % 3}`, `v${index}`]])
    await clean(log)
    expect(await records(log)).toEqual([
      [27, 'k0', 'v27'],
      [28, 'k1', 'v28'],
      [29, 'k2', 'v29'],
    ])
    expect(write(log, [['k0', 'next']]).baseOffset).toBe(30)
    await clean(log)
    expect(log.segments.all.map(({ baseOffset }) => baseOffset)).toEqual([0, 31])
  })

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)('takes records out of %s batches', async (type) => {
    const log = compacted()
    write(log, [['a', '1'], ['b', '1'], ['c', '1'], ['a', '2']], { type }) // prettier-ignore
    write(log, [['c', '2']], { type })
    await clean(log)
    expect(await records(log)).toEqual([
      [1, 'b', '1'],
      [3, 'a', '2'],
      [4, 'c', '2'],
    ])
  })

  it('keeps tombstones for delete.retention.ms after the first cleaning, and the time of the others', async () => {
    const log = compacted()
    write(log, [['a', '1'], ['b', '1']]) // prettier-ignore
    write(log, [['a', null], ['c', '1']]) // prettier-ignore
    await clean(log, RECORD_TIME)
    expect((await records(log)).map(([, key, value]) => [key, value])).toEqual([['b', '1'], ['a', null], ['c', '1']]) // prettier-ignore
    expect(await log.offsetForTime(RECORD_TIME)).toEqual({ offset: 1, timestamp: RECORD_TIME })
    write(log, [['d', '1']])
    await clean(log, RECORD_TIME + 999)
    expect((await records(log)).map(([, key]) => key)).toEqual(['b', 'a', 'c', 'd'])
    write(log, [['e', '1']])
    await clean(log, RECORD_TIME + 1000)
    expect((await records(log)).map(([, key]) => key)).toEqual(['b', 'c', 'd', 'e'])
  })

  it('drops aborted records, and their marker when nothing needs it any more', async () => {
    const log = compacted()
    write(log, [['a', 'old']])
    write(log, [['a', 'aborted']], { producerId: 7, sequence: 0, isTransactional: true })
    log.appendMarker(7, 0, 'abort', 0)
    write(log, [['b', 'committed']], { producerId: 7, sequence: 1, isTransactional: true })
    log.appendMarker(7, 0, 'commit', 0)
    write(log, [['x', '1']], { producerId: 7, sequence: 2 })
    await clean(log)
    expect((await records(log)).map(([, key, value]) => [key, value])).toEqual([['a', 'old'], ['b', 'committed'], ['x', '1']]) // prettier-ignore
    expect(batchCount(log)).toBe(5)
    write(log, [['b', 'later']])
    await clean(log)
    expect(batchCount(log)).toBe(5)
    write(log, [['y', '1']])
    await clean(log, RECORD_TIME + 1000)
    expect(batchCount(log)).toBe(5)
    write(log, [['z', '1']])
    await clean(log, RECORD_TIME + 2000)
    expect((await records(log)).map(([, key]) => key)).toEqual(['a', 'x', 'b', 'y', 'z'])
    expect(batchCount(log)).toBe(5)
  })

  it('keeps the marker of records that it drops for delete.retention.ms after the next cleaning', async () => {
    const log = compacted()
    write(log, [['a', 'aborted']], { producerId: 7, sequence: 0, isTransactional: true })
    log.appendMarker(7, 0, 'abort', 0)
    write(log, [['b', '1']], { producerId: 7, sequence: 1 })
    const counts: number[] = []
    for (const later of [0, 1000, 1999, 2000]) {
      write(log, [['c', `${later}`]])
      await clean(log, RECORD_TIME + later)
      counts.push(batchCount(log))
    }
    expect(counts).toEqual([3, 3, 3, 2])
  })

  it('does not touch what is behind an open transaction', async () => {
    const log = compacted()
    write(log, [['a', '1']])
    write(log, [['a', '2']])
    log.roll()
    write(log, [['a', 'open']], { producerId: 7, sequence: 0, isTransactional: true })
    log.roll()
    write(log, [['a', '3']])
    await clean(log)
    expect(log.cleanedOffset).toBe(2)
    expect((await records(log)).map(([, , value]) => value)).toEqual(['2'])
    log.appendMarker(7, 0, 'commit', 0)
    expect((await records(log)).map(([, , value]) => value)).toEqual(['2', 'open', '3'])
  })

  it('keeps a producer that is still active from starting over', async () => {
    const folder = new MemoryFolder()
    const log = compacted({ folder })
    write(log, [['a', '1']], { producerId: 7, sequence: 4 })
    write(log, [['a', '2']])
    await clean(log)
    for (const name of folder.names()) if (name.endsWith('.snapshot')) folder.remove(name)
    const again = compacted({ folder })
    expect((await records(again)).map(([, , value]) => value)).toEqual(['2'])
    expect(() => write(again, [['a', '3']], { producerId: 7, sequence: 9 })).toThrow('Out of order sequence number')
    expect(write(again, [['a', '3']], { producerId: 7, sequence: 5 }).isDuplicate).toBe(false)
  })

  it('waits for min.compaction.lag.ms and for enough that is dirty', async () => {
    const log = compacted({ config: { 'min.compaction.lag.ms': 5000, 'min.cleanable.dirty.ratio': 0.5 } })
    for (let index = 0; index < 20; index++) write(log, [['a', `v${index}`]])
    expect(dirtyPart(log, RECORD_TIME + 4999)).toBeNull()
    expect(dirtyPart(log, RECORD_TIME + 5001)).toMatchObject({ isDue: true })
    await clean(log, RECORD_TIME + 5001)
    for (let index = 0; index < 4; index++) write(log, [[`b${index}`, 'x'.repeat(50)]])
    await clean(log, RECORD_TIME + 5001)
    write(log, [['c', '1']])
    log.roll()
    expect(dirtyPart(log, RECORD_TIME + 5001)).toMatchObject({ isDue: false })
    log.updateConfig({ ...log.config, 'max.compaction.lag.ms': 4000 })
    expect(dirtyPart(log, RECORD_TIME + 5001)).toMatchObject({ isDue: true })
  })

  it('goes as far as its memory for keys does', async () => {
    const log = compacted()
    for (let index = 0; index < 10; index++) write(log, [[`k${index % 5}`, `v${index}`]])
    log.roll()
    const part = dirtyPart(log, RECORD_TIME)!
    log.cleanedOffset = await new LogCleaning(log, part, RECORD_TIME, new KeyOffsets(3)).run()
    expect([log.cleanedOffset, (await records(log)).length]).toEqual([3, 10])
    await clean(log)
    expect((await records(log)).map(([offset]) => offset)).toEqual([5, 6, 7, 8, 9])
  })

  const key = fc.constantFrom('a', 'b', 'c', 'd')
  const value = fc.option(fc.string({ maxLength: 5 }), { nil: null })
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant('write' as const), pairs: fc.array(fc.tuple(key, value), { minLength: 1, maxLength: 4 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('commit' as const), pairs: fc.array(fc.tuple(key, value), { minLength: 1, maxLength: 3 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('abort' as const), pairs: fc.array(fc.tuple(key, value), { minLength: 1, maxLength: 3 }) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('clean' as const), pairs: fc.constant([]) }) },
  )

  it('never changes what a reader of all of it ends with', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, isReopened) => {
        const folder = new MemoryFolder()
        const log = compacted({ folder })
        const want = new Map<string, string>()
        let [sequence, now] = [0, RECORD_TIME]
        for (const { kind, pairs } of steps) {
          if (kind === 'clean') {
            now += 700
            await clean(log, now)
            continue
          }
          if (kind === 'write') write(log, pairs)
          else {
            write(log, pairs, { producerId: 7, sequence, isTransactional: true })
            sequence += pairs.length
            log.appendMarker(7, 0, kind, 0)
          }
          if (kind === 'abort') continue
          for (const [k, v] of pairs) {
            if (v === null) want.delete(k)
            else want.set(k, v)
          }
        }
        const checked = isReopened ? compacted({ folder }) : log
        expect(lastValues(await records(checked))).toEqual(want)
        expect(checked.logEndOffset).toBe(log.logEndOffset)
      }),
      { numRuns: 400 },
    )
  })
})

describe('a cleaning that a crash interrupts', () => {
  /** Throws at the nth change of the folder. */
  class CrashingFolder extends MemoryFolder {
    changesLeft = Infinity

    override rename(from: string, to: string): void {
      this.#count()
      super.rename(from, to)
    }

    override remove(name: string): void {
      this.#count()
      super.remove(name)
    }

    override create(name: string): void {
      this.#count()
      super.create(name)
    }

    #count(): void {
      if (this.changesLeft-- <= 0) throw new Error('crash')
    }
  }

  it('leaves a log that has all last values, at whatever step it was', async () => {
    for (let crashAt = 0; ; crashAt++) {
      const folder = new CrashingFolder()
      const log = compacted({ folder })
      for (let index = 0; index < 24; index++) write(log, [[`k${index % 5}`, `v${index}`]])
      log.roll()
      await log.checkpoint()
      folder.changesLeft = crashAt
      const crashed = await clean(log).then(
        () => false,
        () => true,
      )
      folder.changesLeft = Infinity
      const again = compacted({ folder, recoveryPoint: log.recoveryPoint })
      expect([crashAt, lastValues(await records(again))]).toEqual([
        crashAt,
        new Map([20, 21, 22, 23, 19].map((n) => [`k${n % 5}`, `v${n}`])),
      ])
      const left = await records(again)
      for (let offset = 0; offset < 24; offset++) {
        const [first] = await readRecords(again, offset)
        expect([crashAt, offset, first?.offset]).toEqual([crashAt, offset, left.find(([at]) => at >= offset)?.[0]])
      }
      expect(again.logEndOffset).toBe(24)
      expect(folder.names().filter((name) => /\.(swap|cleaned|deleted)$/.test(name))).toEqual([])
      if (!crashed) return expect(crashAt).toBeGreaterThan(15)
    }
  })
})
