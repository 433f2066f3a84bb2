import type { Logger } from '../../api/logger.ts'
import type { Clock } from '../clock.ts'
import type { RecordTopics, TransactionChecks } from '../partition/record-log.ts'
import { ApiError, Errors, type ErrorNumber } from '../protocol/errors.ts'
import {
  checkProducerId,
  fencingEpoch,
  needsNewProducerId,
  withNewProducerId,
  withNextEpoch,
  type KnownProducer,
} from './producer-epoch.ts'
import { highestProducerId, ProducerIds } from './producer-ids.ts'
import { abortOrphans, carryOut, type TransactionalGroups } from './transaction-end.ts'
import { newTransactionRecord, NOTHING_ADDED, type TransactionRecord } from './transaction-record.ts'
import { TransactionTable, type Transaction, type TransactionTableOptions } from './transaction-table.ts'

export interface TransactionCoordinatorOptions extends TransactionTableOptions {
  readonly topics: RecordTopics
  readonly groups: TransactionalGroups
  /** Whether the last run ended in order. If not, records of open transactions may be lost: those transactions are aborted. */
  readonly isCleanStart: boolean
  /** transaction.max.timeout.ms */
  readonly maxTimeoutMs: number
}

/** Partitions by topic. */
export type AddedPartitions = readonly { readonly name: string; readonly partitions: readonly number[] }[]

/** How long until an end that failed is tried again, or a busy transaction is looked at again. */
const RETRY_MS = 1000
/**
 * Who may write as a transactional id, and what becomes of its transactions. Every step is written before it holds:
 * Empty → Ongoing (first partition or group) → PrepareCommit or PrepareAbort, with which the end is decided → markers on all partitions →
 * offsets of the groups → CompleteCommit or CompleteAbort → Ongoing again. A new producer of the id raises its epoch, which shuts out the one
 * before; so does a transaction that takes too long. Kafka: TransactionCoordinator, TransactionMetadata (protocol without KIP-890's epochs).
 */
export class TransactionCoordinator implements TransactionChecks {
  readonly #topics: RecordTopics
  readonly #groups: TransactionalGroups
  readonly #clock: Clock
  readonly #log: Logger
  readonly #maxTimeoutMs: number
  readonly #ids: ProducerIds
  readonly #table: TransactionTable
  #isClosed = false

  /** Resolves when ends that a crash interrupted are carried out and, after an unclean end, open transactions aborted. */
  static async open(options: TransactionCoordinatorOptions): Promise<TransactionCoordinator> {
    const coordinator = new TransactionCoordinator(options)
    await coordinator.#recover(options.isCleanStart)
    return coordinator
  }

  private constructor(options: TransactionCoordinatorOptions) {
    this.#topics = options.topics
    this.#groups = options.groups
    this.#clock = options.clock
    this.#log = options.log
    this.#maxTimeoutMs = options.maxTimeoutMs
    this.#ids = new ProducerIds(options.store, options.isCleanStart ? -1 : highestProducerId(options.topics))
    this.#table = new TransactionTable(options)
  }

  /** No timer of this fires any more. What is being written goes on. */
  close(): void {
    this.#isClosed = true
    this.#table.close()
  }

