import { Writer } from '../../../../src/kafka/protocol/writer.ts'
import type { Api } from './api.ts'

export type ApiVersionsRequest = Record<string, never>

export const apiVersions: Api<ApiVersionsRequest> = {
  key: 18,
  versions: [0, 2],
  decode: () => ({}),
  handle(_, exchange) {
    const writer = new Writer().int16(exchange.error)
    writer.array(exchange.cluster.versionsOf(exchange.node), (__, { key, min, max }) => writer.int16(key).int16(min).int16(max))
    if (exchange.version >= 1) writer.int32(exchange.throttleMs)
    return writer
  },
}
