import { describe, expect, it } from 'vitest'
import type { SourceOffset } from 'standpipe/api'
import { MemoryOffsetBackingStore } from '../../../src/offsets/memory-offset-backing-store.ts'
import type { OffsetEntry } from '../../../src/offsets/offset-backing-store.ts'
import { StoreOffsetStorageReader } from '../../../src/offsets/offset-storage-reader.ts'
import { OffsetStorageWriter } from '../../../src/offsets/offset-storage-writer.ts'
import { CollectingLogger } from '../../support/fakes/collecting-logger.ts'

const partition = { filename: 'x' }

class SlowStore extends MemoryOffsetBackingStore {
  readonly waiting: PromiseWithResolvers<void>[] = []

  override async set(entries: readonly OffsetEntry[]): Promise<void> {
    const gate = Promise.withResolvers<void>()
    this.waiting.push(gate)
    await gate.promise
    await super.set(entries)
  }
}

function connected(store = new MemoryOffsetBackingStore()) {
  const log = new CollectingLogger()
  return { store, log, writer: new OffsetStorageWriter(store, 'a'), reader: new StoreOffsetStorageReader(store, 'a', log) }
}

describe('OffsetStorageWriter', () => {
  it('has nothing to flush at first', () => {
    expect(connected().writer.beginFlush()).toBe(false)
  })

  it('writes the last offset of each partition', async () => {
    const { writer, reader } = connected()
    writer.offset(partition, { position: 1 })
    writer.offset({ filename: 'x' }, { position: 2 })
    writer.offset({ filename: 'y' }, { position: 3 })
    expect(writer.beginFlush()).toBe(true)
    await writer.doFlush()
    expect(await reader.offsets([partition, { filename: 'y' }])).toEqual([{ position: 2 }, { position: 3 }])
    expect(writer.beginFlush()).toBe(false)
  })

  it('tells partitions apart whose values look alike', async () => {
    const { writer, reader } = connected()
    writer.offset({ id: 1 }, { position: 1 })
    writer.offset({ id: '1' }, { position: 2 })
    writer.beginFlush()
    await writer.doFlush()
    expect(await reader.offsets([{ id: 1 }, { id: '1' }])).toEqual([{ position: 1 }, { position: 2 }])
  })

  it('leaves what is set during a flush to the next one', async () => {
    const { store, writer, reader } = connected(new SlowStore())
    writer.offset(partition, { position: 1 })
    writer.beginFlush()
    const flush = writer.doFlush()
    writer.offset(partition, { position: 2 })
    expect(() => writer.beginFlush()).toThrow('while already flushing')
    ;(store as SlowStore).waiting[0]!.resolve()
    await flush
    expect(await reader.offset(partition)).toEqual({ position: 1 })
    expect(writer.beginFlush()).toBe(true)
  })

  it('puts a cancelled flush behind what was set since', async () => {
    const { store, writer, reader } = connected(new SlowStore())
    writer.offset(partition, { position: 1 })
    writer.offset({ filename: 'y' }, { position: 1 })
    writer.beginFlush()
    const late = writer.doFlush()
    writer.offset(partition, { position: 2 })
    writer.cancelFlush()
    expect(writer.beginFlush()).toBe(true)
    const flush = writer.doFlush()
    for (const gate of (store as SlowStore).waiting) gate.resolve()
    await Promise.all([late, flush])
    expect(await reader.offsets([partition, { filename: 'y' }])).toEqual([{ position: 2 }, { position: 1 }])
    expect(writer.isFlushing).toBe(false)
  })

  it('goes on flushing when a write that was given up ends', async () => {
    const { store, writer } = connected(new SlowStore())
    writer.offset(partition, { position: 1 })
    writer.beginFlush()
    const late = writer.doFlush()
    writer.cancelFlush()
    writer.beginFlush()
    const flush = writer.doFlush()
    const [first, second] = (store as SlowStore).waiting
    first!.resolve()
    await late
    expect(writer.isFlushing).toBe(true)
    second!.resolve()
    await flush
    expect(writer.isFlushing).toBe(false)
  })

  it('fails each flush while an offset cannot be serialised, and keeps the others', async () => {
    const { writer, reader } = connected()
    writer.offset(partition, { position: [1] } as unknown as SourceOffset)
    writer.offset({ filename: 'y' }, { position: 3 })
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(writer.beginFlush()).toBe(true)
      await expect(writer.doFlush()).rejects.toThrow('Offsets may only contain primitive types')
      writer.cancelFlush()
    }
    writer.offset(partition, { position: 4 })
    writer.beginFlush()
    await writer.doFlush()
    expect(await reader.offsets([partition, { filename: 'y' }])).toEqual([{ position: 4 }, { position: 3 }])
  })

  it('resets a partition with a null offset', async () => {
    const { writer, reader } = connected()
    for (const offset of [{ position: 1 }, null]) {
      writer.offset(partition, offset)
      writer.beginFlush()
      await writer.doFlush()
    }
    expect(await reader.offset(partition)).toBeNull()
  })
})

describe('StoreOffsetStorageReader', () => {
  it('takes an unreadable offset for none, and says so', async () => {
    const { store, reader, log } = connected()
    await store.set([{ key: Buffer.from('["a",{"filename":"x"}]'), value: Buffer.from('[1]') }])
    expect(await reader.offset(partition)).toBeNull()
    expect(log.lines.join()).toContain('CRITICAL: Failed to deserialize offset data')
  })
})
