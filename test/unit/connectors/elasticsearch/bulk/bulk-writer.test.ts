import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BatchPart } from '../../../../../connectors/elasticsearch/bulk/batch-part.ts'
import type { BulkDelivery } from '../../../../../connectors/elasticsearch/bulk/bulk-delivery.ts'
import { BulkWriter, type BulkWriterSettings } from '../../../../../connectors/elasticsearch/bulk/bulk-writer.ts'
import { idsOf, operation, operations } from '../operations.ts'

const minuteMs = 60_000
const t0 = { topic: 't', partition: 0 }
const never = new AbortController().signal

/** Requests that end when the test says so. */
class HeldDelivery implements Pick<BulkDelivery, 'deliver' | 'byteLimit' | 'hasRoom' | 'isOpen' | 'onRoom'> {
  onRoom = (): void => undefined
  readonly #most: number
  #open = 0
  readonly requests: { readonly ids: string[]; readonly end: (error?: Error) => void }[] = []
  byteLimit = Number.POSITIVE_INFINITY

  constructor(most: number) {
    this.#most = most
  }

  get hasRoom(): boolean {
    return this.#open < this.#most
  }

  get isOpen(): boolean {
    return this.hasRoom
  }

  /** As a batch that waits for its next try. */
  leavePlace(): void {
    this.#open--
    this.onRoom()
  }

