import type { PartitionMetadata } from '../metadata.ts'
import type { ApiRequest, BrokerAddress } from '../transport.ts'
import { Reader } from './reader.ts'
import { throttleMs, type Throttled } from './throttled.ts'
import { Writer } from './writer.ts'

export interface DescribedTopic {
  /** 0: described. Errors of single partitions are in them: leader -1. */
  readonly error: number
  readonly name: string
  /** As in `TopicMetadata`. */
  readonly id: string | null
  readonly internal: boolean
  /** By partition number. */
  readonly partitions: readonly DescribedPartition[]
}

export interface DescribedPartition extends PartitionMetadata {
  readonly error: number
}

export interface MetadataResponse extends Throttled {
  readonly brokers: readonly BrokerAddress[]
  readonly clusterId: string | null
  /** -1: none now. */
  readonly controllerId: number
  readonly topics: readonly DescribedTopic[]
}

/** First version with tagged fields. It is also the first whose leader epochs can be relied on. */
const FLEXIBLE = 9

/**
 * @param topics null: all topics; none: brokers only
 * @param allowAutoCreate whether naming a topic may create it (`auto.create.topics.enable` of the broker)
 */
export function metadata(topics: readonly string[] | null, allowAutoCreate: boolean): ApiRequest<MetadataResponse> {
  return {
    apiKey: 3,
    apiName: 'Metadata',
    minVersion: 4,
    maxVersion: 12,
    firstFlexibleVersion: FLEXIBLE,
    encode: (version) => (version < FLEXIBLE ? encode(topics, allowAutoCreate, version) : encodeFlexible(topics, allowAutoCreate, version)),
    decode: (body, version) => (version < FLEXIBLE ? decode(body, version) : decodeFlexible(body, version)),
    throttleMs,
  }
}

function encode(topics: readonly string[] | null, allowAutoCreate: boolean, version: number): readonly Buffer[] {
  const writer = new Writer().stringArray(topics).boolean(allowAutoCreate)
  if (version >= 8) writer.boolean(false).boolean(false) // authorised operations: not asked for
  return writer.finish()
}

function encodeFlexible(topics: readonly string[] | null, allowAutoCreate: boolean, version: number): readonly Buffer[] {
  const writer = new Writer().compactArray(topics, (each, name) => {
    if (version >= 10) each.raw(NO_UUID)
    each.compactString(name).noTags()
  })
  writer.boolean(allowAutoCreate)
  if (version <= 10) writer.boolean(false) // authorised operations of the cluster
  return writer.boolean(false).noTags().finish()
}

const NO_UUID = Buffer.alloc(16)

function decode(body: Buffer, version: number): MetadataResponse {
  const reader = new Reader(body)
  return {
    throttleMs: reader.int32(),
    brokers: reader.array(() => ({ nodeId: reader.int32(), host: reader.string(), port: reader.int32(), rack: reader.nullableString() })),
    clusterId: reader.nullableString(),
    controllerId: reader.int32(),
    topics: reader.array(() => decodeTopic(reader, version)),
  }
}

function decodeTopic(reader: Reader, version: number): DescribedTopic {
  const error = reader.int16()
  const name = reader.string()
  const internal = reader.boolean()
  const partitions = reader.array(() => decodePartition(reader, version))
  if (version >= 8) reader.int32() // authorised operations
  partitions.sort((a, b) => a.partition - b.partition)
  return { error, name, id: null, internal, partitions }
}

/** Up to version 8 (Kafka 2.3) the epoch is left out: it may be an old one while partitions are reassigned. Kafka 4.3, MetadataResponse. */
function decodePartition(reader: Reader, version: number): DescribedPartition {
  const error = reader.int16()
  const partition = reader.int32()
  const leader = reader.int32()
  if (version >= 7) reader.int32()
  const replicas = reader.array(() => reader.int32())
  const isr = reader.array(() => reader.int32())
  if (version >= 5) reader.array(() => reader.int32()) // offline replicas
  return { error, partition, leader, leaderEpoch: -1, replicas, isr }
}

function decodeFlexible(body: Buffer, version: number): MetadataResponse {
  const reader = new Reader(body)
  return {
    throttleMs: reader.int32(),
    brokers: reader.compactArray(() => decodeBroker(reader)),
    clusterId: reader.compactNullableString(),
    controllerId: reader.int32(),
    topics: reader.compactArray(() => decodeFlexibleTopic(reader, version)),
  }
}

function decodeBroker(reader: Reader): BrokerAddress {
  const broker = { nodeId: reader.int32(), host: reader.compactString(), port: reader.int32(), rack: reader.compactNullableString() }
  reader.skipTags()
  return broker
}

function decodeFlexibleTopic(reader: Reader, version: number): DescribedTopic {
  const error = reader.int16()
  const name = reader.compactString()
  const id = version >= 10 ? reader.uuid() : null
  const internal = reader.boolean()
  const partitions = reader.compactArray(() => decodeFlexiblePartition(reader))
  reader.int32() // authorised operations
  reader.skipTags()
  partitions.sort((a, b) => a.partition - b.partition)
  return { error, name, id, internal, partitions }
}

function decodeFlexiblePartition(reader: Reader): DescribedPartition {
  const error = reader.int16()
  const partition = reader.int32()
  const leader = reader.int32()
  const leaderEpoch = reader.int32()
  const replicas = reader.compactArray(() => reader.int32())
  const isr = reader.compactArray(() => reader.int32())
  reader.compactArray(() => reader.int32()) // offline replicas
  reader.skipTags()
  return { error, partition, leader, leaderEpoch, replicas, isr }
}
