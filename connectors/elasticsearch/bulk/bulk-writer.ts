import type { TopicPartition } from 'standpipe/api'
import type { BulkOperation } from '../bulk-operation.ts'
import { Batch } from './batch.ts'
import { BatchPart } from './batch-part.ts'
import { BodyPool } from './body-pool.ts'
import type { BulkDelivery } from './bulk-delivery.ts'
import { laneOf } from './lane-of.ts'

export interface BulkWriterSettings {
  /** Most operations in a request. */
  readonly batchSize: number
  /** Most bytes in a request of several operations. */
  readonly batchBytes: number
  readonly lingerMs: number
  readonly maxInFlightRequests: number
  /** Of operations that are not settled. */
  readonly maxBufferedRecords: number
  readonly maxBufferedBytes: number
  /** Whether operations on one id must reach the server in order; else their versions, or ids used only once, see to that. */
  readonly isOrdered: boolean
  /** Whether records are kept until they are settled, for reports. */
  readonly keepsRecords: boolean
}

/** Beside requests under way a partial batch waits at least this long, for many small requests cost more than they gain. */
const lingerBesideOthersMs = 20

/** Batches that go one after the other, or, where there is no limit, in any order. */
class Lane {
  filling: Batch | null = null
  readonly ready: Batch[] = []
  sending = 0
  readonly limit: number

  constructor(limit: number) {
    this.limit = limit
  }
}

/**
 * Collects operations into bulk requests and keeps some under way. `add` never waits; the caller asks `isFull` before.
 *
 * A batch goes out when it is full, or when `linger.ms` is over; while others are under way it goes on filling for a moment. Where order
 * matters, an id always takes the same lane, and a lane has one request under way.
 */
export class BulkWriter {
  readonly #settings: BulkWriterSettings
  readonly #delivery: BulkDelivery
  readonly #bodies = new BodyPool()
  readonly #lanes: readonly Lane[]
  /** Not finished: being filled, waiting, under way, or given up. */
  readonly #pending = new Set<Batch>()
  #records = 0
  #bytes = 0
  #failure: Error | null = null
  #gaveUp = false
  #timer: NodeJS.Timeout | null = null
  readonly #watchers = new Set<() => void>()

  constructor(settings: BulkWriterSettings, delivery: BulkDelivery) {
    this.#settings = settings
    this.#delivery = delivery
    const { maxInFlightRequests: requests, isOrdered } = settings
    this.#lanes = isOrdered ? Array.from({ length: requests }, () => new Lane(1)) : [new Lane(Number.POSITIVE_INFINITY)]
    delivery.onRoom = () => this.settleIn()
    delivery.onTrouble = () => this.#notify()
  }

  /** Why no more can be written; null: all is well. */
  get failure(): Error | null {
    return this.#failure
  }

  /** Whether adding more would exceed what may be kept. */
  get isFull(): boolean {
    return this.#records >= this.#settings.maxBufferedRecords || this.#bytes >= this.#settings.maxBufferedBytes
  }

  /** Whether everything added is settled. */
  get isEmpty(): boolean {
    return this.#pending.size === 0
  }

  /** Whether no request is under way and none will be: all is settled, or what is left was given up. */
  get isIdle(): boolean {
    const stopped = this.#gaveUp || this.#failure !== null
    return this.#lanes.every(({ sending, ready, filling }) => sending === 0 && (stopped || (ready.length === 0 && filling === null)))
  }