  async deliver(part: BatchPart): Promise<void> {
    this.#open++
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.requests.push({ ids: idsOf(part.body), end: (error) => (error === undefined ? resolve() : reject(error)) })
    await promise.finally(() => this.#open--)
  }

  get sent(): string[][] {
    return this.requests.map(({ ids }) => ids)
  }
}

function writerOf(changes: Partial<BulkWriterSettings> = {}): { writer: BulkWriter; held: HeldDelivery } {
  const held = new HeldDelivery(changes.maxInFlightRequests ?? 2)
  const settings: BulkWriterSettings = {
    ...{ batchSize: 2, batchBytes: 5_000_000, lingerMs: minuteMs, maxInFlightRequests: 2 },
    ...{ maxBufferedRecords: 100, maxBufferedBytes: 1_000_000, isOrdered: false, keepsRecords: false, ...changes },
  }
  // What the writer needs of a delivery is what the fake has.
  return { writer: new BulkWriter(settings, held as unknown as BulkDelivery), held }
}

function add(writer: BulkWriter, ...offsets: readonly number[]): void {
  for (const offset of offsets) writer.add(operation(offset))
  writer.settleIn()
}

const turn = () => new Promise(setImmediate)

describe('the bulk writer', () => {
  it('#70 sends batches of batch.size, and the rest when it is asked to', () => {
    const { writer, held } = writerOf({ maxInFlightRequests: 5 })
    add(writer, 0, 1, 2, 3, 4)
    expect(held.sent).toEqual([
      ['0', '1'],
      ['2', '3'],
    ])
    writer.flush()
    expect(held.sent.at(-1)).toEqual(['4'])
  })

  it('#71 keeps a request within bulk.size.bytes, and sends a larger document alone', () => {
    const { writer, held } = writerOf({ batchSize: 100, batchBytes: 120, maxInFlightRequests: 10 })
    const sizes = [10, 10, 10, 500, 10, 10]
    for (const [offset, size] of sizes.entries()) writer.add(operation(offset, { source: JSON.stringify('x'.repeat(size)) }))
    writer.flush()
    expect(held.sent).toEqual([['0', '1'], ['2'], ['3'], ['4', '5']])
  })

  it('#66 keeps a request within what the server takes', () => {
    const { writer, held } = writerOf({ batchSize: 100, maxInFlightRequests: 10 })
    held.byteLimit = 50
    add(writer, 0, 1, 2)
    writer.flush()
    expect(held.sent).toEqual([['0'], ['1'], ['2']])
  })

  it('#72 never has more than max.in.flight.requests under way', async () => {
    const { writer, held } = writerOf({ batchSize: 1, maxInFlightRequests: 4 })
    add(writer, 0, 1, 2, 3, 4, 5)
    expect(held.sent).toHaveLength(4)
    held.requests[2]!.end()
    await turn()
    expect(held.sent).toHaveLength(5)
  })

  it('#63 starts another batch while one waits for its next try', () => {
    const { writer, held } = writerOf({ batchSize: 1, maxInFlightRequests: 1 })
    add(writer, 0, 1)
    expect(held.sent).toEqual([['0']])
    held.leavePlace()
    expect(held.sent).toEqual([['0'], ['1']])
  })

  it('sends a batch that is not full when linger.ms is over', async () => {
    const { writer, held } = writerOf({ lingerMs: 1 })
    add(writer, 0)
    await expect.poll(() => held.sent).toEqual([['0']])
  })

  it('#74 counts a partition up to the first request without an answer', async () => {
    const { writer, held } = writerOf()
    add(writer, 0, 1, 2, 3)
    held.requests[1]!.end()
    await turn()
    expect(writer.lowestPending(t0)).toBe(0)
    held.requests[0]!.end()
    await turn()
    expect([writer.lowestPending(t0), writer.isEmpty]).toEqual([null, true])
  })

  it('#73 is full at max.buffered.records or so many bytes, and has room when requests are answered', async () => {
    const { writer, held } = writerOf({ maxBufferedRecords: 2 })
    add(writer, 0, 1)
    expect(writer.isFull).toBe(true)
    const room = writer.until(() => !writer.isFull, minuteMs, never)
    held.requests[0]!.end()
    expect(await room).toBe(true)
    const small = writerOf({ maxBufferedBytes: 40 })
    add(small.writer, 0, 1)
    expect(small.writer.isFull).toBe(true)
    const roomForBytes = small.writer.until(() => !small.writer.isFull, minuteMs, never)
    small.writer.flush()
    small.held.requests[0]!.end()
    expect(await roomForBytes).toBe(true)
  })

  it('stops waiting when the time is over or the signal comes', async () => {
    const { writer } = writerOf()
    const stop = new AbortController()
    const waiting = writer.until(() => false, minuteMs, stop.signal)
    stop.abort()
    expect(await waiting).toBe(false)
    expect(await writer.until(() => false, 1, never)).toBe(false)
    expect(await writer.until(() => false, minuteMs, stop.signal)).toBe(false)
  })

  it('starts nothing after a failure, and tells of the first one', async () => {
    const { writer, held } = writerOf({ maxInFlightRequests: 1 })
    add(writer, 0, 1, 2, 3)
    held.requests[0]!.end(new Error('first'))
    await turn()
    expect(writer.failure).toMatchObject({ message: 'first' })
    expect([held.sent.length, writer.lowestPending(t0), writer.isIdle]).toEqual([1, 0, true])
  })

  it('is idle when what is left was given up', async () => {
    const { writer, held } = writerOf({ maxInFlightRequests: 1 })
    add(writer, 0, 1, 2, 3)
    held.requests[0]!.end(new DOMException('given up', 'AbortError'))
    await turn()
    expect([writer.failure, writer.isIdle, writer.isEmpty, held.sent.length]).toEqual([null, true, false, 1])
  })

  it('#75 forgets partitions that are taken away', () => {
    const { writer } = writerOf()
    writer.add(operation(5))
    writer.add(operation(7, { partition: 1 }))
    writer.drop([t0])
    expect([writer.lowestPending(t0), writer.lowestPending({ topic: 't', partition: 1 })]).toEqual([null, 7])
  })

  it('keeps one request per document under way where order matters', () => {
    const { writer, held } = writerOf({ batchSize: 1, maxInFlightRequests: 5, isOrdered: true })
    for (let times = 0; times < 10; times++) writer.add(operation(times, { id: 'k' }))
    writer.settleIn()
    expect(held.sent).toEqual([['k']])
  })

  it('#15 brings operations on each document in order, whatever time requests take', async () => {
    const updates = fc.array(fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), ms: fc.nat(3) }), {
      minLength: 1,
      maxLength: 60,
    })
    await fc.assert(
      fc.asyncProperty(updates, fc.integer({ min: 1, max: 5 }), async (each, batchSize) => {
        const seen = new Map<string, number[]>()
        const delivery = {
          ...{ byteLimit: Number.POSITIVE_INFINITY, hasRoom: true, isOpen: true },
          deliver: async (part: BatchPart) => {
            await delay(each[part.count]?.ms ?? 0)
            for (let index = 0; index < part.count; index++) {
              const { id, offset } = part.operation(index)
              seen.set(id ?? '', [...(seen.get(id ?? '') ?? []), offset])
            }
          },
        }
        const settings = {
          batchSize,
          batchBytes: 1000,
          lingerMs: 0,
          maxInFlightRequests: 3,
          maxBufferedRecords: 1000,
          maxBufferedBytes: 1e6,
          isOrdered: true,
          keepsRecords: false,
        }
        const writer = new BulkWriter(settings, delivery as unknown as BulkDelivery)
        for (const [offset, { id }] of each.entries()) writer.add(operation(offset, { id, action: 'update' }))
        writer.flush()
        expect(await writer.until(() => writer.isEmpty, minuteMs, never)).toBe(true)
        for (const offsets of seen.values()) expect(offsets).toEqual(offsets.toSorted((a, b) => a - b))
        expect([...seen.values()].flat()).toHaveLength(each.length)
      }),
      { numRuns: 30 },
    )
  })

  it('takes nothing more out of its timer once it is closed', async () => {
    const { writer, held } = writerOf({ lingerMs: 1 })
    for (const each of operations(1)) writer.add(each)
    writer.settleIn()
    writer.close()
    await delay(5)
    expect(held.sent).toEqual([])
  })
})
