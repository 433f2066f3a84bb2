import { describe, expect, it } from 'vitest'
import { Errors } from '../../../../src/broker/protocol/errors.ts'
import { fencingEpoch } from '../../../../src/broker/transaction/producer-epoch.ts'
import { newTransactionRecord, toJson } from '../../../../src/broker/transaction/transaction-record.ts'
import { KeptState } from '../../../support/broker/kept-state.ts'
import { TransactionBroker } from './transaction-broker.ts'

const LAST_EPOCH = 32766

/** A broker that knows the id `pay` in this epoch. */
async function brokerInEpoch(producerEpoch: number): Promise<TransactionBroker> {
  const store = new KeptState()
  await store.set('transaction', 'pay', toJson({ ...newTransactionRecord(500, 60_000, 0), producerEpoch }))
  return TransactionBroker.start({ store })
}

describe('InitProducerId', () => {
  it('gives everyone without a transactional id an id of its own', async () => {
    const broker = await TransactionBroker.start()
    const first = await broker.init(null)
    const second = await broker.init(null)
    expect(first).toMatchObject({ errorCode: 0, producerEpoch: 0 })
    expect(second).toMatchObject({ errorCode: 0, producerEpoch: 0 })
    expect(second.producerId).not.toBe(first.producerId)
  })

  it.each([0, 1, 2, 3, 4, 5])('raises the epoch of a transactional id each time, in version %i', async (version) => {
    const broker = await TransactionBroker.start()
    const first = await broker.init('pay', { version })
    const second = await broker.init('pay', { version })
    expect([first.errorCode, first.producerEpoch, second.producerEpoch]).toEqual([0, 0, 1])
    expect(second.producerId).toBe(first.producerId)
  })

  it.each([
    ['', 60_000, Errors.INVALID_REQUEST],
    ['pay', 0, Errors.INVALID_TRANSACTION_TIMEOUT],
    ['pay', -1, Errors.INVALID_TRANSACTION_TIMEOUT],
    ['pay', 900_001, Errors.INVALID_TRANSACTION_TIMEOUT],
    ['pay', 900_000, Errors.NONE],
  ])('for the id "%s" with a timeout of %i ms the answer is error %i', async (id, timeoutMs, errorCode) => {
    const broker = await TransactionBroker.start()
    expect(await broker.init(id, { timeoutMs })).toMatchObject({ errorCode })
  })

  it.each([
    { producerId: 5, producerEpoch: -1 },
    { producerId: -1, producerEpoch: 5 },
  ])('refuses half of an identity: %o', async (known) => {
    const broker = await TransactionBroker.start()
    expect(await broker.init('pay', { known })).toMatchObject({ errorCode: Errors.INVALID_REQUEST, producerId: -1, producerEpoch: -1 })
  })

  it('lets a producer go on after an error, and gives the same answer to its repeated question', async () => {
    const broker = await TransactionBroker.start()
    const { producerId, producerEpoch } = await broker.producer('pay')
    const known = { producerId, producerEpoch }
    expect(await broker.init('pay', { known })).toMatchObject({ errorCode: 0, producerId, producerEpoch: 1 })
    expect(await broker.init('pay', { known })).toMatchObject({ errorCode: 0, producerId, producerEpoch: 1 })
  })

  it.each([
    [3, Errors.INVALID_PRODUCER_EPOCH],
    [4, Errors.PRODUCER_FENCED],
  ])('in version %i shuts out a producer of an older epoch with error %i', async (version, errorCode) => {
    const broker = await TransactionBroker.start()
    const { producerId, producerEpoch } = await broker.producer('pay')
    await broker.producer('pay')
    await broker.producer('pay')
    expect(await broker.init('pay', { version, known: { producerId, producerEpoch } })).toMatchObject({ errorCode, producerId: -1 })
  })

  it('shuts out a producer of another id', async () => {
    const broker = await TransactionBroker.start()
    const { producerId } = await broker.producer('pay')
    const known = { producerId: producerId + 1, producerEpoch: 0 }
    expect(await broker.init('pay', { known })).toMatchObject({ errorCode: Errors.PRODUCER_FENCED })
  })

  it('gives a producer that recovers on an id that is new here what it has', async () => {
    const broker = await TransactionBroker.start()
    const known = { producerId: 4711, producerEpoch: 3 }
    expect(await broker.init('pay', { known })).toMatchObject({ errorCode: 0, producerEpoch: 0 })
  })

  it('gives a new id when the epochs are used up', async () => {
    const broker = await brokerInEpoch(LAST_EPOCH - 1)
    expect(await broker.init('pay')).toMatchObject({ errorCode: 0, producerId: 500, producerEpoch: LAST_EPOCH })
    const next = await broker.init('pay')
    expect(next).toMatchObject({ errorCode: 0, producerEpoch: 0 })
    expect(next.producerId).not.toBe(500)
  })

  it('gives a new id to the producer of the last epoch, and again when it repeats its question', async () => {
    const broker = await brokerInEpoch(LAST_EPOCH)
    const known = { producerId: 500, producerEpoch: LAST_EPOCH }
    const first = await broker.init('pay', { known })
    expect(first).toMatchObject({ errorCode: 0, producerEpoch: 0 })
    expect(await broker.init('pay', { known })).toEqual(first)
  })

  it('has one epoch more to shut out the producer of the last one', () => {
    const record = newTransactionRecord(500, 60_000, 0)
    expect(fencingEpoch({ ...record, producerEpoch: LAST_EPOCH })).toBe(LAST_EPOCH + 1)
    expect(fencingEpoch({ ...record, producerEpoch: LAST_EPOCH + 1 })).toBe(LAST_EPOCH + 1)
  })

  it('aborts the open transaction of the producer before, and asks to come again until that is done', async () => {
    const broker = await TransactionBroker.start()
    const old = await broker.producer('pay')
    await broker.add(old, [0])
    await broker.produce(old, 0)
    expect(await broker.init('pay')).toMatchObject({ errorCode: Errors.CONCURRENT_TRANSACTIONS, producerId: -1 })
    expect(broker.log(0).lastStableOffset).toBe(2)
    expect(await broker.init('pay')).toMatchObject({ errorCode: 0, producerId: old.producerId, producerEpoch: old.producerEpoch + 2 })
    expect(await broker.produce(old, 0, 1)).toBe(Errors.INVALID_PRODUCER_EPOCH)
    expect(await broker.end(old, true)).toBe(Errors.PRODUCER_FENCED)
  })

  it('answers two at once with one epoch, and sends the other away', async () => {
    const broker = await TransactionBroker.start()
    await broker.producer('pay')
    const answers = await Promise.all([broker.init('pay'), broker.init('pay')])
    expect(answers.map(({ errorCode }) => errorCode)).toEqual([0, Errors.CONCURRENT_TRANSACTIONS])
  })

  it('gives nothing that was not written', async () => {
    const broker = await TransactionBroker.start()
    await broker.producer('pay')
    broker.store.failure = new Error('disk full')
    expect(await broker.init('pay')).toMatchObject({ errorCode: Errors.COORDINATOR_NOT_AVAILABLE, producerId: -1 })
    broker.store.failure = null
    expect(await broker.init('pay')).toMatchObject({ errorCode: 0, producerEpoch: 1 })
  })

  it('forgets an id that nobody used for long, but no open transaction', async () => {
    const broker = await TransactionBroker.start()
    const idle = await broker.producer('idle')
    await broker.clock.advance(8 * 24 * 3_600_000)
    expect(await broker.add(idle, [0])).toEqual([Errors.INVALID_PRODUCER_ID_MAPPING])
    const again = await broker.restart()
    expect((await again.init('idle')).producerId).not.toBe(idle.producerId)
  })
})