  /**
   * Gives a producer its id and epoch, and shuts out the one before. With a transaction of that one still open, it is aborted and the client
   * asked to come again.
   * @param transactionalId null: an idempotent producer without transactions
   * @throws ApiError INVALID_REQUEST, INVALID_TRANSACTION_TIMEOUT, CONCURRENT_TRANSACTIONS, PRODUCER_FENCED, COORDINATOR_NOT_AVAILABLE
   */
  async initProducerId(transactionalId: string | null, timeoutMs: number, known: KnownProducer | null): Promise<KnownProducer> {
    if (transactionalId === null) return { producerId: await this.#ids.next(), producerEpoch: 0 }
    if (transactionalId === '') throw new ApiError(Errors.INVALID_REQUEST)
    if (timeoutMs <= 0 || timeoutMs > this.#maxTimeoutMs) throw new ApiError(Errors.INVALID_TRANSACTION_TIMEOUT)
    const transaction = this.#table.get(transactionalId) ?? (await this.#newTransaction(transactionalId, timeoutMs))
    this.#checkNotPending(transaction)
    if (known !== null) checkProducerId(transaction.record, known)
    switch (transaction.record.state) {
      case 'PrepareCommit':
      case 'PrepareAbort':
        throw new ApiError(Errors.CONCURRENT_TRANSACTIONS)
      case 'Ongoing':
        await this.#abortAndFence(transaction)
        throw new ApiError(Errors.CONCURRENT_TRANSACTIONS)
      case 'Empty':
      case 'CompleteCommit':
      case 'CompleteAbort':
        return this.#giveEpoch(transaction, timeoutMs, known)
    }
  }

  /** @throws ApiError INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED, CONCURRENT_TRANSACTIONS, INVALID_REQUEST, COORDINATOR_NOT_AVAILABLE */
  async addPartitions(transactionalId: string, producerId: number, producerEpoch: number, added: AddedPartitions): Promise<void> {
    const transaction = this.#transactionOf(transactionalId, producerId, producerEpoch)
    this.#checkMayAdd(transaction)
    const { record } = transaction
    if (record.state === 'Ongoing' && added.every(({ name, partitions }) => partitions.every((index) => hasPartition(record, name, index))))
      return
    const partitions = new Map(record.partitions)
    for (const { name, partitions: indexes } of added) partitions.set(name, new Set([...(partitions.get(name) ?? []), ...indexes]))
    await this.#addTo(transaction, { partitions })
  }

  /** The offsets of a group become part of the transaction. @throws ApiError as `addPartitions` */
  async addGroup(transactionalId: string, producerId: number, producerEpoch: number, groupId: string): Promise<void> {
    const transaction = this.#transactionOf(transactionalId, producerId, producerEpoch)
    this.#checkMayAdd(transaction)
    const { record } = transaction
    if (record.state === 'Ongoing' && record.groups.has(groupId)) return
    await this.#addTo(transaction, { groups: new Set([...record.groups, groupId]) })
  }

  /**
   * Commits or aborts. A client that asks again for what it was given already gets the same answer.
   * @throws ApiError INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED, CONCURRENT_TRANSACTIONS, INVALID_TXN_STATE, COORDINATOR_NOT_AVAILABLE
   */
  async end(transactionalId: string, producerId: number, producerEpoch: number, isCommit: boolean): Promise<void> {
    const transaction = this.#transactionOf(transactionalId, producerId, producerEpoch)
    this.#checkNotPending(transaction)
    switch (transaction.record.state) {
      case 'Ongoing':
        return this.#end(transaction, { state: isCommit ? 'PrepareCommit' : 'PrepareAbort' })
      case 'CompleteCommit':
        if (isCommit) return
        break
      case 'CompleteAbort':
        if (!isCommit) return
        break
      case 'PrepareCommit':
        if (isCommit) throw new ApiError(Errors.CONCURRENT_TRANSACTIONS)
        break
      case 'PrepareAbort':
        if (!isCommit) throw new ApiError(Errors.CONCURRENT_TRANSACTIONS)
        break
      case 'Empty':
    }
    throw new ApiError(Errors.INVALID_TXN_STATE)
  }

  /**
   * Whether a producer may write to a partition just now. Kafka: TransactionCoordinator#handleVerifyPartitionsInTransaction.
   * @returns NONE, INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED, CONCURRENT_TRANSACTIONS, or TRANSACTION_ABORTABLE: it was not added
   */
  verifyPartition(transactionalId: string, producerId: number, producerEpoch: number, topic: string, partition: number): ErrorNumber {
    const record = this.find(transactionalId)
    const error = standing(record, producerId, producerEpoch)
    if (error !== Errors.NONE) return error
    return hasPartition(record, topic, partition) ? Errors.NONE : Errors.TRANSACTION_ABORTABLE
  }

  /** Whether a producer may commit offsets of a group just now. @returns as `verifyPartition` */
  verifyGroup(transactionalId: string, producerId: number, producerEpoch: number, groupId: string): ErrorNumber {
    const record = this.find(transactionalId)
    const error = standing(record, producerId, producerEpoch)
    if (error !== Errors.NONE) return error
    return record?.groups.has(groupId) === true ? Errors.NONE : Errors.TRANSACTION_ABORTABLE
  }

  /** Null for an id that nobody uses. */
  find(transactionalId: string): TransactionRecord | null {
    return this.#table.get(transactionalId)?.record ?? null
  }

  *all(): Iterable<readonly [transactionalId: string, record: TransactionRecord]> {
    for (const { id, record } of this.#table.all()) yield [id, record]
  }

  async #newTransaction(id: string, timeoutMs: number): Promise<Transaction> {
    const producerId = await this.#ids.next()
    return this.#table.get(id) ?? this.#table.add(id, newTransactionRecord(producerId, timeoutMs, this.#clock.now()))
  }

  async #giveEpoch(transaction: Transaction, timeoutMs: number, known: KnownProducer | null): Promise<KnownProducer> {
    const { record } = transaction
    const now = this.#clock.now()
    const next = needsNewProducerId(record, known)
      ? withNewProducerId(record, known, await this.#ids.next(), timeoutMs, now)
      : withNextEpoch(record, known, timeoutMs, now)
    if (transaction.record !== record) throw new ApiError(Errors.CONCURRENT_TRANSACTIONS)
    await this.#table.write(transaction, next)
    return { producerId: next.producerId, producerEpoch: next.producerEpoch }
  }

  /** The transaction of a producer that is still the present one of its id. */
  #transactionOf(transactionalId: string, producerId: number, producerEpoch: number): Transaction {
    if (transactionalId === '') throw new ApiError(Errors.INVALID_REQUEST)
    const transaction = this.#table.get(transactionalId)
    if (transaction?.record.producerId !== producerId) throw new ApiError(Errors.INVALID_PRODUCER_ID_MAPPING)
    if (transaction.record.producerEpoch !== producerEpoch) throw new ApiError(Errors.PRODUCER_FENCED)
    return transaction
  }

  #checkNotPending({ isPending }: Transaction): void {
    if (isPending) throw new ApiError(Errors.CONCURRENT_TRANSACTIONS)
  }

