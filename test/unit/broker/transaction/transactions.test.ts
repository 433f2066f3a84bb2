import { describe, expect, it } from 'vitest'
import { Errors } from '../../../../src/broker/protocol/errors.ts'
import { settled } from '../../../support/broker/manual-clock.ts'
import { TransactionBroker } from './transaction-broker.ts'

describe('a transaction', () => {
  it.each([
    [true, 'CompleteCommit', []],
    [false, 'CompleteAbort', [{ firstOffset: 0 }]],
  ])('with committed=%s ends on all its partitions as %s', async (committed, state, abortedTransactions) => {
    const broker = await TransactionBroker.start()
    const producer = await broker.producer('pay')
    expect(await broker.add(producer, [0, 1])).toEqual([0, 0])
    expect([await broker.produce(producer, 0), await broker.produce(producer, 1)]).toEqual([0, 0])
    expect(await broker.state('pay')).toBe('Ongoing')
    expect(broker.log(0).lastStableOffset).toBe(0)
    expect(await broker.end(producer, committed)).toBe(0)
    expect(await broker.state('pay')).toBe(state)
    for (const partition of [0, 1]) {
      expect(broker.log(partition).lastStableOffset).toBe(2)
      const read = await broker.log(partition).read(0, 10_000, { isolation: 'read_committed', minOneBatch: true })
      expect(read.abortedTransactions).toMatchObject(abortedTransactions)
    }
    expect(broker.log(2).logEndOffset).toBe(0)
  })

  it('follows another with the same epoch', async () => {
    const broker = await TransactionBroker.start()
    const producer = await broker.producer('pay')
    for (let round = 0; round < 3; round++) {
      expect(await broker.add(producer, [0])).toEqual([0])
      expect(await broker.produce(producer, 0, round)).toBe(0)
      expect(await broker.end(producer, round !== 1)).toBe(0)
    }
    expect(broker.log(0).lastStableOffset).toBe(6)
  })

  it('completes the offsets of its groups after its markers', async () => {
    const broker = await TransactionBroker.start()
    const producer = await broker.producer('pay')
    expect(await broker.addOffsets(producer, 'readers')).toBe(0)
    expect(broker.coordinator.verifyGroup('pay', producer.producerId, producer.producerEpoch, 'readers')).toBe(Errors.NONE)
    expect(broker.coordinator.verifyGroup('pay', producer.producerId, producer.producerEpoch, 'others')).toBe(Errors.TRANSACTION_ABORTABLE)
    expect(broker.coordinator.verifyGroup('pay', producer.producerId, 9, 'readers')).toBe(Errors.PRODUCER_FENCED)
    await broker.end(producer, true)
    expect(broker.groups.completed).toEqual([[producer.producerId, true]])
    expect(broker.coordinator.verifyGroup('pay', producer.producerId, producer.producerEpoch, 'readers')).toBe(Errors.TRANSACTION_ABORTABLE)
  })

  it('takes records only where its partitions are', async () => {
    const broker = await TransactionBroker.start()
    const producer = await broker.producer('pay')
    expect(await broker.produce(producer, 0)).toBe(Errors.TRANSACTION_ABORTABLE)
    await broker.add(producer, [0])
    expect(await broker.produce(producer, 1)).toBe(Errors.TRANSACTION_ABORTABLE)
    expect(await broker.produce(producer, 1, 0, 10)).toBe(Errors.INVALID_TXN_STATE)
    expect(await broker.produce({ ...producer, id: 'other' }, 0)).toBe(Errors.INVALID_PRODUCER_ID_MAPPING)
    expect(await broker.produce(producer, 0)).toBe(0)
    await broker.end(producer, true)
    expect(await broker.produce(producer, 0, 1)).toBe(Errors.TRANSACTION_ABORTABLE)
    expect(broker.log(1).logEndOffset).toBe(0)
  })

  it('takes all the partitions of a request, or none', async () => {
    const broker = await TransactionBroker.start()
    const producer = await broker.producer('pay')
    expect(await broker.add(producer, [0, 7])).toEqual([Errors.OPERATION_NOT_ATTEMPTED, Errors.UNKNOWN_TOPIC_OR_PARTITION])
    expect(await broker.state('pay')).toBe('Empty')
  })

  it('writes nothing for partitions that it has already', async () => {
    const broker = await TransactionBroker.start()
    const producer = await broker.producer('pay')
    await broker.add(producer, [0, 1])
    const writes = broker.store.writes.length
    expect(await broker.add(producer, [1])).toEqual([0])
    expect(broker.store.writes.length).toBe(writes)
    expect(await broker.add(producer, [2])).toEqual([0])
    expect(broker.store.writes.length).toBe(writes + 1)
  })

  it.each([
    [1, Errors.INVALID_PRODUCER_EPOCH],
    [2, Errors.PRODUCER_FENCED],
  ])('in version %i refuses another epoch with error %i', async (version, errorCode) => {
    const broker = await TransactionBroker.start()
    const producer = await broker.producer('pay')
    await broker.add(producer, [0])
    for (const producerEpoch of [producer.producerEpoch - 1, producer.producerEpoch + 1]) {
      const other = { ...producer, producerEpoch }
      expect(await broker.add(other, [0], version)).toEqual([errorCode])
      expect(await broker.addOffsets(other, 'readers', version)).toBe(errorCode)
      expect(await broker.end(other, true, version)).toBe(errorCode)
    }
  })

  it('refuses another producer, an unknown id and no id', async () => {
    const broker = await TransactionBroker.start()
    const producer = await broker.producer('pay')
    for (const [other, errorCode] of [
      [{ ...producer, producerId: 999 }, Errors.INVALID_PRODUCER_ID_MAPPING],
      [{ ...producer, id: 'nobody' }, Errors.INVALID_PRODUCER_ID_MAPPING],
      [{ ...producer, id: '' }, Errors.INVALID_REQUEST],
    ] as const) {
      expect(await broker.add(other, [0])).toEqual([errorCode])
      expect(await broker.addOffsets(other, 'readers')).toBe(errorCode)
      expect(await broker.end(other, true)).toBe(errorCode)
    }
  })

  it('cannot be ended before it began', async () => {
    const broker = await TransactionBroker.start()
    const producer = await broker.producer('pay')
    expect(await broker.end(producer, true)).toBe(Errors.INVALID_TXN_STATE)
    expect(await broker.end(producer, false)).toBe(Errors.INVALID_TXN_STATE)
  })

  it.each([true, false])('ended with committed=%s may be ended so again, and not otherwise', async (committed) => {
    const broker = await TransactionBroker.start()
    const producer = await broker.producer('pay')
    await broker.add(producer, [0])
    await broker.end(producer, committed)
    const end = broker.log(0).logEndOffset
    expect(await broker.end(producer, committed)).toBe(0)
    expect(await broker.end(producer, !committed)).toBe(Errors.INVALID_TXN_STATE)
    expect(broker.log(0).logEndOffset).toBe(end)
  })

  it('lets nothing else happen while a step is being written', async () => {
    const broker = await TransactionBroker.start()
    const producer = await broker.producer('pay')
    await broker.add(producer, [0])
    let open = () => undefined as void
    broker.store.gate = new Promise((resolve) => (open = resolve))
    const ending = broker.end(producer, true)
    await settled()
    expect(await broker.end(producer, true)).toBe(Errors.CONCURRENT_TRANSACTIONS)
    expect(await broker.add(producer, [1])).toEqual([Errors.CONCURRENT_TRANSACTIONS])
    expect(await broker.addOffsets(producer, 'readers')).toBe(Errors.CONCURRENT_TRANSACTIONS)
    expect(await broker.init('pay')).toMatchObject({ errorCode: Errors.CONCURRENT_TRANSACTIONS })
    expect(broker.log(0).logEndOffset).toBe(0)
    open()
    expect(await ending).toBe(0)
  })

  it('is committed though its end cannot be carried out at first, and nothing begins until it is', async () => {
    const broker = await TransactionBroker.start()
    const producer = await broker.producer('pay')
    await broker.add(producer, [0])
    broker.groups.failure = new Error('disk full')
    expect(await broker.end(producer, true)).toBe(0)
    expect(await broker.state('pay')).toBe('PrepareCommit')
    expect(await broker.end(producer, true)).toBe(Errors.CONCURRENT_TRANSACTIONS)
    expect(await broker.end(producer, false)).toBe(Errors.INVALID_TXN_STATE)
    expect(await broker.add(producer, [0])).toEqual([Errors.CONCURRENT_TRANSACTIONS])
    expect(await broker.produce(producer, 0)).toBe(Errors.NOT_ENOUGH_REPLICAS)
    expect(await broker.init('pay')).toMatchObject({ errorCode: Errors.CONCURRENT_TRANSACTIONS })
    broker.groups.failure = null
    await broker.clock.advance(1000)
    expect(await broker.state('pay')).toBe('CompleteCommit')
    expect(broker.groups.completed).toEqual([[producer.producerId, true]])
  })

  it('ends although one of its topics was deleted', async () => {
    const broker = await TransactionBroker.start()
    const producer = await broker.producer('pay')
    await broker.add(producer, [0])
    broker.topics.delete('orders')
    expect(await broker.end(producer, true)).toBe(0)
    expect(await broker.state('pay')).toBe('CompleteCommit')
  })

  it('does not begin when that cannot be written', async () => {
    const broker = await TransactionBroker.start()
    const producer = await broker.producer('pay')
    broker.store.failure = new Error('disk full')
    expect(await broker.add(producer, [0])).toEqual([Errors.COORDINATOR_NOT_AVAILABLE])
    expect(await broker.state('pay')).toBe('Empty')
    expect(await broker.produce(producer, 0)).toBe(Errors.TRANSACTION_ABORTABLE)
  })
})

