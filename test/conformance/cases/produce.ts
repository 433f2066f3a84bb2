import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { Errors } from '../../../src/broker/protocol/errors.ts'
import { compressedBatch, withCrc } from '../batches.ts'
import { writeBatch } from '../../support/scripted-broker/record-batch.ts'
import { batchesIn, eventually, fetchFrom, newName, newTopic, produce, recordsIn, valuesFrom } from '../raw-requests.ts'
import type { Stage } from '../target.ts'
import { versions } from '../versions.ts'

const at = 1_700_000_000_000

export function produceCases(stage: Stage): void {
  describe('Produce', () => {
    it.each(versions('Produce'))('appends a batch and says where (version %i)', async (version) => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      for (const baseOffset of [0, 2]) {
        const answer = await produce(raw, topic, [{ value: 'a' }, { value: 'b' }], { version })
        expect(answer).toMatchObject({ index: 0, errorCode: 0, baseOffset, logAppendTimeMs: -1 })
        if (version >= 5) expect(answer.logStartOffset).toBe(0)
      }
      expect(await valuesFrom(raw, topic)).toEqual(['a', 'b', 'a', 'b'])
    })

    it.each([1, -1])('answers acks=%i when the batch can be read', async (acks) => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      expect(await produce(raw, topic, [{ value: 'x' }], { acks })).toMatchObject({ errorCode: 0, baseOffset: 0 })
      expect(await valuesFrom(raw, topic)).toEqual(['x'])
    })

    it('sends no answer for acks=0, and appends', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const topicData = [{ name: topic, partitionData: [{ index: 0, records: writeBatch([{ value: 'x' }]) }] }]
      raw.tell('Produce', 7, { acks: 0, timeoutMs: 60_000, topicData })
      expect(await eventually(() => valuesFrom(raw, topic), (values) => values.length > 0)).toEqual(['x']) // prettier-ignore
    })

    it('ends the connection when a batch of acks=0 cannot be appended', async () => {
      const raw = await stage.connect()
      const topicData = [{ name: newName('absent'), partitionData: [{ index: 0, records: writeBatch([{ value: 'x' }]) }] }]
      raw.tell('Produce', 7, { acks: 0, timeoutMs: 60_000, topicData })
      await raw.closed
    })

    it('keeps keys, values, headers and timestamps as they were', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const records = [
        { key: 'k', value: 'v', timestamp: at, headers: [['h', 'x'], ['h', null], ['', '']] as const }, // prettier-ignore
        { key: null, value: null, timestamp: at - 5 },
        { key: '', value: '', timestamp: at + 7 },
      ]
      await produce(raw, topic, records)
      const { records: stored } = await fetchFrom(raw, topic, 0)
      expect(recordsIn(stored)).toEqual(records.map((record, offset) => ({ headers: [], ...record, offset })))
    })

    it('keeps large batches as they came, whatever came since', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const values = Array.from({ length: 8 }, (_, index) => `${index}`.repeat(200_000))
      for (const value of values) await produce(raw, topic, [{ value }])
      for (const [offset, value] of values.entries())
        expect(await valuesFrom(raw, topic, offset, { partitionMaxBytes: 1 })).toEqual([value])
    })

    it('writes to several partitions of several topics, and answers each', async () => {
      const raw = await stage.connect()
      const [one, two] = [await newTopic(raw, { partitions: 2 }), await newTopic(raw)]
      const records = writeBatch([{ value: 'x' }])
      const topicData = [
        { name: one, partitionData: [{ index: 0, records }, { index: 1, records }, { index: 2, records }] }, // prettier-ignore
        { name: two, partitionData: [{ index: 0, records }] },
      ]
      const { responses } = await raw.send('Produce', 9, { acks: -1, timeoutMs: 60_000, topicData })
      const errors = responses.flatMap(({ name, partitionResponses }) =>
        partitionResponses.map(({ index, errorCode }) => [name, index, errorCode]),
      )
      expect(errors).toHaveLength(4)
      expect(errors).toEqual(expect.arrayContaining([[one, 0, 0], [one, 1, 0], [one, 2, Errors.UNKNOWN_TOPIC_OR_PARTITION], [two, 0, 0]])) // prettier-ignore
    })

    it.each([
      ['gzip', 1, gzipSync],
      ['zstd', 4, zstdCompressSync],
    ] as const)('keeps a batch that the client compressed with %s', async (_, codec, compress) => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const batch = compressedBatch(writeBatch([{ value: 'a' }, { value: 'b' }]), codec, compress)
      expect(await produce(raw, topic, batch)).toMatchObject({ errorCode: 0, baseOffset: 0 })
      const { records } = await fetchFrom(raw, topic, 0)
      expect(batchesIn(records)[0]!.subarray(21)).toEqual(batch.subarray(21))
      expect(await valuesFrom(raw, topic)).toEqual(['a', 'b'])
    })

    it('refuses zstd below version 7', async () => {
      const raw = await stage.connect()
      const batch = compressedBatch(writeBatch([{ value: 'a' }]), 4, zstdCompressSync)
      expect(await produce(raw, await newTopic(raw), batch, { version: 6 })).toMatchObject({
        errorCode: Errors.UNSUPPORTED_COMPRESSION_TYPE,
      })
    })

    it.each<[string, (batch: Buffer) => Buffer, number]>([
      ['a wrong checksum', (batch) => flipped(batch, batch.length - 1), Errors.CORRUPT_MESSAGE],
      ['a length that is too short', (batch) => withLength(batch, 20), Errors.CORRUPT_MESSAGE],
      ['fewer bytes than its length says', (batch) => batch.subarray(0, batch.length - 5), Errors.INVALID_RECORD],
      ['another count than its last offset says', (batch) => withCrc(withInt32(batch, 57, 5)), Errors.INVALID_RECORD],
      ['no records', (batch) => emptied(batch), Errors.INVALID_RECORD],
      ['record lengths that do not fit', (batch) => withCrc(flipped(batch, 61)), Errors.INVALID_RECORD],
      ['the mark of a control batch', (batch) => withCrc(withInt16(batch, 21, 0x20)), Errors.INVALID_RECORD],
    ])('refuses a batch with %s, and appends nothing', async (_, spoil, errorCode) => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const answer = await produce(raw, topic, spoil(writeBatch([{ value: 'a' }, { value: 'b' }])))
      expect(answer).toMatchObject({ errorCode, baseOffset: -1 })
      expect(await valuesFrom(raw, topic)).toEqual([])
    })

    it('refuses two batches for one partition in one request', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const batch = writeBatch([{ value: 'a' }])
      expect(await produce(raw, topic, Buffer.concat([batch, batch]))).toMatchObject({ errorCode: Errors.INVALID_RECORD })
    })

    it('refuses records of the old formats', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const batch = writeBatch([{ value: 'a' }])
      batch.writeInt8(1, 16)
      const topicData = [{ name: topic, partitionData: [{ index: 0, records: batch }] }]
      const { responses } = await raw.send('Produce', 9, { acks: 1, timeoutMs: 60_000, topicData })
      expect([Errors.INVALID_RECORD, Errors.CORRUPT_MESSAGE, Errors.UNSUPPORTED_FOR_MESSAGE_FORMAT]).toContain(
        responses[0]!.partitionResponses[0]!.errorCode,
      )
    })

    it('refuses acks it does not know', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      expect(await produce(raw, topic, [{ value: 'a' }], { acks: 2 })).toMatchObject({ errorCode: Errors.INVALID_REQUIRED_ACKS })
      expect(await valuesFrom(raw, topic)).toEqual([])
    })

    it('does not know a topic or a partition that is not there', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      expect(await produce(raw, newName('absent'), [{ value: 'a' }])).toMatchObject({ errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION })
      expect(await produce(raw, topic, [{ value: 'a' }], { partition: 1 })).toMatchObject({ errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION })
    })

    it('refuses a batch larger than max.message.bytes, and takes one that just fits', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw, { configs: { 'max.message.bytes': '1000' } })
      const overhead = writeBatch([{ value: 'x'.repeat(800) }]).length - 800
      expect(await produce(raw, topic, [{ value: 'x'.repeat(1001 - overhead) }])).toMatchObject({ errorCode: Errors.MESSAGE_TOO_LARGE })
      expect(await produce(raw, topic, [{ value: 'x'.repeat(1000 - overhead) }])).toMatchObject({ errorCode: 0 })
    })

    it('refuses a record without a key in a topic that is compacted', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw, { configs: { 'cleanup.policy': 'compact' } })
      const answer = await produce(raw, topic, [{ key: 'k', value: 'a' }, { value: 'b' }, { value: 'c' }]) // prettier-ignore
      expect(answer).toMatchObject({ errorCode: Errors.INVALID_RECORD })
      expect(answer.recordErrors.map(({ batchIndex }) => batchIndex)).toEqual([1, 2])
      expect(answer.errorMessage).toBeTruthy()
      expect(await produce(raw, topic, [{ key: 'k', value: 'a' }])).toMatchObject({ errorCode: 0 })
    })

    it('writes its own time with message.timestamp.type=LogAppendTime, and tells it', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw, { configs: { 'message.timestamp.type': 'LogAppendTime' } })
      const before = Date.now()
      const { errorCode, logAppendTimeMs } = await produce(raw, topic, [{ value: 'a', timestamp: 5 }])
      expect(errorCode).toBe(0)
      expect(logAppendTimeMs).toBeGreaterThanOrEqual(before)
      const [batch] = batchesIn((await fetchFrom(raw, topic, 0)).records)
      expect(batch!.readInt16BE(21) & 8).toBe(8)
      expect(Number(batch!.readBigInt64BE(35))).toBe(logAppendTimeMs)
      expect(recordsIn(batch!)).toHaveLength(1)
    })

    it('refuses timestamps too far in the future, as message.timestamp.after.max.ms says', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const answer = await produce(raw, topic, [{ value: 'a', timestamp: Date.now() + 10 * 3_600_000 }])
      expect(answer).toMatchObject({ errorCode: Errors.INVALID_TIMESTAMP })
      expect(answer.recordErrors).toMatchObject([{ batchIndex: 0 }])
    })

    it('compresses again what came otherwise than compression.type says', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw, { configs: { 'compression.type': 'gzip' } })
      await produce(raw, topic, [{ value: 'a'.repeat(500) }])
      const [batch] = batchesIn((await fetchFrom(raw, topic, 0)).records)
      expect(batch!.readInt16BE(21) & 7).toBe(1)
      expect(await valuesFrom(raw, topic)).toEqual(['a'.repeat(500)])
    })

    it('gives a partition with nothing in it no error', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const topicData = [{ name: topic, partitionData: [] }]
      expect(
        (await raw.send('Produce', 9, { acks: 1, timeoutMs: 60_000, topicData })).responses.flatMap(
          ({ partitionResponses }) => partitionResponses,
        ),
      ).toEqual([])
    })
  })
}

function flipped(batch: Buffer, position: number): Buffer {
  batch.writeUInt8(batch.readUInt8(position) ^ 0x04, position)
  return batch
}

function withInt32(batch: Buffer, position: number, value: number): Buffer {
  batch.writeInt32BE(value, position)
  return batch
}

function withInt16(batch: Buffer, position: number, value: number): Buffer {
  batch.writeInt16BE(value, position)
  return batch
}

function withLength(batch: Buffer, length: number): Buffer {
  return withInt32(batch, 8, length)
}

function emptied(batch: Buffer): Buffer {
  const header = Buffer.from(batch.subarray(0, 61))
  withInt32(header, 8, 49)
  withInt32(header, 23, -1)
  return withCrc(withInt32(header, 57, 0))
}
