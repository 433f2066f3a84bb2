import type { Logger } from '../../api/logger.ts'
import { abortable } from '../abortable.ts'
import { asKafkaError, kafkaError, type KafkaError } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import type { ConsumerGroupMetadata, TopicPartition, TopicPartitionOffset } from '../ports.ts'
import { addOffsetsToTxn } from '../protocol/add-offsets-to-txn.ts'
import { addPartitionsToTxn } from '../protocol/add-partitions-to-txn.ts'
import { endTxn } from '../protocol/end-txn.ts'
import type { CoordinatorType } from '../protocol/find-coordinator.ts'
import { initProducerId, type InitProducerIdResponse } from '../protocol/init-producer-id.ts'
import type { TransactionIdentity } from '../protocol/transaction-identity.ts'
import { txnOffsetCommit } from '../protocol/txn-offset-commit.ts'
import { RetryBackoff } from '../retry-backoff.ts'
import type { ApiRequest, Transport } from '../transport.ts'

const CONCURRENT_TRANSACTIONS = 51
const [TOPIC_AUTHORIZATION_FAILED, OPERATION_NOT_ATTEMPTED] = [29, 55]
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
  /** 0: done. */
  readonly errorOf: (response: Response) => number
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
    const answer = await this.#atTransactionCoordinator(request, ({ error }) => error)
    if (answer === null) throw new Error('A new id is always wanted')
    return answer
  }

  /** @returns false when it was no longer wanted, and not done */
  async addPartitions(transaction: TransactionIdentity, partitions: readonly TopicPartition[], isWanted: () => boolean): Promise<boolean> {
    const request = addPartitionsToTxn(transaction, partitions)
    const answer = await this.#atTransactionCoordinator(request, (response) => errorOfAll(response.partitions), isWanted)
    return answer !== null
  }

  /** @returns false when it was no longer wanted, and not done */
  async addOffsets(transaction: TransactionIdentity, groupId: string, isWanted: () => boolean): Promise<boolean> {
    const answer = await this.#atTransactionCoordinator(addOffsetsToTxn(transaction, groupId), ({ error }) => error, isWanted)
    return answer !== null
  }

  async commitOffsets(
    transaction: TransactionIdentity,
    group: ConsumerGroupMetadata,
    offsets: readonly TopicPartitionOffset[],
    isWanted: () => boolean,
  ): Promise<void> {
    const request = txnOffsetCommit({ transaction, group, offsets })
    const errorOf = (response: { readonly partitions: readonly { readonly error: number }[] }) => errorOfAll(response.partitions)
    await this.#call({ type: 'group', key: group.groupId, request, errorOf, isWanted })
  }

  async end(transaction: TransactionIdentity, outcome: 'commit' | 'abort'): Promise<void> {
    await this.#atTransactionCoordinator(endTxn(transaction, outcome), ({ error }) => error)
  }

  #atTransactionCoordinator<R>(
    request: ApiRequest<R>,
    errorOf: (response: R) => number,
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
      const code = errorOf(response)
      if (code === 0) return { error: null, response }
      const error = kafkaError(code)
      return { error: kafkaError(code, { message: `${error.message} (${request.apiName} of transactional id ${transactionalId})` }) }
    } catch (failure) {
      const error = asKafkaError(failure)
      // what is silent for so long may be silent for ever
      if (error.code === 'REQUEST_TIMEOUT') transport.dropConnection(node, 'coordinator')
      return { error }
    }
  }
}

/** The error that decides: partitions that were not tried, or may not be written to, say less than any other. */
function errorOfAll(partitions: readonly { readonly error: number }[]): number {
  let decisive = 0
  for (const { error } of partitions) if (weight(error) > weight(decisive)) decisive = error
  return decisive
}

function weight(error: number): number {
  if (error === 0) return 0
  if (error === OPERATION_NOT_ATTEMPTED) return 1
  return error === TOPIC_AUTHORIZATION_FAILED ? 2 : 3
}