  /** Takes over the operation; its bytes are copied. */
  add(operation: BulkOperation): void {
    const lane = this.#laneOf(operation)
    const batch = lane.filling ?? this.#begin(lane)
    const before = batch.bytes
    batch.add(operation)
    this.#records++
    this.#bytes += batch.bytes - before
    if (batch.bytes > this.#batchBytes()) this.#overflow(lane, batch, operation)
    if (lane.filling !== null && lane.filling.count >= this.#settings.batchSize) this.#close(lane)
  }

  /** Called after a run of `add`: sends what is full, and sees to it that the rest goes out in time. */
  settleIn(): void {
    for (const lane of this.#lanes) this.#pump(lane)
    this.#schedule()
  }

  /** Sends what there is, full or not. */
  flush(): void {
    for (const lane of this.#lanes) {
      if (lane.filling !== null) this.#close(lane)
      this.#pump(lane)
    }
  }

  /**
   * Waits until the condition holds or the writer has failed.
   * @returns false: the time is over, or the signal came
   */
  async until(condition: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    const met = () => condition() || this.#failure !== null
    if (met()) return true
    return await new Promise<boolean>((resolve) => {
      const end = (result: boolean) => {
        clearTimeout(timer)
        signal.removeEventListener('abort', giveUp)
        this.#watchers.delete(watch)
        resolve(result)
      }
      const giveUp = () => end(false)
      const watch = () => {
        if (met()) end(true)
      }
      const timer = setTimeout(giveUp, timeoutMs)
      signal.addEventListener('abort', giveUp)
      this.#watchers.add(watch)
      if (signal.aborted) end(false)
    })
  }

  /** The first record of the partition that is not known to be written; null: all are. */
  lowestPending(partition: TopicPartition): number | null {
    let lowest: number | null = null
    for (const batch of this.#pending) {
      const offset = batch.lowestPending(partition)
      if (offset !== null && (lowest === null || offset < lowest)) lowest = offset
    }
    return lowest
  }

  /** What is left of these partitions is not sent again, nor counted any more. */
  drop(partitions: readonly TopicPartition[]): void {
    for (const batch of this.#pending) batch.drop(partitions)
  }

  /** Nothing is sent any more. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#failure ??= new Error('the bulk writer is closed')
    this.#notify()
  }

  #laneOf(operation: BulkOperation): Lane {
    const lane = this.#lanes[this.#lanes.length === 1 ? 0 : laneOf(operation, this.#lanes.length)]
    if (lane === undefined) throw new RangeError('there is no lane')
    return lane
  }

  #begin(lane: Lane): Batch {
    const batch = new Batch(this.#bodies.take(), performance.now(), this.#settings.keepsRecords)
    lane.filling = batch
    this.#pending.add(batch)
    return batch
  }

  /** The last operation made the batch too large: it starts the next one. Alone it goes as it is. */
  #overflow(lane: Lane, batch: Batch, last: BulkOperation): void {
    if (batch.count > 1) {
      this.#close(lane)
      batch.moveLastTo(this.#begin(lane), last)
      if ((lane.filling?.bytes ?? 0) <= this.#batchBytes()) return
    }
    this.#close(lane)
  }

  #close(lane: Lane): void {
    if (lane.filling === null) return
    lane.ready.push(lane.filling)
    lane.filling = null
  }

  #batchBytes(): number {
    return Math.min(this.#settings.batchBytes, this.#delivery.byteLimit)
  }

  #pump(lane: Lane): void {
    while (this.#failure === null && !this.#gaveUp && this.#mayStart(lane)) {
      const batch = lane.ready.shift()
      if (batch === undefined) return
      lane.sending++
      void this.#send(lane, batch)
    }
  }

  #mayStart(lane: Lane): boolean {
    return lane.sending < lane.limit && this.#delivery.hasRoom
  }

  /** Never rejects: what cannot be delivered is the writer's failure. */
  async #send(lane: Lane, batch: Batch): Promise<void> {
    try {
      await this.#delivery.deliver(BatchPart.whole(batch))
      this.#finished(batch)
    } catch (error) {
      this.#failed(batch, error)
    }
    lane.sending--
    this.settleIn()
    this.#notify()
  }

  #finished(batch: Batch): void {
    this.#pending.delete(batch)
    this.#records -= batch.count
    this.#bytes -= batch.bytes
    this.#bodies.give(batch.body)
  }

  #failed(batch: Batch, error: unknown): void {
    batch.countUnsettled()
    if (error instanceof Error && error.name === 'AbortError') this.#gaveUp = true
    else this.#failure ??= error instanceof Error ? error : new Error(String(error))
  }

  /** Sends partial batches whose time has come, and sets the timer for the next one. */
  #schedule(): void {
    if (this.#failure !== null || this.#gaveUp || this.#timer !== null) return
    const now = performance.now()
    let nextMs = Number.POSITIVE_INFINITY
    for (const lane of this.#lanes) {
      if (lane.filling === null || lane.sending >= lane.limit || !this.#delivery.isOpen) continue
      const dueMs = lane.filling.startedAt + this.#lingerMs() - now
      if (dueMs > 0) {
        nextMs = Math.min(nextMs, dueMs)
      } else {
        this.#close(lane)
        this.#pump(lane)
      }
    }
    if (nextMs < Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => this.#tick(), Math.min(Math.ceil(nextMs), 2 ** 31 - 1))
  }

  #tick(): void {
    this.#timer = null
    this.#schedule()
  }

  #lingerMs(): number {
    const { lingerMs } = this.#settings
    const isBesideOthers = this.#lanes.some(({ sending }) => sending > 0)
    return isBesideOthers ? Math.max(lingerMs, lingerBesideOthersMs) : lingerMs
  }

  #notify(): void {
    for (const watch of [...this.#watchers]) watch()
  }
}
