import type { Reader } from '../../../../src/kafka/protocol/reader.ts'
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
const [FLEXIBLE, WITH_TOPIC_IDS] = [9, 10]
const NOT_ASKED = -(2 ** 31)

/** A scripted error's `where` is asked with the topic and partition -1. */
export const metadata: Api<MetadataRequest> = {
  key: 3,
  versions: [4, 12],
  flexible: FLEXIBLE,
  decode: (reader, version) => ({
    topics: version < FLEXIBLE ? reader.nullableArray(() => reader.string()) : decodeTopics(reader, version),
    allowAutoCreate: reader.boolean(),
  }),
  handle({ topics, allowAutoCreate }, exchange) {
    const { cluster, version } = exchange
    const out = new Parts(version >= FLEXIBLE)
    out.writer.int32(exchange.throttleMs)
    out.list(cluster.runningNodes(), ({ nodeId, host, port }) => {
      out.writer.int32(nodeId)
      out.text(host)
      out.writer.int32(port)
      out.text(null)
      out.end()
    })
    out.text(cluster.clusterId)
    out.writer.int32(cluster.controllerId)
    out.list(topics ?? cluster.topicNames(), (name) => writeTopic(out, name, allowAutoCreate, exchange))
    if (version >= 8 && version <= 10) out.writer.int32(NOT_ASKED)
    out.end()
    return out.writer
  },
}

function decodeTopics(reader: Reader, version: number): string[] | null {
  return reader.compactNullableArray(() => {
    if (version >= WITH_TOPIC_IDS) reader.uuid()
    const name = reader.compactString()
    reader.skipTags()
    return name
  })
}

/** Texts, lists and ends of structures in the one or the other way to write them. */
class Parts {
  readonly writer = new Writer()
  readonly #isFlexible: boolean

  constructor(isFlexible: boolean) {
    this.#isFlexible = isFlexible
  }

  text(value: string | null): void {
    if (this.#isFlexible) this.writer.compactNullableString(value)
    else this.writer.nullableString(value)
  }

  list<T>(items: Iterable<T>, write: (item: T) => void): void {
    if (this.#isFlexible) this.writer.compactArray(items, (_, item) => write(item))
    else this.writer.array(items, (_, item) => write(item))
  }

  end(): void {
    if (this.#isFlexible) this.writer.noTags()
  }
}

function writeTopic(out: Parts, name: string, allowAutoCreate: boolean, exchange: Exchange): void {
  const { cluster, version } = exchange
  const scripted = exchange.errorOf(name, -1)
  const partitions = scripted !== 0 ? undefined : cluster.describe(name, allowAutoCreate)
  out.writer.int16(scripted !== 0 ? scripted : partitions === undefined ? UNKNOWN_TOPIC : 0)
  out.text(name)
  if (version >= WITH_TOPIC_IDS) out.writer.raw(cluster.topicId(name))
  out.writer.boolean(false)
  out.list([...(partitions ?? []).entries()], ([index, log]) => writePartition(out, index, log, version))
  if (version >= 8) out.writer.int32(NOT_ASKED)
  out.end()
}

function writePartition(out: Parts, index: number, log: PartitionLog, version: number): void {
  out.writer
    .int16(log.leader < 0 ? LEADER_NOT_AVAILABLE : 0)
    .int32(index)
    .int32(log.leader)
  if (version >= 7) out.writer.int32(log.leaderEpoch)
  const replicas = log.leader < 0 ? [] : [log.leader]
  for (const nodes of [replicas, replicas]) out.list(nodes, (node) => out.writer.int32(node))
  if (version >= 5) out.list([], () => undefined)
  out.end()
}
