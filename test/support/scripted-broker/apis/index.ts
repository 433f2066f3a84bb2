import { apiVersions } from './api-versions.ts'
import type { Api } from './api.ts'
import { createTopics } from './create-topics.ts'
import { fetch } from './fetch.ts'
import { findCoordinator } from './find-coordinator.ts'
import { heartbeat, joinGroup, leaveGroup, offsetCommit, offsetFetch, syncGroup } from './groups.ts'
import { initProducerId } from './init-producer-id.ts'
import { listOffsets } from './list-offsets.ts'
import { listTransactions } from './list-transactions.ts'
import { metadata } from './metadata.ts'
import { offsetForLeaderEpoch } from './offset-for-leader-epoch.ts'
import { produce } from './produce.ts'
import { addOffsetsToTxn, addPartitionsToTxn, endTxn, txnOffsetCommit } from './transactions.ts'

/** Every API the scripted broker speaks, by Kafka's name. */
export const apis = {
  Produce: produce,
  Fetch: fetch,
  ListOffsets: listOffsets,
  Metadata: metadata,
  OffsetCommit: offsetCommit,
  OffsetFetch: offsetFetch,
  FindCoordinator: findCoordinator,
  JoinGroup: joinGroup,
  Heartbeat: heartbeat,
  LeaveGroup: leaveGroup,
  SyncGroup: syncGroup,
  ApiVersions: apiVersions,
  CreateTopics: createTopics,
  InitProducerId: initProducerId,
  OffsetForLeaderEpoch: offsetForLeaderEpoch,
  AddPartitionsToTxn: addPartitionsToTxn,
  AddOffsetsToTxn: addOffsetsToTxn,
  EndTxn: endTxn,
  TxnOffsetCommit: txnOffsetCommit,
  ListTransactions: listTransactions,
}

export type ApiName = keyof typeof apis

/** The decoded request of each API, as hooks see it. */
export type Requests = { [Name in ApiName]: (typeof apis)[Name] extends Api<infer Request> ? Request : never }
