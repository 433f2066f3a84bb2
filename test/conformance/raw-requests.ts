import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import type { DecodedResponse } from '../../src/broker/protocol/codec.ts'
import { Errors } from '../../src/broker/protocol/errors.ts'
import type { RequestMessages } from '../../src/broker/protocol/messages.ts'
import type { RawClient } from '../support/raw-client.ts'
import {
  readHeader,
  readRecords,
  writeBatch,
  type BatchOptions,
  type NewRecord,
  type StoredRecord,
} from '../support/scripted-broker/record-batch.ts'

const PATIENCE_MS = 60_000
const PAUSE_MS = 20

/** Names of one's own, so that cases do not meet. */
export function newName(kind: string): string {
  return `${kind}-${randomBytes(5).toString('hex')}`
}

/** Asks until the answer is what the caller waits for. @throws Error that shows the last answer */
export async function eventually<T>(ask: () => Promise<T>, isIt: (answer: T) => boolean): Promise<T> {
  const end = Date.now() + PATIENCE_MS
  for (;;) {
    const answer = await ask()
    if (isIt(answer)) return answer
    if (Date.now() > end) throw new Error(`Still after ${PATIENCE_MS} ms: ${JSON.stringify(answer)}`)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}

export interface TopicOptions {
  readonly name?: string
  readonly partitions?: number
  readonly configs?: Readonly<Record<string, string>>
}

/** Creates a topic that keeps records of any age, and waits until it can be used. @returns its name */
export async function newTopic(
  raw: RawClient,
  { name = newName('topic'), partitions = 1, configs = {} }: TopicOptions = {},
): Promise<string> {
  const topic = {
    name,
    numPartitions: partitions,
    replicationFactor: 1,
    assignments: [],
    configs: Object.entries({ 'retention.ms': '-1', ...configs }).map(([key, value]) => ({ name: key, value })),
  }
  const { topics } = await raw.send('CreateTopics', 5, { topics: [topic], timeoutMs: 60_000 })
  expect(topics[0]).toMatchObject({ name, errorCode: 0 })
  await untilLed(raw, name, partitions)
  return name
}

/** Waits until a topic has so many partitions, and their leader answers for them: metadata is sometimes ahead of it. */
export async function untilLed(raw: RawClient, topic: string, partitions: number): Promise<void> {
  await eventually(
    () => raw.send('Metadata', 9, { topics: [{ name: topic }], allowAutoTopicCreation: false }),
    ({ topics }) => topics[0]?.partitions.length === partitions && topics[0].partitions.every(({ leaderId }) => leaderId >= 0),
  )
  for (let partition = 0; partition < partitions; partition++) {
    await eventually(() => listOffset(raw, topic, LATEST, { partition }), ({ errorCode }) => errorCode === 0) // prettier-ignore
  }
}

export async function topicId(raw: RawClient, topic: string): Promise<string> {
  const { topics } = await raw.send('Metadata', 12, { topics: [{ name: topic }] })
  return topics[0]!.topicId
}

type ProduceAnswer = DecodedResponse<'Produce'>['responses'][number]['partitionResponses'][number]
export interface ProduceOptions {
  readonly version?: number
  readonly acks?: number
  readonly partition?: number
  readonly transactionalId?: string | null
}

/** Produces one batch, of now: Kafka begins a new segment when times are far apart. */
export async function produce(
  raw: RawClient,
  topic: string,
  batch: Buffer | readonly NewRecord[],
  options: ProduceOptions = {},
): Promise<ProduceAnswer> {
  const { version = 9, acks = -1, partition = 0, transactionalId = null } = options
  const records = Buffer.isBuffer(batch) ? batch : writeBatch(batch.map((record) => ({ timestamp: Date.now(), ...record })))
  const topicData = [{ name: topic, partitionData: [{ index: partition, records }] }]
  const { responses } = await raw.send('Produce', version, { transactionalId, acks, timeoutMs: 60_000, topicData })
  expect(responses).toHaveLength(1)
  return responses[0]!.partitionResponses[0]!
}

/** A batch of an idempotent or transactional producer, of now: what is known of a producer expires by the times of its batches. */
export function producerBatch(values: readonly string[], options: BatchOptions): Buffer {
  return writeBatch(values.map((value) => ({ value, timestamp: Date.now() })), options) // prettier-ignore
}

/** Bit of a batch's attributes. */
export const TRANSACTIONAL = 0x10

type FetchAnswer = DecodedResponse<'Fetch'>['responses'][number]['partitions'][number]
export interface FetchOptions {
  readonly version?: number
  readonly partition?: number
  readonly maxWaitMs?: number
  readonly minBytes?: number
  readonly maxBytes?: number
  readonly partitionMaxBytes?: number
  readonly isolationLevel?: number
  readonly currentLeaderEpoch?: number
}

export async function fetchRequest(
  raw: RawClient,
  topic: string,
  fetchOffset: number,
  options: FetchOptions = {},
): Promise<RequestMessages['Fetch']> {
  const {
    version = 11,
    partition = 0,
    maxWaitMs = 0,
    minBytes = 1,
    maxBytes = 50_000_000,
    partitionMaxBytes = 1_048_576,
    isolationLevel = 0,
  } = options
  const { currentLeaderEpoch = -1 } = options
  const name = version >= 13 ? { topicId: await topicId(raw, topic) } : { topic }
  return {
    maxWaitMs,
    minBytes,
    maxBytes,
    isolationLevel,
    topics: [{ ...name, partitions: [{ partition, fetchOffset, partitionMaxBytes, currentLeaderEpoch }] }],
  }
}

/** Fetches from one partition. */
export async function fetchFrom(raw: RawClient, topic: string, fetchOffset: number, options: FetchOptions = {}): Promise<FetchAnswer> {
  const { responses } = await raw.send('Fetch', options.version ?? 11, await fetchRequest(raw, topic, fetchOffset, options))
  return responses[0]!.partitions[0]!
}

/** Whole batches in what was fetched. */
export function batchesIn(records: Buffer | null): Buffer[] {
  const batches: Buffer[] = []
  for (let at = 0; records !== null && at + 12 <= records.length;) {
    const end = at + 12 + records.readInt32BE(at + 8)
    if (end > records.length) break
    batches.push(records.subarray(at, end))
    at = end
  }
  return batches
}

export function isControl(batch: Buffer): boolean {
  return (batch.readInt16BE(21) & 0x20) !== 0
}

/** Records of all data batches, whose checksums are right. */
export function recordsIn(records: Buffer | null): StoredRecord[] {
  return batchesIn(records).flatMap((batch) => {
    expect(readHeader(batch).crcIsRight).toBe(true)
    return isControl(batch) ? [] : readRecords(batch)
  })
}

export function valuesIn(records: Buffer | null): (string | null)[] {
  return recordsIn(records).map(({ value }) => value)
}

/** Values of what lies in a partition from an offset on. */
export async function valuesFrom(raw: RawClient, topic: string, offset = 0, options: FetchOptions = {}): Promise<(string | null)[]> {
  const { errorCode, records } = await fetchFrom(raw, topic, offset, options)
  expect(errorCode).toBe(0)
  return recordsIn(records)
    .filter((record) => record.offset >= offset)
    .map(({ value }) => value)
}

/** Timestamps that ask for a place. */
export const LATEST = -1
export const EARLIEST = -2
export const MAX_TIMESTAMP = -3

type OffsetAnswer = DecodedResponse<'ListOffsets'>['topics'][number]['partitions'][number]

export async function listOffset(
  raw: RawClient,
  topic: string,
  timestamp: number,
  { version = 7, partition = 0, isolationLevel = 0, currentLeaderEpoch = -1 } = {},
): Promise<OffsetAnswer> {
  const partitions = [{ partitionIndex: partition, timestamp, currentLeaderEpoch }]
  const { topics } = await raw.send('ListOffsets', version, { replicaId: -1, isolationLevel, topics: [{ name: topic, partitions }] })
  return topics[0]!.partitions[0]!
}

const NOT_YET: readonly number[] = [
  Errors.COORDINATOR_NOT_AVAILABLE,
  Errors.COORDINATOR_LOAD_IN_PROGRESS,
  Errors.NOT_COORDINATOR,
  Errors.CONCURRENT_TRANSACTIONS,
]

/** Asks again while the coordinator is not there yet, as every client must. */
export async function coordinated<T extends { readonly errorCode: number }>(ask: () => Promise<T>): Promise<T> {
  return eventually(ask, ({ errorCode }) => !NOT_YET.includes(errorCode))
}

/**
 * A coordinator can be named a moment before it has read its log.
 * @param kind 0: of a group, 1: of a transactional id
 */
export async function untilCoordinated(raw: RawClient, key: string, kind: 0 | 1): Promise<void> {
  await coordinated(() => raw.send('FindCoordinator', 1, { key, keyType: kind }))
  if (kind === 0) await coordinated(() => raw.send('OffsetFetch', 7, { groupId: key, topics: [], requireStable: false }))
  else await coordinated(async () => (await raw.send('DescribeTransactions', 0, { transactionalIds: [key] })).transactionStates[0]!)
}
