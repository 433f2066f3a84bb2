import { ATTRIBUTES, CODEC_MASK, RECORDS } from '../record/batch-format.ts'
import { BatchWriter, type ProducerStamp } from '../record/batch-writer.ts'
import type { BufferPool } from '../record/buffer-pool.ts'
import { decompress } from '../record/compression.ts'
import { COMPRESSION_TYPES } from '../record/compression-type.ts'
import { RecordScanner } from '../record/record-scanner.ts'
import { sizeOfVarint } from '../record/varint.ts'
import { ProducerBatch } from './producer-batch.ts'

/**
 * The records of a batch the broker called too large, as two batches in its place. Age, sequence and attempts go on: the broker took
 * nothing of it.
 */
export function splitBatch(batch: ProducerBatch, pool: BufferPool): [ProducerBatch, ProducerBatch] {
  const records = uncompressedRecords(batch.writer.bytes())
  const scanner = new RecordScanner()
  scanner.reset(records, 0)
  const half = Math.ceil(batch.recordCount / 2)
  const first = part(batch, pool, records, scanner, 0, half)
  const second = part(batch, pool, records, scanner, half, batch.recordCount)
  second.chargedBytes = batch.chargedBytes - first.chargedBytes
  for (const waiter of batch.waiters ?? []) waiter.batchesAdded(1)
  return [first, second]
}

function uncompressedRecords(bytes: Buffer): Buffer {
  const type = COMPRESSION_TYPES[bytes.readInt16BE(ATTRIBUTES) & CODEC_MASK] ?? 'none'
  return decompress(type, bytes.subarray(RECORDS))
}

function part(batch: ProducerBatch, pool: BufferPool, records: Buffer, scanner: RecordScanner, from: number, to: number): ProducerBatch {
  const result = new ProducerBatch(batch.queue, batch.ordinal + from, new BatchWriter(pool), batch.createdAt)
  for (let index = from; index < to; index++) {
    scanner.next()
    const timestamp = batch.timestamps[index] ?? -1
    const delivery = batch.deliveries[index]
    if (delivery === undefined) throw new Error('A batch has as many deliveries as records')
    result.writer.appendEncoded(timestamp, records, scanner.keyStart - sizeOfVarint(scanner.keyLength), scanner.position)
    result.timestamps.push(timestamp)
    result.deliveries.push(delivery)
  }
  result.chargedBytes = Math.floor((batch.chargedBytes * (to - from)) / batch.recordCount)
  result.attempts = batch.attempts
  result.isReady = true
  result.waiters = batch.waiters === null ? null : [...batch.waiters]
  if (batch.hasSequence) result.stamp = partStamp(batch.stamp, from)
  result.sequenceNumber = batch.sequenceNumber
  return result
}

function partStamp(stamp: ProducerStamp, from: number): ProducerStamp {
  return { ...stamp, baseSequence: (stamp.baseSequence + from) % 2 ** 31 }
}
