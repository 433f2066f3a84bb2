import { describe, expect, it } from 'vitest'
import type { PartitionLog } from '../../../../src/broker/log/partition-log.ts'
import { MemoryFolder } from '../../../../src/broker/log/storage/memory-storage.ts'
import { type ApiError, Errors } from '../../../../src/broker/protocol/errors.ts'
import { batchOf, record } from '../../../support/record-batches.ts'
import { appendValues, openLog, readValues, RECORD_TIME } from './log-fixture.ts'

interface Send {
  readonly sequence: number
  readonly epoch?: number
  readonly count?: number
  readonly producerId?: number
  readonly isTransactional?: boolean
}

function send(log: PartitionLog, { sequence, epoch = 0, count = 1, producerId = 7, isTransactional = false }: Send) {
  const records = Array.from({ length: count }, (_, index) => record(`${producerId}/${sequence + index}`))
  const producer = { producerId, producerEpoch: epoch, baseSequence: sequence }
  return log.append(batchOf(records, { producer, isTransactional }))
}

function errorOf(action: () => unknown): number {
  try {
    action()
  } catch (error) {
    return (error as ApiError).error
  }
  return Errors.NONE
}

describe('an idempotent producer', () => {
  it('gets the first answer again for each of its last five batches, and nothing is appended', () => {
    const log = openLog()
    const offsets = [0, 1, 2, 3, 4, 5].map((sequence) => send(log, { sequence: sequence * 2, count: 2 }).baseOffset)
    for (let index = 1; index <= 5; index++) {
      expect(send(log, { sequence: index * 2, count: 2 })).toMatchObject({
        isDuplicate: true,
        baseOffset: offsets[index],
        lastOffset: offsets[index]! + 1,
        logAppendTime: RECORD_TIME,
      })
    }
    expect(errorOf(() => send(log, { sequence: 0, count: 2 }))).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
    expect(log.logEndOffset).toBe(12)
  })

  it('may not leave out or overlap sequences', () => {
    const log = openLog()
    send(log, { sequence: 0, count: 3 })
    for (const sequence of [1, 2, 4, 100]) expect(errorOf(() => send(log, { sequence }))).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
    expect(send(log, { sequence: 3 }).baseOffset).toBe(3)
  })

  it('wraps around behind the largest sequence', () => {
    const log = openLog()
    send(log, { sequence: 0x7ffffffe, count: 2 })
    expect(send(log, { sequence: 0, count: 2 }).isDuplicate).toBe(false)
    expect(errorOf(() => send(log, { sequence: 3 }))).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
    const within = openLog()
    send(within, { sequence: 0x7ffffffe, count: 4 })
    expect(send(within, { sequence: 2 }).isDuplicate).toBe(false)
    expect(send(within, { sequence: 0x7ffffffe, count: 4 })).toMatchObject({ isDuplicate: true, baseOffset: 0 })
  })

  it('that is not known may begin anywhere: its records may have been deleted', () => {
    expect(send(openLog(), { sequence: 40 }).baseOffset).toBe(0)
  })

  it('starts at 0 in a new epoch, and is fenced in an old one', () => {
    const log = openLog()
    send(log, { sequence: 0 })
    expect(errorOf(() => send(log, { sequence: 1, epoch: 1 }))).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
    send(log, { sequence: 0, epoch: 1 })
    expect(errorOf(() => send(log, { sequence: 1, epoch: 0 }))).toBe(Errors.INVALID_PRODUCER_EPOCH)
    expect(send(log, { sequence: 0, epoch: 1 }).isDuplicate).toBe(true)
  })

  it.each([
    ['a clean stop', true],
    ['none', false],
  ])('is known again after %s', async (_name, isClean) => {
    const folder = new MemoryFolder()
    const log = openLog({ folder, config: { 'segment.bytes': 300 } })
    for (let sequence = 0; sequence < 20; sequence++) send(log, { sequence })
    if (isClean) await log.close()
    const again = openLog({ folder, recoveryPoint: isClean ? 20 : 0 })
    expect(send(again, { sequence: 19 })).toMatchObject({ isDuplicate: true, baseOffset: 19 })
    expect(errorOf(() => send(again, { sequence: 25 }))).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
    expect(send(again, { sequence: 20 }).baseOffset).toBe(20)
  })

  it('is forgotten when it wrote nothing for long, but not with a transaction open', () => {
    let now = RECORD_TIME
    const log = openLog({ now: () => now })
    send(log, { sequence: 0 })
    send(log, { sequence: 0, producerId: 8, isTransactional: true })
    now += 5000
    log.expireProducers(5000)
    expect(log.producers().map(({ producerId }) => producerId)).toEqual([8])
  })
})

