import type { Apis } from '../api.ts'
import { deleteRecords } from './delete-records.ts'
import { describeProducers } from './describe-producers.ts'
import type { LeaderAddress } from './fetch-round.ts'
import { fetch } from './fetch.ts'
import { listOffsets } from './list-offsets.ts'
import { offsetForLeaderEpoch } from './offset-for-leader-epoch.ts'
import { produce } from './produce.ts'
import type { RecordTopics, TransactionChecks } from './record-log.ts'
import type { WaitingFetches } from './waiting-fetches.ts'

export interface RecordApiOptions {
  readonly topics: RecordTopics
  readonly transactions: TransactionChecks
  readonly waiting: WaitingFetches
  /** fetch.max.bytes of the broker. */
  readonly fetchMaxBytes: number
  readonly leader: LeaderAddress
}

/** What clients do with the records of partitions. */
export function recordApis({ topics, transactions, waiting, fetchMaxBytes, leader }: RecordApiOptions): Apis {
  return {
    Produce: { versions: [3, 13], answer: produce(topics, transactions) },
    Fetch: { versions: [4, 17], answer: fetch({ topics, maxBytes: fetchMaxBytes, leader }, waiting) },
    ListOffsets: { versions: [1, 10], answer: listOffsets(topics) },
    DeleteRecords: { versions: [0, 2], answer: deleteRecords(topics) },
    OffsetForLeaderEpoch: { versions: [2, 4], answer: offsetForLeaderEpoch(topics) },
    DescribeProducers: { versions: [0, 0], answer: describeProducers(topics) },
  }
}
