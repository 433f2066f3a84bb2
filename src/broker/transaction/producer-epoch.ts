import { ApiError, Errors } from '../protocol/errors.ts'
import { NOTHING_ADDED, type TransactionRecord } from './transaction-record.ts'

/** Who a producer says it is, to go on after an error (KIP-360). */
export interface KnownProducer {
  readonly producerId: number
  readonly producerEpoch: number
}

const MAX_EPOCH = 0x7fff

/** The last epoch is never given to a producer: it is there to fence the one before. */
export function isExhausted(epoch: number): boolean {
  return epoch >= MAX_EPOCH - 1
}

/** An epoch that shuts out the present producer and is given to nobody. */
export function fencingEpoch({ producerEpoch }: TransactionRecord): number {
  return Math.min(producerEpoch + 1, MAX_EPOCH)
}

/**
 * Refuses a producer whose id is of the past. One that had used up its epochs may ask again: perhaps it never got our answer.
 * Kafka: TransactionCoordinator#prepareInitProducerIdTransit.
 */
export function checkProducerId(record: TransactionRecord, known: KnownProducer): void {
  const isKnown =
    record.producerEpoch === -1 ||
    known.producerId === record.producerId ||
    (known.producerId === record.previousProducerId && isExhausted(known.producerEpoch))
  if (!isKnown) throw new ApiError(Errors.PRODUCER_FENCED)
}

/** Whether the next producer needs a new id. */
export function needsNewProducerId(record: TransactionRecord, known: KnownProducer | null): boolean {
  return isExhausted(record.producerEpoch) && (known === null || known.producerEpoch === record.producerEpoch)
}

/** Kafka: TransactionMetadata#prepareProducerIdRotation. */
export function withNewProducerId(
  record: TransactionRecord,
  known: KnownProducer | null,
  producerId: number,
  timeoutMs: number,
  now: number,
): TransactionRecord {
  const lastProducerEpoch = known === null ? -1 : record.producerEpoch
  const previousProducerId = record.producerId
  const begun = { state: 'Empty', ...NOTHING_ADDED, timeoutMs, lastUpdateTimestamp: now } as const
  return { ...begun, producerId, previousProducerId, producerEpoch: 0, lastProducerEpoch }
}

/**
 * A higher epoch for the next producer. One that asks again for what it was given already gets the same.
 * Kafka: TransactionMetadata#prepareIncrementProducerEpoch.
 * @throws ApiError PRODUCER_FENCED when `known` is neither the present epoch nor the one before
 */
export function withNextEpoch(record: TransactionRecord, known: KnownProducer | null, timeoutMs: number, now: number): TransactionRecord {
  return { ...record, ...nextEpochs(record, known), state: 'Empty', ...NOTHING_ADDED, timeoutMs, lastUpdateTimestamp: now }
}

function nextEpochs(record: TransactionRecord, known: KnownProducer | null) {
  const { producerEpoch, lastProducerEpoch } = record
  if (known === null) return { producerEpoch: producerEpoch + 1, lastProducerEpoch: -1 }
  if (producerEpoch === -1 || known.producerEpoch === producerEpoch)
    return { producerEpoch: producerEpoch + 1, lastProducerEpoch: producerEpoch }
  if (known.producerEpoch === lastProducerEpoch) return { producerEpoch, lastProducerEpoch }
  throw new ApiError(Errors.PRODUCER_FENCED)
}
