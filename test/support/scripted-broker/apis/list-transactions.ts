import { Writer } from '../../../../src/kafka/protocol/writer.ts'
import type { Api } from './api.ts'

export interface ListTransactionsRequest {
  /** Of version 2, with all ids; null: not asked for, or cannot be. */
  readonly pattern: string | null
}

export const listTransactions: Api<ListTransactionsRequest> = {
  key: 66,
  versions: [0, 2],
  flexible: 0,
  decode(reader, version) {
    reader.compactArray(() => reader.compactString())
    reader.compactArray(() => reader.int64())
    if (version >= 1) reader.int64()
    return { pattern: version >= 2 ? reader.compactNullableString() : null }
  },
  handle({ pattern }, { cluster, error, node, throttleMs }) {
    const matches = new RegExp(`^(?:${pattern ?? '.*'})$`)
    const ids = error === 0 ? cluster.transactionalIds().filter((id) => cluster.coordinatorOf(id) === node && matches.test(id)) : []
    const writer = new Writer()
      .int32(throttleMs)
      .int16(error)
      .compactArray<string>([], () => undefined)
    writer.compactArray(ids, (_, id) => writer.compactString(id).int64(0).compactString('Ongoing').noTags())
    return writer.noTags()
  },
}
