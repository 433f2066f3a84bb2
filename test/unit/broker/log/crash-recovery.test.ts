import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Errors } from '../../../../src/broker/protocol/errors.ts'
import { MemoryFolder } from '../../../../src/broker/log/storage/memory-storage.ts'
import type { PartitionLog } from '../../../../src/broker/log/partition-log.ts'
import { silentLogger } from '../../../../src/logging/logger.ts'
import { batchOf, record } from '../../../support/record-batches.ts'
import { appendValues, openLog, readValues } from './log-fixture.ts'
import { ForgetfulFolder } from './forgetful-folder.ts'

const LOG_FILE = '00000000000000000000.log'
const SMALL_INDEX = { 'index.interval.bytes': 100 }

/** A folder with the same files, the log file with other bytes. */
function copyWith(folder: MemoryFolder, logBytes: Buffer): MemoryFolder {
  const copy = new MemoryFolder()
  for (const name of folder.names()) copy.open(name).append(name === LOG_FILE ? logBytes : folder.readAll(name)!)
  return copy
}

async function allValues(log: PartitionLog): Promise<string[]> {
  const values: string[] = []
  while (log.logStartOffset + values.length < log.logEndOffset) {
    const more = await readValues(log, log.logStartOffset + values.length)
    if (more.length === 0) throw new Error('nothing is read before the end')
    values.push(...more)
  }
  return values
}

describe('a log whose last write was cut off', () => {
  it('ends behind the last whole batch, wherever the file ends', async () => {
    const folder = new MemoryFolder()
    const log = openLog({ folder, config: SMALL_INDEX })
    const ends: number[] = []
    for (let index = 0; index < 6; index++) {
      appendValues(log, [`v${index}`, 'x'.repeat(index * 9)])
      ends.push(log.sizeBytes)
    }
    const bytes = folder.readAll(LOG_FILE)!
    for (let size = 0; size <= bytes.length; size++) {
      const whole = ends.filter((end) => end <= size).length
      const again = openLog({ folder: copyWith(folder, bytes.subarray(0, size)), config: SMALL_INDEX })
      expect([size, again.logEndOffset, again.highWatermark, again.sizeBytes]).toEqual([size, 2 * whole, 2 * whole, ends[whole - 1] ?? 0])
    }
  })

  it('ends before a batch of which any byte is wrong', () => {
    const folder = new MemoryFolder()
    const log = openLog({ folder, config: SMALL_INDEX })
    for (let index = 0; index < 4; index++) appendValues(log, [`v${index}`])
    const bytes = folder.readAll(LOG_FILE)!
    const start = (bytes.length / 4) * 2
    for (let at = start; at < start + bytes.length / 4; at++) {
      const garbled = Buffer.from(bytes)
      garbled[at] = garbled[at]! ^ 0x5a
      const again = openLog({ folder: copyWith(folder, garbled), config: SMALL_INDEX })
      // nobody looks at the leader epoch, which the checksum does not cover
      const isLeaderEpoch = at - start >= 12 && at - start < 16
      expect([at, again.logEndOffset]).toEqual([at, isLeaderEpoch ? 4 : 2])
    }
  })

  it('says what was cut from which file', () => {
    const folder = new MemoryFolder()
    appendValues(openLog({ folder }), ['a'])
    folder.open(LOG_FILE).append(Buffer.alloc(23))
    const lines: string[] = []
    openLog({ folder, log: { ...silentLogger, warn: (line) => lines.push(line) } })
    expect(lines).toEqual([expect.stringContaining(`orders-3: the last 23 bytes of ${LOG_FILE} are no whole batch`)])
  })

  it('drops segments that follow what was cut', async () => {
    const folder = new MemoryFolder()
    const log = openLog({ folder, config: { 'segment.bytes': 200 } })
    for (let index = 0; index < 10; index++) appendValues(log, [`v${index}`])
    const second = log.segments.all[1]!
    folder.open(`${String(second.baseOffset).padStart(20, '0')}.log`).truncate(100)
    const again = openLog({ folder })
    expect(again.logEndOffset).toBe(second.baseOffset + 1)
    expect(appendValues(again, ['next'])).toBe(second.baseOffset + 1)
    expect((await allValues(again)).at(-1)).toBe('next')
  })

  it('believes everything before the recovery point, and makes an index anew that does not fit', async () => {
    const folder = new MemoryFolder()
    const log = openLog({ folder, config: SMALL_INDEX })
    for (let index = 0; index < 40; index++) appendValues(log, [`v${index}`])
    await log.checkpoint()
    for (let index = 40; index < 60; index++) appendValues(log, [`v${index}`])
    const index = folder.readAll('00000000000000000000.index')!
    for (const damage of [(bytes: Buffer) => bytes.fill(0), (bytes: Buffer) => bytes.fill(0x22), (bytes: Buffer) => bytes.subarray(0, 5)]) {
      const copy = copyWith(folder, folder.readAll(LOG_FILE)!)
      const file = copy.open('00000000000000000000.index')
      file.truncate(0)
      file.append(damage(Buffer.from(index)))
      const again = openLog({ folder: copy, recoveryPoint: 40, config: SMALL_INDEX })
      expect(await allValues(again)).toHaveLength(60)
      for (let offset = 0; offset < 60; offset++) expect((await readValues(again, offset))[0]).toBe(`v${offset}`)
    }
  })
})

