import type { Logger } from '../../api/logger.ts'
import { abortable } from '../abortable.ts'
import { asKafkaError, groupNotAuthorized, KafkaError, kafkaError } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import type { ConsumerGroupMetadata, TopicPartition, TopicPartitionOffset } from '../ports.ts'
import { addOffsetsToTxn } from '../protocol/add-offsets-to-txn.ts'
import { addPartitionsToTxn } from '../protocol/add-partitions-to-txn.ts'
import { endTxn } from '../protocol/end-txn.ts'
import type { CoordinatorType } from '../protocol/find-coordinator.ts'
import { initProducerId, type InitProducerIdResponse } from '../protocol/init-producer-id.ts'
import type { TransactionIdentity } from '../protocol/transaction-identity.ts'
import { txnOffsetCommit, type TxnOffsetCommitResponse } from '../protocol/txn-offset-commit.ts'
import { RetryBackoff } from '../retry-backoff.ts'
import type { ApiRequest, Transport } from '../transport.ts'

const CONCURRENT_TRANSACTIONS = 51
const [TOPIC_AUTHORIZATION_FAILED, GROUP_AUTHORIZATION_FAILED, OPERATION_NOT_ATTEMPTED] = [29, 30, 55]
/** Old epoch, transaction in the wrong state, id forgotten or not allowed, fenced: said of the transaction as a whole. */
const FATAL_TO_PARTITIONS = new Set([47, 48, 49, 53, 59, 90])
/** The last transaction is still being written to its partitions: a matter of milliseconds. */
const CONCURRENT_BACKOFF_MS = 20
const CONCURRENT_BACKOFF_MAX_MS = 100

export interface TransactionRequestsOptions {
  readonly transactionalId: string
  readonly transactionTimeoutMs: number
  readonly transport: Transport
  readonly metadata: Metadata
  readonly backoff: RetryBackoff
  readonly random: () => number
  /** Ends every wait. */
  readonly closing: AbortSignal
  readonly log: Logger
}

interface CoordinatorCall<Response> {
  readonly type: CoordinatorType
  readonly key: string
  readonly request: ApiRequest<Response>
  /** Null: done. */
  readonly errorOf: (response: Response) => KafkaError | null
  /** False: an answer that it may succeed later ends it. A request without an answer is repeated in any case: it may have been heard. */
  readonly isWanted?: () => boolean
}

/**
 * What a transactional producer asks of coordinators. Each request is repeated until it is answered for good, at the coordinator that is
 * in charge by then; whoever calls bounds the time. Rejects with what the coordinator answered, or when the producer closes.
 */
export class TransactionRequests {
  readonly #options: TransactionRequestsOptions
  readonly #concurrentBackoff: RetryBackoff

  constructor(options: TransactionRequestsOptions) {
    this.#options = options
    this.#concurrentBackoff = new RetryBackoff(CONCURRENT_BACKOFF_MS, CONCURRENT_BACKOFF_MAX_MS, options.random)
  }

  /** @param current null: fences older producers; else raises the epoch of this one */
  async initProducerId(current: TransactionIdentity | null): Promise<InitProducerIdResponse> {
    const { transactionalId, transactionTimeoutMs } = this.#options
    const request = initProducerId({ transactionalId, transactionTimeoutMs, current })
    const answer = await this.#atTransactionCoordinator(request, errorOfOne)
    if (answer === null) throw new Error('A new id is always wanted')
    return answer
  }

  /** @returns false when it was no longer wanted, and not done */
  async addPartitions(transaction: TransactionIdentity, partitions: readonly TopicPartition[], isWanted: () => boolean): Promise<boolean> {
    const request = addPartitionsToTxn(transaction, partitions)
    const answer = await this.#atTransactionCoordinator(request, (response) => errorOfPartitions(response.partitions), isWanted)
    return answer !== null
  }

  /** @returns false when it was no longer wanted, and not done */
  async addOffsets(transaction: TransactionIdentity, groupId: string, isWanted: () => boolean): Promise<boolean> {
    const request = addOffsetsToTxn(transaction, groupId)
    const answer = await this.#atTransactionCoordinator(request, ({ error }) => errorOfGroup(error, groupId), isWanted)
    return answer !== null
  }

