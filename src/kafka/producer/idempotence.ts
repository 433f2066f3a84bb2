import type { Logger } from '../../api/logger.ts'
import { asKafkaError, kafkaError, type KafkaError } from '../errors.ts'
import { initProducerId } from '../protocol/init-producer-id.ts'
import { NO_PRODUCER } from '../record/batch-writer.ts'
import type { Transport } from '../transport.ts'
import type { PartitionQueue } from './partition-queue.ts'
import type { ProducerBatch } from './producer-batch.ts'
import type { RetryBackoff } from '../retry-backoff.ts'
import type { TransactionManager } from './transaction-manager.ts'

/** The broker remembers the last batches of a producer per partition. Once more followed, it cannot tell a repeated one from a new one. */
const REMEMBERED_BATCHES = 5
const MAX_EPOCH = 2 ** 15 - 1
/** Has no meaning without a transactional id. */
const NO_TRANSACTION_TIMEOUT = 2 ** 31 - 1

const OUT_OF_ORDER_SEQUENCE = 45
const INVALID_PRODUCER_EPOCH = 47
const UNKNOWN_PRODUCER_ID = 59

export interface IdempotenceOptions {
  /** Null: without transactions. Else it gives the ids, and a broken sequence ends the transaction. */
  readonly transactions: TransactionManager | null
  readonly transport: Transport
  readonly backoff: RetryBackoff
  readonly log: Logger
  readonly closing: AbortSignal
  /** A producer id was given: batches may go out. */
  readonly ready: () => void
  /** No producer id can be had. */
  readonly refused: (error: KafkaError) => void
}

/**
 * The producer's identity and what follows from it: which batch may go out, under which sequence, and what a broken sequence means.
 * With a `transactional.id` only the coordinator may raise the epoch: a broken sequence ends the transaction, and states other than
 * `whole` do not occur.
 */
export class Idempotence {
  readonly #options: IdempotenceOptions
  #producerId = -1
  #producerEpoch = -1
  #isAsking = false

  constructor(options: IdempotenceOptions) {
    this.#options = options
  }

  /** Whether the partition's first waiting batch may go out now. Raises the epoch when its turn has come. */
  admits(queue: PartitionQueue, head: ProducerBatch): boolean {
    const { sequence, inFlight } = queue
    if (this.#options.transactions?.admits(queue) === false) return false
    const restarts = sequence.state === 'gap' || sequence.state === 'lost' || (sequence.state === 'hole' && !head.hasSequence)
    if (restarts && inFlight.length > 0) return false
    if (restarts) this.#restart(queue)
    // a repeated batch goes alone: were it refused again, those behind it would be out of order
    const oldest = inFlight[0]
    if (oldest === undefined) return head.hasSequence || sequence.producerId !== -1 || this.#join(queue)
    if (head.hasSequence) return false
    return sequence.isEstablished && sequence.stampedBatches - oldest.sequenceNumber < REMEMBERED_BATCHES
  }

  /** Gives the batch, which takes no more records, its place in the sequence. It keeps it in every retry. */
  stamp(batch: ProducerBatch): void {
    if (batch.hasSequence) return
    const { sequence } = batch.queue
    batch.sequenceNumber = sequence.stampedBatches
    const baseSequence = sequence.take(batch.recordCount)
    batch.setStamp({ producerId: sequence.producerId, producerEpoch: sequence.producerEpoch, baseSequence })
  }

  /** The broker has the batch. */
  delivered(batch: ProducerBatch): void {
    const { sequence } = batch.queue
    const { producerId, producerEpoch } = batch.stamp
    if (producerId === sequence.producerId && producerEpoch === sequence.producerEpoch) sequence.isEstablished = true
  }

  /**
   * Whether the answer speaks of the sequence, so that the batch is sent again, perhaps under a new epoch.
   * An error about a batch that is not the next the broker expects only says that the earlier one is missing.
   */
  isSequenceError(batch: ProducerBatch, error: KafkaError): boolean {
    const { number } = error
    if (number !== OUT_OF_ORDER_SEQUENCE && number !== UNKNOWN_PRODUCER_ID && number !== INVALID_PRODUCER_EPOCH) return false
    const { queue } = batch
    if (hasEarlier(queue.inFlight, batch) || hasEarlier(queue.waiting, batch)) return true
    if (this.#options.transactions !== null) return false
    queue.sequence.state = number === INVALID_PRODUCER_EPOCH ? 'lost' : 'gap'
    return true
  }

  /** A batch is given up. @param outcome whether the broker surely has not taken it */
  gaveUp(batch: ProducerBatch, outcome: 'refused' | 'unknown', error: KafkaError): void {
    const { transactions } = this.#options
    if (transactions !== null) return transactions.recordFailed(error, batch.hasSequence)
    const { sequence } = batch.queue
    if (!batch.hasSequence || sequence.state === 'lost') return
    if (outcome === 'refused') sequence.state = 'gap'
    else if (sequence.state === 'whole') sequence.state = 'hole'
  }

  #restart(queue: PartitionQueue): void {
    const { sequence } = queue
    const needsNewId = sequence.state === 'lost' || sequence.producerEpoch >= MAX_EPOCH
    if (needsNewId && this.#producerId === sequence.producerId) this.#producerId = -1
    for (const batch of queue.waiting) if (batch.hasSequence) batch.stamp = NO_PRODUCER
    sequence.restart(needsNewId ? -1 : sequence.producerId, needsNewId ? -1 : sequence.producerEpoch + 1)
    this.#options.log.info(
      `The sequence of ${queue.toString()} starts anew with ${needsNewId ? 'a new producer id' : `epoch ${sequence.producerEpoch}`}`,
    )
  }

  /** Takes the producer's id for a partition; asks for it when there is none. */
  #join(queue: PartitionQueue): boolean {
    if (this.#producerId === -1) {
      if (!this.#isAsking) void this.#askForId()
      return false
    }
    queue.sequence.restart(this.#producerId, this.#producerEpoch)
    return true
  }

  async #askForId(): Promise<void> {
    this.#isAsking = true
    try {
      await this.#takeId()
      this.#options.ready()
    } catch (error) {
      this.#options.refused(asKafkaError(error))
    } finally {
      this.#isAsking = false
    }
  }

  /** Asks any broker until one gives a producer id. @throws KafkaError when that cannot succeed */
  async #takeId(): Promise<void> {
    const { transport, backoff, closing, log } = this.#options
    const request = initProducerId({ transactionalId: null, transactionTimeoutMs: NO_TRANSACTION_TIMEOUT, current: null })
    for (let attempts = 1; ; attempts++) {
      const error = await transport.send('any', 'control', request).then(
        (answer) => {
          if (answer.error !== 0) return kafkaError(answer.error)
          this.#producerId = answer.producerId
          this.#producerEpoch = answer.producerEpoch
          return null
        },
        (failure: unknown) => asKafkaError(failure),
      )
      if (error === null) return
      if (!error.retriable || closing.aborted) throw error
      log.debug(`No producer id yet: ${error.message}`)
      await backoff.wait(attempts, closing).catch(() => Promise.reject(error))
    }
  }
}

function hasEarlier(batches: readonly ProducerBatch[], batch: ProducerBatch): boolean {
  return batches.some((other) => other.hasSequence && other.ordinal < batch.ordinal)
}
