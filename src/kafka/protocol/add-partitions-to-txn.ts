import type { TopicPartition } from '../../api/sink.ts'
import type { ApiRequest } from '../transport.ts'
import { byTopic } from './by-topic.ts'
import { Reader } from './reader.ts'
import { throttleMs, type Throttled } from './throttled.ts'
import { writeTransaction, type TransactionIdentity } from './transaction-identity.ts'
import { Writer } from './writer.ts'

export interface AddPartitionsToTxnResponse extends Throttled {
  /** All succeed or none does: 55 for those that were not tried because of another's error. */
  readonly partitions: readonly (TopicPartition & { readonly error: number })[]
}

/** Goes to the transaction's coordinator, before anything is produced to the partitions. From version 2 fenced is 90, before it was 47. */
export function addPartitionsToTxn(
  transaction: TransactionIdentity,
  partitions: readonly TopicPartition[],
): ApiRequest<AddPartitionsToTxnResponse> {
  return {
    apiKey: 24,
    apiName: 'AddPartitionsToTxn',
    minVersion: 0,
    maxVersion: 2,
    firstFlexibleVersion: null,
    encode: () =>
      writeTransaction(new Writer(), transaction)
        .array(byTopic(partitions), (writer, [topic, list]) => {
          writer.string(topic).array(list, (each, { partition }) => each.int32(partition))
        })
        .finish(),
    decode,
    throttleMs,
  }
}

function decode(body: Buffer): AddPartitionsToTxnResponse {
  const reader = new Reader(body)
  const throttle = reader.int32()
  const topics = reader.array(() => {
    const topic = reader.string()
    return reader.array(() => ({ topic, partition: reader.int32(), error: reader.int16() }))
  })
  return { throttleMs: throttle, partitions: topics.flat() }
}