  async commitOffsets(
    transaction: TransactionIdentity,
    group: ConsumerGroupMetadata,
    offsets: readonly TopicPartitionOffset[],
    isWanted: () => boolean,
  ): Promise<void> {
    const request = txnOffsetCommit({ transaction, group, offsets })
    const errorOf = ({ partitions }: TxnOffsetCommitResponse) => errorOfGroup(decisive(partitions)?.error ?? 0, group.groupId)
    await this.#call({ type: 'group', key: group.groupId, request, errorOf, isWanted })
  }

  async end(transaction: TransactionIdentity, outcome: 'commit' | 'abort'): Promise<void> {
    await this.#atTransactionCoordinator(endTxn(transaction, outcome), errorOfOne)
  }

  #atTransactionCoordinator<R>(
    request: ApiRequest<R>,
    errorOf: (response: R) => KafkaError | null,
    isWanted: () => boolean = () => true,
  ): Promise<R | null> {
    return this.#call({ type: 'transaction', key: this.#options.transactionalId, request, errorOf, isWanted })
  }

  async #call<R>(call: CoordinatorCall<R>): Promise<R | null> {
    const { metadata, backoff, closing, log } = this.#options
    const { type, key, request } = call
    for (let attempts = 1; ; attempts++) {
      const outcome = await this.#attempt(call)
      if (outcome.error === null) return outcome.response
      const { error } = outcome
      closing.throwIfAborted()
      if (!error.retriable) throw error
      if (error.number !== null && call.isWanted?.() === false) return null
      log.debug(`${request.apiName} at the coordinator of ${type} ${key} is tried again (attempt ${attempts}): ${error.message}`)
      if (error.number === null || error.refresh === 'coordinator') metadata.forgetCoordinator(type, key)
      await (error.number === CONCURRENT_TRANSACTIONS ? this.#concurrentBackoff : backoff).wait(attempts, closing)
    }
  }

  async #attempt<R>({
    type,
    key,
    request,
    errorOf,
  }: CoordinatorCall<R>): Promise<{ readonly error: null; readonly response: R } | { readonly error: KafkaError }> {
    const { metadata, transport, transactionalId, closing } = this.#options
    let node = -1
    try {
      node = await metadata.coordinator(type, key, closing)
      const response = await abortable(transport.send(node, 'coordinator', request), closing)
      const error = errorOf(response)
      if (error === null) return { error, response }
      return { error: new KafkaError(`${error.message} (${request.apiName} of transactional id ${transactionalId})`, error, error) }
    } catch (failure) {
      const error = asKafkaError(failure)
      // what is silent for so long may be silent for ever
      if (error.code === 'REQUEST_TIMEOUT') transport.dropConnection(node, 'coordinator')
      return { error }
    }
  }
}

interface PartitionResult extends TopicPartition {
  readonly error: number
}

function errorOfOne({ error }: { readonly error: number }): KafkaError | null {
  return error === 0 ? null : kafkaError(error)
}

function errorOfGroup(error: number, groupId: string): KafkaError | null {
  return error === GROUP_AUTHORIZATION_FAILED ? groupNotAuthorized(groupId) : errorOfOne({ error })
}

/** As Java's producer: an unexpected error costs the transaction, not the producer. */
function errorOfPartitions(partitions: readonly PartitionResult[]): KafkaError | null {
  const result = decisive(partitions)
  if (result === null) return null
  const error = kafkaError(result.error, result.error === TOPIC_AUTHORIZATION_FAILED ? { topic: result.topic } : result)
  if (error.retriable || error.abortable || FATAL_TO_PARTITIONS.has(result.error)) return error
  return new KafkaError(`Could not add partitions to transaction due to errors: ${error.message}`, { ...error, abortable: true }, error)
}

/** The result that decides: partitions that were not tried, or may not be written to, say less than any other. Null: all succeeded. */
function decisive<T extends { readonly error: number }>(results: readonly T[]): T | null {
  let worst: T | null = null
  for (const result of results) if (weight(result.error) > weight(worst?.error ?? 0)) worst = result
  return worst
}

function weight(error: number): number {
  if (error === 0) return 0
  if (error === OPERATION_NOT_ATTEMPTED) return 1
  return error === TOPIC_AUTHORIZATION_FAILED ? 2 : 3
}