describe('a transaction that takes too long', () => {
  it('is aborted, and its producer shut out', async () => {
    const broker = await TransactionBroker.start()
    const producer = await broker.producer('pay', { timeoutMs: 5000 })
    await broker.add(producer, [0])
    await broker.produce(producer, 0)
    await broker.clock.advance(4999)
    expect(await broker.state('pay')).toBe('Ongoing')
    await broker.clock.advance(1)
    expect(await broker.state('pay')).toBe('CompleteAbort')
    expect(broker.log(0).lastStableOffset).toBe(2)
    expect(await broker.end(producer, true)).toBe(Errors.PRODUCER_FENCED)
    expect(await broker.produce(producer, 0, 1)).toBe(Errors.INVALID_PRODUCER_EPOCH)
    expect(await broker.init('pay', { known: producer })).toMatchObject({ errorCode: Errors.PRODUCER_FENCED })
    expect(await broker.init('pay')).toMatchObject({ errorCode: 0, producerEpoch: producer.producerEpoch + 2 })
  })

  it('leaves no epoch of before with which anyone could go on', async () => {
    const broker = await TransactionBroker.start()
    const first = await broker.producer('pay', { timeoutMs: 5000 })
    const { producerEpoch } = await broker.init('pay', { known: first, timeoutMs: 5000 })
    const second = { ...first, producerEpoch }
    await broker.add(second, [0])
    await broker.clock.advance(5000)
    for (const known of [first, second]) expect(await broker.init('pay', { known })).toMatchObject({ errorCode: Errors.PRODUCER_FENCED })
  })

  it('has its time from its own beginning', async () => {
    const broker = await TransactionBroker.start()
    const producer = await broker.producer('pay', { timeoutMs: 5000 })
    await broker.add(producer, [0])
    await broker.clock.advance(3000)
    await broker.end(producer, true)
    await broker.add(producer, [0])
    await broker.clock.advance(3000)
    expect(await broker.state('pay')).toBe('Ongoing')
    await broker.clock.advance(2000)
    expect(await broker.state('pay')).toBe('CompleteAbort')
  })

  it('is aborted later when that cannot be written just now', async () => {
    const broker = await TransactionBroker.start()
    const producer = await broker.producer('pay', { timeoutMs: 5000 })
    await broker.add(producer, [0])
    broker.store.failure = new Error('disk full')
    await broker.clock.advance(5000)
    expect(await broker.state('pay')).toBe('Ongoing')
    broker.store.failure = null
    await broker.clock.advance(1000)
    expect(await broker.state('pay')).toBe('CompleteAbort')
  })

  it('leaves no timer behind at the end', async () => {
    const broker = await TransactionBroker.start()
    const producer = await broker.producer('pay')
    await broker.add(producer, [0])
    broker.coordinator.close()
    expect(broker.clock.pending).toBe(0)
  })
})

