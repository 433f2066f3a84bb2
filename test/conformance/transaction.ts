import { expect } from 'vitest'
import { Errors } from '../../src/broker/protocol/errors.ts'
import type { RawClient } from '../support/raw-client.ts'
import { coordinated, eventually, newName, newTopic, produce, producerBatch, TRANSACTIONAL, untilCoordinated } from './raw-requests.ts'

/** A producer of transactions that does what the test says, with the first protocol: partitions are added by the client. */
export class TransactionalProducer {
  readonly raw: RawClient
  readonly transactionalId: string
  producerId = -1
  producerEpoch = -1
  readonly #sequences = new Map<string, number>()

  constructor(raw: RawClient, transactionalId = newName('txn')) {
    this.raw = raw
    this.transactionalId = transactionalId
  }

  /** Gets an id and a new epoch. @returns the error, once the coordinator is there and no transaction is being ended */
  async init({ version = 2, timeoutMs = 60_000 } = {}): Promise<number> {
    await untilCoordinated(this.raw, this.transactionalId, 1)
    const answer = await coordinated(() =>
      this.raw.send('InitProducerId', version, { transactionalId: this.transactionalId, transactionTimeoutMs: timeoutMs }),
    )
    if (answer.errorCode === 0) {
      this.producerId = answer.producerId
      this.producerEpoch = answer.producerEpoch
      this.#sequences.clear()
    }
    return answer.errorCode
  }

  /** @returns the error of each partition, once none says that the last transaction is still being ended */
  async add(topic: string, partitions: readonly number[] = [0], version = 2): Promise<readonly number[]> {
    const { producerId, producerEpoch } = this
    const request = {
      v3AndBelowTransactionalId: this.transactionalId,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: [{ name: topic, partitions: [...partitions] }],
    }
    const answer = await eventually(
      () => this.raw.send('AddPartitionsToTxn', version, request),
      ({ resultsByTopicV3AndBelow: [result] }) =>
        result!.resultsByPartition.every(({ partitionErrorCode }) => partitionErrorCode !== Errors.CONCURRENT_TRANSACTIONS),
    )
    return answer.resultsByTopicV3AndBelow[0]!.resultsByPartition.map(({ partitionErrorCode }) => partitionErrorCode)
  }

  /** Produces one batch, with the next sequence. @returns the error */
  async send(topic: string, values: readonly string[], { partition = 0, version = 9 } = {}): Promise<number> {
    const key = `${topic} ${partition}`
    const baseSequence = this.#sequences.get(key) ?? 0
    const { producerId, producerEpoch, transactionalId } = this
    const batch = producerBatch(values, { producerId, producerEpoch, baseSequence, attributes: TRANSACTIONAL })
    const { errorCode } = await produce(this.raw, topic, batch, { transactionalId, partition, version })
    if (errorCode === 0) this.#sequences.set(key, baseSequence + values.length)
    return errorCode
  }

  /** Adds the partition and sends to it. */
  async sendIn(topic: string, values: readonly string[]): Promise<void> {
    expect(await this.add(topic)).toEqual([0])
    expect(await this.send(topic, values)).toBe(0)
  }

  async end(committed: boolean, version = 2): Promise<number> {
    const { transactionalId, producerId, producerEpoch } = this
    return (await this.raw.send('EndTxn', version, { transactionalId, producerId, producerEpoch, committed })).errorCode
  }

  async addOffsets(groupId: string, version = 2): Promise<number> {
    const { transactionalId, producerId, producerEpoch } = this
    const answer = await coordinated(() =>
      this.raw.send('AddOffsetsToTxn', version, { transactionalId, producerId, producerEpoch, groupId }),
    )
    return answer.errorCode
  }

  async commitOffset(groupId: string, topic: string, committedOffset: number, version = 2, member = {}): Promise<number> {
    const { transactionalId, producerId, producerEpoch } = this
    const topics = [{ name: topic, partitions: [{ partitionIndex: 0, committedOffset, committedMetadata: 'm' }] }]
    const answer = await this.raw.send('TxnOffsetCommit', version, {
      transactionalId,
      groupId,
      producerId,
      producerEpoch,
      topics,
      ...member,
    })
    return answer.topics[0]!.partitions[0]!.errorCode
  }
}

/** What three transactions bring, and whether each is committed. */
export const oneAborted = [
  ['one', true],
  ['two', false],
  ['three', true],
] as const

/** A new topic to which those three were sent. */
export async function topicWithOneAborted(raw: RawClient): Promise<string> {
  const topic = await newTopic(raw)
  const producer = new TransactionalProducer(raw)
  await producer.init()
  for (const [value, committed] of oneAborted) {
    await producer.sendIn(topic, [value])
    await producer.end(committed)
  }
  return topic
}
