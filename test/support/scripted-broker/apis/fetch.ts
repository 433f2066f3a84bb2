import { Writer } from '../../../../src/kafka/protocol/writer.ts'
import type { Exchange } from '../exchange.ts'
import { flat, nested, type Api, type PartitionRef } from './api.ts'

interface FetchPartition extends PartitionRef {
  readonly leaderEpoch: number
  readonly offset: number
  readonly maxBytes: number
}

export interface FetchRequest {
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly isolation: number
  /** '' before version 11. */
  readonly rack: string
  readonly partitions: readonly FetchPartition[]
}

interface Found extends PartitionRef {
  readonly error: number
  readonly endOffset: number
  readonly startOffset: number
  /** The follower the client should ask in place of the leader; -1: none. */
  readonly nearer: number
  readonly records: Buffer
}

const OFFSET_OUT_OF_RANGE = 1

export const fetch: Api<FetchRequest> = {
  key: 1,
  versions: [4, 11],
  decode(reader, version) {
    reader.int32() // replica id
    const [maxWaitMs, minBytes, maxBytes, isolation] = [reader.int32(), reader.int32(), reader.int32(), reader.int8()]
    if (version >= 7) reader.int64() // session
    const partitions = flat(reader, (topic) => {
      const partition = reader.int32()
      const leaderEpoch = version >= 9 ? reader.int32() : -1
      const offset = reader.int64()
      if (version >= 5) reader.int64()
      return { topic, partition, leaderEpoch, offset, maxBytes: reader.int32() }
    })
    if (version >= 7) reader.array(() => [reader.string(), reader.array(() => reader.int32())]) // forgotten by the session
    const rack = version >= 11 ? reader.string() : ''
    return { maxWaitMs, minBytes, maxBytes, isolation, rack, partitions }
  },
  async handle(request, exchange) {
    const { version } = exchange
    const found = exchange.error !== 0 ? read(request, exchange) : await readWhenAvailable(request, exchange)
    const writer = new Writer().int32(exchange.throttleMs)
    if (version >= 7) writer.int16(0).int32(0)
    return nested(writer, found, ({ partition, error, endOffset, startOffset, nearer, records }) => {
      writer.int32(partition).int16(error).int64(endOffset).int64(endOffset)
      if (version >= 5) writer.int64(startOffset)
      writer.int32(-1)
      if (version >= 11) writer.int32(nearer)
      writer.bytes(records)
    })
  },
}

async function readWhenAvailable(request: FetchRequest, exchange: Exchange): Promise<Found[]> {
  const deadline = Date.now() + request.maxWaitMs
  for (;;) {
    const found = read(request, exchange)
    const size = found.reduce((sum, { records }) => sum + records.length, 0)
    const leftMs = deadline - Date.now()
    const isSaid = found.some(({ error, nearer }) => error !== 0 || nearer >= 0)
    if (size >= request.minBytes || leftMs <= 0 || exchange.signal.aborted || isSaid) return found
    await exchange.cluster.changed(leftMs, exchange.signal)
  }
}

function read(request: FetchRequest, exchange: Exchange): Found[] {
  let left = request.maxBytes
  return request.partitions.map(({ topic, partition, leaderEpoch, offset, maxBytes }) => {
    const nothing = { topic, partition, endOffset: -1, startOffset: -1, nearer: -1, records: Buffer.alloc(0) }
    const scripted = exchange.errorOf(topic, partition)
    const { error, log } =
      scripted !== 0 ? { error: scripted, log: null } : exchange.cluster.readable(exchange.node, topic, partition, leaderEpoch)
    if (log === null) return { ...nothing, error }
    if (offset < log.startOffset || offset > log.endOffset) return { ...nothing, error: OFFSET_OUT_OF_RANGE, startOffset: log.startOffset }
    if (request.rack !== '' && log.leader === exchange.node && log.readReplica >= 0)
      return { ...nothing, error: 0, nearer: log.readReplica }
    const records = left > 0 ? log.read(offset, Math.min(maxBytes, left)) : Buffer.alloc(0)
    left -= records.length
    return { ...nothing, error: 0, endOffset: log.endOffset, startOffset: log.startOffset, records }
  })
}
