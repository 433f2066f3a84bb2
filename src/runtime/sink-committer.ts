import { faultKindOf } from './errors/fault-kind.ts'
import type { Outage } from './outage.ts'
import type { SinkDelivery } from './sink-delivery.ts'
import type { CommitListener, SinkOffsets } from './sink-offsets.ts'
import type { SinkTaskMetrics } from './sink-task-metrics.ts'
import type { TaskAtWork } from './task-at-work.ts'
import type { WorkerSinkTaskContext } from './worker-sink-task-context.ts'

/** How often the loop looks whether a commit under way has ended, when the next one is due already. */
const commitCheckMs = 100

export interface SinkCommitterParts {
  readonly offsets: SinkOffsets
  readonly delivery: SinkDelivery
  readonly context: WorkerSinkTaskContext
  readonly outage: Outage
  readonly atWork: TaskAtWork
  readonly metrics: SinkTaskMetrics
  readonly commitIntervalMs: number
  /** A commit met a system fault: everything waits, and then it is made again. Called between any two steps of the loop. */
  readonly onOutage: (doing: string, error: unknown) => void
  /** A commit succeeded. Called between any two steps of the loop. */
  readonly onCommitted: () => void
}

/**
 * When a sink's offsets are committed: on the interval, when the task asks for it, and again after a system fault.
 *
 * A failed `preCommit` rewinds to what is committed. After the pause those records are put again, and the commit follows that put at
 * once: only then is the outage over.
 */
export class SinkCommitter implements CommitListener {
  readonly #parts: SinkCommitterParts
  #nextCommitAt = 0
  #isOwed = false
  /** What is owed a commit is read again first. */
  #rereads = false
  #isClosed = false

  constructor(parts: SinkCommitterParts) {
    this.#parts = parts
  }

  start(): void {
    this.#nextCommitAt = Date.now() + this.#parts.commitIntervalMs
  }

  /** Nothing more is said of commits under way. */
  close(): void {
    this.#isClosed = true
  }

  /** A commit met a system fault, and none has succeeded since. */
  get isOwed(): boolean {
    return this.#isOwed
  }

  /** @throws what fails the task: a bad record whose report is lost */
  async commitIfDue(): Promise<void> {
    const { offsets, context, outage, commitIntervalMs, metrics, atWork } = this.#parts
    const now = Date.now()
    if (offsets.committing || !(context.commitRequested || now >= this.#nextCommitAt)) return
    if (outage.ongoing && !this.#mayDuringOutage) return
    context.commitRequested = false
    this.#nextCommitAt = now + commitIntervalMs
    metrics.enter('commit')
    await atWork.run(() => this.#commit())
  }

  /** Called after each put that the task took. */
  putTaken(): void {
    this.#rereads = false
    if (this.#isOwed) this.#parts.context.requestCommit()
  }

  /** Ms that a poll may take; Infinity: as long as the outage's pause. */
  get untilDueMs(): number {
    const { offsets, outage } = this.#parts
    if (outage.waitMs > 0) return this.#mayDuringOutage ? this.#untilIntervalMs : Infinity
    // the next put, of nothing too, tells that the outage is over, or leads to the commit that does
    if (outage.ongoing && !this.#rereads && !offsets.committing) return 0
    return this.#untilIntervalMs
  }

  get #untilIntervalMs(): number {
    const { offsets, context } = this.#parts
    // asked for while another one is under way
    if (context.commitRequested) return commitCheckMs
    return Math.max(this.#nextCommitAt - Date.now(), offsets.committing ? commitCheckMs : 0)
  }

  /** A failed commit has its pause too; and a task that cannot take records may not be able to flush, so it is not asked without need. */
  get #mayDuringOutage(): boolean {
    const { offsets, outage } = this.#parts
    return this.#isOwed ? outage.waitMs === 0 : offsets.hasNews
  }

  committed(): void {
    this.#isOwed = false
    if (this.#isClosed) return
    this.#parts.metrics.committed()
    this.#parts.metrics.active(this.#parts.offsets.uncommitted())
    this.#parts.onCommitted()
  }

  commitFailed(error: unknown): void {
    this.#owe('Commit of offsets', error, false)
  }

  async #commit(): Promise<void> {
    const failure = await this.#parts.offsets.commit()
    if (failure === null) return
    this.#parts.delivery.forget(failure.rewound)
    this.#owe('preCommit()', failure.error, failure.rewound.length > 0)
  }

  #owe(doing: string, error: unknown, rereads: boolean): void {
    if (this.#isClosed || faultKindOf(error) !== 'system') return
    this.#isOwed = true
    this.#rereads = rereads
    this.#parts.onOutage(doing, error)
  }
}
