import type { TopicPartition } from '../../api/sink.ts'
import type { ApiRequest } from '../transport.ts'
import { byTopic } from './by-topic.ts'
import { Reader } from './reader.ts'
import { throttleMs, type Throttled } from './throttled.ts'
import { Writer } from './writer.ts'

export interface EpochQuery extends TopicPartition {
  /** Epoch of the leader as we know it, so that a stale one is noticed; -1: unknown. */
  readonly currentLeaderEpoch: number
  /** The epoch whose end is asked for. */
  readonly leaderEpoch: number
}

export interface EpochEnd extends TopicPartition {
  readonly error: number
  /** The epoch asked for, or the last one before it that left records in the log; -1: the log knows neither. */
  readonly leaderEpoch: number
  /** Where the next epoch begins, or the log ends; -1 as above. */
  readonly endOffset: number
}

export interface OffsetForLeaderEpochResponse extends Throttled {
  readonly partitions: readonly EpochEnd[]
}

/** A client, not a replica. */
const CONSUMER = -1
const FLEXIBLE = 4

/** Goes to each partition's leader. Before version 3 (Kafka 2.3) it takes the rights of a broker. */
export function offsetForLeaderEpoch(queries: readonly EpochQuery[]): ApiRequest<OffsetForLeaderEpochResponse> {
  return {
    apiKey: 23,
    apiName: 'OffsetForLeaderEpoch',
    minVersion: 3,
    maxVersion: 4,
    firstFlexibleVersion: FLEXIBLE,
    encode: (version) => (version < FLEXIBLE ? encode(queries) : encodeFlexible(queries)),
    decode: (body, version) => (version < FLEXIBLE ? decode(body) : decodeFlexible(body)),
    throttleMs,
  }
}

function encode(queries: readonly EpochQuery[]): readonly Buffer[] {
  const writer = new Writer().int32(CONSUMER)
  writer.array(byTopic(queries), (each, [topic, list]) => {
    each.string(topic).array(list, (_, { partition, currentLeaderEpoch, leaderEpoch }) => {
      writer.int32(partition).int32(currentLeaderEpoch).int32(leaderEpoch)
    })
  })
  return writer.finish()
}

function encodeFlexible(queries: readonly EpochQuery[]): readonly Buffer[] {
  const writer = new Writer().int32(CONSUMER)
  writer.compactArray(byTopic(queries), (each, [topic, list]) => {
    each.compactString(topic).compactArray(list, (_, { partition, currentLeaderEpoch, leaderEpoch }) => {
      writer.int32(partition).int32(currentLeaderEpoch).int32(leaderEpoch).noTags()
    })
    each.noTags()
  })
  return writer.noTags().finish()
}

function decode(body: Buffer): OffsetForLeaderEpochResponse {
  const reader = new Reader(body)
  const throttle = reader.int32()
  const topics = reader.array(() => {
    const topic = reader.string()
    return reader.array(() => decodeEnd(reader, topic))
  })
  return { throttleMs: throttle, partitions: topics.flat() }
}

function decodeFlexible(body: Buffer): OffsetForLeaderEpochResponse {
  const reader = new Reader(body)
  const throttle = reader.int32()
  const partitions: EpochEnd[] = []
  reader.compactArray(() => {
    const topic = reader.compactString()
    reader.compactArray(() => {
      partitions.push(decodeEnd(reader, topic))
      reader.skipTags()
    })
    reader.skipTags()
  })
  return { throttleMs: throttle, partitions }
}

function decodeEnd(reader: Reader, topic: string): EpochEnd {
  const error = reader.int16()
  return { topic, partition: reader.int32(), error, leaderEpoch: reader.int32(), endOffset: reader.int64() }
}
