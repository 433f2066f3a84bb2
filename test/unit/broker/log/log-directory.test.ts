import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../../src/broker/clock.ts'
import { DEFAULT_LOG_CONFIG } from '../../../../src/broker/log/log-config.ts'
import { LogDirectory } from '../../../../src/broker/log/log-directory.ts'
import { silentLogger } from '../../../../src/logging/logger.ts'
import { ManualClock } from '../../../support/broker/manual-clock.ts'
import { batchOf, record } from '../../../support/record-batches.ts'
import { appendValues, readValues } from './log-fixture.ts'

const ID = 'b8tRS7h4TJ2Vt43Dp85v2A'
const OTHER_ID = 'mmmRS7h4TJ2Vt43Dp85v2A'

function temporaryDirectory(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'standpipe-log-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

function openDirectory(dirs: readonly string[] | null): Promise<LogDirectory> {
  return LogDirectory.open({ dirs, clock: systemClock, log: silentLogger, onAdvance: () => undefined })
}

const orders = (partition = 0, topicId = ID) => ({ topic: 'orders', partition, topicId })

describe('a log directory', () => {
  it('has the records of all partitions after a clean stop', async () => {
    const dirs = [temporaryDirectory(), temporaryDirectory()]
    const directory = await openDirectory(dirs)
    for (let partition = 0; partition < 4; partition++)
      appendValues(directory.partition(orders(partition), DEFAULT_LOG_CONFIG), [`p${partition}`])
    await directory.close()
    expect(dirs.map((dir) => readdirSync(dir).filter((name) => name.startsWith('orders')).length)).toEqual([2, 2])
    const again = await openDirectory(dirs)
    expect(again.wasCleanlyStopped).toBe(true)
    for (let partition = 0; partition < 4; partition++)
      expect(await readValues(again.partition(orders(partition), DEFAULT_LOG_CONFIG), 0)).toEqual([`p${partition}`])
    await again.close()
  })

  it('knows an unclean stop, and loses nothing that was written', async () => {
    const dirs = [temporaryDirectory()]
    const killed = await openDirectory(dirs)
    appendValues(killed.partition(orders(), DEFAULT_LOG_CONFIG), ['a', 'b'])
    const again = await openDirectory(dirs)
    expect(again.wasCleanlyStopped).toBe(false)
    expect(await readValues(again.partition(orders(), DEFAULT_LOG_CONFIG), 0)).toEqual(['a', 'b'])
    await again.close()
    await killed.close()
  })

  it('removes a deleted partition at once, and gives its name to a new topic', async () => {
    const dirs = [temporaryDirectory()]
    const directory = await openDirectory(dirs)
    const log = directory.partition(orders(), DEFAULT_LOG_CONFIG)
    appendValues(log, ['old'])
    const deleted = directory.delete(log)
    const renewed = directory.partition(orders(0, OTHER_ID), DEFAULT_LOG_CONFIG)
    expect(renewed.logEndOffset).toBe(0)
    expect(() => appendValues(log, ['late'])).toThrow('orders-0 was deleted')
    await deleted
    await directory.close()
    expect(readdirSync(dirs[0]!).filter((name) => name.startsWith('orders'))).toEqual(['orders-0'])
  })

  it('believes no folder of another topic id, and sets folders aside that nobody asked for', async () => {
    const dirs = [temporaryDirectory()]
    const directory = await openDirectory(dirs)
    appendValues(directory.partition(orders(0), DEFAULT_LOG_CONFIG), ['old'])
    appendValues(directory.partition(orders(1), DEFAULT_LOG_CONFIG), ['old'])
    await directory.close()
    const again = await openDirectory(dirs)
    expect(again.partition(orders(0, OTHER_ID), DEFAULT_LOG_CONFIG).logEndOffset).toBe(0)
    await again.settle()
    await again.close()
    const left = readdirSync(dirs[0]!).filter((name) => name.startsWith('orders'))
    expect(left).toEqual(['orders-0', expect.stringMatching(/^orders-1\.[0-9a-f]{32}-stray$/)])
    expect(readdirSync(path.join(dirs[0]!, left[1]!))).toContain('00000000000000000000.log')
    await (await openDirectory(dirs)).close()
    expect(readdirSync(dirs[0]!)).toEqual(expect.arrayContaining(left))
  })

  it.each(['deleted before the kill', 'found gone at a start'])('does not believe of a new log what it knew of one %s', async (how) => {
    const dirs = [temporaryDirectory()]
    const first = await openDirectory(dirs)
    const old = first.partition(orders(), DEFAULT_LOG_CONFIG)
    appendValues(old, ['a', 'b', 'c'])
    old.deleteRecordsBefore(3)
    old.cleanedOffset = 3
    await first.close()
    const killed = await openDirectory(dirs)
    const again = killed.partition(orders(), DEFAULT_LOG_CONFIG)
    if (how === 'found gone at a start') rmSync(path.join(dirs[0]!, 'orders-0'), { recursive: true })
    else await killed.delete(again)
    const next = how === 'found gone at a start' ? await openDirectory(dirs) : killed
    await next.settle()
    appendValues(next.partition(orders(0, OTHER_ID), DEFAULT_LOG_CONFIG), ['new'])
    const afterKill = await openDirectory(dirs)
    const renewed = afterKill.partition(orders(0, OTHER_ID), DEFAULT_LOG_CONFIG)
    expect([renewed.logStartOffset, renewed.recoveryPoint, renewed.cleanedOffset]).toEqual([0, 0, 0])
    expect(await readValues(renewed, 0)).toEqual(['new'])
    for (const directory of new Set([afterKill, next, killed])) await directory.close()
  })

  it('removes partitions, or sets them aside, whose names are as long as they can be', async () => {
    const dirs = [temporaryDirectory()]
    const longest = { topic: 'x'.repeat(249), partition: 0, topicId: ID }
    const directory = await openDirectory(dirs)
    await directory.delete(directory.partition(longest, DEFAULT_LOG_CONFIG))
    directory.partition(longest, DEFAULT_LOG_CONFIG)
    await directory.close()
    const again = await openDirectory(dirs)
    await again.settle()
    await again.close()
    expect(readdirSync(dirs[0]!).filter((name) => name.startsWith('x'))).toEqual([expect.stringMatching(/^x{216}\.[0-9a-f]{32}-stray$/)])
  })

  it('keeps the log start offset', async () => {
    const dirs = [temporaryDirectory()]
    const directory = await openDirectory(dirs)
    const log = directory.partition(orders(), DEFAULT_LOG_CONFIG)
    appendValues(log, ['a', 'b', 'c'])
    expect(log.deleteRecordsBefore(2)).toBe(2)
    await directory.close()
    const again = await openDirectory(dirs)
    expect(again.partition(orders(), DEFAULT_LOG_CONFIG).logStartOffset).toBe(2)
    await again.close()
  })

  it('syncs what was appended every second, and looks for old and dirty segments', async () => {
    const clock = new ManualClock()
    const directory = await LogDirectory.open({ dirs: null, clock, log: silentLogger, onAdvance: () => undefined })
    const small = { ...DEFAULT_LOG_CONFIG, 'segment.bytes': 150, 'message.timestamp.after.max.ms': Number.MAX_SAFE_INTEGER }
    const deleted = directory.partition(orders(0), { ...small, 'retention.bytes': 0 })
    const compacted = directory.partition(orders(1), { ...small, 'cleanup.policy': ['compact'] })
    for (let index = 0; index < 9; index++) {
      appendValues(deleted, [`v${index}`])
      compacted.append(batchOf([record(`v${index}`, { key: Buffer.from('k') })]))
    }
    expect([deleted.flushedOffset, deleted.recoveryPoint]).toEqual([0, 0])
    await clock.advance(1000)
    expect([deleted.flushedOffset, compacted.flushedOffset, deleted.recoveryPoint]).toEqual([9, 9, 0])
    await clock.advance(60_000)
    await expect.poll(() => [deleted.recoveryPoint, compacted.recoveryPoint]).toEqual([9, 9])
    await expect.poll(() => readValues(compacted, 0)).toEqual(['v7'])
    await clock.advance(300_000)
    await expect.poll(() => [deleted.logStartOffset, deleted.sizeBytes]).toEqual([9, 0])
    await directory.close()
  })

  it('works the same in memory', async () => {
    const directory = await openDirectory(null)
    const log = directory.partition(orders(), DEFAULT_LOG_CONFIG)
    appendValues(log, ['a', 'b'])
    expect(await readValues(log, 1)).toEqual(['b'])
    await directory.delete(log)
    await directory.close()
  })
})

describe('the state store of a log directory', () => {
  it('has the last value of every key after a stop, clean or not', async () => {
    const dirs = [temporaryDirectory()]
    const directory = await openDirectory(dirs)
    const { stateStore } = directory
    await Promise.all([
      stateStore.set('topic', 'orders', { partitions: 3 }),
      stateStore.set('topic', 'gone', 1),
      stateStore.set('group', 'g/1', 'x'),
    ])
    await stateStore.set('topic', 'orders', { partitions: 4 })
    await stateStore.set('topic', 'gone', null)
    const killed = await openDirectory(dirs)
    expect([...killed.stateStore.load('topic')]).toEqual([['orders', { partitions: 4 }]])
    expect([...killed.stateStore.load('group')]).toEqual([['g/1', 'x']])
    await killed.close()
    const again = await openDirectory(dirs)
    expect([...again.stateStore.load('topic')]).toEqual([['orders', { partitions: 4 }]])
    expect([...again.stateStore.load('offset')]).toEqual([])
    await again.close()
    await directory.close()
  })

  it('gives a kind to one owner: a second one would find nothing, and take that for the state', async () => {
    const directory = await openDirectory([temporaryDirectory()])
    directory.stateStore.load('broker')
    expect(() => directory.stateStore.load('broker')).toThrow('State of kind broker has an owner')
    await directory.close()
  })
})
