import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../../src/broker/clock.ts'
import { DEFAULT_LOG_CONFIG } from '../../../../src/broker/log/log-config.ts'
import { LogDirectory } from '../../../../src/broker/log/log-directory.ts'
import type { PartitionLog } from '../../../../src/broker/log/partition-log.ts'
import { silentLogger } from '../../../../src/logging/logger.ts'
import { appendValues, readValues } from './log-fixture.ts'

const ID = 'b8tRS7h4TJ2Vt43Dp85v2A'
const OTHER_ID = 'mmmRS7h4TJ2Vt43Dp85v2A'
const FILE = 'leader-epoch-checkpoint'
const LOG_FILE = '00000000000000000000.log'

/** A broker's folder; whatever was opened on it is closed in the end. */
class Disk {
  readonly dir = mkdtempSync(path.join(tmpdir(), 'standpipe-epochs-'))
  readonly #opened: LogDirectory[] = []

  constructor() {
    onTestFinished(async () => {
      for (const directory of this.#opened) await directory.close()
      rmSync(this.dir, { recursive: true, force: true })
    })
  }

  /** Without a stop before, it is a start after a kill. */
  async open(dirs: readonly string[] = [this.dir]): Promise<LogDirectory> {
    const directory = await LogDirectory.open({ dirs, clock: systemClock, log: silentLogger, onAdvance: () => undefined })
    this.#opened.push(directory)
    return directory
  }

  /** A whole start with one partition. */
  async start(topicId = ID): Promise<{ readonly directory: LogDirectory; readonly log: PartitionLog }> {
    const directory = await this.open()
    const log = orders(directory, topicId)
    await directory.settle()
    return { directory, log }
  }

  path(...names: readonly string[]): string {
    return path.join(this.dir, ...names)
  }

  lines(): string[] {
    const lines = readFileSync(this.path(FILE), 'utf8').split('\n')
    return lines.filter((line) => line.startsWith('orders '))
  }
}

function orders(directory: LogDirectory, topicId = ID): PartitionLog {
  return directory.partition({ topic: 'orders', partition: 0, topicId }, DEFAULT_LOG_CONFIG)
}

/** Of each batch. */
function stamped(log: PartitionLog): number[] {
  const epochs: number[] = []
  for (let offset = log.logStartOffset; offset < log.logEndOffset; offset++) {
    const { records } = log.read(offset, 1, { isolation: 'read_uncommitted', minOneBatch: true }) as { records: Buffer }
    epochs.push(records.readInt32BE(12))
  }
  return epochs
}

describe('the leader epoch', () => {
  it('of a new log is 0, and stays the same through clean stops', async () => {
    const disk = new Disk()
    const first = await disk.start()
    appendValues(first.log, ['a'])
    await first.directory.close()
    const { log } = await disk.start()
    appendValues(log, ['b'])
    expect([log.leaderEpoch, stamped(log)]).toEqual([0, [0, 0]])
    expect(log.endOfLeaderEpoch(0)).toEqual({ leaderEpoch: 0, endOffset: 2 })
  })

  it('is another one after every kill, and what was appended before keeps its own', async () => {
    const disk = new Disk()
    appendValues((await disk.start()).log, ['a'])
    appendValues((await disk.start()).log, ['b'])
    const killed = await disk.start()
    expect([killed.log.leaderEpoch, stamped(killed.log)]).toEqual([2, [0, 1]])
    await killed.directory.close()
    const { log } = await disk.start()
    appendValues(log, ['c'])
    expect([log.leaderEpoch, stamped(log)]).toEqual([2, [0, 1, 2]])
    expect([0, 1, 2, 3].map((epoch) => log.endOfLeaderEpoch(epoch)?.endOffset)).toEqual([1, 2, 3, undefined])
  })

  it('is another one where a log that was stopped cleanly has not its whole end, and only there', async () => {
    const disk = new Disk()
    const { directory, log } = await disk.start()
    const other = directory.partition({ topic: 'orders', partition: 1, topicId: ID }, DEFAULT_LOG_CONFIG)
    for (const value of ['a', 'b']) for (const each of [log, other]) appendValues(each, [value])
    await directory.close()
    truncateSync(disk.path('orders-0', LOG_FILE), log.sizeBytes / 2)
    const again = await disk.open()
    const epochs = [0, 1].map((partition) => again.partition({ topic: 'orders', partition, topicId: ID }, DEFAULT_LOG_CONFIG).leaderEpoch)
    expect(epochs).toEqual([1, 0])
  })

  it('ends where the log was cut, though it has grown past that', async () => {
    const disk = new Disk()
    const { log } = await disk.start()
    for (const value of ['a', 'b', 'c', 'd']) appendValues(log, [value])
    truncateSync(disk.path('orders-0', LOG_FILE), log.sizeBytes / 2)
    const again = (await disk.start()).log
    for (const value of ['C', 'D', 'E']) appendValues(again, [value])
    expect(await readValues(again, 0)).toEqual(['a', 'b', 'C', 'D', 'E'])
    expect(again.endOfLeaderEpoch(0)).toEqual({ leaderEpoch: 0, endOffset: 2 })
  })

  it('is on disk before anybody hears of it: a start that was killed thereafter is counted', async () => {
    const disk = new Disk()
    appendValues((await disk.start()).log, ['a'])
    // killed before, it was told to nobody
    expect(orders(await disk.open()).leaderEpoch).toBe(1)
    expect((await disk.start()).log.leaderEpoch).toBe(1)
    expect(disk.lines()).toEqual(['orders 0 0 0', 'orders 0 1 1'])
    expect((await disk.start()).log.leaderEpoch).toBe(2)
    expect(disk.lines()).toEqual(['orders 0 0 0', 'orders 0 2 1'])
  })

  it('that cannot be written down lets the start fail', async () => {
    const disk = new Disk()
    appendValues((await disk.start()).log, ['a'])
    mkdirSync(disk.path(`${FILE}.tmp`))
    const directory = await disk.open()
    orders(directory)
    await expect(directory.settle()).rejects.toThrow('EISDIR')
  })

  it('is 0 again for a topic that is made anew, after a kill and after a clean stop', async () => {
    const disk = new Disk()
    await disk.start()
    const { directory, log } = await disk.start()
    appendValues(log, ['old'])
    expect(log.leaderEpoch).toBe(1)
    await directory.delete(log)
    const renewed = orders(directory, OTHER_ID)
    appendValues(renewed, ['new'])
    expect([renewed.leaderEpoch, disk.lines()]).toEqual([0, []])
    await directory.close()
    const stopped = await disk.start(OTHER_ID)
    expect(stopped.log.leaderEpoch).toBe(0)
    expect((await disk.start(OTHER_ID)).log.leaderEpoch).toBe(1)
  })

  it('of a partition whose folder is missing is larger than any that was told', async () => {
    const disk = new Disk()
    for (let kills = 0; kills < 3; kills++) await disk.start()
    const { directory } = await disk.start()
    await directory.close()
    rmSync(disk.path('orders-0'), { recursive: true })
    const { log } = await disk.start()
    expect([log.logEndOffset, log.leaderEpoch]).toEqual([0, 4])
    expect(orders(await disk.open()).leaderEpoch).toBe(5)
  })

  it('of a partition that was on a disk that is gone is larger than any that was told', async () => {
    const disk = new Disk()
    const both = [disk.path('1'), disk.path('2')]
    for (let starts = 0; starts < 3; starts++) {
      const directory = await disk.open(both)
      orders(directory)
      await directory.settle()
    }
    const holding = both.findIndex((dir) => readFileSync(path.join(dir, FILE), 'utf8').includes('orders'))
    renameSync(both[holding]!, disk.path('gone'))
    expect(orders(await disk.open(both)).leaderEpoch).toBe(3)
  })

  it('is told by the batches when the file is gone that has it', async () => {
    const disk = new Disk()
    for (const value of ['a', 'b', 'c']) appendValues((await disk.start()).log, [value])
    rmSync(disk.path(FILE))
    const { log } = await disk.start()
    expect([0, 1, 2, 3].map((epoch) => log.endOfLeaderEpoch(epoch)?.endOffset)).toEqual([1, 2, 3, 3])
  })

  it.each(['', 'nonsense', '0\n2\norders 0 x 0\norders 0 1'])('begins behind that of the batches when the file says %j', async (text) => {
    const disk = new Disk()
    for (const value of ['a', 'b']) appendValues((await disk.start()).log, [value])
    writeFileSync(disk.path(FILE), text)
    expect((await disk.start()).log.leaderEpoch).toBe(2)
  })

  it('of records that were deleted is forgotten at the next start', async () => {
    const disk = new Disk()
    for (const value of ['a', 'b', 'c']) appendValues((await disk.start()).log, [value])
    const { directory, log } = await disk.start()
    expect(disk.lines()).toEqual(['orders 0 0 0', 'orders 0 1 1', 'orders 0 2 2', 'orders 0 3 3'])
    log.deleteRecordsBefore(2)
    expect([0, 1, 2].map((epoch) => log.endOfLeaderEpoch(epoch))).toEqual([
      { leaderEpoch: 0, endOffset: 2 },
      { leaderEpoch: 1, endOffset: 2 },
      { leaderEpoch: 2, endOffset: 3 },
    ])
    await directory.close()
    await disk.start()
    expect(disk.lines()).toEqual(['orders 0 2 2', 'orders 0 3 3'])
  })
})
