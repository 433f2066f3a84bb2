import type { AnswerRequest } from '../api.ts'
import type { Clock } from '../clock.ts'
import type { DecodedRequest } from '../protocol/codec.ts'
import { Errors } from '../protocol/errors.ts'
import type { ResponseMessages } from '../protocol/messages.ts'
import { idPattern } from './id-pattern.ts'
import type { TransactionCoordinator } from './transaction-coordinator.ts'
import { TRANSACTION_STATES, type TransactionRecord } from './transaction-record.ts'

type Described = ResponseMessages['DescribeTransactions']['transactionStates'][number]
type Filters = DecodedRequest<'ListTransactions'>

/** States that Kafka knows beside ours: nothing is ever in them here. */
const PASSING_STATES: ReadonlySet<string> = new Set(['Dead', 'PrepareEpochFence'])

/** Kafka: TransactionCoordinator#handleDescribeTransactions. */
export function describeTransactions(coordinator: TransactionCoordinator): AnswerRequest<'DescribeTransactions'> {
  return ({ transactionalIds }) => ({
    throttleTimeMs: 0,
    transactionStates: transactionalIds.map((id) => described(id, coordinator.find(id))),
  })
}

function described(transactionalId: string, record: TransactionRecord | null): Described {
  if (record === null) {
    const errorCode = transactionalId === '' ? Errors.INVALID_REQUEST : Errors.TRANSACTIONAL_ID_NOT_FOUND
    return { ...NOTHING, errorCode, transactionalId }
  }
  const { state, timeoutMs, startTimestamp, producerId, producerEpoch, partitions } = record
  return {
    errorCode: Errors.NONE,
    transactionalId,
    transactionState: state,
    transactionTimeoutMs: timeoutMs,
    transactionStartTimeMs: startTimestamp,
    producerId,
    producerEpoch,
    topics: [...partitions].map(([topic, indexes]) => ({ topic, partitions: [...indexes] })),
  }
}

const NOTHING = {
  transactionState: '',
  transactionTimeoutMs: 0,
  transactionStartTimeMs: 0,
  producerId: 0,
  producerEpoch: 0,
  topics: [],
}

/** Kafka: TransactionStateManager#listTransactionStates. */
export function listTransactions(coordinator: TransactionCoordinator, clock: Clock): AnswerRequest<'ListTransactions'> {
  return async (filters) => {
    const unknownStateFilters = filters.stateFilters.filter((state) => !TRANSACTION_STATES.has(state) && !PASSING_STATES.has(state))
    const answer = { throttleTimeMs: 0, errorCode: Errors.NONE, unknownStateFilters, transactionStates: [] }
    const isNamed = filters.transactionalIdPattern ? await idPattern(filters.transactionalIdPattern) : isAny
    if (isNamed === null) return { ...answer, errorCode: Errors.INVALID_REGULAR_EXPRESSION }
    return {
      ...answer,
      transactionStates: [...coordinator.all()]
        .filter(([id, record]) => passes(record, filters, clock.now()) && isNamed(id))
        .map(([transactionalId, { producerId, state }]) => ({ transactionalId, producerId, transactionState: state })),
    }
  }
}

function passes({ producerId, state, startTimestamp }: TransactionRecord, filters: Filters, now: number): boolean {
  const { producerIdFilters, stateFilters, durationFilter } = filters
  return (
    (producerIdFilters.length === 0 || producerIdFilters.includes(producerId)) &&
    (stateFilters.length === 0 || stateFilters.includes(state)) &&
    (durationFilter < 0 || now - startTimestamp > durationFilter)
  )
}

/** Without a pattern, or with an empty one. */
const isAny = (): boolean => true
