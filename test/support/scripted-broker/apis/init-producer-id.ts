import { Writer } from '../../../../src/kafka/protocol/writer.ts'
import type { Exchange } from '../exchange.ts'
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
  handle({ transactionalId, producerId, producerEpoch }, exchange) {
    const taken =
      exchange.error !== 0 ? { error: exchange.error, id: -1, epoch: -1 } : take(transactionalId, producerId, producerEpoch, exchange)
    const writer = new Writer().int32(exchange.throttleMs).int16(taken.error).int64(taken.id).int16(taken.epoch)
    return exchange.version >= 2 ? writer.noTags() : writer
  },
}

const NOT_COORDINATOR = 16

function take(transactionalId: string | null, producerId: number, producerEpoch: number, exchange: Exchange) {
  const { cluster, node } = exchange
  if (transactionalId === null) {
    const isBump = producerId >= 0 && producerEpoch >= 0
    return { error: 0, id: isBump ? producerId : cluster.nextProducerId(), epoch: isBump ? producerEpoch + 1 : 0 }
  }
  if (cluster.coordinatorOf(transactionalId) !== node) return { error: NOT_COORDINATOR, id: -1, epoch: -1 }
  const transaction = cluster.transaction(transactionalId)
  const error = transaction.take(producerId, producerEpoch)
  return error === 0 ? { error, id: transaction.producerId, epoch: transaction.producerEpoch } : { error, id: -1, epoch: -1 }
}
