import { readFileSync } from 'node:fs'
import { addOffsetsToTxn } from '../../../../src/kafka/protocol/add-offsets-to-txn.ts'
import { addPartitionsToTxn } from '../../../../src/kafka/protocol/add-partitions-to-txn.ts'
import { apiVersions } from '../../../../src/kafka/protocol/api-versions.ts'
import { createTopics } from '../../../../src/kafka/protocol/create-topics.ts'
import { deleteGroups } from '../../../../src/kafka/protocol/delete-groups.ts'
import { deleteRecords } from '../../../../src/kafka/protocol/delete-records.ts'
import { deleteTopics } from '../../../../src/kafka/protocol/delete-topics.ts'
import { describeTopicConfigs } from '../../../../src/kafka/protocol/describe-configs.ts'
import { describeGroups } from '../../../../src/kafka/protocol/describe-groups.ts'
import { endTxn } from '../../../../src/kafka/protocol/end-txn.ts'
import { fetch } from '../../../../src/kafka/protocol/fetch.ts'
import { findCoordinator } from '../../../../src/kafka/protocol/find-coordinator.ts'
import { heartbeat } from '../../../../src/kafka/protocol/heartbeat.ts'
import { initProducerId } from '../../../../src/kafka/protocol/init-producer-id.ts'
import { joinGroup } from '../../../../src/kafka/protocol/join-group.ts'
import { leaveGroup } from '../../../../src/kafka/protocol/leave-group.ts'
import { listOffsets } from '../../../../src/kafka/protocol/list-offsets.ts'
import { listTransactions } from '../../../../src/kafka/protocol/list-transactions.ts'
import { metadata } from '../../../../src/kafka/protocol/metadata.ts'
import { offsetCommit } from '../../../../src/kafka/protocol/offset-commit.ts'
import { offsetDelete } from '../../../../src/kafka/protocol/offset-delete.ts'
import { offsetFetch } from '../../../../src/kafka/protocol/offset-fetch.ts'
import { offsetForLeaderEpoch } from '../../../../src/kafka/protocol/offset-for-leader-epoch.ts'
import { produce } from '../../../../src/kafka/protocol/produce.ts'
import { syncGroup } from '../../../../src/kafka/protocol/sync-group.ts'
import { txnOffsetCommit } from '../../../../src/kafka/protocol/txn-offset-commit.ts'
import type { ApiRequest } from '../../../../src/kafka/transport.ts'

/** Recorded by RecordMessages.java: the messages of messages.json as Apache Kafka 4.3.1's classes write them, by version. */
export const recorded = JSON.parse(readFileSync(new URL('java-messages.json', import.meta.url), 'utf8')) as Record<
  string,
  Record<string, string>
>

interface Answer {
  readonly request: ApiRequest<unknown>
  readonly want: (version: number) => unknown
}

const member = { groupId: 'g', generationId: 9, memberId: 'm', groupInstanceId: null }
const join = {
  groupId: 'g',
  sessionTimeoutMs: 1,
  rebalanceTimeoutMs: 1,
  memberId: 'm',
  groupInstanceId: null,
  protocolType: 'consumer',
  protocols: [],
}
const anyProduce = produce({ transactionalId: null, acks: 1, timeoutMs: 1, zstd: false, partitions: [] })
export const anyFetch = fetch({ maxWaitMs: 1, minBytes: 1, maxBytes: 1, isolation: 'read_committed', rack: '', partitions: [] })
const transaction = { transactionalId: 'tx', producerId: 1, producerEpoch: 0 }
const topic = 'a'

