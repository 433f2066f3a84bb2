import { isBehind, type ChangePosition } from './change-position.ts'

/** A transaction that was read to its end. */
interface ReadTransaction {
  readonly lsn: bigint
  readonly endLsn: bigint
  readonly lastSequence: number
}

/** Finds how much of the log the server may forget: what is in Kafka, with its offset stored. */
export class DurableChanges {
  #open: ReadTransaction[] = []
  #durable = 0n
  /** Everything before it was read. */
  #readTo = 0n

  /** @param lastSequence 0: it had no changes of ours */
  read(lsn: bigint, endLsn: bigint, lastSequence: number): void {
    this.#readTo = endLsn
    if (lastSequence > 0) this.#open.push({ lsn, endLsn, lastSequence })
  }

  /** Nothing more of ours comes before that place. */
  readTo(lsn: bigint): void {
    if (lsn > this.#readTo) this.#readTo = lsn
  }

  /** Offsets up to that position are stored. */
  stored(position: ChangePosition): void {
    const open = this.#open.findIndex(({ lsn, lastSequence }) => isBehind(position, lsn, lastSequence))
    const done = this.#open.splice(0, open < 0 ? this.#open.length : open)
    const last = done.at(-1)
    if (last !== undefined) this.#durable = last.endLsn
  }

  /** The place before which nothing is needed any more. */
  get lsn(): bigint {
    if (this.#open.length === 0 && this.#readTo > this.#durable) this.#durable = this.#readTo
    return this.#durable
  }
}
