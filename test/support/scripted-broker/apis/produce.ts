import { Writer } from '../../../../src/kafka/protocol/writer.ts'
import { flat, nested, type Api, type PartitionRef } from './api.ts'

export interface ProduceRequest {
  readonly transactionalId: string | null
  readonly acks: number
  readonly partitions: readonly (PartitionRef & { readonly batch: Buffer })[]
}

export const produce: Api<ProduceRequest> = {
  key: 0,
  versions: [3, 8],
  decode(reader) {
    const transactionalId = reader.nullableString()
    const acks = reader.int16()
    reader.int32() // timeout
    return { transactionalId, acks, partitions: flat(reader, (topic) => ({ topic, partition: reader.int32(), batch: reader.bytes() })) }
  },
  isAnswered: ({ acks }) => acks !== 0,
  handle({ transactionalId, partitions }, exchange) {
    const { cluster, node, version } = exchange
    const writer = new Writer()
    nested(writer, partitions, ({ topic, partition, batch }) => {
      const scripted = exchange.errorOf(topic, partition)
      const { error, baseOffset } =
        scripted !== 0 ? { error: scripted, baseOffset: -1 } : cluster.produce(node, topic, partition, batch, transactionalId)
      writer.int32(partition).int16(error).int64(baseOffset).int64(-1)
      if (version >= 5) writer.int64(0)
      if (version >= 8) writer.int32(0).nullableString(null)
    })
    return writer.int32(exchange.throttleMs)
  },
}
