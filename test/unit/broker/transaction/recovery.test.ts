import { describe, expect, it } from 'vitest'
import { Errors } from '../../../../src/broker/protocol/errors.ts'
import { batchOf, record } from '../../../support/record-batches.ts'
import { TransactionBroker } from './transaction-broker.ts'

/** A transaction with a record in partition 0 and offsets of a group. */
async function openTransaction() {
  const broker = await TransactionBroker.start()
  const producer = await broker.producer('pay')
  await broker.add(producer, [0])
  await broker.addOffsets(producer, 'readers')
  await broker.produce(producer, 0)
  return { broker, producer }
}

async function isAborted(broker: TransactionBroker): Promise<boolean> {
  const { abortedTransactions } = await broker.log(0).read(0, 10_000, { isolation: 'read_committed', minOneBatch: true })
  return abortedTransactions!.length > 0
}

describe('after a crash of the machine', () => {
  it('no producer gets the id of one whose records are there and whose block of ids is not', async () => {
    const broker = await TransactionBroker.start()
    const { producerId } = await broker.init(null)
    await broker.produceIdempotent(producerId, 0)
    const foreignId = 2 ** 52
    await broker.produceIdempotent(foreignId, 1)
    const again = await broker.restart({ isCleanStart: false, store: broker.store.after(0) })
    const next = await again.init(null)
    expect(next.producerId).toBe(producerId + 1)
    await again.produceIdempotent(next.producerId, 0)
    expect(again.log(0).logEndOffset).toBe(2)
  })
})

describe('after a clean stop', () => {
  it('an open transaction goes on, with the time that it had left', async () => {
    const { broker, producer } = await openTransaction()
    await broker.clock.advance(20_000)
    const again = await broker.restart()
    expect(await again.state('pay')).toBe('Ongoing')
    expect(await again.produce(producer, 0, 1)).toBe(0)
    await again.clock.advance(39_999)
    expect(await again.state('pay')).toBe('Ongoing')
    await again.clock.advance(1)
    expect(await again.state('pay')).toBe('CompleteAbort')
  })

  it('the epochs are those of before', async () => {
    const { broker, producer } = await openTransaction()
    await broker.end(producer, true)
    const again = await broker.restart()
    expect(await again.end(producer, true)).toBe(0)
    expect(await again.init('pay')).toMatchObject({ producerId: producer.producerId, producerEpoch: 1 })
  })
})

describe('after a kill', () => {
  it('an open transaction is aborted, and its producer shut out', async () => {
    const { broker, producer } = await openTransaction()
    const again = await broker.restart({ isCleanStart: false })
    expect(await again.state('pay')).toBe('CompleteAbort')
    expect(again.log(0).lastStableOffset).toBe(2)
    expect(await isAborted(again)).toBe(true)
    expect(again.groups.completed).toEqual([[producer.producerId, false]])
    expect(await again.end(producer, true)).toBe(Errors.PRODUCER_FENCED)
    expect(await again.produce(producer, 0, 1)).toBe(Errors.INVALID_PRODUCER_EPOCH)
  })

  it.each([
    [true, 'CompleteCommit'],
    [false, 'CompleteAbort'],
  ])(
    'between two steps of the end with committed=%s, it is either not decided and aborted, or carried out as %s',
    async (committed, state) => {
      const { broker: example, producer: first } = await openTransaction()
      const undecided = example.store.writes.length
      await example.end(first, committed)
      const decided = example.store.writes.length
      expect(decided).toBe(undecided + 2)
      for (let writes = undecided; writes <= decided; writes++) {
        const { broker } = await openTransaction()
        const store = example.store.after(writes)
        const again = await broker.restart({ isCleanStart: false, store })
        expect(await again.state('pay')).toBe(writes === undecided ? 'CompleteAbort' : state)
        expect(again.log(0).lastStableOffset).toBe(2)
        // with the state complete, the marker is written: only an operating system's crash can lose it then
        if (writes < decided) expect(await isAborted(again)).toBe(writes === undecided || !committed)
        if (writes < decided) expect(again.groups.completed).toEqual([[first.producerId, writes > undecided && committed]])
      }
    },
  )

  it('an end whose markers were written already changes nothing the second time', async () => {
    const { broker, producer } = await openTransaction()
    const prepared = broker.store.writes.length + 1
    await broker.end(producer, true)
    const again = await broker.restart({ isCleanStart: false, store: broker.store.after(prepared) })
    expect(await again.state('pay')).toBe('CompleteCommit')
    expect(await isAborted(again)).toBe(false)
    expect(again.log(0).lastStableOffset).toBe(again.log(0).logEndOffset)
    await again.add(producer, [0])
    expect(await again.produce(producer, 0, 1)).toBe(0)
  })

  it('a transaction that nobody knows any more is aborted in its partition', async () => {
    const broker = await TransactionBroker.start()
    const producer = { producerId: 4711, producerEpoch: 2, baseSequence: 0 }
    broker.log(1).append(batchOf([record('a')], { attributes: 0x10, producer }))
    const again = await broker.restart({ isCleanStart: false })
    expect(again.log(1).lastStableOffset).toBe(2)
  })
})
