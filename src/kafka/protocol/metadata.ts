import type { PartitionMetadata } from '../metadata.ts'
import type { ApiRequest, BrokerAddress } from '../transport.ts'
import { Reader } from './reader.ts'
import { throttleMs, type Throttled } from './throttled.ts'
import { Writer } from './writer.ts'

export interface DescribedTopic {
  /** 0: described. Errors of single partitions are in them: leader -1. */
  readonly error: number
  readonly name: string
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

/**
 * @param topics null: all topics; none: brokers only
 * @param allowAutoCreate whether naming a topic may create it (`auto.create.topics.enable` of the broker)
 */
export function metadata(topics: readonly string[] | null, allowAutoCreate: boolean): ApiRequest<MetadataResponse> {
  return {
    apiKey: 3,
    apiName: 'Metadata',
    minVersion: 4,
    maxVersion: 8,
    firstFlexibleVersion: null,
    encode: (version) => encode(topics, allowAutoCreate, version),
    decode,
    throttleMs,
  }
}

function encode(topics: readonly string[] | null, allowAutoCreate: boolean, version: number): readonly Buffer[] {
  const writer = new Writer().stringArray(topics).boolean(allowAutoCreate)
  if (version >= 8) writer.boolean(false).boolean(false) // authorised operations: not asked for
  return writer.finish()
}

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
  return { error, name, internal, partitions }
}

function decodePartition(reader: Reader, version: number): DescribedPartition {
  const error = reader.int16()
  const partition = reader.int32()
  const leader = reader.int32()
  const leaderEpoch = version >= 7 ? reader.int32() : -1
  const replicas = reader.array(() => reader.int32())
  const isr = reader.array(() => reader.int32())
  if (version >= 5) reader.array(() => reader.int32()) // offline replicas
  return { error, partition, leader, leaderEpoch, replicas, isr }
}
