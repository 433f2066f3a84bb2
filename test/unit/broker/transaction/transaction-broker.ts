import { WaitingFetches } from '../../../../src/broker/partition/waiting-fetches.ts'
import { recordApis } from '../../../../src/broker/partition/record-apis.ts'
import type { ErrorNumber } from '../../../../src/broker/protocol/errors.ts'
import { transactionApis } from '../../../../src/broker/transaction/transaction-apis.ts'
import { TransactionCoordinator } from '../../../../src/broker/transaction/transaction-coordinator.ts'
import { silentLogger } from '../../../../src/logging/logger.ts'
import { ask } from '../../../support/broker/asking.ts'
import { KeptState } from '../../../support/broker/kept-state.ts'
import { ManualClock } from '../../../support/broker/manual-clock.ts'
import { MemoryTopics } from '../../../support/broker/memory-topics.ts'
import { batchOf, record } from '../../../support/record-batches.ts'

const TRANSACTIONAL = 0x10
const MAX_TIMEOUT_MS = 900_000
export const EXPIRATION_MS = 604_800_000

export interface Producer {
  readonly id: string
  readonly producerId: number
  readonly producerEpoch: number
}

/** What was done with the offsets of groups, in order. */
class ObservedGroups {
  readonly completed: [producerId: number, commit: boolean][] = []
  failure: Error | null = null

  completeTransaction(producerId: number, commit: boolean): void {
    if (this.failure !== null) throw this.failure
    this.completed.push([producerId, commit])
  }
}

/** The transaction and record APIs on logs in memory, with a coordinator that can be started again on what was kept. */
export class TransactionBroker {
  readonly clock: ManualClock
  readonly topics: MemoryTopics
  readonly groups = new ObservedGroups()
  readonly store: KeptState
  readonly coordinator: TransactionCoordinator
  readonly #apis: ReturnType<typeof transactionApis>

  static async start(
    kept: { clock?: ManualClock; topics?: MemoryTopics; store?: KeptState; isCleanStart?: boolean } = {},
  ): Promise<TransactionBroker> {
    const { clock = new ManualClock(), topics = newTopics(), store = new KeptState(), isCleanStart = true } = kept
    const groups = new ObservedGroups()
    const coordinator = await TransactionCoordinator.open({
      store: store.reopen(),
      topics,
      groups,
      clock,
      log: silentLogger,
      isCleanStart,
      maxTimeoutMs: MAX_TIMEOUT_MS,
      expirationMs: EXPIRATION_MS,
    })
    return new TransactionBroker(clock, topics, store, groups, coordinator)
  }

  private constructor(
    clock: ManualClock,
    topics: MemoryTopics,
    store: KeptState,
    groups: ObservedGroups,
    coordinator: TransactionCoordinator,
  ) {
    this.clock = clock
    this.topics = topics
    this.store = store
    this.groups = groups
    this.coordinator = coordinator
    const waiting = new WaitingFetches(clock)
    this.#apis = {
      ...transactionApis({ coordinator, topics, clock }),
      ...recordApis({
        topics,
        transactions: coordinator,
        waiting,
        fetchMaxBytes: 1_000_000,
        leader: () => ({ nodeId: 1, host: 'broker', port: 9092 }),
      }),
    }
  }

  /** The next process on what this one leaves. */
  restart(changes: { isCleanStart?: boolean; store?: KeptState } = {}): Promise<TransactionBroker> {
    this.coordinator.close()
    return TransactionBroker.start({ clock: this.clock, topics: this.topics, store: this.store, ...changes })
  }

  log(partition: number, topic = 'orders') {
    return this.topics.partition(topic, partition)!
  }

  init(id: string | null, { version = 4, timeoutMs = 60_000, known = { producerId: -1, producerEpoch: -1 } } = {}) {
    return this.ask('InitProducerId', { transactionalId: id, transactionTimeoutMs: timeoutMs, ...known }, version)
  }

  /** A producer that is told to come again does so. */
  async producer(id: string, changes: { timeoutMs?: number } = {}): Promise<Producer> {
    for (;;) {
      const { errorCode, producerId, producerEpoch } = await this.init(id, changes)
      if (errorCode === 0) return { id, producerId, producerEpoch }
    }
  }

  async add({ id, producerId, producerEpoch }: Producer, partitions: readonly number[], version = 3): Promise<ErrorNumber[]> {
    const answer = await this.ask(
      'AddPartitionsToTxn',
      {
        v3AndBelowTransactionalId: id,
        v3AndBelowProducerId: producerId,
        v3AndBelowProducerEpoch: producerEpoch,
        v3AndBelowTopics: [{ name: 'orders', partitions: [...partitions] }],
      },
      version,
    )
    return answer.resultsByTopicV3AndBelow[0]!.resultsByPartition.map(({ partitionErrorCode }) => partitionErrorCode as ErrorNumber)
  }

  async addOffsets({ id, producerId, producerEpoch }: Producer, groupId: string, version = 3): Promise<number> {
    return (await this.ask('AddOffsetsToTxn', { transactionalId: id, producerId, producerEpoch, groupId }, version)).errorCode
  }

  async end({ id, producerId, producerEpoch }: Producer, committed: boolean, version = 3): Promise<number> {
    return (await this.ask('EndTxn', { transactionalId: id, producerId, producerEpoch, committed }, version)).errorCode
  }

  produce({ id, producerId, producerEpoch }: Producer, partition: number, baseSequence = 0, version = 11): Promise<number> {
    const records = batchOf([record('a')], { attributes: TRANSACTIONAL, producer: { producerId, producerEpoch, baseSequence } })
    return this.#produce(id, partition, records, version)
  }

  /** The first record of a producer without transactions. */
  produceIdempotent(producerId: number, partition: number): Promise<number> {
    const records = batchOf([record('a')], { producer: { producerId, producerEpoch: 0, baseSequence: 0 } })
    return this.#produce(null, partition, records, 11)
  }

  async #produce(transactionalId: string | null, partition: number, records: Buffer, version: number): Promise<number> {
    const topicData = [{ name: 'orders', partitionData: [{ index: partition, records }] }]
    const answer = await this.ask('Produce', { transactionalId, acks: -1, timeoutMs: 1000, topicData }, version)
    return answer.responses[0]!.partitionResponses[0]!.errorCode
  }

  async state(id: string): Promise<string> {
    const answer = await this.ask('DescribeTransactions', { transactionalIds: [id] }, 0)
    return answer.transactionStates[0]!.transactionState
  }

  async ask<Api extends Parameters<typeof ask>[1]>(api: Api, request: Parameters<typeof ask<Api>>[2], version: number) {
    const answer = await ask(this.#apis, api, request, { version })
    if (answer === null) throw new Error(`${api} was not answered`)
    return answer
  }
}

function newTopics(): MemoryTopics {
  const topics = new MemoryTopics()
  topics.create('orders', 3)
  return topics
}
