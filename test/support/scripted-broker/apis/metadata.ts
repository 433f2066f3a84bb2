import { Writer } from '../../../../src/kafka/protocol/writer.ts'
import type { Exchange } from '../exchange.ts'
import type { PartitionLog } from '../partition-log.ts'
import type { Api } from './api.ts'

export interface MetadataRequest {
  /** Null: all. */
  readonly topics: readonly string[] | null
  readonly allowAutoCreate: boolean
}

const [UNKNOWN_TOPIC, LEADER_NOT_AVAILABLE] = [3, 5]

/** A scripted error's `where` is asked with the topic and partition -1. */
export const metadata: Api<MetadataRequest> = {
  key: 3,
  versions: [4, 8],
  decode: (reader) => ({ topics: reader.nullableArray(() => reader.string()), allowAutoCreate: reader.boolean() }),
  handle({ topics, allowAutoCreate }, exchange) {
    const { cluster, version } = exchange
    const writer = new Writer().int32(exchange.throttleMs)
    writer.array(cluster.runningNodes(), (_, { nodeId, host, port }) => {
      writer.int32(nodeId).string(host).int32(port).nullableString(null)
    })
    writer.nullableString(cluster.clusterId).int32(cluster.controllerId)
    writer.array(topics ?? cluster.topicNames(), (_, name) => writeTopic(writer, name, allowAutoCreate, exchange))
    if (version >= 8) writer.int32(-(2 ** 31))
    return writer
  },
}

function writeTopic(writer: Writer, name: string, allowAutoCreate: boolean, exchange: Exchange): void {
  const { cluster, version } = exchange
  const scripted = exchange.errorOf(name, -1)
  const partitions = scripted !== 0 ? undefined : cluster.describe(name, allowAutoCreate)
  const error = scripted !== 0 ? scripted : partitions === undefined ? UNKNOWN_TOPIC : 0
  writer.int16(error).string(name).boolean(false)
  writer.array([...(partitions ?? []).entries()], (_, [index, log]) => writePartition(writer, index, log, version))
  if (version >= 8) writer.int32(-(2 ** 31))
}

function writePartition(writer: Writer, index: number, log: PartitionLog, version: number): void {
  writer
    .int16(log.leader < 0 ? LEADER_NOT_AVAILABLE : 0)
    .int32(index)
    .int32(log.leader)
  if (version >= 7) writer.int32(log.leaderEpoch)
  const replicas = log.leader < 0 ? [] : [log.leader]
  writer.int32Array(replicas).int32Array(replicas)
  if (version >= 5) writer.int32Array([])
}
