import type { Logger } from '../../api/logger.ts'
import { abortable } from '../abortable.ts'
import { asKafkaError, illegalState, type KafkaError } from '../errors.ts'
import type { ConsumerGroupMetadata, TopicPartitionOffset } from '../ports.ts'
import type { TransactionIdentity } from '../protocol/transaction-identity.ts'
import { BlockDeadline } from './block-deadline.ts'
import type { PartitionQueue } from './partition-queue.ts'
import { coordinatorFailure, fatalError, isForgotten, recordFailure, transactionAborted } from './transaction-errors.ts'
import { TransactionPartitions } from './transaction-partitions.ts'
import type { TransactionRequests } from './transaction-requests.ts'
import { TransactionState } from './transaction-state.ts'

/** What a transaction needs of the producer it belongs to. */
export interface TransactionRecords {
  /** Settled when all that was accepted was told. */
  flush(): Promise<void>
  /** Fails what was never sent. */
  dropUnsent(error: KafkaError): void
  /** Settled when no batch is on its way any more. */
  allAnswered(): Promise<void>
  /** Batches may go out that could not before. */
  wake(): void
  /** Nothing can be sent any more. */
  broken(error: KafkaError): void
  /** Whether records are taken may have changed. */
  stateChanged(): void
}

export interface TransactionManagerOptions {
  readonly transactionalId: string
  readonly requests: TransactionRequests
  readonly records: TransactionRecords
  readonly maxBlockMs: number
  /** Ends every wait; its reason is their error. */
  readonly closing: AbortSignal
  readonly log: Logger
}

type Operation = 'initTransactions' | 'commitTransaction' | 'abortTransaction'

/** Java's sentences, in full. */
const TIMED_OUT: Readonly<Record<Operation | 'sendOffsetsToTransaction', string>> = {
  initTransactions:
    'InitTransactions timed out - did not complete coordinator discovery or receive the InitProducerId response within max.block.ms.',
  sendOffsetsToTransaction:
    'SendOffsetsToTransaction timed out - did not reach the coordinator or receive the TxnOffsetCommit/AddOffsetsToTxn response within max.block.ms',
  commitTransaction: 'CommitTransaction timed out - did not complete EndTxn with the transaction coordinator within max.block.ms',
  abortTransaction: 'AbortTransaction timed out - did not complete EndTxn(abort) with the transaction coordinator within max.block.ms',
}

/** A call whose caller may have stopped waiting: the same call again takes part in it. */
interface Pending {
  readonly operation: Operation
  readonly result: Promise<void>
  isSettled: boolean
}

/**
 * A transactional producer's dealings with its coordinator: one transaction after the other, under an id and epoch that no other
 * producer of the same `transactional.id` has. States and errors as in Apache Kafka 4.3, TransactionManager.
 *
 * After a failed batch that had a sequence nobody knows, or cares, where the partition's sequence stands: the abort then ends with a new
 * epoch (KIP-360), under which all sequences start from 0.
 */
export class TransactionManager {
  readonly #options: TransactionManagerOptions
  readonly #state: TransactionState
  readonly #partitions: TransactionPartitions
  #identity: TransactionIdentity
  #pending: Pending | null = null
  #hasOffsets = false
  /** Those being added; never rejects. */
  #offsets: Promise<void> = Promise.resolve()
  #needsNewEpoch = false
  /** The coordinator no longer knows the producer, and has no transaction to end. */
  #isForgotten = false

