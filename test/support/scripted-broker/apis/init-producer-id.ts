import { Writer } from '../../../../src/kafka/protocol/writer.ts'
import type { Api } from './api.ts'

export interface InitProducerIdRequest {
  readonly transactionalId: string | null
  readonly producerId: number
  readonly producerEpoch: number
}

export const initProducerId: Api<InitProducerIdRequest> = {
  key: 22,
  versions: [0, 4],
  flexible: 2,
  decode(reader, version) {
    const transactionalId = version >= 2 ? reader.compactNullableString() : reader.nullableString()
    reader.int32()
    return { transactionalId, producerId: version >= 3 ? reader.int64() : -1, producerEpoch: version >= 3 ? reader.int16() : -1 }
  },
  handle({ producerId, producerEpoch }, exchange) {
    const { error } = exchange
    const isBump = producerId >= 0 && producerEpoch >= 0
    const id = isBump ? producerId : exchange.cluster.nextProducerId()
    const writer = new Writer().int32(exchange.throttleMs).int16(error)
    writer.int64(error === 0 ? id : -1).int16(error === 0 ? (isBump ? producerEpoch + 1 : 0) : -1)
    return exchange.version >= 2 ? writer.noTags() : writer
  },
}
