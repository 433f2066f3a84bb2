import { Writer } from '../../../../src/kafka/protocol/writer.ts'
import type { Api } from './api.ts'

export interface FindCoordinatorRequest {
  readonly key: string
  readonly type: number
}

const COORDINATOR_NOT_AVAILABLE = 15

export const findCoordinator: Api<FindCoordinatorRequest> = {
  key: 10,
  versions: [1, 2],
  decode: (reader) => ({ key: reader.string(), type: reader.int8() }),
  handle({ key }, exchange) {
    const { cluster } = exchange
    const coordinator = cluster.runningNodes().find(({ nodeId }) => nodeId === cluster.coordinatorOf(key))
    const error = exchange.error !== 0 ? exchange.error : coordinator === undefined ? COORDINATOR_NOT_AVAILABLE : 0
    const writer = new Writer().int32(exchange.throttleMs).int16(error).nullableString(null)
    const answered = error === 0 ? coordinator : undefined
    return writer
      .int32(answered?.nodeId ?? -1)
      .string(answered?.host ?? '')
      .int32(answered?.port ?? -1)
  },
}