export const answers: Record<string, Answer> = {
  AddPartitionsToTxnResponse: {
    request: addPartitionsToTxn(transaction, []),
    want: () => ({
      throttleMs: 9,
      partitions: [
        { topic, partition: 0, error: 55 },
        { topic, partition: 3, error: 29 },
        { topic: 'b', partition: 1, error: 0 },
      ],
    }),
  },
  AddOffsetsToTxnResponse: { request: addOffsetsToTxn(transaction, 'g'), want: () => ({ throttleMs: 9, error: 51 }) },
  EndTxnResponse: { request: endTxn(transaction, 'abort'), want: () => ({ throttleMs: 9, error: 90 }) },
  TxnOffsetCommitResponse: {
    request: txnOffsetCommit({ transaction, group: member, offsets: [] }),
    want: () => ({
      throttleMs: 9,
      partitions: [
        { topic, partition: 0, error: 22 },
        { topic, partition: 3, error: 0 },
      ],
    }),
  },
  ApiVersionsResponse: {
    request: apiVersions(),
    want: () => ({ error: 0, versions: { 0: { minVersion: 3, maxVersion: 13 }, 18: { minVersion: 0, maxVersion: 4 } } }),
  },
  ProduceResponse: {
    request: anyProduce,
    want: () => ({
      throttleMs: 12,
      partitions: [
        { topic, partition: 2, error: 0, baseOffset: 9007199254740000, logAppendTime: 1700000000000, recordErrors: [], errorMessage: null },
        { topic, partition: 3, error: 87, baseOffset: -1, logAppendTime: -1, recordErrors: [], errorMessage: null },
      ],
    }),
  },
  'ProduceResponse@refused': {
    request: anyProduce,
    want: () => ({
      throttleMs: 12,
      partitions: [
        {
          ...{ topic, partition: 3, error: 87, baseOffset: -1, logAppendTime: -1, errorMessage: 'refused' },
          recordErrors: [
            { batchIndex: 4, message: 'no key' },
            { batchIndex: 5, message: null },
          ],
        },
      ],
    }),
  },
  FetchResponse: {
    request: anyFetch,
    want: (version) => ({
      ...{ throttleMs: 3, error: 0 },
      partitions: [
        {
          ...{ topic, partition: 0, error: 0, highWatermark: 100, lastStableOffset: 90, logStartOffset: version >= 5 ? 2 : -1 },
          ...{ abortedTransactions: [{ producerId: 4000, firstOffset: 12 }], preferredReadReplica: -1, records: '01020304' },
        },
        {
          ...{ topic, partition: 1, error: 6, highWatermark: -1, lastStableOffset: -1, logStartOffset: -1 },
          ...{ abortedTransactions: null, preferredReadReplica: -1, records: '' },
        },
      ],
    }),
  },
  'FetchResponse@nearer': {
    request: anyFetch,
    want: () => ({
      ...{ throttleMs: 0, error: 0 },
      partitions: [
        {
          ...{ topic, partition: 0, error: 0, highWatermark: 1, lastStableOffset: 1, logStartOffset: 0 },
          ...{ abortedTransactions: [], preferredReadReplica: 5, records: '' },
        },
      ],
    }),
  },
  ListOffsetsResponse: {
    request: listOffsets([], 'read_uncommitted'),
    want: (version) => ({
      throttleMs: version >= 2 ? 1 : 0,
      partitions: [
        { topic, partition: 0, error: 0, timestamp: -1, offset: 77 },
        { topic, partition: 1, error: 3, timestamp: -1, offset: -1 },
      ],
    }),
  },
  MetadataResponse: {
    request: metadata(null, false),
    // epochs up to version 8 are not to be relied on
    want: (version) => ({
      ...{ throttleMs: 2, clusterId: 'cl', controllerId: 2 },
      brokers: [
        { nodeId: 1, host: 'h1', port: 9092, rack: null },
        { nodeId: 2, host: 'h2', port: 9093, rack: 'r' },
      ],
      topics: [
        {
          ...{ error: 0, name: 'a', id: version >= 10 ? '000102030405060708090a0b0c0d0e0f' : null, internal: true },
          partitions: [
            { error: 0, partition: 0, leader: 1, leaderEpoch: version >= 9 ? 6 : -1, replicas: [1], isr: [1] },
            { error: 5, partition: 1, leader: -1, leaderEpoch: version >= 9 ? 7 : -1, replicas: [1, 2], isr: [] },
          ],
        },
        { error: 29, name: 'b', id: null, internal: false, partitions: [] },
      ],
    }),
  },
  OffsetCommitResponse: {
    request: offsetCommit(member, []),
    want: (version) => ({ throttleMs: version >= 3 ? 4 : 0, partitions: [{ topic, partition: 0, error: 22 }] }),
  },
  OffsetFetchResponse: {
    request: offsetFetch({ groupId: 'g', partitions: null, requireStable: false }),
    want: (version) => ({
      ...{ throttleMs: version >= 3 ? 6 : 0, error: 0 },
      partitions: [
        { topic, partition: 0, offset: 10, leaderEpoch: version >= 5 ? 1 : -1, metadata: 'note', error: 0 },
        { topic, partition: 3, offset: -1, leaderEpoch: -1, metadata: '', error: 88 },
      ],
    }),
  },
  OffsetForLeaderEpochResponse: {
    request: offsetForLeaderEpoch([]),
    want: () => ({
      throttleMs: 9,
      partitions: [
        { topic, partition: 0, error: 0, leaderEpoch: 2, endOffset: 4294967297 },
        { topic, partition: 1, error: 74, leaderEpoch: -1, endOffset: -1 },
      ],
    }),
  },
  FindCoordinatorResponse: {
    request: findCoordinator('group', 'g'),
    want: () => ({ throttleMs: 0, error: 0, errorMessage: 'NONE', coordinator: { nodeId: 3, host: 'h3', port: 9094, rack: null } }),
  },
  JoinGroupResponse: {
    request: joinGroup(join),
    want: () => ({
      ...{ throttleMs: 0, error: 0, generationId: 9, protocolName: 'range', leader: 'm', memberId: 'm' },
      members: [{ memberId: 'm', groupInstanceId: null, metadata: Buffer.from([0, 1]) }],
    }),
  },
  SyncGroupResponse: {
    request: syncGroup({ ...member, assignments: [] }),
    want: () => ({ throttleMs: 0, error: 27, assignment: Buffer.from([2, 3]) }),
  },
  HeartbeatResponse: { request: heartbeat(member), want: () => ({ throttleMs: 8, error: 27 }) },
  LeaveGroupResponse: { request: leaveGroup('g', 'm'), want: () => ({ throttleMs: 0, error: 25 }) },
  InitProducerIdResponse: {
    request: initProducerId({ transactionalId: null, transactionTimeoutMs: 1, current: null }),
    want: () => ({ throttleMs: 0, error: 0, producerId: 4000, producerEpoch: 1 }),
  },
  CreateTopicsResponse: {
    request: createTopics([], 1),
    want: () => ({ throttleMs: 0, topics: [{ name: 'a', error: 36, errorMessage: 'there' }] }),
  },
  DeleteTopicsResponse: { request: deleteTopics([], 1), want: () => ({ throttleMs: 0, topics: [{ name: 'a', error: 3 }] }) },
  DescribeConfigsResponse: {
    request: describeTopicConfigs('a'),
    want: () => ({
      ...{ throttleMs: 0, error: 0, errorMessage: null },
      configs: new Map([
        ['cleanup.policy', 'compact'],
        ['secret', null],
      ]),
    }),
  },
  DeleteRecordsResponse: {
    request: deleteRecords([], 1),
    want: () => ({ throttleMs: 0, partitions: [{ topic, partition: 0, lowWatermark: 44, error: 0 }] }),
  },
  ListTransactionsResponse: {
    request: listTransactions('a.b-'),
    want: () => ({ throttleMs: 3, error: 14, transactionalIds: ['a.b-0', 'a.b-1'] }),
  },
  DeleteGroupsResponse: { request: deleteGroups([]), want: () => ({ throttleMs: 0, groups: [{ groupId: 'g', error: 68 }] }) },
  DescribeGroupsResponse: {
    request: describeGroups([]),
    want: () => ({
      throttleMs: 0,
      groups: [
        {
          ...{ error: 0, groupId: 'g', state: 'Stable', protocolType: 'consumer' },
          members: [{ memberId: 'm', groupInstanceId: null, clientId: 'c', clientHost: '/127.0.0.1' }],
        },
      ],
    }),
  },
  OffsetDeleteResponse: {
    request: offsetDelete('g', []),
    want: () => ({ throttleMs: 0, error: 0, partitions: [{ topic, partition: 0, error: 86 }] }),
  },
}
