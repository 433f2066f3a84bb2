/**
 * CPU nanoseconds per record of the record codec alone, no broker and no dependency: `node bench/record-codec.ts [rounds]`.
 * Prints the median round of one thread; the spread tells how quiet the machine was.
 */
import { BatchWriter } from '../src/kafka/record/batch-writer.ts'
import { BufferPool } from '../src/kafka/record/buffer-pool.ts'
import { crc32c } from '../src/kafka/record/crc32c.ts'
import type { FetchedRecord } from '../src/kafka/record/fetched-record.ts'
import { PartitionCursor } from '../src/kafka/record/partition-cursor.ts'
import type { RecordHeader } from '../src/kafka/ports.ts'

const ROUNDS = Number(process.argv[2] ?? 7)
const ROUND_BYTES = 256 * 1024 * 1024
const BATCH_BYTES = 256 * 1024
const POLL_RECORDS = 500
const FIRST_TIMESTAMP = 1_700_000_000_000
const KEY = Buffer.from('key-0001')
const NO_HEADERS: readonly RecordHeader[] = []

let seen = 0
const pool = new BufferPool(64 * 1024 * 1024)

for (const valueBytes of [100, 1024]) {
  const value = Buffer.alloc(valueBytes, 'x')
  const records = Math.floor(ROUND_BYTES / (valueBytes + 20))
  const batch = openBatch(value).close()
  measure(`write ${valueBytes} B`, records, () => write(value, records))
  measure(`write ${valueBytes} B, close`, records, () => writeAndClose(value, records))
  measure(`read ${valueBytes} B, walk`, records, () => read(batch, records, false, ignore))
  measure(`read ${valueBytes} B, key and value`, records, () => read(batch, records, false, touch))
  measure(`read ${valueBytes} B, key and value, CRC`, records, () => read(batch, records, true, touch))
  measure(`CRC of ${valueBytes} B`, records, () => checksum(batch, records, valueBytes))
}

function openBatch(value: Buffer): BatchWriter {
  const writer = new BatchWriter(pool)
  while (writer.sizeBytes < BATCH_BYTES) writer.append(FIRST_TIMESTAMP + writer.recordCount, KEY, value, NO_HEADERS)
  return writer
}

function write(value: Buffer, records: number): void {
  for (let left = records; left > 0;) {
    const writer = openBatch(value)
    left -= writer.recordCount
    writer.release()
  }
}

function writeAndClose(value: Buffer, records: number): void {
  for (let left = records; left > 0;) {
    const writer = openBatch(value)
    writer.close()
    left -= writer.recordCount
    writer.release()
  }
}

function read(batch: Buffer, records: number, checkCrcs: boolean, use: (records: readonly FetchedRecord[]) => void): void {
  for (let left = records; left > 0;) {
    const cursor = new PartitionCursor(batch, 0, batch.length, { topic: 'bench', partition: 0, fetchOffset: 0, checkCrcs })
    while (!cursor.isDrained) use(cursor.take(POLL_RECORDS))
    left -= cursor.nextOffset
  }
}

function ignore(records: readonly FetchedRecord[]): void {
  seen += records.length
}

function touch(records: readonly FetchedRecord[]): void {
  for (const record of records) seen += (record.key?.length ?? 0) + (record.value?.length ?? 0)
}

function checksum(batch: Buffer, records: number, valueBytes: number): void {
  for (let bytes = records * valueBytes; bytes > 0; bytes -= batch.length) seen += crc32c(batch)
}

function measure(name: string, records: number, run: () => void): void {
  run()
  const perRecord: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.threadCpuUsage()
    run()
    const { user, system } = process.threadCpuUsage(before)
    perRecord.push(((user + system) * 1000) / records)
  }
  perRecord.sort((a, b) => a - b)
  const at = (share: number): string => (perRecord[Math.floor(share * (perRecord.length - 1))] ?? 0).toFixed(0)
  console.log(`${name.padEnd(36)} ${at(0.5).padStart(6)} ns/record   (${at(0)}–${at(1)})`)
}

if (seen === 0) throw new Error('Nothing was read')