  #checkMayAdd(transaction: Transaction): void {
    this.#checkNotPending(transaction)
    const { state } = transaction.record
    if (state === 'PrepareCommit' || state === 'PrepareAbort') throw new ApiError(Errors.CONCURRENT_TRANSACTIONS)
  }

  /** The first addition begins the transaction, and its time. */
  async #addTo(transaction: Transaction, added: Partial<TransactionRecord>): Promise<void> {
    const { record } = transaction
    const now = this.#clock.now()
    const begun = record.state === 'Ongoing' ? {} : ({ state: 'Ongoing', startTimestamp: now } as const)
    await this.#table.write(transaction, { ...record, ...begun, ...added, lastUpdateTimestamp: now })
    transaction.timer ??= this.#clock.after(record.timeoutMs, () => this.#timeOut(transaction))
  }

  /** The epoch that goes with the markers shuts the producer out at the partitions too. */
  #abortAndFence(transaction: Transaction): Promise<void> {
    const producerEpoch = fencingEpoch(transaction.record)
    return this.#end(transaction, { state: 'PrepareAbort', producerEpoch, lastProducerEpoch: -1 })
  }

  /** Resolves when the end is decided; it is carried out by then, unless that fails: then it is tried again by and by. */
  async #end(transaction: Transaction, decision: Partial<TransactionRecord>): Promise<void> {
    await this.#table.write(transaction, { ...transaction.record, ...decision, lastUpdateTimestamp: this.#clock.now() })
    await this.#carryOut(transaction)
  }

  async #carryOut(transaction: Transaction): Promise<void> {
    const { record } = transaction
    transaction.timer?.cancel()
    transaction.timer = null
    try {
      await carryOut(record, this.#topics, this.#groups)
      const state = record.state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort'
      await this.#table.write(transaction, { ...record, ...NOTHING_ADDED, state, lastUpdateTimestamp: this.#clock.now() })
    } catch (error) {
      this.#log.error(`${record.state} of transactional id ${transaction.id} could not be carried out and will be tried again`, error)
      if (!this.#isClosed) transaction.timer = this.#clock.after(RETRY_MS, () => void this.#carryOut(transaction))
    }
  }

  /** Kafka: TransactionCoordinator#abortTimedOutTransactions. */
  #timeOut(transaction: Transaction): void {
    transaction.timer = null
    if (transaction.isPending) {
      transaction.timer = this.#clock.after(RETRY_MS, () => this.#timeOut(transaction))
      return
    }
    if (transaction.record.state !== 'Ongoing') return
    this.#log.info(`Aborting the transaction of transactional id ${transaction.id}: it took longer than ${transaction.record.timeoutMs} ms`)
    this.#abortAndFence(transaction).catch((error: unknown) => {
      this.#log.warn(`The transaction of transactional id ${transaction.id} could not be aborted yet`, error)
      if (!this.#isClosed) transaction.timer = this.#clock.after(RETRY_MS, () => this.#timeOut(transaction))
    })
  }

  async #recover(isCleanStart: boolean): Promise<void> {
    for (const transaction of this.#table.all()) {
      const { state, startTimestamp, timeoutMs } = transaction.record
      if (state === 'PrepareCommit' || state === 'PrepareAbort') await this.#carryOut(transaction)
      else if (state === 'Ongoing' && !isCleanStart) await this.#abortAndFence(transaction)
      else if (state === 'Ongoing') {
        const left = startTimestamp + timeoutMs - this.#clock.now()
        transaction.timer = this.#clock.after(Math.max(left, 0), () => this.#timeOut(transaction))
      }
    }
    if (isCleanStart) return
    const orphans = await abortOrphans(this.#topics)
    if (orphans > 0) this.#log.warn(`Aborted ${orphans} transactions in partitions that were not known any more after the last run's end`)
  }
}

/** Whether a producer is the present one of its id, and no end is being carried out. */
function standing(record: TransactionRecord | null, producerId: number, producerEpoch: number): ErrorNumber {
  if (record?.producerId !== producerId) return Errors.INVALID_PRODUCER_ID_MAPPING
  if (record.producerEpoch !== producerEpoch) return Errors.PRODUCER_FENCED
  return record.state === 'PrepareCommit' || record.state === 'PrepareAbort' ? Errors.CONCURRENT_TRANSACTIONS : Errors.NONE
}

function hasPartition(record: TransactionRecord | null, topic: string, index: number): boolean {
  return record?.partitions.get(topic)?.has(index) === true
}
