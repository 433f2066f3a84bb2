import { describe, expect, it } from 'vitest'
import { Errors } from '../../../../src/broker/protocol/errors.ts'
import { MemoryFolder } from '../../../../src/broker/log/storage/memory-storage.ts'
import { batchOf, record } from '../../../support/record-batches.ts'
import { ForgetfulFolder } from './forgetful-folder.ts'
import { appendValues, openLog, readValues, RECORD_TIME, type LogChanges } from './log-fixture.ts'

/** A log with a segment for every two batches, whose records are a second apart. */
function manySegments(config: LogChanges['config'], now: () => number = () => RECORD_TIME, folder = new MemoryFolder(), key?: string) {
  const log = openLog({ folder, now, config: { 'segment.bytes': 155, 'message.timestamp.after.max.ms': 1e12, ...config } })
  for (let index = 0; index < 10; index++) {
    log.append(batchOf([record(`v${index}`, { timestamp: RECORD_TIME + index * 1000, key: key === undefined ? null : Buffer.from(key) })]))
  }
  expect(log.segments.all).toHaveLength(5)
  return log
}

describe('retention', () => {
  it('removes segments whose latest record is older than retention.ms', async () => {
    let now = RECORD_TIME
    const log = manySegments({ 'retention.ms': 5000 }, () => now)
    now += 10_000
    expect(log.deleteOldSegments()).toBe(2)
    expect([log.logStartOffset, log.logEndOffset]).toEqual([4, 10])
    expect(() => log.read(3, 100, { isolation: 'read_uncommitted', minOneBatch: true })).toThrow(
      expect.objectContaining({ error: Errors.OFFSET_OUT_OF_RANGE }),
    )
    expect((await readValues(log, 4))[0]).toBe('v4')
  })

  it('removes the oldest segments beyond retention.bytes', () => {
    const log = manySegments({ 'retention.bytes': 330 })
    expect(log.deleteOldSegments()).toBe(2)
    expect(log.logStartOffset).toBe(4)
  })

  it('begins a new segment when all is too old, and goes on with the next offset', () => {
    let now = RECORD_TIME
    const folder = new MemoryFolder()
    const log = manySegments({ 'retention.ms': 1000 }, () => now, folder)
    now += 60_000
    expect(log.deleteOldSegments()).toBe(5)
    expect([log.logStartOffset, log.logEndOffset, log.sizeBytes]).toEqual([10, 10, 0])
    expect(openLog({ folder }).logEndOffset).toBe(10)
    expect(appendValues(log, ['next'])).toBe(10)
    expect(log.deleteOldSegments()).toBe(1)
    expect(log.deleteOldSegments()).toBe(0)
  })

  it('keeps everything without limits, and compacted topics their old segments', () => {
    let now = RECORD_TIME
    const kept = manySegments({ 'retention.ms': -1 }, () => now)
    now += 1e12
    expect(kept.deleteOldSegments()).toBe(0)
    kept.updateConfig({ ...kept.config, 'retention.ms': 1000, 'cleanup.policy': ['compact'] })
    expect(kept.deleteOldSegments()).toBe(0)
    kept.updateConfig({ ...kept.config, 'cleanup.policy': ['compact', 'delete'] })
    expect(kept.deleteOldSegments()).toBe(5)
  })

  it('removes segments before the log start offset, whatever the policy', () => {
    const log = manySegments({ 'cleanup.policy': ['delete'], 'retention.ms': -1 })
    expect(log.deleteRecordsBefore(5)).toBe(5)
    expect(log.deleteOldSegments()).toBe(2)
    expect([log.logStartOffset, log.segments.first.baseOffset]).toEqual([5, 4])
    expect(log.deleteRecordsBefore(3)).toBe(5)
    expect(() => log.deleteRecordsBefore(11)).toThrow(expect.objectContaining({ error: Errors.OFFSET_OUT_OF_RANGE }))
  })

  it('removes nothing that is not visible yet', async () => {
    const log = openLog({ folder: new ForgetfulFolder(), config: { 'flush.messages': 1, 'segment.bytes': 150, 'retention.bytes': 0 } })
    for (let index = 0; index < 10; index++) appendValues(log, [`v${index}`])
    expect(log.deleteOldSegments()).toBe(0)
    await log.whenSafe(10)
    expect(log.deleteOldSegments()).toBe(5)
  })

  it('leaves it to compaction where that is the only policy', () => {
    const log = manySegments({ 'cleanup.policy': ['compact'] }, undefined, undefined, 'k')
    expect(() => log.deleteRecordsBefore(5)).toThrow(expect.objectContaining({ error: Errors.POLICY_VIOLATION }))
  })

  it('removes no file that a crash would bring back under a wrong offset', async () => {
    const folder = new MemoryFolder()
    let now = RECORD_TIME
    const log = manySegments({ 'retention.ms': 5000 }, () => now, folder)
    now += 10_000
    log.deleteOldSegments()
    const again = openLog({ folder })
    expect([again.logStartOffset, again.logEndOffset]).toEqual([4, 10])
    expect((await readValues(again, 4))[0]).toBe('v4')
  })
})

describe('a segment ends', () => {
  it('when its first record is older than segment.ms, by the records own time', () => {
    const log = openLog({ config: { 'segment.ms': 1000, 'message.timestamp.after.max.ms': 1e12 } })
    const at = (timestamp: number) => log.append(batchOf([record('a', { timestamp })]))
    at(RECORD_TIME)
    at(RECORD_TIME + 1000)
    expect(log.segments.all).toHaveLength(1)
    at(RECORD_TIME + 1001)
    expect(log.segments.all.map(({ baseOffset }) => baseOffset)).toEqual([0, 2])
  })

  it('when its index is full', () => {
    const log = openLog({ config: { 'segment.index.bytes': 36, 'index.interval.bytes': 0 } })
    for (let index = 0; index < 12; index++) appendValues(log, [`v${index}`])
    expect(log.segments.all.length).toBeGreaterThan(1)
  })
})

describe('offsets by time', () => {
  it('are those of the first record that is as late', async () => {
    const log = manySegments({ 'index.interval.bytes': 50 })
    for (const [timestamp, offset] of [
      [0, 0],
      [RECORD_TIME, 0],
      [RECORD_TIME + 1, 1],
      [RECORD_TIME + 4000, 4],
      [RECORD_TIME + 8500, 9],
    ] as const)
      expect(await log.offsetForTime(timestamp)).toEqual({ offset, timestamp: RECORD_TIME + offset * 1000 })
    expect(await log.offsetForTime(RECORD_TIME + 9001)).toBeNull()
    log.deleteRecordsBefore(6)
    expect(await log.offsetForTime(0)).toEqual({ offset: 6, timestamp: RECORD_TIME + 6000 })
  })

  it('look into compressed batches, and find the largest timestamp', async () => {
    const log = openLog({ config: { 'message.timestamp.after.max.ms': 1e12 } })
    expect(await log.offsetOfMaxTimestamp()).toBeNull()
    const at = (...timestamps: number[]) => timestamps.map((timestamp) => record('a', { timestamp }))
    log.append(batchOf(at(50, 40, 70), { compression: { type: 'gzip' } }))
    log.append(batchOf(at(60, 90, 90, 10)))
    log.append(batchOf(at(80)))
    expect(await log.offsetForTime(55)).toEqual({ offset: 2, timestamp: 70 })
    expect(await log.offsetForTime(71)).toEqual({ offset: 4, timestamp: 90 })
    expect(await log.offsetOfMaxTimestamp()).toEqual({ offset: 4, timestamp: 90 })
  })
})
