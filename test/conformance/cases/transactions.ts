import { describe, expect, it } from 'vitest'
import { Errors } from '../../../src/broker/protocol/errors.ts'
import { onlyMember } from '../group-member.ts'
import {
  batchesIn,
  coordinated,
  eventually,
  fetchFrom,
  isControl,
  LATEST,
  listOffset,
  MAX_TIMESTAMP,
  newName,
  newTopic,
  produce,
  producerBatch,
  TRANSACTIONAL,
  untilCoordinated,
  valuesFrom,
  valuesIn,
} from '../raw-requests.ts'
import { TransactionalProducer } from '../transaction.ts'
import type { RawClient } from '../../support/raw-client.ts'
import type { Stage } from '../target.ts'
import { versions } from '../versions.ts'

const COMMITTED = { isolationLevel: 1 }

/** What a reader of committed records sees: the aborted ones are left out by the list that comes with them. */
async function committedValues(raw: RawClient, topic: string): Promise<(string | null)[]> {
  const { records, abortedTransactions } = await fetchFrom(raw, topic, 0, COMMITTED)
  const aborted = [...(abortedTransactions ?? [])].sort((left, right) => left.firstOffset - right.firstOffset)
  const open = new Set<number>()
  return batchesIn(records).flatMap((batch) => {
    const [baseOffset, producerId] = [Number(batch.readBigInt64BE(0)), Number(batch.readBigInt64BE(43))]
    for (const transaction of aborted.splice(0)) {
      if (transaction.firstOffset <= baseOffset) open.add(transaction.producerId)
      else aborted.push(transaction)
    }
    if (isControl(batch)) open.delete(producerId)
    return isControl(batch) || open.has(producerId) ? [] : valuesIn(batch)
  })
}