describe('transactions', () => {
  const committed = { isolation: 'read_committed', minOneBatch: true } as const

  it('hold the last stable offset back until the first of them ends', async () => {
    const log = openLog()
    send(log, { sequence: 0, producerId: 1 })
    send(log, { sequence: 0, producerId: 2, isTransactional: true })
    send(log, { sequence: 0, producerId: 3, isTransactional: true })
    expect([log.lastStableOffset, log.highWatermark]).toEqual([1, 3])
    expect(log.hasOngoingTransaction(2, 0)).toBe(true)
    expect(log.appendMarker(3, 0, 'commit', 0)).toBe(3)
    expect(log.lastStableOffset).toBe(1)
    log.appendMarker(2, 0, 'abort', 0)
    expect([log.lastStableOffset, log.hasOngoingTransaction(2, 0)]).toEqual([5, false])
    const read = await log.read(0, 10_000, committed)
    expect(read.abortedTransactions).toEqual([expect.objectContaining({ producerId: 2, firstOffset: 1 })])
  })

  it('are read up to the last stable offset only', async () => {
    const log = openLog()
    send(log, { sequence: 0, producerId: 1 })
    send(log, { sequence: 0, producerId: 2, isTransactional: true })
    send(log, { sequence: 1, producerId: 1 })
    const read = await log.read(0, 10_000, committed)
    expect((read.records as Buffer).length).toBe(log.sizeBytes / 3)
    expect(((await log.read(1, 10_000, committed)).records as Buffer).length).toBe(0)
    expect(await readValues(log, 1)).toEqual(['2/0', '1/1'])
  })

  it('refuse records outside a transaction, and markers of older producers and coordinators', () => {
    const log = openLog()
    send(log, { sequence: 0, epoch: 1, isTransactional: true })
    expect(errorOf(() => send(log, { sequence: 1, epoch: 1 }))).toBe(Errors.INVALID_TXN_STATE)
    expect(errorOf(() => log.appendMarker(7, 0, 'commit', 0))).toBe(Errors.INVALID_PRODUCER_EPOCH)
    log.appendMarker(7, 1, 'commit', 5)
    expect(errorOf(() => log.appendMarker(7, 1, 'commit', 4))).toBe(Errors.TRANSACTION_COORDINATOR_FENCED)
  })

  it('of a fenced producer end by a marker with the next epoch', () => {
    const log = openLog()
    send(log, { sequence: 0, isTransactional: true })
    log.appendMarker(7, 1, 'abort', 0)
    expect(log.lastStableOffset).toBe(2)
    expect(errorOf(() => send(log, { sequence: 1, isTransactional: true }))).toBe(Errors.INVALID_PRODUCER_EPOCH)
  })

  it('hold nothing back before the log start offset', () => {
    const log = openLog()
    send(log, { sequence: 0, isTransactional: true })
    appendValues(log, ['plain'])
    expect(log.lastStableOffset).toBe(0)
    log.deleteRecordsBefore(2)
    expect(log.lastStableOffset).toBe(2)
  })

  it('that were aborted are told with the records that are read, not all up to the end with each read', async () => {
    const log = openLog({ config: { 'index.interval.bytes': 100, 'segment.bytes': 3000 } })
    for (let sequence = 0; sequence < 200; sequence++) {
      send(log, { sequence, isTransactional: true })
      log.appendMarker(7, 0, 'abort', 0)
    }
    for (const offset of [0, 150, 396]) {
      const { abortedTransactions } = await log.read(offset, 500, committed)
      const firstOffsets = abortedTransactions!.map(({ firstOffset }) => firstOffset)
      expect(firstOffsets.slice(0, 2)).toEqual([offset, offset + 2])
      expect(firstOffsets.length).toBeLessThan(15)
    }
  })

  it.each([
    ['a clean stop', true],
    ['none', false],
  ])('are open and aborted as before after %s', async (_name, isClean) => {
    const folder = new MemoryFolder()
    const log = openLog({ folder, config: { 'segment.bytes': 300 } })
    send(log, { sequence: 0, producerId: 1, isTransactional: true })
    send(log, { sequence: 0, producerId: 2, isTransactional: true })
    log.appendMarker(1, 0, 'abort', 3)
    send(log, { sequence: 1, producerId: 1, isTransactional: true })
    log.appendMarker(2, 0, 'abort', 3)
    if (isClean) await log.close()
    const again = openLog({ folder, recoveryPoint: isClean ? 5 : 0 })
    expect([again.lastStableOffset, again.highWatermark]).toEqual([3, 5])
    expect(again.hasOngoingTransaction(1, 0)).toBe(true)
    expect((await again.read(0, 10_000, committed)).abortedTransactions).toEqual([
      expect.objectContaining({ producerId: 1, firstOffset: 0 }),
      expect.objectContaining({ producerId: 2, firstOffset: 1 }),
    ])
    expect(errorOf(() => again.appendMarker(1, 0, 'abort', 2))).toBe(Errors.TRANSACTION_COORDINATOR_FENCED)
    again.appendMarker(1, 0, 'abort', 3)
    const all = await again.read(0, 10_000, committed)
    expect(all.abortedTransactions).toHaveLength(3)
  })
})
