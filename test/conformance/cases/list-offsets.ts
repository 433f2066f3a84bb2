import { describe, expect, it } from 'vitest'
import { Errors } from '../../../src/broker/protocol/errors.ts'
import {
  EARLIEST,
  eventually,
  fetchFrom,
  LATEST,
  listOffset,
  MAX_TIMESTAMP,
  newName,
  newTopic,
  produce,
  valuesFrom,
} from '../raw-requests.ts'
import type { RawClient } from '../../support/raw-client.ts'
import type { Stage } from '../target.ts'
import { versions } from '../versions.ts'

const at = 1_700_000_000_000

/** Three batches with times 10, 30 and 20 (twice). */
async function timedTopic(raw: RawClient): Promise<string> {
  const topic = await newTopic(raw)
  await produce(raw, topic, [{ value: 'a', timestamp: at + 10 }])
  await produce(raw, topic, [{ value: 'b', timestamp: at + 30 }])
  await produce(raw, topic, [{ value: 'c', timestamp: at + 20 }, { value: 'd', timestamp: at + 20 }]) // prettier-ignore
  return topic
}

export function listOffsetsCases(stage: Stage): void {
  describe('ListOffsets', () => {
    it.each(versions('ListOffsets'))('tells begin and end (version %i)', async (version) => {
      const raw = await stage.connect()
      const topic = await timedTopic(raw)
      expect(await listOffset(raw, topic, EARLIEST, { version })).toMatchObject({ errorCode: 0, offset: 0, timestamp: -1 })
      expect(await listOffset(raw, topic, LATEST, { version })).toMatchObject({ errorCode: 0, offset: 4, timestamp: -1 })
    })

    it.each(versions('ListOffsets'))('finds the first record that is not older than a time (version %i)', async (version) => {
      const raw = await stage.connect()
      const topic = await timedTopic(raw)
      const found = await Promise.all([0, 10, 11, 30].map((delta) => listOffset(raw, topic, at + delta, { version })))
      expect(found.map(({ offset, timestamp }) => [offset, timestamp - at])).toEqual([
        [0, 10],
        [0, 10],
        [1, 30],
        [1, 30],
      ])
    })

    it('finds nothing for a time after the last', async () => {
      const raw = await stage.connect()
      expect(await listOffset(raw, await timedTopic(raw), at + 31)).toMatchObject({ errorCode: 0, offset: -1, timestamp: -1 })
    })

    it('finds a record inside of a batch', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      await produce(raw, topic, [1, 2, 3].map((delta) => ({ value: 'x', timestamp: at + delta }))) // prettier-ignore
      expect(await listOffset(raw, topic, at + 2)).toMatchObject({ offset: 1, timestamp: at + 2 })
    })

    it('finds the record with the highest time', async () => {
      const raw = await stage.connect()
      expect(await listOffset(raw, await timedTopic(raw), MAX_TIMESTAMP)).toMatchObject({ errorCode: 0, offset: 1, timestamp: at + 30 })
      expect(await listOffset(raw, await newTopic(raw), MAX_TIMESTAMP)).toMatchObject({ errorCode: 0, offset: -1, timestamp: -1 })
    })

    it('does not know partitions that are not there', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      expect(await listOffset(raw, topic, LATEST, { partition: 1 })).toMatchObject({
        errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION,
        offset: -1,
      })
      expect(await listOffset(raw, newName('absent'), LATEST)).toMatchObject({ errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION })
    })

    it('refuses a partition that is asked for twice', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const partitions = [EARLIEST, LATEST].map((timestamp) => ({ partitionIndex: 0, timestamp }))
      const { topics } = await raw.send('ListOffsets', 7, { replicaId: -1, topics: [{ name: topic, partitions }] })
      for (const { errorCode } of topics[0]!.partitions) expect(errorCode).toBe(Errors.INVALID_REQUEST)
    })

    it('tells queries that know another leader epoch', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      expect(await listOffset(raw, topic, LATEST, { currentLeaderEpoch: 50 })).toMatchObject({ errorCode: Errors.UNKNOWN_LEADER_EPOCH })
      expect(await listOffset(raw, topic, LATEST, { currentLeaderEpoch: 0 })).toMatchObject({ errorCode: 0 })
    })

    it('tells the leader epoch of what it finds', async () => {
      const raw = await stage.connect()
      const topic = await timedTopic(raw)
      for (const timestamp of [EARLIEST, LATEST, MAX_TIMESTAMP, at + 11])
        expect(await listOffset(raw, topic, timestamp)).toMatchObject({ errorCode: 0, leaderEpoch: 0 })
      expect(await listOffset(raw, topic, at + 31)).toMatchObject({ errorCode: 0, leaderEpoch: -1 })
      expect(await listOffset(raw, topic, LATEST, { currentLeaderEpoch: 50 })).toMatchObject({ leaderEpoch: -1 })
    })
  })

  describe('OffsetForLeaderEpoch', () => {
    async function endOfEpoch(raw: RawClient, topic: string, leaderEpoch: number, currentLeaderEpoch = -1, version = 4) {
      const partitions = [{ partition: 0, currentLeaderEpoch, leaderEpoch }]
      const { topics } = await raw.send('OffsetForLeaderEpoch', version, { replicaId: -1, topics: [{ topic, partitions }] })
      return topics[0]!.partitions[0]!
    }

    it.each(versions('OffsetForLeaderEpoch'))('tells where the current epoch ends (version %i)', async (version) => {
      const raw = await stage.connect()
      const topic = await timedTopic(raw)
      const ask = (leaderEpoch: number) => endOfEpoch(raw, topic, leaderEpoch, -1, version)
      expect(await ask(0)).toMatchObject({ errorCode: 0, partition: 0, leaderEpoch: 0, endOffset: 4 })
      for (const never of [1, 7, -1]) expect(await ask(never)).toMatchObject({ errorCode: 0, leaderEpoch: -1, endOffset: -1 })
    })

    it('tells those that know another leader epoch', async () => {
      const raw = await stage.connect()
      const topic = await timedTopic(raw)
      expect(await endOfEpoch(raw, topic, 0, 0)).toMatchObject({ errorCode: 0, leaderEpoch: 0, endOffset: 4 })
      expect(await endOfEpoch(raw, topic, 0, 3)).toMatchObject({ errorCode: Errors.UNKNOWN_LEADER_EPOCH, leaderEpoch: -1, endOffset: -1 })
    })

    it('does not know topics that are not there', async () => {
      const answer = await endOfEpoch(await stage.connect(), newName('absent'), 0)
      expect(answer).toMatchObject({ errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION, leaderEpoch: -1, endOffset: -1 })
    })

    it('tells the end also when all records were deleted', async () => {
      const raw = await stage.connect()
      const topic = await timedTopic(raw)
      await raw.send('DeleteRecords', 1, { topics: [{ name: topic, partitions: [{ partitionIndex: 0, offset: -1 }] }], timeoutMs: 60_000 })
      expect(await endOfEpoch(raw, topic, 0)).toMatchObject({ errorCode: 0, leaderEpoch: 0, endOffset: 4 })
      expect(await listOffset(raw, topic, EARLIEST)).toMatchObject({ offset: 4, leaderEpoch: 0 })
    })
  })

  describe('DeleteRecords', () => {
    async function deleteBefore(raw: RawClient, topic: string, offset: number, version = 1) {
      const { topics } = await raw.send('DeleteRecords', version, {
        topics: [{ name: topic, partitions: [{ partitionIndex: 0, offset }] }],
        timeoutMs: 60_000,
      })
      return topics[0]!.partitions[0]!
    }

    it.each(versions('DeleteRecords'))('makes a partition begin at an offset (version %i)', async (version) => {
      const raw = await stage.connect()
      const topic = await timedTopic(raw)
      expect(await deleteBefore(raw, topic, 2, version)).toMatchObject({ partitionIndex: 0, errorCode: 0, lowWatermark: 2 })
      expect(await listOffset(raw, topic, EARLIEST)).toMatchObject({ offset: 2 })
      expect(await fetchFrom(raw, topic, 1)).toMatchObject({ errorCode: Errors.OFFSET_OUT_OF_RANGE })
      expect(await valuesFrom(raw, topic, 2)).toEqual(['c', 'd'])
      expect(await fetchFrom(raw, topic, 2)).toMatchObject({ logStartOffset: 2 })
    })

    it('deletes all for -1, and goes on where it was', async () => {
      const raw = await stage.connect()
      const topic = await timedTopic(raw)
      expect(await deleteBefore(raw, topic, -1)).toMatchObject({ errorCode: 0, lowWatermark: 4 })
      expect(await produce(raw, topic, [{ value: 'e' }])).toMatchObject({ errorCode: 0, baseOffset: 4, logStartOffset: 4 })
    })

    it('never goes back, and not beyond the end', async () => {
      const raw = await stage.connect()
      const topic = await timedTopic(raw)
      await deleteBefore(raw, topic, 3)
      expect(await deleteBefore(raw, topic, 1)).toMatchObject({ errorCode: 0, lowWatermark: 3 })
      expect(await deleteBefore(raw, topic, 5)).toMatchObject({ errorCode: Errors.OFFSET_OUT_OF_RANGE })
    })

    it('refuses a topic that is only compacted', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw, { configs: { 'cleanup.policy': 'compact' } })
      await produce(raw, topic, [{ key: 'k', value: 'v' }])
      expect(await deleteBefore(raw, topic, 1)).toMatchObject({ errorCode: Errors.POLICY_VIOLATION })
    })

    it('does not know topics that are not there', async () => {
      const raw = await stage.connect()
      expect(await deleteBefore(raw, newName('absent'), 0)).toMatchObject({ errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION })
    })
  })

  describe('retention and compaction', () => {
    it('deletes segments that are older than retention.ms', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw, { configs: { 'retention.ms': '1000', 'segment.bytes': '1048576', 'file.delete.delay.ms': '0' } })
      await produce(raw, topic, [{ value: 'old', timestamp: at }])
      await eventually(() => listOffset(raw, topic, EARLIEST), ({ offset }) => offset === 1) // prettier-ignore
      expect(await produce(raw, topic, [{ value: 'new', timestamp: Date.now() + 60_000 }])).toMatchObject({ errorCode: 0, baseOffset: 1 })
    })

    it('deletes segments beyond retention.bytes', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw, { configs: { 'retention.bytes': '1100000', 'segment.bytes': '1048576' } })
      for (let time = 0; time < 4; time++) await produce(raw, topic, [{ value: 'x'.repeat(900_000) }])
      await eventually(() => listOffset(raw, topic, EARLIEST), ({ offset }) => offset > 0) // prettier-ignore
      expect(await listOffset(raw, topic, LATEST)).toMatchObject({ offset: 4 })
    })

    it('keeps the last value of each key where cleanup.policy=compact', async () => {
      const raw = await stage.connect()
      const configs = {
        'cleanup.policy': 'compact',
        'segment.bytes': '1048576',
        'min.cleanable.dirty.ratio': '0.01',
        'segment.ms': '200',
        'delete.retention.ms': '0',
      }
      const topic = await newTopic(raw, { configs })
      for (const value of ['1', '2', '3']) await produce(raw, topic, [{ key: 'a', value, timestamp: Date.now() }, { key: 'b', value: `b${value}`, timestamp: Date.now() }]) // prettier-ignore
      await eventually(
        async () => {
          await produce(raw, topic, [{ key: 'roll', value: 'x', timestamp: Date.now() }])
          await new Promise((resolve) => setTimeout(resolve, 250))
          return valuesFrom(raw, topic)
        },
        (values) => !values.includes('1') && !values.includes('b2'),
      )
      const left = await valuesFrom(raw, topic)
      expect(left).toContain('3')
      expect(left).toContain('b3')
    })
  })
}
