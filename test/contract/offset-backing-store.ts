import { expect, it, onTestFinished } from 'vitest'
import type { OffsetBackingStore } from '../../src/offsets/offset-backing-store.ts'

/** Opens stores on one place: each call is what a restarted worker would do. */
export interface OffsetBackingStorePlace {
  /** A store that is not started. */
  open(): OffsetBackingStore | Promise<OffsetBackingStore>
  /** False: the content ends with the store. */
  readonly survivesRestart: boolean
}

const bytes = (text: string) => Buffer.from(text)
const textOf = (value: Buffer | null | undefined) => value?.toString() ?? null

/** What every offset store promises. Called inside a describe block. @param newPlace an empty place, once a test */
export function offsetBackingStoreContract(newPlace: () => OffsetBackingStorePlace | Promise<OffsetBackingStorePlace>): void {
  const started = async (place: OffsetBackingStorePlace): Promise<OffsetBackingStore> => {
    const store = await place.open()
    onTestFinished(() => store.stop())
    await store.start()
    return store
  }
  const oneStore = async () => started(await newPlace())

  it('gives null for a key that was never set', async () => {
    const store = await oneStore()
    expect(await store.get([bytes('["a",{"filename":"x"}]')])).toEqual([null])
    expect(await store.entries()).toEqual([])
  })

  it('gives values in the order of the keys', async () => {
    const store = await oneStore()
    await store.set([
      { key: bytes('["a",{"t":"1"}]'), value: bytes('{"p":1}') },
      { key: bytes('["a",{"t":"2"}]'), value: bytes('{"p":2}') },
    ])
    const values = await store.get([bytes('["a",{"t":"2"}]'), bytes('["a",{"t":"3"}]'), bytes('["a",{"t":"1"}]')])
    expect(values.map(textOf)).toEqual(['{"p":2}', null, '{"p":1}'])
  })

  it('keeps the last value of a key', async () => {
    const store = await oneStore()
    const key = bytes('["a",{"t":"1"}]')
    await store.set([{ key, value: bytes('{"p":1}') }])
    await Promise.all([store.set([{ key, value: bytes('{"p":2}') }]), store.set([{ key, value: bytes('{"p":3}') }])])
    expect((await store.get([key])).map(textOf)).toEqual(['{"p":3}'])
  })

  it('gives null for a partition that was reset', async () => {
    const store = await oneStore()
    const key = bytes('["a",{"t":"1"}]')
    await store.set([{ key, value: bytes('{"p":1}') }])
    await store.set([{ key, value: null }])
    expect(await store.get([key])).toEqual([null])
  })

  it('finds a partition whose fields come in another order, and keeps its first key bytes', async () => {
    const store = await oneStore()
    await store.set([{ key: bytes('["a",{"x":1,"y":"2"}]'), value: bytes('{"p":1}') }])
    expect((await store.get([bytes('["a",{"y":"2","x":1}]')])).map(textOf)).toEqual(['{"p":1}'])
    await store.set([{ key: bytes('["a",{"y":"2","x":1}]'), value: bytes('{"p":2}') }])
    expect((await store.entries()).map(({ key, value }) => [textOf(key), textOf(value)])).toEqual([['["a",{"x":1,"y":"2"}]', '{"p":2}']])
  })

  it('keeps connectors apart', async () => {
    const store = await oneStore()
    await store.set([{ key: bytes('["a",{"t":"1"}]'), value: bytes('{"p":1}') }])
    expect(await store.get([bytes('["b",{"t":"1"}]')])).toEqual([null])
  })

  it('holds after a restart what it held before', async () => {
    const place = await newPlace()
    const first = await place.open()
    await first.start()
    const key = bytes('["a",{"t":"1"}]')
    await first.set([{ key, value: bytes('{"p":1}') }])
    await first.set([{ key: bytes('["a",{"t":"2"}]'), value: bytes('{"p":2}') }])
    await first.set([{ key, value: bytes('{"p":3}') }])
    await first.stop()
    const second = await started(place)
    expect((await second.get([key, bytes('["a",{"t":"2"}]')])).map(textOf)).toEqual(
      place.survivesRestart ? ['{"p":3}', '{"p":2}'] : [null, null],
    )
  })

  it('can be stopped without having been started', async () => {
    const place = await newPlace()
    const store = await place.open()
    await store.stop()
    expect(store).toBeDefined()
  })
}
