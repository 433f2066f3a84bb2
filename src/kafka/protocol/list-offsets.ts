import type { TopicPartition } from '../../api/sink.ts'
import type { IsolationLevel } from '../ports.ts'
import type { ApiRequest } from '../transport.ts'
import { byTopic } from './by-topic.ts'
import { isolationCode } from './isolation.ts'
import { Reader } from './reader.ts'
import { throttleMs, type Throttled } from './throttled.ts'
import { Writer } from './writer.ts'

/** Timestamps that stand for an end of the log. */
export const LATEST_TIMESTAMP = -1
export const EARLIEST_TIMESTAMP = -2

export interface ListOffsetsPartition extends TopicPartition {
  /** First record at or after this time, or one of the two constants. */
  readonly timestamp: number
  /** -1: unknown. */
  readonly leaderEpoch: number
}

export interface ListedOffset extends TopicPartition {
  readonly error: number
  /** Of the record found; -1 for the ends of the log. */
  readonly timestamp: number
  /** -1: no record is that late. */
  readonly offset: number
}

export interface ListOffsetsResponse extends Throttled {
  readonly partitions: readonly ListedOffset[]
}

/** Goes to each partition's leader. With read_committed, latest is the last stable offset. */
export function listOffsets(partitions: readonly ListOffsetsPartition[], isolation: IsolationLevel): ApiRequest<ListOffsetsResponse> {
  return {
    apiKey: 2,
    apiName: 'ListOffsets',
    minVersion: isolation === 'read_committed' ? 2 : 1,
    maxVersion: 5,
    firstFlexibleVersion: null,
    encode: (version) => encode(partitions, isolation, version),
    decode,
    throttleMs,
  }
}

function encode(partitions: readonly ListOffsetsPartition[], isolation: IsolationLevel, version: number): readonly Buffer[] {
  const writer = new Writer().int32(-1)
  if (version >= 2) writer.int8(isolationCode(isolation))
  writer.array(byTopic(partitions), (each, [topic, list]) => {
    each.string(topic).array(list, (_, { partition, timestamp, leaderEpoch }) => {
      writer.int32(partition)
      if (version >= 4) writer.int32(leaderEpoch)
      writer.int64(timestamp)
    })
  })
  return writer.finish()
}

function decode(body: Buffer, version: number): ListOffsetsResponse {
  const reader = new Reader(body)
  const throttle = version >= 2 ? reader.int32() : 0
  const partitions: ListedOffset[] = []
  reader.array(() => {
    const topic = reader.string()
    reader.array(() => {
      partitions.push({ topic, partition: reader.int32(), error: reader.int16(), timestamp: reader.int64(), offset: reader.int64() })
      if (version >= 4) reader.int32() // leader epoch
    })
  })
  return { throttleMs: throttle, partitions }
}
