import type { SourceRecord, TransactionContext } from '../api/source.ts'
import type { SubmittedRecords } from './submitted-records.ts'

/** What a committer is given by the loop it works for. */
export interface CommitterHooks {
  readonly submitted: SubmittedRecords
  /** Deals with records that Kafka refused. @throws what fails the task */
  readonly settleFailed: () => Promise<void>
  /** Called after each commit that succeeded, also when there was nothing to store; must not throw. */
  readonly committed: () => Promise<void>
}

/**
 * Stores the offsets of one source task: beside its records, or in one transaction with them. Called by the task's loop, one call at a time:
 * `prepare` → `start` → (`update` → `recordSent`… → `batchSent`, or `update` → `pausing`)… → `finish` → `stop`.
 */
export interface SourceCommitter {
  /** Null: transactions do not end where the task says. */
  readonly transactionContext: TransactionContext | null
  /** Called before the task starts and reads its offsets: whoever had this task before can store nothing more when it resolves. */
  prepare(): Promise<void>
  /** Called when the task has started. */
  start(hooks: CommitterHooks): void
  /** Takes in what was acknowledged meanwhile; called between polls, so that queues stay short. */
  update(): void
  /** Called with each record that was handed over or dropped; null: not wanted. A promise is awaited before the next record. */
  readonly recordSent: ((record: SourceRecord) => Promise<void> | undefined) | null
  /** Called when everything that a poll returned was handed over, also when that was nothing. @throws what fails the task */
  batchSent(): Promise<void> | undefined
  /** Called when the task is to be paused, for nobody knows how long; the task counts as paused when it resolves. @throws what fails the task */
  pausing(): Promise<void> | undefined
  /** Called once, when the loop has ended and what is in flight was awaited. @param failed by an error, which must not be hidden by another */
  finish(failed: boolean): Promise<void>
  /** What to say of an error that has ended the loop. */
  explained(error: unknown): unknown
  stop(): void
}
