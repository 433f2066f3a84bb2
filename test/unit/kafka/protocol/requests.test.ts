import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { addOffsetsToTxn } from '../../../../src/kafka/protocol/add-offsets-to-txn.ts'
import { addPartitionsToTxn } from '../../../../src/kafka/protocol/add-partitions-to-txn.ts'
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
const recorded = JSON.parse(readFileSync(new URL('java-messages.json', import.meta.url), 'utf8')) as Record<string, Record<string, string>>

const member = { groupId: 'g', generationId: 9, memberId: 'm', groupInstanceId: null }
const join = { groupId: 'g', sessionTimeoutMs: 45000, rebalanceTimeoutMs: 300000, protocolType: 'consumer' }
const transaction = { transactionalId: 'tx', producerId: 4294967297, producerEpoch: 7 }
const nobody = { groupId: 'g', generationId: -1, memberId: '', groupInstanceId: null }
const a0 = { topic: 'a', partition: 0 }

const requests: Record<string, ApiRequest<unknown>> = {
  ProduceRequest: produce({
    transactionalId: null,
    acks: -1,
    timeoutMs: 30000,
    zstd: false,
    partitions: [
      { topic: 'tópic', partition: 0, batch: Buffer.from([1, 2, 3]) },
      { topic: 'tópic', partition: 7, batch: Buffer.from([4, 5, 6, 7]) },
      { topic: 'b', partition: 1, batch: Buffer.from([8]) },
    ],
  }),
  FetchRequest: fetch({
    ...{ maxWaitMs: 500, minBytes: 1, maxBytes: 52428800, isolation: 'read_committed', rack: 'r1' },
    partitions: [
      { ...a0, offset: 4294967297, leaderEpoch: 3, maxBytes: 1048576 },
      { topic: 'a', partition: 1, offset: 0, leaderEpoch: -1, maxBytes: 1048576 },
    ],
  }),
  ListOffsetsRequest: listOffsets(
    [
      { ...a0, timestamp: -2, leaderEpoch: -1 },
      { topic: 'a', partition: 1, timestamp: 1700000000000, leaderEpoch: 4 },
    ],
    'read_uncommitted',
  ),
  MetadataRequest: metadata(['a', 'b'], true),
  'MetadataRequest@all': metadata(null, false),
  OffsetCommitRequest: offsetCommit({ ...member, generationId: 5 }, [{ ...a0, offset: 10, leaderEpoch: 3 }]),
  OffsetFetchRequest: offsetFetch({ groupId: 'g', partitions: [a0, { topic: 'a', partition: 3 }], requireStable: false }),
  'OffsetFetchRequest@all': offsetFetch({ groupId: 'g', partitions: null, requireStable: false }),
  OffsetForLeaderEpochRequest: offsetForLeaderEpoch([
    { ...a0, currentLeaderEpoch: 5, leaderEpoch: 3 },
    { topic: 'a', partition: 1, currentLeaderEpoch: -1, leaderEpoch: 0 },
  ]),
  FindCoordinatorRequest: findCoordinator('group', 'g'),
  JoinGroupRequest: joinGroup({
    ...join,
    memberId: 'm',
    groupInstanceId: null,
    protocols: [{ name: 'range', metadata: Buffer.from([0, 1]) }],
  }),
  'JoinGroupRequest@static': joinGroup({ ...join, memberId: '', groupInstanceId: 'i', protocols: [] }),
  SyncGroupRequest: syncGroup({ ...member, assignments: [{ memberId: 'm', assignment: Buffer.from([2, 3]) }] }),
  HeartbeatRequest: heartbeat(member),
  LeaveGroupRequest: leaveGroup('g', 'm'),
  'LeaveGroupRequest@members': leaveGroup('g', 'm'),
  InitProducerIdRequest: initProducerId({ transactionalId: null, transactionTimeoutMs: 60000, current: null }),
  'InitProducerIdRequest@bump': initProducerId({
    ...{ transactionalId: 'tx', transactionTimeoutMs: 60000 },
    current: { producerId: 4000, producerEpoch: 2 },
  }),
  CreateTopicsRequest: createTopics([{ name: 'a', partitions: 3, replicationFactor: 1, configs: { 'cleanup.policy': 'compact' } }], 1000),
  DeleteTopicsRequest: deleteTopics(['a', 'b'], 1000),
  DescribeConfigsRequest: describeTopicConfigs('a'),
  DeleteRecordsRequest: deleteRecords([{ ...a0, offset: -1 }], 1000),
  DeleteGroupsRequest: deleteGroups(['g']),
  ListTransactionsRequest: listTransactions('a.b-'),
  'ListTransactionsRequest@pattern': listTransactions('a.b-'),
  DescribeGroupsRequest: describeGroups(['g']),
  OffsetDeleteRequest: offsetDelete('g', [a0]),
  'ProduceRequest@transaction': produce({
    ...{ transactionalId: 'tx', acks: -1, timeoutMs: 30000, zstd: false },
    partitions: [{ ...a0, batch: Buffer.from([1, 2, 3]) }],
  }),
  'FindCoordinatorRequest@transaction': findCoordinator('transaction', 'tx'),
  AddPartitionsToTxnRequest: addPartitionsToTxn(transaction, [a0, { topic: 'a', partition: 3 }, { topic: 'b', partition: 1 }]),
  AddOffsetsToTxnRequest: addOffsetsToTxn(transaction, 'g'),
  EndTxnRequest: endTxn(transaction, 'commit'),
  'EndTxnRequest@abort': endTxn(transaction, 'abort'),
  TxnOffsetCommitRequest: txnOffsetCommit({ transaction, group: nobody, offsets: [{ ...a0, offset: 10 }] }),
  'TxnOffsetCommitRequest@member': txnOffsetCommit({
    ...{ transaction, group: { ...member, groupInstanceId: 'i' } },
    offsets: [{ ...a0, offset: 10 }],
  }),
}

