import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import type { SourceOffset, SourcePartition } from 'standpipe/api'
import { FileOffsetBackingStore } from '../../src/offsets/file-offset-backing-store.ts'
import { readJavaOffsetFile, writeJavaOffsetFile } from '../../src/offsets/java-offset-file.ts'
import type { OffsetEntry } from '../../src/offsets/offset-backing-store.ts'
import { connectorPartitions, StoreOffsetStorageReader } from '../../src/offsets/offset-storage-reader.ts'
import { OffsetStorageWriter } from '../../src/offsets/offset-storage-writer.ts'
import { comparable, decodeValue, expectThrown, readCases, type RecordedCase, type TaggedValue } from '../support/compat-data.ts'
import { CollectingLogger } from '../support/fakes/collecting-logger.ts'
import { scratchFolder } from '../support/file-stream.ts'

interface RecordedOffset {
  readonly connector: string
  readonly partition: TaggedValue
  readonly offset: TaggedValue
}

interface WriteCase extends RecordedCase {
  readonly op: 'write'
  readonly flushes: readonly (readonly RecordedOffset[])[]
  readonly want: { readonly file: string | null }
}

interface ReadCase extends RecordedCase {
  readonly op: 'read'
  readonly file: string | null
  readonly connector: string
  readonly partitions: readonly TaggedValue[]
  readonly want: { readonly offsets: readonly TaggedValue[]; readonly connectorPartitions: readonly TaggedValue[] }
}

/** Java takes these for "no offsets" and starts all sources over; we refuse to start on a truncated file. */
const refused = /^read: truncated to \d+ bytes$/

const cases = readCases<WriteCase | ReadCase>('offset-file')
let passed = 0
let departed = 0
afterAll(() => console.log(`compat offset-file: ${passed} of ${cases.length} (${departed} deliberate departures)`))

describe('compat offset-file', () => {
  it.each(cases)('$name', async (each) => {
    await (each.op === 'write' ? checkWrite(each) : checkRead(each))
    passed++
  })
})

async function openStore(file: string): Promise<FileOffsetBackingStore> {
  const store = new FileOffsetBackingStore(file, new CollectingLogger())
  onTestFinished(() => store.stop())
  await store.start()
  return store
}

async function checkWrite(each: WriteCase): Promise<void> {
  const file = join(await scratchFolder(), 'offsets')
  const store = await openStore(file)
  for (const flush of each.flushes) await writeFlush(store, flush)
  const java = each.want.file === null ? null : Buffer.from(each.want.file, 'base64')
  if (java === null) {
    await expect(readFile(file)).rejects.toThrow('ENOENT')
    return
  }
  const entries = await store.entries()
  const exported = writeJavaOffsetFile(entries)
  expect(readable(readJavaOffsetFile(exported, 'exported'))).toEqual(readable(readJavaOffsetFile(java, 'recorded')))
  expect(exported.length).toBe(java.length)
  const inJavasOrder = readJavaOffsetFile(java, 'recorded')
  expect(writeJavaOffsetFile(inJavasOrder)).toEqual(java)
}

async function writeFlush(store: FileOffsetBackingStore, flush: readonly RecordedOffset[]): Promise<void> {
  const writers = new Map<string, OffsetStorageWriter>()
  for (const { connector, partition, offset } of flush) {
    const writer = writers.get(connector) ?? new OffsetStorageWriter(store, connector)
    writers.set(connector, writer)
    writer.offset(decodeValue(partition, null) as SourcePartition, decodeValue(offset, null) as SourceOffset | null)
  }
  for (const writer of writers.values()) {
    expect(writer.beginFlush()).toBe(true)
    await writer.doFlush()
  }
}

function readable(entries: readonly OffsetEntry[]): string[][] {
  return entries.map(({ key, value }) => [String(key), String(value)]).sort(([a = ''], [b = '']) => (a < b ? -1 : 1))
}

async function checkRead(each: ReadCase): Promise<void> {
  const file = join(await scratchFolder(), 'offsets')
  if (each.file !== null) await writeFile(file, Buffer.from(each.file, 'base64'))
  if (each.error === undefined && refused.test(each.name)) {
    departed++
    await expect(openStore(file)).rejects.toThrow('is a Java offset file that ends too early')
    return
  }
  if (each.error !== undefined) {
    expectThrown(javasSentence(await openStore(file).catch((error: unknown) => error)), each.error)
    return
  }
  const store = await openStore(file)
  const reader = new StoreOffsetStorageReader(store, each.connector, new CollectingLogger())
  const offsets = await reader.offsets(each.partitions.map((partition) => decodeValue(partition, null) as SourcePartition))
  expect(offsets.map((offset) => comparable(offset, null))).toEqual(each.want.offsets.map((offset) => comparable(decodeValue(offset, null), null)))
  expect(sorted(await connectorPartitions(store, each.connector))).toEqual(
    sorted(each.want.connectorPartitions.map((partition) => decodeValue(partition, null) as SourcePartition)),
  )
}

/** Java's sentence comes first in our messages; ours follow it. */
function javasSentence(error: unknown): unknown {
  if (error instanceof Error) error.message = error.message.split('. ', 1)[0]!
  return error
}

function sorted(partitions: readonly SourcePartition[]): unknown[] {
  return partitions.map((partition) => JSON.stringify(comparable(partition, null))).sort()
}
