import { illegalState, type KafkaError } from '../errors.ts'
import { abortableError, fatalError } from './transaction-errors.ts'

/**
 * Where a transactional producer stands. Names and rules are those of Apache Kafka 4.3, TransactionManager.State.
 *
 * - `UNINITIALIZED`: `initTransactions` was not called. Nothing else may be.
 * - `INITIALIZING`: the coordinator was asked for id and epoch: by `initTransactions`, or by an abort that needs a new epoch.
 * - `READY`: between transactions. `beginTransaction` opens the next one; nothing may be sent.
 * - `IN_TRANSACTION`: records and offsets are taken. Left by commit, abort or an error.
 * - `COMMITTING_TRANSACTION`: flushes, then tells the coordinator. A record that fails meanwhile leads to `ABORTABLE_ERROR`.
 * - `ABORTING_TRANSACTION`: unsent records were dropped; what is on its way is waited for, then the coordinator is told. Further failures
 *   of records change nothing.
 * - `ABORTABLE_ERROR`: something of the transaction failed. Only `abortTransaction` leads out of it.
 * - `FATAL_ERROR`: nothing leads out of it: the producer was fenced, is not allowed to, or no longer knows where it stands.
 */
export type TransactionStateName =
  | 'UNINITIALIZED'
  | 'INITIALIZING'
  | 'READY'
  | 'IN_TRANSACTION'
  | 'COMMITTING_TRANSACTION'
  | 'ABORTING_TRANSACTION'
  | 'ABORTABLE_ERROR'
  | 'FATAL_ERROR'

/** From where a state is entered by a call or its success. The two errors are entered by `fail`. */
const SOURCES: Readonly<Record<Exclude<TransactionStateName, 'ABORTABLE_ERROR' | 'FATAL_ERROR'>, readonly TransactionStateName[]>> = {
  UNINITIALIZED: [],
  INITIALIZING: ['UNINITIALIZED', 'ABORTING_TRANSACTION'],
  READY: ['INITIALIZING', 'COMMITTING_TRANSACTION', 'ABORTING_TRANSACTION'],
  IN_TRANSACTION: ['READY'],
  COMMITTING_TRANSACTION: ['IN_TRANSACTION'],
  ABORTING_TRANSACTION: ['IN_TRANSACTION', 'ABORTABLE_ERROR'],
}

export class TransactionState {
  readonly #transactionalId: string
  readonly #changed: () => void
  #current: TransactionStateName = 'UNINITIALIZED'
  #error: KafkaError | null = null

  /** @param changed called after every change */
  constructor(transactionalId: string, changed: () => void) {
    this.#transactionalId = transactionalId
    this.#changed = changed
  }

  get current(): TransactionStateName {
    return this.#current
  }

  /** What made this an error state. */
  get error(): KafkaError | null {
    return this.#error
  }

  /** Records and offsets of the transaction may still go out. */
  get isOpen(): boolean {
    return this.#current === 'IN_TRANSACTION' || this.#current === 'COMMITTING_TRANSACTION'
  }

  /** @throws KafkaError with Java's sentence when the present state does not lead there */
  enter(target: keyof typeof SOURCES): void {
    if (!SOURCES[target].includes(this.#current)) {
      throw illegalState(
        `TransactionalId ${this.#transactionalId}: Invalid transition attempted from state ${this.#current} to state ${target}`,
      )
    }
    this.#error = null
    this.#set(target)
  }

  /** Enters the error state that the error asks for; the first error of a kind counts. An abortable one matters only to an open transaction. */
  fail(error: KafkaError): void {
    if (this.#current === 'FATAL_ERROR' || (error.abortable && !this.isOpen)) return
    this.#error = error
    this.#set(error.abortable ? 'ABORTABLE_ERROR' : 'FATAL_ERROR')
  }

  /** Why nothing but an abort, or nothing at all, is possible; null: no error. */
  refusal(): KafkaError | null {
    if (this.#error === null || this.#error.fenced) return this.#error
    const message = `Cannot execute transactional method because we are in an error state: ${this.#error.message}`
    return this.#error.abortable ? abortableError(this.#error, message) : fatalError(this.#error, message)
  }

  /** Why no record is taken; null: it is. @param partition as the record names it */
  sendRefusal(partition: string): KafkaError | null {
    const refusal = this.refusal()
    if (refusal !== null || this.#current === 'IN_TRANSACTION') return refusal
    const isEarly = this.#current === 'UNINITIALIZED' || this.#current === 'INITIALIZING'
    const when = isEarly ? 'before completing a call to initTransactions' : `while in state  ${this.#current}`
    return illegalState(`Cannot add partition ${partition} to transaction ${when}`)
  }

  #set(state: TransactionStateName): void {
    this.#current = state
    this.#changed()
  }
}
