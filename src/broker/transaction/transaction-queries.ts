import { setImmediate } from 'node:timers/promises'
import type { AnswerRequest } from '../api.ts'
import type { Clock } from '../clock.ts'
import { Pattern } from '../pattern/pattern.ts'
import { PatternSyntaxError } from '../pattern/syntax-tree.ts'
import type { DecodedRequest } from '../protocol/codec.ts'
import { Errors } from '../protocol/errors.ts'
import type { ResponseMessages } from '../protocol/messages.ts'
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

/** After so many steps of matching others get a turn. */
const WORK_OF_TURN = 1_000_000

/** Kafka: TransactionStateManager#listTransactionStates. */
export function listTransactions(coordinator: TransactionCoordinator, clock: Clock): AnswerRequest<'ListTransactions'> {
  return async (filters) => {
    const pattern = wholePattern(filters.transactionalIdPattern)
    const unknownStateFilters = filters.stateFilters.filter((state) => !TRANSACTION_STATES.has(state) && !PASSING_STATES.has(state))
    const answer = { throttleTimeMs: 0, errorCode: Errors.NONE, unknownStateFilters, transactionStates: [] }
    if (pattern === INVALID) return { ...answer, errorCode: Errors.INVALID_REGULAR_EXPRESSION }
    const passing = [...coordinator.all()].filter(([, record]) => passes(record, filters, clock.now()))
    const wanted = pattern === null ? passing : await matching(passing, pattern)
    return {
      ...answer,
      transactionStates: wanted.map(([transactionalId, { producerId, state }]) => ({
        transactionalId,
        producerId,
        transactionState: state,
      })),
    }
  }
}

type Listed = readonly [transactionalId: string, record: TransactionRecord]

async function matching(transactions: readonly Listed[], pattern: Pattern): Promise<Listed[]> {
  const found: Listed[] = []
  let work = 0
  for (const transaction of transactions) {
    const [id] = transaction
    work += pattern.workFor(id.length)
    if (work > WORK_OF_TURN) {
      work = 0
      await setImmediate()
    }
    if (pattern.matches(id)) found.push(transaction)
  }
  return found
}

function passes({ producerId, state, startTimestamp }: TransactionRecord, filters: Filters, now: number): boolean {
  const { producerIdFilters, stateFilters, durationFilter } = filters
  return (
    (producerIdFilters.length === 0 || producerIdFilters.includes(producerId)) &&
    (stateFilters.length === 0 || stateFilters.includes(state)) &&
    (durationFilter < 0 || now - startTimestamp > durationFilter)
  )
}

const INVALID = Symbol('invalid')

/** The pattern is for the whole id. Empty or null: all ids. */
function wholePattern(text: string | null): Pattern | null | typeof INVALID {
  if (text === null || text === '') return null
  try {
    return new Pattern(text)
  } catch (error) {
    if (error instanceof PatternSyntaxError) return INVALID
    throw error
  }
}
