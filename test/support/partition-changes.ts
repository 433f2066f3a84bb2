/** What Kafka's own tools do to partitions, without a JVM each time. */
import { silentLogger } from '../../src/logging/logger.ts'
import { KafkajsTransport } from '../../src/kafka/kafkajs/transport.ts'
import type { TopicPartition } from '../../src/kafka/ports.ts'
import { Reader } from '../../src/kafka/protocol/reader.ts'
import { Writer } from '../../src/kafka/protocol/writer.ts'
import type { ApiRequest } from '../../src/kafka/transport.ts'

const TIMEOUT_MS = 30_000
const PREFERRED = 0
const ELECTION_NOT_NEEDED = 84

export interface Replicas extends TopicPartition {
  /** The first is the preferred leader. */
  readonly replicas: readonly number[]
}

/** Sends one request to any broker that can be reached. */
export async function askCluster<Response>(bootstrapServers: string, request: ApiRequest<Response>): Promise<Response> {
  const transport = new KafkajsTransport({
    bootstrapServers: bootstrapServers.split(',').map((server) => {
      const [host = '', port] = server.split(':')
      return { host, port: Number(port) }
    }),
    clientId: 'partition-changes',
    requestTimeoutMs: TIMEOUT_MS,
    connectTimeoutMs: 5000,
    connectTimeoutMaxMs: 5000,
    reconnectBackoffMs: 50,
    reconnectBackoffMaxMs: 500,
    maxIdleMs: -1,
    tls: null,
    sasl: null,
    log: silentLogger,
  })
  try {
    return await transport.send('any', 'control', request)
  } finally {
    await transport.close()
  }
}

/** Makes these nodes the replicas of a partition, with the first as preferred leader. Copies first what is not there. */
export async function reassign(bootstrapServers: string, { topic, partition, replicas }: Replicas): Promise<void> {
  const error = await askCluster(bootstrapServers, alterPartitionReassignments({ topic, partition, replicas }))
  if (error !== 0) throw new Error(`${topic}-${partition} was not given to ${replicas.join(', ')}: error ${error}`)
}

/** Gives a partition to its preferred leader. @returns the broker's code; 0 also when it leads already */
export async function electPreferredLeader(bootstrapServers: string, partition: TopicPartition): Promise<number> {
  const error = await askCluster(bootstrapServers, electLeaders(partition))
  return error === ELECTION_NOT_NEEDED ? 0 : error
}

/** Makes a topic have so many partitions. */
export async function addPartitions(bootstrapServers: string, topic: string, count: number): Promise<void> {
  const error = await askCluster(bootstrapServers, createPartitions(topic, count))
  if (error !== 0) throw new Error(`${topic} did not get ${count} partitions: error ${error}`)
}

function createPartitions(topic: string, count: number): ApiRequest<number> {
  return {
    apiKey: 37,
    apiName: 'CreatePartitions',
    minVersion: 1,
    maxVersion: 1,
    firstFlexibleVersion: null,
    encode: () =>
      new Writer()
        .array([topic], (writer, name) =>
          writer
            .string(name)
            .int32(count)
            .array(null, () => undefined),
        )
        .int32(TIMEOUT_MS)
        .boolean(false) // not only validated
        .finish(),
    decode: (body) => {
      const reader = new Reader(body)
      reader.int32() // throttle time
      const codes = reader.array(() => {
        reader.string()
        const code = reader.int16()
        reader.nullableString()
        return code
      })
      return codes[0] ?? -1
    },
  }
}

function alterPartitionReassignments({ topic, partition, replicas }: Replicas): ApiRequest<number> {
  return {
    apiKey: 45,
    apiName: 'AlterPartitionReassignments',
    minVersion: 0,
    maxVersion: 0,
    firstFlexibleVersion: 0,
    encode: () =>
      new Writer()
        .int32(TIMEOUT_MS)
        .compactArray([topic], (topics, name) =>
          topics
            .compactString(name)
            .compactArray([partition], (partitions, index) =>
              partitions
                .int32(index)
                .compactArray(replicas, (writer, node) => writer.int32(node))
                .noTags(),
            )
            .noTags(),
        )
        .noTags()
        .finish(),
    decode: (body) => {
      const reader = new Reader(body)
      reader.int32() // throttle time
      const error = reader.int16()
      reader.compactNullableString()
      const codes = reader.compactArray(() => {
        reader.compactString()
        const partitions = reader.compactArray(() => {
          reader.int32()
          const code = reader.int16()
          reader.compactNullableString()
          reader.skipTags()
          return code
        })
        reader.skipTags()
        return partitions
      })
      return codes.flat().find((code) => code !== 0) ?? error
    },
  }
}

function electLeaders({ topic, partition }: TopicPartition): ApiRequest<number> {
  return {
    apiKey: 43,
    apiName: 'ElectLeaders',
    minVersion: 1,
    maxVersion: 1,
    firstFlexibleVersion: null,
    encode: () =>
      new Writer()
        .int8(PREFERRED)
        .array([topic], (writer, name) => writer.string(name).int32Array([partition]))
        .int32(TIMEOUT_MS)
        .finish(),
    decode: (body) => {
      const reader = new Reader(body)
      reader.int32() // throttle time
      const error = reader.int16()
      const codes = reader.array(() => {
        reader.string()
        return reader.array(() => {
          reader.int32()
          const code = reader.int16()
          reader.nullableString()
          return code
        })
      })
      return codes.flat().find((code) => code !== 0) ?? error
    },
  }
}