  constructor(options: TransactionManagerOptions) {
    this.#options = options
    this.#identity = { transactionalId: options.transactionalId, producerId: -1, producerEpoch: -1 }
    this.#state = new TransactionState(options.transactionalId, () => options.records.stateChanged())
    this.#partitions = new TransactionPartitions({
      add: (queues) => this.#addPartitions(queues),
      added: (queues) => this.#partitionsAdded(queues),
    })
  }

  /** Records are taken. */
  get isInTransaction(): boolean {
    return this.#state.current === 'IN_TRANSACTION'
  }

  /** Counts the transactions that were begun. */
  get number(): number {
    return this.#partitions.number
  }

  /** Why a record is not taken; null: it is. @param partition as the record names it */
  sendRefusal(partition: string): KafkaError | null {
    return this.#state.sendRefusal(partition)
  }

  /** Whether batches of the partition may go out: the coordinator knows that it takes part. If not yet, it is told. */
  admits(queue: PartitionQueue): boolean {
    return this.#partitions.admits(queue)
  }

  /** A record was refused or its batch given up. @param hadSequence the broker may or may not have it */
  recordFailed(error: KafkaError, hadSequence: boolean): void {
    if (hadSequence) this.#needsNewEpoch = true
    this.#fail(recordFailure(error, this.#identity))
  }

  async init(): Promise<void> {
    await this.#operate('initTransactions', () => {
      this.#check()
      this.#state.enter('INITIALIZING')
      return this.#takeId(null)
    })
  }

  begin(): void {
    this.#checkPending('beginTransaction')
    this.#check()
    this.#state.enter('IN_TRANSACTION')
    this.#partitions.begin()
    this.#hasOffsets = false
  }

  async sendOffsets(offsets: readonly TopicPartitionOffset[], group: ConsumerGroupMetadata): Promise<void> {
    this.#checkPending('sendOffsetsToTransaction')
    this.#check()
    if (!this.isInTransaction) {
      throw illegalState(`Cannot send offsets if a transaction is not in progress (currentState= ${this.#state.current})`)
    }
    if (offsets.length === 0) return
    const sent = this.#offsets.then(() => this.#sendOffsets(offsets, group))
    this.#offsets = sent.catch(() => undefined) // its caller hears of it, and so does the state
    await this.#inTime('sendOffsetsToTransaction', sent)
  }

  async commit(): Promise<void> {
    await this.#operate('commitTransaction', () => {
      this.#check()
      this.#state.enter('COMMITTING_TRANSACTION')
      return this.#commit()
    })
  }

  async abort(): Promise<void> {
    await this.#operate('abortTransaction', () => {
      if (this.#state.current !== 'ABORTABLE_ERROR') this.#check()
      this.#state.enter('ABORTING_TRANSACTION')
      return this.#abort()
    })
  }

  /** Waits for a commit or abort under way, and aborts what is open. Never rejects. */
  async close(): Promise<void> {
    const { log } = this.#options
    try {
      if (this.#pending !== null && this.#pending.operation !== 'initTransactions') await this.#pending.result
    } catch (error) {
      log.warn(`${this.#pending?.operation} failed while the producer closes`, error)
    }
    if (this.#state.current !== 'IN_TRANSACTION' && this.#state.current !== 'ABORTABLE_ERROR') return
    log.info('Aborting incomplete transaction due to shutdown')
    this.#state.enter('ABORTING_TRANSACTION')
    try {
      await this.#abort()
    } catch (error) {
      log.warn('The transaction could not be aborted: the coordinator will, after transaction.timeout.ms', error)
    }
  }

  async #commit(): Promise<void> {
    await this.#options.records.flush()
    await this.#offsets
    if (this.#state.error !== null) throw this.#state.error
    if (this.#partitions.hasAny || this.#hasOffsets) {
      await this.#ask((requests) => requests.end(this.#identity, 'commit'))
    }
    this.#state.enter('READY')
  }

  async #abort(): Promise<void> {
    const { records } = this.#options
    records.dropUnsent(transactionAborted())
    // once the transaction has ended nothing of it may arrive
    await Promise.all([this.#partitions.stop(), this.#offsets])
    await records.flush()
    await abortable(records.allAnswered(), this.#options.closing)
    if (this.#state.error !== null) throw this.#state.error
    if ((this.#partitions.hasAny || this.#hasOffsets) && !this.#isForgotten) await this.#endAborted()
    if (!this.#needsNewEpoch) return this.#state.enter('READY')
    this.#state.enter('INITIALIZING')
    await this.#takeId(this.#identity)
  }

  async #endAborted(): Promise<void> {
    try {
      await this.#options.requests.end(this.#identity, 'abort')
    } catch (error) {
      const failure = asKafkaError(error)
      if (!isForgotten(failure)) throw this.#failForGood(failure)
      this.#needsNewEpoch = true
    }
  }

  /** @param current null: fences older producers; else raises the epoch of this one */
  async #takeId(current: TransactionIdentity | null): Promise<void> {
    const { requests, log, transactionalId } = this.#options
    const { producerId, producerEpoch } = await requests.initProducerId(current).catch((error: unknown) => {
      throw this.#failForGood(asKafkaError(error))
    })
    this.#identity = { transactionalId, producerId, producerEpoch }
    this.#needsNewEpoch = false
    this.#isForgotten = false
    log.info(`ProducerId set to ${producerId} with epoch ${producerEpoch}`)
    this.#state.enter('READY')
  }

  async #sendOffsets(offsets: readonly TopicPartitionOffset[], group: ConsumerGroupMetadata): Promise<void> {
    const isWanted = () => this.#state.isOpen
    await this.#ask(async (requests) => {
      if (!(await requests.addOffsets(this.#identity, group.groupId, isWanted))) return
      this.#hasOffsets = true
      if (isWanted()) await requests.commitOffsets(this.#identity, group, offsets, isWanted)
    })
    if (!isWanted()) throw this.#state.error ?? transactionAborted()
  }

  async #addPartitions(queues: readonly PartitionQueue[]): Promise<boolean> {
    try {
      return await this.#ask((requests) => requests.addPartitions(this.#identity, queues, () => this.#state.isOpen))
    } catch {
      return false // the state has it
    }
  }

  #partitionsAdded(queues: readonly PartitionQueue[]): void {
    const { producerId, producerEpoch } = this.#identity
    for (const { sequence } of queues) {
      if (sequence.producerId !== producerId || sequence.producerEpoch !== producerEpoch) sequence.restart(producerId, producerEpoch)
    }
    this.#options.records.wake()
  }

  /** Asks a coordinator. @throws KafkaError what its refusal means, which the state then has too */
  async #ask<T>(ask: (requests: TransactionRequests) => Promise<T>): Promise<T> {
    try {
      return await ask(this.#options.requests)
    } catch (error) {
      if (this.#options.closing.aborted) throw error
      const failure = asKafkaError(error)
      if (isForgotten(failure)) {
        this.#needsNewEpoch = true
        this.#isForgotten = true
      }
      throw this.#fail(coordinatorFailure(failure, this.#identity))
    }
  }

  /** Without a transaction, or with one that cannot be aborted, there is nothing to go back to. */
  #failForGood(error: KafkaError): KafkaError {
    if (this.#options.closing.aborted) return error
    const failure = coordinatorFailure(error, this.#identity)
    return this.#fail(failure.abortable ? fatalError(failure) : failure)
  }

  #fail(failure: KafkaError): KafkaError {
    const { records, log } = this.#options
    const before = this.#state.current
    this.#state.fail(failure)
    if (this.#state.current === before) return failure
    if (failure.abortable) {
      log.info(`Transiting to abortable error state due to ${failure.javaName}: ${failure.message}`)
      void this.#partitions.stop()
      records.dropUnsent(failure)
    } else {
      log.error(`Transiting to fatal error state due to ${failure.javaName}: ${failure.message}`)
      records.broken(failure)
    }
    return failure
  }

  /** Starts the operation, or takes part in the one whose caller stopped waiting. */
  async #operate(operation: Operation, start: () => Promise<void>): Promise<void> {
    this.#checkPending(operation)
    const pending = (this.#pending ??= track(operation, start()))
    try {
      await this.#inTime(operation, pending.result)
    } finally {
      if (pending.isSettled) this.#pending = null
    }
  }

  async #inTime(operation: Operation | 'sendOffsetsToTransaction', result: Promise<void>): Promise<void> {
    const deadline = new BlockDeadline(this.#options.maxBlockMs, this.#options.closing)
    try {
      await abortable(result, deadline.signal)
    } catch (error) {
      throw error === deadline.signal.reason ? deadline.error(TIMED_OUT[operation]) : error
    } finally {
      deadline.release()
    }
  }

  #checkPending(operation: string): void {
    const pending = this.#pending?.operation
    if (pending === undefined || pending === operation) return
    throw illegalState(
      `Cannot attempt operation \`${operation}\` because the previous call to \`${pending}\` timed out and must be retried`,
    )
  }

  #check(): void {
    const refusal = this.#state.refusal()
    if (refusal !== null) throw refusal
  }
}

function track(operation: Operation, result: Promise<void>): Pending {
  const pending: Pending = { operation, result, isSettled: false }
  const settled = () => {
    pending.isSettled = true
  }
  result.then(settled, settled)
  return pending
}
