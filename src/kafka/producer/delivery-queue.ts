import type { Logger } from '../../api/logger.ts'
import type { KafkaError } from '../errors.ts'
import type { Delivery } from '../ports.ts'
import type { PartitionQueue } from './partition-queue.ts'
import type { ProducerBatch } from './producer-batch.ts'

/** Records told in one turn of the event loop before others get theirs. */
const RECORDS_PER_TURN = 20_000

/** How a batch ended. */
export type Outcome =
  | { readonly error: null; readonly baseOffset: number; readonly logAppendTime: number }
  /** One error for all, or the one that belongs to the record at an index. */
  | { readonly error: KafkaError | ((index: number) => KafkaError) }

/** A batch whose outcome is known. */
export interface Settled {
  readonly batch: ProducerBatch
  readonly outcome: Outcome
}

/**
 * Batches whose outcome is known and whose records are still to be told. Apart from settling, so that the next request is on its way
 * while the records hear of the last one. Told in the order of each partition: a batch that a broker took before the one ahead of it,
 * which is sent again, waits for that one.
 */
export class DeliveryQueue {
  readonly #log: Logger
  readonly #told: (batch: ProducerBatch) => void
  readonly #settled: Settled[] = []
  #immediate: NodeJS.Immediate | undefined
  #isTelling = false

  /** @param told called after the last record of a batch was told */
  constructor(log: Logger, told: (batch: ProducerBatch) => void) {
    this.#log = log
    this.#told = told
  }

  add(batch: ProducerBatch, outcome: Outcome): void {
    batch.isSettled = true
    const { queue } = batch
    if (queue.hasUnsettledBefore(batch)) {
      queue.untold.push({ batch, outcome })
      return
    }
    this.#settled.push({ batch, outcome })
    if (queue.untold.length > 0) this.#release(queue)
  }

  /** The batch that others waited for is settled. */
  #release(queue: PartitionQueue): void {
    const untold = queue.untold.splice(0).sort((one, other) => one.batch.ordinal - other.batch.ordinal)
    for (const settled of untold) (queue.hasUnsettledBefore(settled.batch) ? queue.untold : this.#settled).push(settled)
  }

  /** Tells what there is, whole batches, as far as one turn may take; the rest in the next turns. */
  tell(): void {
    if (this.#isTelling || this.#immediate !== undefined) return
    this.#isTelling = true
    for (let records = 0; records < RECORDS_PER_TURN;) {
      const next = this.#settled.shift()
      if (next === undefined) break
      records += next.batch.recordCount
      this.#tellBatch(next)
    }
    this.#isTelling = false
    if (this.#settled.length > 0) this.#immediate = setImmediate(this.#nextTurn)
  }

  /** The only record of a send that was refused. */
  tellFailed(delivery: Delivery, error: KafkaError): void {
    try {
      delivery.failed(error)
    } catch (thrown) {
      this.#logThrown(thrown)
    }
  }

  readonly #nextTurn = (): void => {
    this.#immediate = undefined
    this.tell()
  }

  #tellBatch({ batch, outcome }: Settled): void {
    if (outcome.error === null) this.#tellDelivered(batch, outcome.baseOffset, outcome.logAppendTime)
    else this.#tellAllFailed(batch, outcome.error)
    this.#told(batch)
  }

  #tellDelivered(batch: ProducerBatch, baseOffset: number, logAppendTime: number): void {
    const { deliveries, timestamps } = batch
    const { partition } = batch.queue
    for (let index = 0; index < deliveries.length; index++) {
      const offset = baseOffset === -1 ? -1 : baseOffset + index
      const timestamp = logAppendTime === -1 ? (timestamps[index] ?? -1) : logAppendTime
      try {
        deliveries[index]?.delivered(partition, offset, timestamp)
      } catch (thrown) {
        this.#logThrown(thrown)
      }
    }
  }

  #tellAllFailed(batch: ProducerBatch, error: KafkaError | ((index: number) => KafkaError)): void {
    for (const [index, delivery] of batch.deliveries.entries()) {
      this.tellFailed(delivery, typeof error === 'function' ? error(index) : error)
    }
  }

  #logThrown(thrown: unknown): void {
    this.#log.error('Error executing user-provided callback on message', thrown)
  }
}
