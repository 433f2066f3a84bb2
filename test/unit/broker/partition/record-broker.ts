import { recordApis } from '../../../../src/broker/partition/record-apis.ts'
import { WaitingFetches } from '../../../../src/broker/partition/waiting-fetches.ts'
import type { DecodedResponse } from '../../../../src/broker/protocol/codec.ts'
import { Errors, type ErrorNumber } from '../../../../src/broker/protocol/errors.ts'
import type { RequestMessages } from '../../../../src/broker/protocol/messages.ts'
import { ask } from '../../../support/broker/asking.ts'
import { ManualClock } from '../../../support/broker/manual-clock.ts'
import { MemoryTopics } from '../../../support/broker/memory-topics.ts'

type FetchPartition = DecodedResponse<'Fetch'>['responses'][number]['partitions'][number]

export interface FetchChanges extends Partial<RequestMessages['Fetch']> {
  readonly version?: number
  readonly offset?: number
  readonly partition?: number
  readonly partitionMaxBytes?: number
  readonly closed?: AbortSignal
}

/** The record APIs on logs in memory: the topic `orders` has two partitions. */
export class RecordBroker {
  readonly clock = new ManualClock()
  readonly topics = new MemoryTopics()
  readonly waiting = new WaitingFetches(this.clock)
  /** What the transaction coordinator says to everyone. */
  verdict: ErrorNumber = Errors.NONE
  readonly apis = recordApis({
    topics: this.topics,
    transactions: { verifyPartition: () => this.verdict },
    waiting: this.waiting,
    fetchMaxBytes: 1_000_000,
    leader: () => ({ nodeId: 1, host: 'broker', port: 9092 }),
  })

  constructor() {
    this.topics.onAdvance = (log) => this.waiting.advanced(log)
    this.topics.create('orders', 2)
  }

  log(partition: number) {
    return this.topics.partition('orders', partition)!
  }

  async produce(records: Buffer | null, request: Partial<RequestMessages['Produce']> = {}, version = 9, index = 0) {
    const topicData = [{ name: 'orders', topicId: this.topics.get('orders')!.id, partitionData: [{ index, records }] }]
    const answer = await ask(this.apis, 'Produce', { acks: -1, timeoutMs: 1000, topicData, ...request }, { version })
    return answer?.responses[0]?.partitionResponses[0] ?? null
  }

  fetchAnswer(changes: FetchChanges = {}): Promise<DecodedResponse<'Fetch'>> {
    const { version = 12, offset = 0, partition = 0, partitionMaxBytes = 100_000, closed, ...rest } = changes
    const { id } = this.topics.get('orders')!
    const topics = [{ topic: 'orders', topicId: id, partitions: [{ partition, fetchOffset: offset, partitionMaxBytes }] }]
    const request = { maxWaitMs: 500, minBytes: 1, maxBytes: 1_000_000, topics, ...rest }
    return ask(this.apis, 'Fetch', request, { version, ...(closed === undefined ? {} : { closed }) }) as Promise<DecodedResponse<'Fetch'>>
  }

  async fetch(changes: FetchChanges = {}): Promise<FetchPartition> {
    return (await this.fetchAnswer(changes)).responses[0]!.partitions[0]!
  }

  async offset(timestamp: number, { version = 10, isolationLevel = 0, partitionIndex = 0, currentLeaderEpoch = -1 } = {}) {
    const topics = [{ name: 'orders', partitions: [{ partitionIndex, timestamp, currentLeaderEpoch }] }]
    const answer = await ask(this.apis, 'ListOffsets', { replicaId: -1, isolationLevel, topics }, { version })
    return answer!.topics[0]!.partitions[0]!
  }
}
