import { Writer } from '../../../../src/kafka/protocol/writer.ts'
import type { PartitionLog } from '../partition-log.ts'
import { flat, nested, type Api, type PartitionRef } from './api.ts'

export interface ListOffsetsRequest {
  readonly isolation: number
  readonly partitions: readonly (PartitionRef & { readonly timestamp: number })[]
}

export const listOffsets: Api<ListOffsetsRequest> = {
  key: 2,
  versions: [1, 5],
  decode(reader, version) {
    reader.int32()
    const isolation = version >= 2 ? reader.int8() : 0
    const partitions = flat(reader, (topic) => {
      const partition = reader.int32()
      if (version >= 4) reader.int32()
      return { topic, partition, timestamp: reader.int64() }
    })
    return { isolation, partitions }
  },
  handle({ partitions }, exchange) {
    const { cluster, node, version } = exchange
    const writer = new Writer()
    if (version >= 2) writer.int32(exchange.throttleMs)
    const isRepeated = ({ topic, partition }: PartitionRef) =>
      partitions.filter((other) => other.topic === topic && other.partition === partition).length > 1
    return nested(writer, partitions, ({ topic, partition, timestamp }) => {
      const scripted = isRepeated({ topic, partition }) ? INVALID_REQUEST : exchange.errorOf(topic, partition)
      const { error, log } = scripted !== 0 ? { error: scripted, log: null } : cluster.led(node, topic, partition, -1)
      const found = log === null ? NOTHING : lookUp(log, timestamp)
      writer.int32(partition).int16(error).int64(found.timestamp).int64(found.offset)
      if (version >= 4) writer.int32(log?.leaderEpoch ?? -1)
    })
  },
}

/** As Kafka answers for a partition that a request names twice. */
const INVALID_REQUEST = 42
const NOTHING = { timestamp: -1, offset: -1 }

function lookUp(log: PartitionLog, timestamp: number): { readonly timestamp: number; readonly offset: number } {
  if (timestamp === -1) return { timestamp: -1, offset: log.endOffset }
  if (timestamp === -2) return { timestamp: -1, offset: log.startOffset }
  return log.records().find((record) => record.timestamp >= timestamp) ?? NOTHING
}
