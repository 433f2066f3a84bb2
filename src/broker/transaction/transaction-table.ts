import type { Logger } from '../../api/logger.ts'
import type { Clock, Timer } from '../clock.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import type { StateStore } from '../state/state-store.ts'
import { fromJson, toJson, type TransactionRecord } from './transaction-record.ts'

/** One transactional id, with what is under way. */
export class Transaction {
  readonly id: string
  record: TransactionRecord
  /** A step is being written: nothing else may begin. */
  isPending = false
  /** Ends the ongoing transaction when its time is over, or tries a failed end again. */
  timer: Timer | null = null

  constructor(id: string, record: TransactionRecord) {
    this.id = id
    this.record = record
  }
}

export interface TransactionTableOptions {
  readonly store: StateStore
  readonly clock: Clock
  readonly log: Logger
  /** transactional.id.expiration.ms */
  readonly expirationMs: number
}

/** How often ids are looked for that nobody used for long. Kafka: transaction.remove.expired.transaction.cleanup.interval.ms. */
const EXPIRATION_CHECK_MS = 3_600_000

/** All transactional ids, as they are kept. Those that nobody used for long are forgotten. */
export class TransactionTable {
  readonly #store: StateStore
  readonly #clock: Clock
  readonly #log: Logger
  readonly #expirationMs: number
  readonly #byId = new Map<string, Transaction>()
  #expirationTimer: Timer

  constructor({ store, clock, log, expirationMs }: TransactionTableOptions) {
    this.#store = store
    this.#clock = clock
    this.#log = log
    this.#expirationMs = expirationMs
    for (const [id, value] of store.load('transaction')) this.#byId.set(id, new Transaction(id, fromJson(value)))
    this.#expirationTimer = clock.after(EXPIRATION_CHECK_MS, () => this.#expire())
  }

  get(id: string): Transaction | null {
    return this.#byId.get(id) ?? null
  }

  all(): Iterable<Transaction> {
    return this.#byId.values()
  }

  /** Nothing is written until its first step. */
  add(id: string, record: TransactionRecord): Transaction {
    const transaction = new Transaction(id, record)
    this.#byId.set(id, transaction)
    return transaction
  }

  /** The step holds when this resolves. @throws ApiError COORDINATOR_NOT_AVAILABLE: it cannot be written, and nothing has changed */
  async write(transaction: Transaction, next: TransactionRecord): Promise<void> {
    transaction.isPending = true
    try {
      await this.#store.set('transaction', transaction.id, toJson(next))
      transaction.record = next
    } catch (error) {
      this.#log.error(`The state ${next.state} of transactional id ${transaction.id} could not be written`, error)
      throw new ApiError(Errors.COORDINATOR_NOT_AVAILABLE)
    } finally {
      transaction.isPending = false
    }
  }

  close(): void {
    this.#expirationTimer.cancel()
    for (const { timer } of this.#byId.values()) timer?.cancel()
  }

  #expire(): void {
    const eldest = this.#clock.now() - this.#expirationMs
    for (const { id, isPending, record } of this.#byId.values())
      if (!isPending && isIdle(record) && record.lastUpdateTimestamp <= eldest) this.#remove(id)
    this.#expirationTimer = this.#clock.after(EXPIRATION_CHECK_MS, () => this.#expire())
  }

  #remove(id: string): void {
    this.#byId.delete(id)
    this.#store.set('transaction', id, null).catch((error: unknown) => {
      this.#log.warn(`The expired transactional id ${id} could not be removed and will be back after a start`, error)
    })
  }
}

function isIdle({ state }: TransactionRecord): boolean {
  return state === 'Empty' || state === 'CompleteCommit' || state === 'CompleteAbort'
}