export function transactionCases(stage: Stage): void {
  async function begun(): Promise<{ raw: RawClient; producer: TransactionalProducer; topic: string }> {
    const raw = await stage.connect()
    const producer = new TransactionalProducer(raw)
    expect(await producer.init()).toBe(0)
    return { raw, producer, topic: await newTopic(raw) }
  }

  describe('InitProducerId', () => {
    it.each(versions('InitProducerId'))('gives ids to idempotent producers, each once (version %i)', async (version) => {
      const raw = await stage.connect()
      const request = { transactionalId: null, transactionTimeoutMs: 60_000 }
      const ask = () => coordinated(() => raw.send('InitProducerId', version, request))
      const [one, two] = [await ask(), await ask()]
      expect([one, two]).toMatchObject([{ errorCode: 0, producerEpoch: 0 }, { errorCode: 0, producerEpoch: 0 }]) // prettier-ignore
      expect(two.producerId).not.toBe(one.producerId)
    })

    it.each(versions('InitProducerId'))('gives a transactional id the same id and a new epoch (version %i)', async (version) => {
      const producer = new TransactionalProducer(await stage.connect())
      expect(await producer.init({ version })).toBe(0)
      const { producerId, producerEpoch } = producer
      expect(producerEpoch).toBe(0)
      expect(await producer.init({ version })).toBe(0)
      expect([producer.producerId, producer.producerEpoch]).toEqual([producerId, producerEpoch + 1])
    })

    it.each<[string, string, number, number]>([
      ['an empty transactional id', '', 60_000, Errors.INVALID_REQUEST],
      ['a timeout of 0', 'id', 0, Errors.INVALID_TRANSACTION_TIMEOUT],
      ['a timeout above transaction.max.timeout.ms', 'id', 900_001, Errors.INVALID_TRANSACTION_TIMEOUT],
    ])('refuses %s', async (_, transactionalId, transactionTimeoutMs, errorCode) => {
      const raw = await stage.connect()
      await untilCoordinated(raw, transactionalId, 1)
      expect(await raw.send('InitProducerId', 2, { transactionalId, transactionTimeoutMs })).toMatchObject({ errorCode, producerId: -1 })
    })

    it('raises the epoch for a producer that knows its own, and refuses an old one (KIP-360)', async () => {
      const { raw, producer } = await begun()
      const { transactionalId, producerId, producerEpoch } = producer
      const request = { transactionalId, transactionTimeoutMs: 60_000, producerId, producerEpoch }
      expect(await raw.send('InitProducerId', 3, request)).toMatchObject({ errorCode: 0, producerId, producerEpoch: 1 })
      await new TransactionalProducer(raw, transactionalId).init()
      expect(await raw.send('InitProducerId', 4, request)).toMatchObject({ errorCode: Errors.PRODUCER_FENCED })
    })
  })

  describe('idempotent producers', () => {
    async function newProducer(): Promise<{ raw: RawClient; topic: string; id: { producerId: number; producerEpoch: number } }> {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const request = { transactionalId: null, transactionTimeoutMs: 1000 }
      const { producerId, producerEpoch } = await coordinated(() => raw.send('InitProducerId', 2, request))
      return { raw, topic, id: { producerId, producerEpoch } }
    }

    it('have a batch that comes again dropped, with the answer it had', async () => {
      const { raw, topic, id } = await newProducer()
      const batches = [0, 2, 4].map((baseSequence) => producerBatch([`${baseSequence}`, 'x'], { ...id, baseSequence }))
      for (const [index, batch] of batches.entries())
        expect(await produce(raw, topic, Buffer.from(batch))).toMatchObject({ errorCode: 0, baseOffset: 2 * index })
      for (const [index, batch] of batches.entries())
        expect(await produce(raw, topic, Buffer.from(batch))).toMatchObject({ errorCode: 0, baseOffset: 2 * index })
      expect(await listOffset(raw, topic, LATEST)).toMatchObject({ offset: 6 })
    })

    it('have at least their last five batches known', async () => {
      const { raw, topic, id } = await newProducer()
      for (let baseSequence = 0; baseSequence < 6; baseSequence++) await produce(raw, topic, producerBatch(['x'], { ...id, baseSequence }))
      expect(await produce(raw, topic, producerBatch(['x'], { ...id, baseSequence: 1 }))).toMatchObject({ errorCode: 0, baseOffset: 1 })
      expect(await produce(raw, topic, producerBatch(['x'], { ...id, baseSequence: 0 }))).toMatchObject({
        errorCode: Errors.OUT_OF_ORDER_SEQUENCE_NUMBER,
      })
    })

    it('have a gap refused', async () => {
      const { raw, topic, id } = await newProducer()
      await produce(raw, topic, producerBatch(['x'], { ...id, baseSequence: 0 }))
      expect(await produce(raw, topic, producerBatch(['x'], { ...id, baseSequence: 2 }))).toMatchObject({
        errorCode: Errors.OUT_OF_ORDER_SEQUENCE_NUMBER,
      })
      expect(await produce(raw, topic, producerBatch(['x'], { ...id, baseSequence: 1 }))).toMatchObject({ errorCode: 0, baseOffset: 1 })
    })

    it('begin again at 0 with a new epoch, and are refused with an old one', async () => {
      const { raw, topic, id } = await newProducer()
      await produce(raw, topic, producerBatch(['x'], { ...id, baseSequence: 0 }))
      const next = { ...id, producerEpoch: id.producerEpoch + 1 }
      expect(await produce(raw, topic, producerBatch(['x'], { ...next, baseSequence: 5 }))).toMatchObject({
        errorCode: Errors.OUT_OF_ORDER_SEQUENCE_NUMBER,
      })
      expect(await produce(raw, topic, producerBatch(['x'], { ...next, baseSequence: 0 }))).toMatchObject({ errorCode: 0 })
      expect(await produce(raw, topic, producerBatch(['x'], { ...id, baseSequence: 1 }))).toMatchObject({
        errorCode: Errors.INVALID_PRODUCER_EPOCH,
      })
    })

    it('go from the highest sequence to 0', async () => {
      const { raw, topic, id } = await newProducer()
      const last = 2 ** 31 - 1
      expect(await produce(raw, topic, producerBatch(['x'], { ...id, baseSequence: last }))).toMatchObject({ errorCode: 0 })
      expect(await produce(raw, topic, producerBatch(['x'], { ...id, baseSequence: 0 }))).toMatchObject({ errorCode: 0, baseOffset: 1 })
    })
  })

  describe('transactions', () => {
    it.each(versions('EndTxn'))('are seen by readers of committed records when they are committed (EndTxn %i)', async (version) => {
      const { raw, producer, topic } = await begun()
      await producer.sendIn(topic, ['a', 'b'])
      expect(await listOffset(raw, topic, LATEST, COMMITTED)).toMatchObject({ offset: 0 })
      const before = await fetchFrom(raw, topic, 0, COMMITTED)
      expect(before).toMatchObject({ highWatermark: 2, lastStableOffset: 0 })
      expect(valuesIn(before.records)).toEqual([])
      expect(await valuesFrom(raw, topic)).toEqual(['a', 'b'])
      expect(await producer.end(true, version)).toBe(0)
      await eventually(() => listOffset(raw, topic, LATEST, COMMITTED), ({ offset }) => offset === 3) // prettier-ignore
      expect(await committedValues(raw, topic)).toEqual(['a', 'b'])
      expect(await fetchFrom(raw, topic, 0, COMMITTED)).toMatchObject({ highWatermark: 3, lastStableOffset: 3, abortedTransactions: [] })
    })

    it.each(versions('Fetch'))('are listed with what is read when they were aborted (Fetch %i)', async (version) => {
      const { raw, producer, topic } = await begun()
      await produce(raw, topic, [{ value: 'plain' }])
      await producer.sendIn(topic, ['a', 'b'])
      expect(await producer.end(false)).toBe(0)
      await eventually(() => listOffset(raw, topic, LATEST, COMMITTED), ({ offset }) => offset === 4) // prettier-ignore
      const { abortedTransactions, records } = await fetchFrom(raw, topic, 0, { ...COMMITTED, version })
      expect(abortedTransactions).toEqual([{ producerId: producer.producerId, firstOffset: 1 }])
      expect(valuesIn(records)).toEqual(['plain', 'a', 'b'])
      expect(await committedValues(raw, topic)).toEqual(['plain'])
      expect(await fetchFrom(raw, topic, 0, { version })).toMatchObject({ abortedTransactions: null })
    })

    it('end with a control batch that says how', async () => {
      const { raw, producer, topic } = await begun()
      for (const committed of [true, false]) {
        await producer.sendIn(topic, ['x'])
        expect(await producer.end(committed)).toBe(0)
        await eventually(() => listOffset(raw, topic, LATEST, COMMITTED), ({ offset }) => offset === (committed ? 2 : 4)) // prettier-ignore
      }
      const markers = batchesIn((await fetchFrom(raw, topic, 0)).records).filter(isControl)
      expect(markers.map((batch) => batch.readInt16BE(21))).toEqual([0x30, 0x30])
      expect(markers.map((batch) => Number(batch.readBigInt64BE(43)))).toEqual([producer.producerId, producer.producerId])
      expect(markers.map((batch) => batch.readInt32BE(53))).toEqual([-1, -1])
      const types = markers.map((batch) => batch.subarray(61).toString('hex'))
      expect(types[0]).toContain('08' + '0000' + '0001')
      expect(types[1]).toContain('08' + '0000' + '0000')
    })

    it.each(versions('AddPartitionsToTxn'))('span partitions, all or none (AddPartitionsToTxn %i)', async (version) => {
      const { raw, producer } = await begun()
      const topic = await newTopic(raw, { partitions: 2 })
      expect(await producer.add(topic, [0, 1], version)).toEqual([0, 0])
      for (const partition of [0, 1]) expect(await producer.send(topic, [`p${partition}`], { partition })).toBe(0)
      expect(await producer.end(true)).toBe(0)
      for (const partition of [0, 1]) {
        await eventually(() => listOffset(raw, topic, LATEST, { ...COMMITTED, partition }), ({ offset }) => offset === 2) // prettier-ignore
        expect(await valuesFrom(raw, topic, 0, { ...COMMITTED, partition })).toEqual([`p${partition}`])
      }
    })

    it('hold nothing back before the log start offset, and have no highest time for readers of committed records', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const producer = new TransactionalProducer(raw)
      await producer.init()
      await producer.sendIn(topic, ['open'])
      await produce(raw, topic, [{ value: 'after' }])
      const committed = { isolationLevel: 1 }
      expect(await listOffset(raw, topic, MAX_TIMESTAMP, committed)).toMatchObject({ errorCode: 0, offset: -1 })
      const topics = [{ name: topic, partitions: [{ partitionIndex: 0, offset: -1 }] }]
      const deleted = await raw.send('DeleteRecords', 2, { topics, timeoutMs: 60_000 })
      expect(deleted.topics[0]!.partitions[0]).toMatchObject({ errorCode: 0, lowWatermark: 2 })
      expect(await listOffset(raw, topic, LATEST, committed)).toMatchObject({ errorCode: 0, offset: 2 })
      expect(await fetchFrom(raw, topic, 2, committed)).toMatchObject({ errorCode: 0, lastStableOffset: 2 })
    })

    it('hold back what comes after them, also of other producers', async () => {
      const { raw, producer, topic } = await begun()
      await producer.sendIn(topic, ['open'])
      await produce(raw, topic, [{ value: 'plain' }])
      expect(await committedValues(raw, topic)).toEqual([])
      expect(await listOffset(raw, topic, LATEST)).toMatchObject({ offset: 2 })
      await producer.end(false)
      await eventually(() => committedValues(raw, topic), (values) => values.length === 1) // prettier-ignore
      expect(await committedValues(raw, topic)).toEqual(['plain'])
    })

    it('wake a reader of committed records that waits', async () => {
      const { raw, producer, topic } = await begun()
      const reader = await stage.connect()
      await producer.sendIn(topic, ['a'])
      const waiting = fetchFrom(reader, topic, 0, { ...COMMITTED, maxWaitMs: 30_000 })
      await producer.end(true)
      expect(valuesIn((await waiting).records)).toEqual(['a'])
      expect(raw).toBeDefined()
    })

    it('of several producers are read in their order', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const producers = [new TransactionalProducer(raw), new TransactionalProducer(raw), new TransactionalProducer(raw)] as const
      for (const producer of producers) await producer.init()
      for (const [index, producer] of producers.entries()) await producer.sendIn(topic, [`${index}a`])
      for (const [index, producer] of producers.entries()) expect(await producer.send(topic, [`${index}b`])).toBe(0)
      await producers[1].end(false)
      await producers[2].end(true)
      await producers[0].end(true)
      await eventually(() => listOffset(raw, topic, LATEST, COMMITTED), ({ offset }) => offset === 9) // prettier-ignore
      expect(await committedValues(raw, topic)).toEqual(['0a', '2a', '0b', '2b'])
    })

    it('are aborted when their timeout is over', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const producer = new TransactionalProducer(raw)
      await producer.init({ timeoutMs: 6000 })
      await producer.sendIn(topic, ['late'])
      await eventually(() => listOffset(raw, topic, LATEST, COMMITTED), ({ offset }) => offset === 2) // prettier-ignore
      expect(await committedValues(raw, topic)).toEqual([])
      expect([Errors.INVALID_PRODUCER_EPOCH, Errors.PRODUCER_FENCED]).toContain(await producer.end(true))
    })

    it('are aborted when another producer comes with the same transactional id, which fences the first', async () => {
      const { raw, producer, topic } = await begun()
      await producer.sendIn(topic, ['fenced'])
      const next = new TransactionalProducer(raw, producer.transactionalId)
      expect(await next.init()).toBe(0)
      await eventually(() => listOffset(raw, topic, LATEST, COMMITTED), ({ offset }) => offset === 2) // prettier-ignore
      expect(await producer.end(true, 1)).toBe(Errors.INVALID_PRODUCER_EPOCH)
      expect(await producer.end(true, 2)).toBe(Errors.PRODUCER_FENCED)
      expect(await producer.add(topic, [0], 0)).toEqual([Errors.INVALID_PRODUCER_EPOCH])
      expect(await producer.send(topic, ['fenced too'])).toBe(Errors.INVALID_PRODUCER_EPOCH)
      await next.sendIn(topic, ['next'])
      await next.end(true)
      await eventually(() => committedValues(raw, topic), (values) => values.length > 0) // prettier-ignore
      expect(await committedValues(raw, topic)).toEqual(['next'])
    })

    it('cannot be ended when none is open', async () => {
      const { producer } = await begun()
      expect(await producer.end(true)).toBe(Errors.INVALID_TXN_STATE)
    })

    it('can be ended again as they were, and not otherwise', async () => {
      const { producer, topic } = await begun()
      await producer.sendIn(topic, ['x'])
      expect(await producer.end(true)).toBe(0)
      await eventually(() => producer.end(true), (error) => error !== Errors.CONCURRENT_TRANSACTIONS) // prettier-ignore
      expect(await producer.end(true)).toBe(0)
      expect(await producer.end(false)).toBe(Errors.INVALID_TXN_STATE)
    })

    it('do not know ids that were never given', async () => {
      const { raw, producer, topic } = await begun()
      const stranger = new TransactionalProducer(raw)
      await untilCoordinated(raw, stranger.transactionalId, 1)
      stranger.producerId = producer.producerId
      stranger.producerEpoch = 0
      expect(await stranger.add(topic)).toEqual([Errors.INVALID_PRODUCER_ID_MAPPING])
      expect(await stranger.end(true)).toBe(Errors.INVALID_PRODUCER_ID_MAPPING)
      producer.producerId += 1000
      expect(await producer.end(true)).toBe(Errors.INVALID_PRODUCER_ID_MAPPING)
    })

    it('cannot add partitions that are not there', async () => {
      const { producer, topic } = await begun()
      const errors = await producer.add(topic, [0, 7]) // in any order
      expect(errors.toSorted((a, b) => a - b)).toEqual([Errors.UNKNOWN_TOPIC_OR_PARTITION, Errors.OPERATION_NOT_ATTEMPTED])
    })

    it('refuse batches for partitions that were not added', async () => {
      const { producer, topic } = await begun()
      expect(await producer.send(topic, ['x'])).toBe(Errors.INVALID_TXN_STATE)
    })

    it('refuse transactional batches without a transactional id', async () => {
      const { raw, producer, topic } = await begun()
      await producer.add(topic)
      const { producerId, producerEpoch } = producer
      const batch = producerBatch(['x'], { producerId, producerEpoch, baseSequence: 0, attributes: TRANSACTIONAL })
      const { errorCode } = await produce(raw, topic, batch)
      expect(errorCode).toBe(Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    })
  })

  describe('offsets in transactions', () => {
    async function offsetOf(raw: RawClient, group: string, topic: string, requireStable = false) {
      const { topics } = await raw.send('OffsetFetch', 7, {
        groupId: group,
        topics: [{ name: topic, partitionIndexes: [0] }],
        requireStable,
      })
      return topics[0]!.partitions[0]!
    }

    it.each(versions('TxnOffsetCommit'))('are there when the transaction is committed (TxnOffsetCommit %i)', async (version) => {
      const { raw, producer, topic } = await begun()
      const group = newName('group')
      await untilCoordinated(raw, group, 0)
      expect(await producer.addOffsets(group, version)).toBe(0)
      expect(await producer.commitOffset(group, topic, 5, version)).toBe(0)
      expect(await offsetOf(raw, group, topic)).toMatchObject({ committedOffset: -1, errorCode: 0 })
      expect(await offsetOf(raw, group, topic, true)).toMatchObject({ errorCode: Errors.UNSTABLE_OFFSET_COMMIT })
      expect(await producer.end(true)).toBe(0)
      await eventually(() => offsetOf(raw, group, topic, true), ({ committedOffset }) => committedOffset === 5) // prettier-ignore
    })

    it('are forgotten when it is aborted', async () => {
      const { raw, producer, topic } = await begun()
      const group = newName('group')
      await untilCoordinated(raw, group, 0)
      await producer.addOffsets(group)
      await producer.commitOffset(group, topic, 5)
      await producer.end(false)
      await eventually(() => offsetOf(raw, group, topic, true), ({ errorCode }) => errorCode !== Errors.UNSTABLE_OFFSET_COMMIT) // prettier-ignore
      expect(await offsetOf(raw, group, topic)).toMatchObject({ committedOffset: -1, errorCode: 0 })
    })

    it('are refused for members of an old generation', async () => {
      const { raw, producer, topic } = await begun()
      const member = await onlyMember(raw, { group: newName('group') })
      await producer.addOffsets(member.options.group)
      const commit = (changes: object) =>
        producer.commitOffset(member.options.group, topic, 5, 3, { memberId: member.memberId, generationId: member.generation, ...changes })
      expect(await commit({ generationId: 0 })).toBe(Errors.ILLEGAL_GENERATION)
      expect(await commit({ memberId: 'nobody' })).toBe(Errors.UNKNOWN_MEMBER_ID)
      expect(await commit({})).toBe(0)
    })
  })

  describe('ListTransactions, DescribeTransactions and DescribeProducers', () => {
    it.each(versions('ListTransactions'))('list transactions with their states (version %i)', async (version) => {
      const { raw, producer, topic } = await begun()
      const stateOf = async (filters: object = {}) => {
        const { errorCode, transactionStates } = await raw.send('ListTransactions', version, {
          stateFilters: [],
          producerIdFilters: [],
          ...filters,
        })
        expect(errorCode).toBe(0)
        return transactionStates.find(({ transactionalId }) => transactionalId === producer.transactionalId)
      }
      expect(await stateOf()).toEqual({
        transactionalId: producer.transactionalId,
        producerId: producer.producerId,
        transactionState: 'Empty',
      })
      await producer.sendIn(topic, ['x'])
      expect(await stateOf()).toMatchObject({ transactionState: 'Ongoing' })
      expect(await stateOf({ stateFilters: ['Ongoing'] })).toBeDefined()
      expect(await stateOf({ stateFilters: ['Empty'] })).toBeUndefined()
      expect(await stateOf({ producerIdFilters: [producer.producerId] })).toBeDefined()
      expect(await stateOf({ producerIdFilters: [producer.producerId + 999] })).toBeUndefined()
      await producer.end(true)
      await eventually(stateOf, (state) => state?.transactionState === 'CompleteCommit')
    })

    it('name states they do not know', async () => {
      const raw = await stage.connect()
      const answer = await raw.send('ListTransactions', 0, { stateFilters: ['Ongoing', 'Sleeping'], producerIdFilters: [] })
      expect(answer.unknownStateFilters).toEqual(['Sleeping'])
    })

    it('list what the whole of a pattern of RE2 is like, and refuse one that is none', async () => {
      const raw = await stage.connect()
      const family = newName('re2')
      const ids = ['A-1', 'b-22', 'c_333'].map((id) => `${family}-${id}`)
      for (const id of ids) expect(await new TransactionalProducer(raw, id).init()).toBe(0)
      const list = async (transactionalIdPattern: string) => {
        const request = { stateFilters: [], producerIdFilters: [], durationFilter: -1, transactionalIdPattern }
        const { errorCode, transactionStates } = await raw.send('ListTransactions', 2, request)
        const listed = transactionStates.map(({ transactionalId }) => transactionalId.slice(family.length + 1)).sort()
        return errorCode === 0 ? listed : errorCode
      }
      expect(await list(`${family}`)).toEqual([])
      expect(await list(`${family}.*`)).toEqual(['A-1', 'b-22', 'c_333'])
      expect(await list(`\\Q${family}-\\E(?i)[AB]-\\d{1,2}`)).toEqual(['A-1', 'b-22'])
      expect(await list(`^${family}-[[:lower:]]\\W\\pN+\\z`)).toEqual(['b-22'])
      expect(await list(`${family}-(?:(?P<id>[\\w])+|x)$`)).toEqual(['c_333'])
      expect(await list(`${family}-(([a-z0-9_-]*)*)*!`)).toEqual([])
      for (const none of ['(', 'a**', '(?=a)', '(a)\\1', '[z-a]', 'a{1001}', '\\', '(?i', '\\pX'])
        expect([none, await list(none)]).toEqual([none, Errors.INVALID_REGULAR_EXPRESSION])
    })

    it('describe a transaction', async () => {
      const { raw, producer, topic } = await begun()
      await producer.sendIn(topic, ['x'])
      const { transactionStates } = await raw.send('DescribeTransactions', 0, { transactionalIds: [producer.transactionalId] })
      const { producerId, producerEpoch, transactionalId } = producer
      const expected = {
        errorCode: 0,
        transactionalId,
        transactionState: 'Ongoing',
        transactionTimeoutMs: 60_000,
        producerId,
        producerEpoch,
      }
      expect(transactionStates).toMatchObject([{ ...expected, topics: [{ topic, partitions: [0] }] }])
      expect(transactionStates[0]!.transactionStartTimeMs).toBeGreaterThan(0)
    })

    it('do not know a transactional id that is not there', async () => {
      const raw = await stage.connect()
      const id = newName('absent')
      await untilCoordinated(raw, id, 1)
      const { transactionStates } = await raw.send('DescribeTransactions', 0, { transactionalIds: [id] })
      expect(transactionStates).toMatchObject([{ errorCode: Errors.TRANSACTIONAL_ID_NOT_FOUND }])
    })

    it('describe the producers of a partition', async () => {
      const { raw, producer, topic } = await begun()
      await producer.sendIn(topic, ['x', 'y'])
      const { topics } = await raw.send('DescribeProducers', 0, { topics: [{ name: topic, partitionIndexes: [0, 5] }] })
      const [known, unknown] = [...topics[0]!.partitions].sort((left, right) => left.partitionIndex - right.partitionIndex)
      const { producerId, producerEpoch } = producer
      expect(known).toMatchObject({
        errorCode: 0,
        activeProducers: [{ producerId, producerEpoch, lastSequence: 1, currentTxnStartOffset: 0 }],
      })
      expect(unknown).toMatchObject({ partitionIndex: 5, errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION, activeProducers: [] })
    })
  })
}
