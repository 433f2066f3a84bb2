import type { Logger } from '../../api/logger.ts'
import { disconnectException, factsOf, KafkaError, kafkaError, timeoutException } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import type { ProducedPartition } from '../protocol/produce.ts'
import { RECORDS } from '../record/batch-format.ts'
import type { Accumulator } from './accumulator.ts'
import type { DeliveryQueue } from './delivery-queue.ts'
import type { Idempotence } from './idempotence.ts'
import type { ProducerBatch } from './producer-batch.ts'
import type { ProducerSettings } from './producer-settings.ts'
import type { RetryBackoff } from '../retry-backoff.ts'
import type { Clock } from '../timer.ts'

const MESSAGE_TOO_LARGE = 10
const DUPLICATE_SEQUENCE = 46
const INVALID_RECORD = 87

export interface BatchOutcomesOptions {
  readonly settings: ProducerSettings
  readonly accumulator: Accumulator
  readonly deliveries: DeliveryQueue
  readonly metadata: Metadata
  /** Null: without idempotence. */
  readonly idempotence: Idempotence | null
  readonly backoff: RetryBackoff
  readonly clock: Clock
  readonly log: Logger
}

/**
 * What an attempt means for its batch: delivered, tried again, split, or given up. The batch is no longer on its way when a method is
 * called. A batch that expired meanwhile is settled already, and its answer is ignored.
 */
export class BatchOutcomes {
  readonly #options: BatchOutcomesOptions

  constructor(options: BatchOutcomesOptions) {
    this.#options = options
  }

  /** The broker answered: each partition has its own result. */
  answered(batches: readonly ProducerBatch[], partitions: readonly ProducedPartition[]): void {
    const results = new Map(partitions.map((result) => [`${result.topic}-${result.partition}`, result]))
    for (const batch of batches) {
      const result = results.get(batch.queue.toString())
      if (result === undefined) this.failed(batch, disconnectException(`The broker did not answer for partition ${batch.queue.toString()}`))
      else this.#partitionAnswered(batch, result)
    }
  }

  /** acks=0: the request was written, and nobody will say more. */
  unacknowledged(batch: ProducerBatch): void {
    if (!batch.isSettled) this.#options.deliveries.add(batch, { error: null, baseOffset: -1, logAppendTime: -1 })
  }

  /** The attempt failed: the whole request, or this partition's part. */
  failed(batch: ProducerBatch, error: KafkaError): void {
    if (batch.isSettled) return
    batch.lastError = error
    if (error.refresh === 'metadata') this.#options.metadata.requestRefresh()
    if (error.number === MESSAGE_TOO_LARGE && batch.recordCount > 1) this.#split(batch)
    else if (this.#mayRetry(batch, error)) this.#retry(batch, error)
    else this.giveUp(batch, error, error.retriable ? 'unknown' : 'refused')
  }

  /** `delivery.timeout.ms` passed, waiting or on the way. */
  expire(batch: ProducerBatch, now: number): void {
    const { queue, recordCount, lastError } = batch
    const age = Math.floor(now - batch.createdAt)
    const reason =
      lastError === null
        ? 'The request has not been sent, or no server response has been received yet.'
        : `The last attempt failed: ${lastError.message}`
    const message = `Expiring ${recordCount} record(s) for ${queue.toString()}:${age} ms has passed since batch creation. ${reason}`
    this.giveUp(
      batch,
      timeoutException(message, { topic: queue.topic, partition: queue.partition, cause: lastError ?? undefined }),
      'unknown',
    )
  }

  /** Fails the records of a batch. @param outcome whether the broker surely has not taken it */
  giveUp(batch: ProducerBatch, error: KafkaError | ((index: number) => KafkaError), outcome: 'refused' | 'unknown'): void {
    const { accumulator, deliveries, idempotence } = this.#options
    if (batch.isSettled) return
    accumulator.remove(batch)
    deliveries.add(batch, { error })
    idempotence?.gaveUp(batch, outcome, typeof error === 'function' ? error(0) : error)
  }

  #partitionAnswered(batch: ProducerBatch, result: ProducedPartition): void {
    if (result.error === 0 || result.error === DUPLICATE_SEQUENCE) return this.#delivered(batch, result)
    const { topic, partition, errorMessage } = result
    // Java's sentence, with what the broker adds
    const error = kafkaError(result.error, { topic, partition, message: errorMessage })
    if (result.error === INVALID_RECORD && result.recordErrors.length > 0 && !batch.isSettled) {
      this.giveUp(batch, recordErrors(result, error), 'refused')
    } else {
      this.failed(batch, error)
    }
  }

  #delivered(batch: ProducerBatch, { error, baseOffset, logAppendTime }: ProducedPartition): void {
    const { queue } = batch
    batch.writer.release()
    this.#options.idempotence?.delivered(batch)
    if (queue.isTroubled) this.#options.log.info(`Partition ${queue.toString()} takes records again`)
    queue.isTroubled = false
    if (!batch.isSettled) this.#options.deliveries.add(batch, { error: null, baseOffset: error === 0 ? baseOffset : -1, logAppendTime })
  }

  #mayRetry(batch: ProducerBatch, error: KafkaError): boolean {
    const { settings, idempotence } = this.#options
    if (batch.attempts > settings.retries) return false
    return idempotence?.isSequenceError(batch, error) === true || error.retriable
  }

  #retry(batch: ProducerBatch, error: KafkaError): void {
    const { accumulator, backoff, clock, log } = this.#options
    const { queue } = batch
    batch.retryAt = clock() + backoff.after(batch.attempts)
    accumulator.putBack(batch)
    // a failed connection is reported for the broker
    if (error.number === null) return
    const line = `Got error produce response on topic-partition ${queue.toString()}, retrying (attempt ${batch.attempts}). Error: ${error.code} ${error.message}`
    if (queue.isTroubled) log.debug(line)
    else log.warn(line)
    queue.isTroubled = true
  }

  /** The broker's limit is not known, but half of what it refused is nearer to it; later batches of the topic do not exceed that. */
  #split(batch: ProducerBatch): void {
    const { topicQueues } = batch.queue
    const { uncompressedBytes } = batch
    topicQueues.maxBatchBytes = Math.min(topicQueues.maxBatchBytes, Math.ceil(uncompressedBytes / 2) + RECORDS)
    this.#options.log.warn(
      `The broker refused a batch of ${batch.recordCount} records and ${uncompressedBytes} bytes for ${batch.queue.toString()} as too large: ` +
        `it is sent in two, and batches of the topic stay below ${topicQueues.maxBatchBytes} bytes. Set batch.size accordingly to avoid this.`,
    )
    this.#options.accumulator.split(batch)
  }
}

/** Which records the broker refused, and what the others of the batch are told. Apache Kafka 4.3, Sender#failBatch. */
function recordErrors(result: ProducedPartition, batchError: KafkaError): (index: number) => KafkaError {
  const { topic, partition } = result
  const refused = new Map(
    result.recordErrors.map(({ batchIndex, message }) => [
      batchIndex,
      message === null ? batchError : kafkaError(INVALID_RECORD, { topic, partition, message }),
    ]),
  )
  const facts = { ...factsOf(INVALID_RECORD), javaName: 'org.apache.kafka.common.KafkaException' }
  const message = 'Failed to append record because it was part of a batch which had one more more invalid records'
  const neighbour = new KafkaError(message, facts, { topic, partition, cause: batchError })
  return (index) => refused.get(index) ?? neighbour
}
