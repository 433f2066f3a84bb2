import { describe, expect, it } from 'vitest'
import { Errors } from '../../../src/broker/protocol/errors.ts'
import { writeBatch } from '../../support/scripted-broker/record-batch.ts'
import { batchesIn, fetchFrom, fetchRequest, newName, newTopic, produce, topicId, valuesFrom, valuesIn } from '../raw-requests.ts'
import type { Stage } from '../target.ts'
import { versions } from '../versions.ts'

/** Where a batch has it. */
const LEADER_EPOCH = 12

export function fetchCases(stage: Stage): void {
  describe('Fetch', () => {
    it.each([...versions('Fetch'), 13])('reads from an offset on, and tells where the partition ends (version %i)', async (version) => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      for (const value of ['a', 'b', 'c']) await produce(raw, topic, [{ value }])
      const answer = await fetchFrom(raw, topic, 1, { version })
      expect(answer).toMatchObject({ partitionIndex: 0, errorCode: 0, highWatermark: 3, lastStableOffset: 3 })
      if (version >= 5) expect(answer.logStartOffset).toBe(0)
      expect(valuesIn(answer.records)).toEqual(['b', 'c'])
    })

    it('gives the whole batch that holds the offset', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      await produce(raw, topic, [{ value: 'a' }, { value: 'b' }, { value: 'c' }])
      expect(valuesIn((await fetchFrom(raw, topic, 2)).records)).toEqual(['a', 'b', 'c'])
    })

    it('gives nothing at the end of the partition', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      await produce(raw, topic, [{ value: 'a' }])
      const { errorCode, records, highWatermark } = await fetchFrom(raw, topic, 1)
      expect({ errorCode, highWatermark, bytes: records?.length ?? 0 }).toEqual({ errorCode: 0, highWatermark: 1, bytes: 0 })
    })

    it.each([-1, 2])('refuses offset %i of a partition that ends at 1', async (offset) => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      await produce(raw, topic, [{ value: 'a' }])
      expect(await fetchFrom(raw, topic, offset)).toMatchObject({ errorCode: Errors.OFFSET_OUT_OF_RANGE, highWatermark: -1 })
    })

    it('waits for min.bytes, and answers as soon as they are there', async () => {
      const [raw, other] = [await stage.connect(), await stage.connect()]
      const topic = await newTopic(raw)
      const waiting = fetchFrom(raw, topic, 0, { maxWaitMs: 30_000 })
      await produce(other, topic, [{ value: 'came' }])
      expect(valuesIn((await waiting).records)).toEqual(['came'])
    })

    it('answers with what is there when max.wait.ms is over', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      await produce(raw, topic, [{ value: 'few' }])
      expect(valuesIn((await fetchFrom(raw, topic, 0, { maxWaitMs: 100, minBytes: 100_000 })).records)).toEqual(['few'])
    })

    it('waits for the sum of all partitions', async () => {
      const [raw, other] = [await stage.connect(), await stage.connect()]
      const topic = await newTopic(raw, { partitions: 2 })
      const request = await fetchRequest(raw, topic, 0, { maxWaitMs: 30_000, minBytes: 2 * writeBatch([{ value: 'x' }]).length })
      request.topics[0]!.partitions.push({ ...request.topics[0]!.partitions[0]!, partition: 1 })
      const waiting = raw.send('Fetch', 11, request)
      for (const partition of [0, 1]) await produce(other, topic, [{ value: 'x' }], { partition })
      const { responses } = await waiting
      expect(responses[0]!.partitions.map(({ records }) => valuesIn(records))).toEqual([['x'], ['x']])
    })

    it('keeps other connections going while one waits', async () => {
      const [raw, other] = [await stage.connect(), await stage.connect()]
      const topic = await newTopic(raw)
      let isAnswered = false
      const waiting = fetchFrom(raw, topic, 0, { maxWaitMs: 30_000 }).then(() => (isAnswered = true))
      for (let time = 0; time < 20; time++) await other.send('Metadata', 9, { topics: [{ name: topic }] })
      expect(isAnswered).toBe(false)
      await produce(other, topic, [{ value: 'x' }])
      await waiting
    })

    it('gives at most partition.max.bytes, but a batch at least', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const batch = writeBatch([{ value: 'x'.repeat(1000) }])
      for (let time = 0; time < 4; time++) await produce(raw, topic, Buffer.from(batch))
      const two = await fetchFrom(raw, topic, 0, { partitionMaxBytes: 2 * batch.length + 10 })
      expect(batchesIn(two.records)).toHaveLength(2)
      const one = await fetchFrom(raw, topic, 0, { partitionMaxBytes: 1 })
      expect(batchesIn(one.records)).toHaveLength(1)
    })

    it('gives at most max.bytes in all, but a batch at least', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw, { partitions: 2 })
      for (const partition of [0, 1]) await produce(raw, topic, [{ value: 'x'.repeat(1000) }], { partition })
      const request = await fetchRequest(raw, topic, 0, { maxBytes: 1 })
      request.topics[0]!.partitions.push({ ...request.topics[0]!.partitions[0]!, partition: 1 })
      const { responses } = await raw.send('Fetch', 11, request)
      expect(responses[0]!.partitions.flatMap(({ records }) => batchesIn(records))).toHaveLength(1)
    })

    it('answers at once when no partition is there, and tells errors of single ones beside the rest', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const absent = await fetchRequest(raw, topic, 0, { maxWaitMs: 30_000, partition: 9 })
      const { responses } = await raw.send('Fetch', 11, absent)
      expect(responses[0]!.partitions).toMatchObject([
        { partitionIndex: 9, errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION, highWatermark: -1 },
      ])
      const request = await fetchRequest(raw, topic, 0, { maxWaitMs: 50 })
      request.topics[0]!.partitions.push({ ...request.topics[0]!.partitions[0]!, partition: 9 })
      const mixed = await raw.send('Fetch', 11, request)
      expect(mixed.responses[0]!.partitions.map(({ partitionIndex, errorCode }) => [partitionIndex, errorCode]).sort()).toEqual([
        [0, 0],
        [9, Errors.UNKNOWN_TOPIC_OR_PARTITION],
      ])
    })

    it('answers at once when an offset is out of range', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      expect(await fetchFrom(raw, topic, 5, { maxWaitMs: 30_000 })).toMatchObject({ errorCode: Errors.OFFSET_OUT_OF_RANGE })
    })

    it('does not know a topic by a name or an id that is not there', async () => {
      const raw = await stage.connect()
      expect(await fetchFrom(raw, newName('absent'), 0)).toMatchObject({ errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION })
      const request = await fetchRequest(raw, await newTopic(raw), 0, { version: 13 })
      request.topics[0]!.topicId = 'ABEiM0RVZneImaq7zN3u_w'
      const { responses } = await raw.send('Fetch', 13, request)
      expect(responses[0]!.partitions[0]).toMatchObject({ errorCode: Errors.UNKNOWN_TOPIC_ID })
    })

    it('tells fetches that know another leader epoch', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      expect(await fetchFrom(raw, topic, 0, { currentLeaderEpoch: 0 })).toMatchObject({ errorCode: 0 })
      expect(await fetchFrom(raw, topic, 0, { currentLeaderEpoch: 99 })).toMatchObject({ errorCode: Errors.UNKNOWN_LEADER_EPOCH })
    })

    it('gives batches with the leader epoch they were written under, whatever the producer had there', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const batch = writeBatch([{ value: 'a', timestamp: Date.now() }])
      batch.writeInt32BE(77, LEADER_EPOCH)
      await produce(raw, topic, batch)
      const { records } = await fetchFrom(raw, topic, 0)
      expect(records!.readInt32BE(LEADER_EPOCH)).toBe(0)
    })

    it.each([
      [0, 1, { errorCode: 0, divergingEpoch: { epoch: -1, endOffset: -1 }, highWatermark: 1 }],
      [0, 2, { errorCode: 0, divergingEpoch: { epoch: 0, endOffset: 1 }, highWatermark: 1, lastStableOffset: 1, logStartOffset: 0 }],
      [1, 1, { errorCode: Errors.OFFSET_OUT_OF_RANGE, divergingEpoch: { epoch: -1, endOffset: -1 }, highWatermark: -1 }],
    ])('tells who has fetched epoch %i up to offset %i whether the log is still the same', async (lastFetchedEpoch, offset, want) => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      await produce(raw, topic, [{ value: 'a' }])
      const request = await fetchRequest(raw, topic, offset, { version: 12 })
      request.topics[0]!.partitions[0]!.lastFetchedEpoch = lastFetchedEpoch
      const { responses } = await raw.send('Fetch', 12, request)
      expect(responses[0]!.partitions[0]).toMatchObject(want)
    })

    it('does not know a fetch session that was never made', async () => {
      const raw = await stage.connect()
      const request = await fetchRequest(raw, await newTopic(raw), 0)
      const answer = await raw.send('Fetch', 11, { ...request, sessionId: 123_456, sessionEpoch: 5 })
      expect(answer).toMatchObject({ errorCode: Errors.FETCH_SESSION_ID_NOT_FOUND, sessionId: 0 })
    })

    it('reads what the client wants to read with a session, also when it gets none', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      await produce(raw, topic, [{ value: 'a' }])
      const request = await fetchRequest(raw, topic, 0)
      const { errorCode, responses } = await raw.send('Fetch', 11, { ...request, sessionId: 0, sessionEpoch: 0 })
      expect(errorCode).toBe(0)
      expect(valuesIn(responses[0]!.partitions[0]!.records)).toEqual(['a'])
    })

    it('answers a fetch of nothing', async () => {
      const raw = await stage.connect()
      const answer = await raw.send('Fetch', 11, { maxWaitMs: 10, minBytes: 1, maxBytes: 1000, topics: [] })
      expect(answer).toMatchObject({ errorCode: 0, responses: [] })
    })

    it('reads a large partition from its begin to its end', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw, { configs: { 'segment.bytes': '1048576' } })
      const value = 'v'.repeat(10_000)
      for (let index = 0; index < 300; index++) await produce(raw, topic, [{ value: `${index} ${value}` }])
      const found: number[] = []
      for (let offset = 0; offset < 300;) {
        const values = await valuesFrom(raw, topic, offset, { partitionMaxBytes: 700_000 })
        expect(values.length).toBeGreaterThan(0)
        found.push(...values.map((text) => Number.parseInt(text!, 10)))
        offset += values.length
      }
      expect(found).toEqual(Array.from({ length: 300 }, (_, index) => index))
    })

    it('tells the id of the topic in place of its name from version 13 on', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const { responses } = await raw.send('Fetch', 13, await fetchRequest(raw, topic, 0, { version: 13 }))
      expect(responses[0]).toMatchObject({ topicId: await topicId(raw, topic) })
    })
  })
}
