import { REQUEST_LAYOUTS, type ApiName } from '../../src/broker/protocol/messages.ts'

/** First and last version that both targets must serve. Kafka 4.3.1 serves newer ones of some: topic ids in Produce 13, transactions of the second kind. */
export const SERVED = {
  Produce: [3, 12],
  Fetch: [4, 17],
  ListOffsets: [1, 10],
  Metadata: [0, 13],
  OffsetCommit: [2, 9],
  OffsetFetch: [1, 9],
  FindCoordinator: [0, 5],
  JoinGroup: [0, 9],
  Heartbeat: [0, 4],
  LeaveGroup: [0, 5],
  SyncGroup: [0, 5],
  DescribeGroups: [0, 6],
  ListGroups: [0, 5],
  SaslHandshake: [0, 1],
  ApiVersions: [0, 4],
  CreateTopics: [2, 7],
  DeleteTopics: [1, 6],
  DeleteRecords: [0, 2],
  InitProducerId: [0, 5],
  OffsetForLeaderEpoch: [2, 4],
  AddPartitionsToTxn: [0, 3],
  AddOffsetsToTxn: [0, 3],
  EndTxn: [0, 3],
  TxnOffsetCommit: [0, 3],
  DescribeConfigs: [1, 4],
  AlterConfigs: [0, 2],
  DescribeLogDirs: [1, 4],
  SaslAuthenticate: [0, 2],
  CreatePartitions: [0, 3],
  DeleteGroups: [0, 2],
  ElectLeaders: [0, 2],
  IncrementalAlterConfigs: [0, 1],
  ListPartitionReassignments: [0, 0],
  OffsetDelete: [0, 0],
  DescribeCluster: [0, 2],
  DescribeProducers: [0, 0],
  DescribeTransactions: [0, 0],
  ListTransactions: [0, 1],
} as const satisfies Partial<Record<ApiName, readonly [number, number]>>

export type ServedApi = keyof typeof SERVED

/** The versions cases are run in: the lowest, the last without and the first with tagged fields, the highest. */
export function versions(api: ServedApi, from = 0): readonly number[] {
  const [first, last] = SERVED[api]
  const { flexibleFrom } = REQUEST_LAYOUTS[api]
  const chosen = [first, flexibleFrom - 1, flexibleFrom, last].filter((version) => version >= first && version <= last && version >= from)
  return [...new Set(chosen)].sort((left, right) => left - right)
}
