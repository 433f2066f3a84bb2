import type { TopicPartition } from '../../api/sink.ts'
import type { ApiRequest } from '../transport.ts'
import { byTopic } from './by-topic.ts'
import { Reader } from './reader.ts'
import { throttleMs, type Throttled } from './throttled.ts'
import { Writer } from './writer.ts'

export interface ProducePartition extends TopicPartition {
  /** One finished record batch. Written to the socket as it is, so it must not change until the request is settled. */
  readonly batch: Buffer
}

export interface ProduceData {
  readonly transactionalId: string | null
  /** -1: all in-sync replicas, 1: the leader, 0: no answer at all. */
  readonly acks: -1 | 0 | 1
  /** How long the broker may wait for replicas. */
  readonly timeoutMs: number
  /** At most one per partition. */
  readonly partitions: readonly ProducePartition[]
  /** True when a batch is compressed with zstd, which needs version 7. */
  readonly zstd: boolean
}

export interface ProducedPartition extends TopicPartition {
  readonly error: number
  /** Offset of the batch's first record; -1 with an error. */
  readonly baseOffset: number
  /** The broker's time for all records of the batch when the topic says LogAppendTime, else -1. */
  readonly logAppendTime: number
  /** Records the broker refused, by index in the batch (version 8, INVALID_RECORD). */
  readonly recordErrors: readonly { readonly batchIndex: number; readonly message: string | null }[]
  /** The broker's reason (version 8), else null. */
  readonly errorMessage: string | null
}

export interface ProduceResponse extends Throttled {
  readonly partitions: readonly ProducedPartition[]
}

export function produce(data: ProduceData): ApiRequest<ProduceResponse> {
  return {
    apiKey: 0,
    apiName: 'Produce',
    minVersion: data.zstd ? 7 : 3,
    maxVersion: 8,
    firstFlexibleVersion: null,
    expectsResponse: data.acks !== 0,
    encode: () => encode(data),
    decode,
    throttleMs,
  }
}

function encode(data: ProduceData): readonly Buffer[] {
  return new Writer()
    .nullableString(data.transactionalId)
    .int16(data.acks)
    .int32(data.timeoutMs)
    .array(byTopic(data.partitions), (writer, [topic, partitions]) => {
      writer.string(topic).array(partitions, (each, { partition, batch }) => each.int32(partition).attachBytes(batch))
    })
    .finish()
}

function decode(body: Buffer, version: number): ProduceResponse {
  const reader = new Reader(body)
  const partitions: ProducedPartition[] = []
  reader.array(() => {
    const topic = reader.string()
    reader.array(() => partitions.push(decodePartition(reader, topic, version)))
  })
  return { partitions, throttleMs: reader.int32() }
}

function decodePartition(reader: Reader, topic: string, version: number): ProducedPartition {
  const partition = reader.int32()
  const error = reader.int16()
  const baseOffset = reader.int64()
  const logAppendTime = reader.int64()
  if (version >= 5) reader.int64() // log start offset
  const recordErrors = version < 8 ? [] : reader.array(() => ({ batchIndex: reader.int32(), message: reader.nullableString() }))
  const errorMessage = version < 8 ? null : reader.nullableString()
  return { topic, partition, error, baseOffset, logAppendTime, recordErrors, errorMessage }
}
