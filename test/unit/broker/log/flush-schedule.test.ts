import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../../src/broker/clock.ts'
import { DEFAULT_LOG_CONFIG, type LogConfig } from '../../../../src/broker/log/log-config.ts'
import { LogDirectory } from '../../../../src/broker/log/log-directory.ts'
import type { PartitionLog } from '../../../../src/broker/log/partition-log.ts'
import { Errors } from '../../../../src/broker/protocol/errors.ts'
import { silentLogger } from '../../../../src/logging/logger.ts'
import { ManualClock, settled } from '../../../support/broker/manual-clock.ts'
import { ForgetfulFolder } from './forgetful-folder.ts'
import { appendValues, openLog, readValues } from './log-fixture.ts'

interface Flushed {
  readonly folder: ForgetfulFolder
  readonly clock: ManualClock
  readonly log: PartitionLog
}

function openFlushed(config: Partial<LogConfig>): Flushed {
  const [folder, clock] = [new ForgetfulFolder(), new ManualClock()]
  return { folder, clock, log: openLog({ folder, clock, config }) }
}

/** How many records a power cut would leave just now. */
function leftAfterPowerCut({ folder }: Flushed): number {
  return openLog({ folder: folder.afterCrash(0) }).logEndOffset
}

describe('flush.messages', () => {
  it('syncs the log when so many records were not synced, though nobody waits', async () => {
    const flushed = openFlushed({ 'flush.messages': 3 })
    const left: number[] = []
    for (let index = 0; index < 7; index++) {
      appendValues(flushed.log, [`v${index}`])
      await settled()
      await settled()
      left.push(leftAfterPowerCut(flushed))
    }
    expect(left).toEqual([0, 0, 3, 3, 3, 6, 6])
  })

  it('has a record of acks=0 shown as soon as it is synced', async () => {
    const { log } = openFlushed({ 'flush.messages': 1 })
    appendValues(log, ['a'])
    await expect.poll(() => readValues(log, 0)).toEqual(['a'])
  })

  it('counts what was appended before it was set', async () => {
    const flushed = openFlushed({})
    appendValues(flushed.log, ['a', 'b'])
    expect([flushed.log.highWatermark, leftAfterPowerCut(flushed)]).toEqual([2, 0])
    flushed.log.updateConfig({ ...DEFAULT_LOG_CONFIG, 'flush.messages': 2 })
    await expect.poll(() => leftAfterPowerCut(flushed)).toBe(2)
  })

  it('that is larger than before shows at once what waited to be synced', () => {
    const { log } = openFlushed({ 'flush.messages': 1 })
    appendValues(log, ['a'])
    expect(log.highWatermark).toBe(0)
    log.updateConfig(DEFAULT_LOG_CONFIG)
    expect(log.highWatermark).toBe(1)
  })
})

describe('flush.ms', () => {
  it('keeps no record longer than that from the disk', async () => {
    const flushed = openFlushed({ 'flush.ms': 200 })
    const { log, clock, folder } = flushed
    appendValues(log, ['a'])
    await clock.advance(150)
    appendValues(log, ['b'])
    await clock.advance(49)
    expect(leftAfterPowerCut(flushed)).toBe(0)
    await clock.advance(1)
    await expect.poll(() => leftAfterPowerCut(flushed)).toBe(2)
    appendValues(log, ['c'])
    await clock.advance(200)
    await expect.poll(() => leftAfterPowerCut(flushed)).toBe(3)
    expect([folder.syncs, clock.pending]).toEqual([2, 0])
  })

  it('begins with the first record that was not synced when it is set, or made shorter', async () => {
    const flushed = openFlushed({ 'flush.ms': 60_000 })
    const { log, clock } = flushed
    appendValues(log, ['a'])
    log.updateConfig({ ...DEFAULT_LOG_CONFIG, 'flush.ms': 100 })
    await clock.advance(100)
    await expect.poll(() => leftAfterPowerCut(flushed)).toBe(1)
  })

  it('is forgotten when it is unset, and when the log is closed', async () => {
    const { log, clock } = openFlushed({ 'flush.ms': 100 })
    appendValues(log, ['a'])
    log.updateConfig(DEFAULT_LOG_CONFIG)
    expect([clock.pending, log.hasOwnFlushTime]).toEqual([0, false])
    log.updateConfig({ ...DEFAULT_LOG_CONFIG, 'flush.ms': 100 })
    expect([clock.pending, log.hasOwnFlushTime]).toEqual([1, true])
    await log.close()
    expect(clock.pending).toBe(0)
  })

  it('syncs what a crash left in the page cache', async () => {
    const [folder, clock] = [new ForgetfulFolder(), new ManualClock()]
    appendValues(openLog({ folder }), ['a'])
    const log = openLog({ folder, clock, config: { 'flush.ms': 100 } })
    expect(leftAfterPowerCut({ folder, clock, log })).toBe(0)
    await clock.advance(100)
    await expect.poll(() => leftAfterPowerCut({ folder, clock, log })).toBe(1)
  })

  it('of one topic leaves the others to the second that all have', async () => {
    const clock = new ManualClock()
    const directory = await LogDirectory.open({ dirs: null, clock, log: silentLogger, onAdvance: () => undefined })
    const open = (topic: string, flushMs: number) =>
      directory.partition({ topic, partition: 0, topicId: topic }, { ...DEFAULT_LOG_CONFIG, 'flush.ms': flushMs })
    const logs = [open('soon', 50), open('late', 5000), open('unset', Number.MAX_SAFE_INTEGER)]
    for (const log of logs) appendValues(log, ['a'])
    const flushed = async (ms: number) => {
      await clock.advance(ms)
      await settled()
      return logs.map(({ flushedOffset }) => flushedOffset)
    }
    expect(await flushed(50)).toEqual([1, 0, 0])
    expect(await flushed(950)).toEqual([1, 0, 1])
    expect(await flushed(3999)).toEqual([1, 0, 1])
    expect(await flushed(1)).toEqual([1, 1, 1])
    await directory.close()
  })

  it('of 30 days is no reason to sync all the time', async () => {
    const folder = new ForgetfulFolder()
    const log = openLog({ folder, clock: systemClock, config: { 'flush.ms': 30 * 86_400_000 } })
    appendValues(log, ['a'])
    await settled()
    await settled()
    expect(folder.syncs).toBe(0)
    log.abandon()
  })
})

describe('a log whose disk failed to sync', () => {
  it('takes nothing for synced afterwards, and no checkpoint for a safe place to start from', async () => {
    const folder = new ForgetfulFolder()
    const log = openLog({ folder, config: { 'flush.messages': 1 } })
    folder.failSyncs = new Error('EIO: i/o error')
    appendValues(log, ['a'])
    const storageError = expect.objectContaining({ error: Errors.KAFKA_STORAGE_ERROR }) as Error
    await expect(log.flush()).rejects.toEqual(storageError)
    folder.failSyncs = null
    await expect(log.flush()).rejects.toEqual(storageError)
    await expect(log.checkpoint()).rejects.toEqual(storageError)
    expect([log.flushedOffset, log.recoveryPoint, log.highWatermark]).toEqual([0, 0, 0])
  })
})
