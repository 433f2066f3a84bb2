import type { TopicPartition } from '../../api/sink.ts'
import type { IsolationLevel } from '../ports.ts'
import type { ApiRequest } from '../transport.ts'
import { byTopic } from './by-topic.ts'
import { isolationCode } from './isolation.ts'
import { Reader } from './reader.ts'
import { throttleMs, type Throttled } from './throttled.ts'
import { Writer } from './writer.ts'

export interface FetchPartition extends TopicPartition {
  readonly offset: number
  /** Epoch of the leader as we know it, so that a stale one is noticed; -1: unknown. */
  readonly leaderEpoch: number
  readonly maxBytes: number
}

export interface FetchData {
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly isolation: IsolationLevel
  /** `client.rack`, to be told a nearer replica; '': none. */
  readonly rack: string
  readonly partitions: readonly FetchPartition[]
}

export interface FetchedPartition extends TopicPartition {
  readonly error: number
  readonly highWatermark: number
  /** -1: unknown. */
  readonly lastStableOffset: number
  readonly logStartOffset: number
  /** Aborted transactions that concern these records; null when not asked for (read_uncommitted). */
  readonly abortedTransactions: readonly { readonly producerId: number; readonly firstOffset: number }[] | null
  /** Replica to fetch from next; -1: none. */
  readonly preferredReadReplica: number
  /** Record batches, as a range of the answer's buffer; the last one may be cut off. */
  readonly records: { readonly buffer: Buffer; readonly start: number; readonly end: number }
}

export interface FetchResponse extends Throttled {
  /** Error of the whole answer; 0: see the partitions. */
  readonly error: number
  readonly partitions: readonly FetchedPartition[]
}

/** A fetch without a session (KIP-227): each request names all its partitions. */
export function fetch(data: FetchData): ApiRequest<FetchResponse> {
  return {
    apiKey: 1,
    apiName: 'Fetch',
    minVersion: 4,
    maxVersion: 11,
    firstFlexibleVersion: null,
    encode: (version) => encode(data, version),
    decode,
    throttleMs,
  }
}

function encode(data: FetchData, version: number): readonly Buffer[] {
  const writer = new Writer().int32(-1).int32(data.maxWaitMs).int32(data.minBytes).int32(data.maxBytes).int8(isolationCode(data.isolation))
  if (version >= 7) writer.int32(0).int32(-1) // session id and epoch: no session
  writer.array(byTopic(data.partitions), (each, [topic, partitions]) => {
    each.string(topic).array(partitions, (_, partition) => encodePartition(writer, partition, version))
  })
  if (version >= 7) writer.int32(0) // forgotten topics
  if (version >= 11) writer.string(data.rack)
  return writer.finish()
}

function encodePartition(writer: Writer, { partition, offset, leaderEpoch, maxBytes }: FetchPartition, version: number): void {
  writer.int32(partition)
  if (version >= 9) writer.int32(leaderEpoch)
  writer.int64(offset)
  if (version >= 5) writer.int64(-1) // log start offset, for followers
  writer.int32(maxBytes)
}

function decode(body: Buffer, version: number): FetchResponse {
  const reader = new Reader(body)
  const throttle = reader.int32()
  const error = version >= 7 ? reader.int16() : 0
  if (version >= 7) reader.int32() // session id
  const partitions: FetchedPartition[] = []
  reader.array(() => {
    const topic = reader.string()
    reader.array(() => partitions.push(decodePartition(reader, topic, version)))
  })
  return { throttleMs: throttle, error, partitions }
}

function decodePartition(reader: Reader, topic: string, version: number): FetchedPartition {
  const partition = reader.int32()
  const error = reader.int16()
  const highWatermark = reader.int64()
  const lastStableOffset = reader.int64()
  const logStartOffset = version >= 5 ? reader.int64() : -1
  const abortedTransactions = decodeAborted(reader)
  const preferredReadReplica = version >= 11 ? reader.int32() : -1
  const records = reader.byteRange()
  return { topic, partition, error, highWatermark, lastStableOffset, logStartOffset, abortedTransactions, preferredReadReplica, records }
}

function decodeAborted(reader: Reader): FetchedPartition['abortedTransactions'] {
  return reader.nullableArray(() => ({ producerId: reader.int64(), firstOffset: reader.int64() }))
}