const cases = Object.entries(recorded)
  .filter(([name]) => name.includes('Request'))
  .flatMap(([name, versions]) => Object.entries(versions).map(([version, hex]) => ({ name, version: Number(version), hex })))

describe('requests are the bytes that Apache’s classes write', () => {
  test.each(cases)('$name version $version', ({ name, version, hex }) => {
    const request = requests[name]!
    expect(version).toBeGreaterThanOrEqual(request.minVersion)
    expect(version).toBeLessThanOrEqual(request.maxVersion)
    const body = request.encode(version)
    expect((Buffer.isBuffer(body) ? body : Buffer.concat(body)).toString('hex')).toBe(hex)
  })

  test('a batch is passed on as it is, without a copy', () => {
    const batch = Buffer.from([1, 2, 3])
    const parts = produce({ transactionalId: null, acks: 1, timeoutMs: 1, zstd: false, partitions: [{ ...a0, batch }] }).encode(8)
    expect(Buffer.isBuffer(parts)).toBe(false)
    expect((parts as readonly Buffer[]).includes(batch)).toBe(true)
  })

  test('what an older version cannot say is not sent in it', () => {
    const instance = { ...member, groupInstanceId: 'i' }
    expect(heartbeat(instance).minVersion).toBe(3)
    expect(syncGroup({ ...instance, assignments: [] }).minVersion).toBe(3)
    expect(offsetCommit(instance, []).minVersion).toBe(7)
    expect(offsetFetch({ groupId: 'g', partitions: null, requireStable: true }).minVersion).toBe(7)
    expect(listOffsets([], 'read_committed').minVersion).toBe(2)
    expect(produce({ transactionalId: null, acks: 1, timeoutMs: 1, zstd: true, partitions: [] }).minVersion).toBe(7)
    expect(txnOffsetCommit({ transaction, group: member, offsets: [] }).minVersion).toBe(3)
  })
})
