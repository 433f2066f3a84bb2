import type { Reader } from '../../../../src/kafka/protocol/reader.ts'
import { Writer } from '../../../../src/kafka/protocol/writer.ts'
import type { Exchange } from '../exchange.ts'
import { flat, nested, type Api, type PartitionRef } from './api.ts'

interface EpochQuery extends PartitionRef {
  readonly currentLeaderEpoch: number
  readonly leaderEpoch: number
}

export interface OffsetForLeaderEpochRequest {
  readonly replicaId: number
  readonly partitions: readonly EpochQuery[]
}

const FLEXIBLE = 4
const NOTHING = { leaderEpoch: -1, endOffset: -1 }

export const offsetForLeaderEpoch: Api<OffsetForLeaderEpochRequest> = {
  key: 23,
  versions: [3, 4],
  flexible: FLEXIBLE,
  decode(reader, version) {
    const replicaId = reader.int32()
    if (version < FLEXIBLE) return { replicaId, partitions: flat(reader, (topic) => decodeQuery(reader, topic)) }
    const topics = reader.compactArray(() => {
      const topic = reader.compactString()
      const partitions = reader.compactArray(() => {
        const query = decodeQuery(reader, topic)
        reader.skipTags()
        return query
      })
      reader.skipTags()
      return partitions
    })
    return { replicaId, partitions: topics.flat() }
  },
  handle({ partitions }, exchange) {
    const writer = new Writer().int32(exchange.throttleMs)
    if (exchange.version < FLEXIBLE) return nested(writer, partitions, (query) => writeEnd(writer, query, exchange))
    writer.compactArray(
      Map.groupBy(partitions, ({ topic }) => topic),
      (_, [topic, queries]) => {
        writer.compactString(topic).compactArray(queries, (__, query) => {
          writeEnd(writer, query, exchange)
          writer.noTags()
        })
        writer.noTags()
      },
    )
    return writer.noTags()
  },
}

function decodeQuery(reader: Reader, topic: string): EpochQuery {
  return { topic, partition: reader.int32(), currentLeaderEpoch: reader.int32(), leaderEpoch: reader.int32() }
}

function writeEnd(writer: Writer, { topic, partition, currentLeaderEpoch, leaderEpoch }: EpochQuery, exchange: Exchange): void {
  const scripted = exchange.errorOf(topic, partition)
  const { error, log } =
    scripted !== 0 ? { error: scripted, log: null } : exchange.cluster.led(exchange.node, topic, partition, currentLeaderEpoch)
  const end = log?.endOfEpoch(leaderEpoch) ?? NOTHING
  writer.int16(error).int32(partition).int32(end.leaderEpoch).int64(end.endOffset)
}