describe('a log after a crash of the machine', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('flush' as const), count: fc.constant(0) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('checkpoint' as const), count: fc.constant(0) }) },
  )

  it('has all that was synced, in order, and nothing that was not appended', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.boolean(),
        async (steps, share, isGarbled) => {
          const folder = new ForgetfulFolder()
          const config = { 'segment.bytes': 500, ...SMALL_INDEX }
          const log = openLog({ folder, config })
          await folder.syncNames()
          const appended: string[] = []
          for (const { kind, count } of steps) {
            if (kind === 'append') {
              const values = Array.from({ length: count }, (_, index) => `v${appended.length + index}`)
              appended.push(...values)
              appendValues(log, values)
            } else if (kind === 'flush') await log.flush()
            else await log.checkpoint()
          }
          const left = folder.afterCrash(share, isGarbled)
          const again = openLog({ folder: left, recoveryPoint: log.recoveryPoint, config })
          expect(again.logEndOffset).toBeGreaterThanOrEqual(log.flushedOffset)
          expect(await allValues(again)).toEqual(appended.slice(0, again.logEndOffset))
          expect(appendValues(again, ['next'])).toBe(again.logEndOffset - 1)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('has every batch that was safe with flush.messages=1', async () => {
    const folder = new ForgetfulFolder()
    const log = openLog({ folder, config: { 'flush.messages': 1, 'segment.bytes': 300 } })
    for (let index = 0; index < 30; index++) {
      appendValues(log, [`v${index}`])
      await log.whenSafe(index + 1)
      const again = openLog({ folder: folder.afterCrash(0), config: { 'flush.messages': 1 } })
      expect([again.logEndOffset, log.highWatermark]).toEqual([index + 1, index + 1])
    }
  })
})

describe('a log with flush.messages=1', () => {
  it('shows nothing that could still be lost', async () => {
    const advances: number[] = []
    const log = openLog({
      folder: new ForgetfulFolder(),
      config: { 'flush.messages': 1 },
      onAdvance: (moved) => advances.push(moved.highWatermark),
    })
    appendValues(log, ['a'])
    const safe = log.whenSafe(1)
    expect(safe).toBeInstanceOf(Promise)
    expect([log.highWatermark, await readValues(log, 0)]).toEqual([0, []])
    await safe
    expect([log.highWatermark, log.whenSafe(1), await readValues(log, 0)]).toEqual([1, null, ['a']])
    expect(advances.at(-1)).toBe(1)
  })

  it('shares one sync among appends that wait together', async () => {
    const folder = new ForgetfulFolder()
    const log = openLog({ folder, config: { 'flush.messages': 1 } })
    const waits: Promise<void>[] = []
    for (let index = 0; index < 50; index++) {
      appendValues(log, [`v${index}`])
      waits.push(log.whenSafe(index + 1)!)
    }
    await Promise.all(waits)
    expect(folder.syncs).toBe(1)
  })

  it('keeps a transaction unstable until its marker is safe', async () => {
    const log = openLog({ folder: new ForgetfulFolder(), config: { 'flush.messages': 1 } })
    const producer = { producerId: 7, producerEpoch: 0, baseSequence: 0 }
    log.append(batchOf([record('a')], { producer, isTransactional: true }))
    await log.whenSafe(1)
    log.appendMarker(7, 0, 'commit', 0)
    expect([log.highWatermark, log.lastStableOffset]).toEqual([1, 0])
    await log.whenSafe(2)
    expect([log.highWatermark, log.lastStableOffset]).toEqual([2, 2])
  })
})

describe('a log whose disk', () => {
  it('is full answers KAFKA_STORAGE_ERROR, keeps nothing of the batch, and goes on when there is room', async () => {
    const folder = new ForgetfulFolder()
    const log = openLog({ folder })
    appendValues(log, ['a'])
    folder.failWrites = new Error('ENOSPC: no space left on device')
    expect(() => appendValues(log, ['b'])).toThrow(expect.objectContaining({ error: Errors.KAFKA_STORAGE_ERROR }))
    expect([log.logEndOffset, await readValues(log, 0)]).toEqual([1, ['a']])
    folder.failWrites = null
    expect(appendValues(log, ['b'])).toBe(1)
  })

  it('fails to sync rejects who waits, and takes nothing more', async () => {
    const folder = new ForgetfulFolder()
    const log = openLog({ folder, config: { 'flush.messages': 1 } })
    folder.failSyncs = new Error('EIO: i/o error')
    appendValues(log, ['a'])
    await expect(log.whenSafe(1)).rejects.toMatchObject({ error: Errors.KAFKA_STORAGE_ERROR })
    folder.failSyncs = null
    expect(() => appendValues(log, ['b'])).toThrow(expect.objectContaining({ error: Errors.KAFKA_STORAGE_ERROR }))
  })
})