describe('what is asked about transactions', () => {
  async function threeIds(): Promise<TransactionBroker> {
    const broker = await TransactionBroker.start()
    const producers = []
    for (const id of ['pay-1', 'pay-2', 'ship']) producers.push(await broker.producer(id))
    await broker.add(producers[0]!, [0, 2])
    await broker.clock.advance(1000)
    await broker.add(producers[1]!, [1])
    return broker
  }

  it('is answered with state, time and partitions', async () => {
    const broker = await threeIds()
    const answer = await broker.ask('DescribeTransactions', { transactionalIds: ['pay-1', 'nobody', ''] }, 0)
    expect(answer.transactionStates).toMatchObject([
      {
        errorCode: 0,
        transactionalId: 'pay-1',
        transactionState: 'Ongoing',
        transactionTimeoutMs: 60_000,
        transactionStartTimeMs: broker.clock.now() - 1000,
        producerEpoch: 0,
        topics: [{ topic: 'orders', partitions: [0, 2] }],
      },
      { errorCode: Errors.TRANSACTIONAL_ID_NOT_FOUND, transactionalId: 'nobody' },
      { errorCode: Errors.INVALID_REQUEST, transactionalId: '' },
    ])
  })

  it.each([
    [{}, ['pay-1', 'pay-2', 'ship'], []],
    [{ stateFilters: ['Ongoing'] }, ['pay-1', 'pay-2'], []],
    [{ stateFilters: ['Empty', 'Dead', 'Sleeping'] }, ['ship'], ['Sleeping']],
    [{ producerIdFilters: [1] }, ['pay-2'], []],
    [{ durationFilter: 999, stateFilters: ['Ongoing'] }, ['pay-1'], []],
    [{ durationFilter: 1000, stateFilters: ['Ongoing'] }, [], []],
    [{ transactionalIdPattern: 'pay' }, [], []],
    [{ transactionalIdPattern: 'pay.*' }, ['pay-1', 'pay-2'], []],
    [{ transactionalIdPattern: '' }, ['pay-1', 'pay-2', 'ship'], []],
  ])('lists with %o: %o', async (filters, ids, unknownStateFilters) => {
    const broker = await threeIds()
    const answer = await broker.ask('ListTransactions', { stateFilters: [], producerIdFilters: [], ...filters }, 2)
    expect(answer.errorCode).toBe(0)
    expect(answer.transactionStates.map(({ transactionalId }) => transactionalId)).toEqual(ids)
    expect(answer.unknownStateFilters).toEqual(unknownStateFilters)
  })

  it('is refused with a pattern that is none', async () => {
    const broker = await threeIds()
    const answer = await broker.ask('ListTransactions', { stateFilters: [], producerIdFilters: [], transactionalIdPattern: '(' }, 2)
    expect(answer).toMatchObject({ errorCode: Errors.INVALID_REGULAR_EXPRESSION, transactionStates: [] })
  })
})

