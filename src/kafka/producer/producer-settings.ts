import type { Compression } from '../record/compression.ts'
import { COMPRESSION_TYPES, type CompressionType } from '../record/compression-type.ts'

/** The keys the producer follows, as Java's producer has them; `isSet` tells a user's value from the default. */
export interface ProducerKeys {
  readonly acks: string
  readonly 'batch.size': number
  readonly 'buffer.memory': number
  readonly 'compression.type': string
  readonly 'compression.gzip.level': number
  readonly 'compression.zstd.level': number
  readonly 'delivery.timeout.ms': number
  readonly 'enable.idempotence': boolean
  readonly 'linger.ms': number
  readonly 'max.block.ms': number
  readonly 'max.in.flight.requests.per.connection': number
  readonly 'max.request.size': number
  readonly 'metadata.max.idle.ms': number
  readonly 'partitioner.class': string | null
  readonly 'partitioner.ignore.keys': boolean
  readonly 'request.timeout.ms': number
  readonly retries: number
  readonly 'retry.backoff.ms': number
  readonly 'retry.backoff.max.ms': number
  readonly 'transaction.timeout.ms': number
  /** Null: no transactions. */
  readonly 'transactional.id': string | null
  isSet(key: 'batch.size'): boolean
}

/** A batch that cannot go out yet grows up to here, unless `batch.size` was set. */
const GROWN_BATCH_BYTES = 512 * 1024

/** What accumulator and sender work with, taken from the keys once. */
export interface ProducerSettings {
  readonly acks: -1 | 0 | 1
  /** From here on a batch does not linger. */
  readonly batchBytes: number
  /** Most bytes of a batch of several records. */
  readonly maxBatchBytes: number
  readonly bufferMemory: number
  readonly compression: Compression
  readonly deliveryTimeoutMs: number
  readonly isIdempotent: boolean
  readonly lingerMs: number
  readonly maxBlockMs: number
  readonly maxInFlight: number
  readonly maxRequestBytes: number
  readonly requestTimeoutMs: number
  readonly retries: number
  /** Null: no transactions. */
  readonly transactionalId: string | null
  readonly transactionTimeoutMs: number
}

export function producerSettings(keys: ProducerKeys): ProducerSettings {
  const batchBytes = Math.max(1, keys['batch.size'])
  const grown = keys.isSet('batch.size') ? batchBytes : Math.max(batchBytes, GROWN_BATCH_BYTES)
  return {
    acks: keys.acks === '0' ? 0 : keys.acks === '1' ? 1 : -1,
    batchBytes,
    maxBatchBytes: Math.min(grown, keys['max.request.size']),
    bufferMemory: keys['buffer.memory'],
    compression: compression(keys),
    deliveryTimeoutMs: keys['delivery.timeout.ms'],
    isIdempotent: keys['enable.idempotence'],
    lingerMs: keys['linger.ms'],
    maxBlockMs: keys['max.block.ms'],
    maxInFlight: keys['max.in.flight.requests.per.connection'],
    maxRequestBytes: keys['max.request.size'],
    requestTimeoutMs: keys['request.timeout.ms'],
    retries: keys.retries,
    transactionalId: keys['transactional.id'],
    transactionTimeoutMs: keys['transaction.timeout.ms'],
  }
}

function compression(keys: ProducerKeys): Compression {
  const type = keys['compression.type'].toLowerCase() as CompressionType
  if (!COMPRESSION_TYPES.includes(type)) throw new TypeError(`Unknown compression.type ${type}`)
  if (type === 'gzip') return { type, level: keys['compression.gzip.level'] }
  if (type === 'zstd') return { type, level: keys['compression.zstd.level'] }
  return { type }
}