describe('AddPartitionsToTxn of many transactions', () => {
  it('adds for each, or only looks', async () => {
    const broker = await TransactionBroker.start()
    const pay = await broker.producer('pay')
    const ship = await broker.producer('ship')
    await broker.add(ship, [0])
    const of = ({ id, producerId, producerEpoch }: typeof pay, verifyOnly: boolean) => ({
      transactionalId: id,
      producerId,
      producerEpoch,
      verifyOnly,
      topics: [{ name: 'orders', partitions: [0, 1] }],
    })
    const answer = await broker.ask('AddPartitionsToTxn', { transactions: [of(pay, false), of(ship, true)] }, 4)
    const codes = answer.resultsByTransaction.map(({ topicResults }) =>
      topicResults[0]!.resultsByPartition.map(({ partitionErrorCode }) => partitionErrorCode),
    )
    expect(codes).toEqual([
      [0, 0],
      [0, Errors.TRANSACTION_ABORTABLE],
    ])
  })
})

describe('WriteTxnMarkers', () => {
  it('ends a transaction at a partition', async () => {
    const broker = await TransactionBroker.start()
    const producer = await broker.producer('pay')
    await broker.add(producer, [0])
    await broker.produce(producer, 0)
    const { producerId, producerEpoch } = producer
    const topics = [{ name: 'orders', partitionIndexes: [0, 9] }]
    const markers = [{ producerId, producerEpoch, transactionResult: false, coordinatorEpoch: 0, topics }]
    const answer = await broker.ask('WriteTxnMarkers', { markers }, 1)
    expect(answer.markers[0]!.topics[0]!.partitions).toEqual([
      { partitionIndex: 0, errorCode: 0 },
      { partitionIndex: 9, errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION },
    ])
    expect(broker.log(0).lastStableOffset).toBe(2)
  })
})
