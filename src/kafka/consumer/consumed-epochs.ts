/** Leaders change rarely: what was read that many changes ago is committed, or never will be. */
const MOST_MARKS = 32

/** From this position on, up to the next mark, the record before a position was written in `epoch`. */
interface Mark {
  readonly from: number
  readonly epoch: number
}

/**
 * In which leader epochs the records were written that a partition's positions are behind. An epoch and an offset together name one
 * place in one history of the log: whoever has both can be told whether the log still has that history.
 */
export class ConsumedEpochs {
  /** By position, never empty once reading has started. */
  #marks: Mark[] = []
  /** What was read behind the place where the log was cut off; null: it was not. */
  #abandoned: { readonly marks: readonly Mark[]; readonly upTo: number } | null = null

  /** Reading starts here. @param epoch -1: not known */
  restart(position: number, epoch: number): void {
    this.#marks = [{ from: position, epoch }]
    this.#abandoned = null
  }

  /** Called for each batch that is read, in order. */
  entered(epoch: number, baseOffset: number): void {
    const last = this.#marks.at(-1)
    if (last === undefined || last.epoch === epoch) return
    this.#marks.push({ from: Math.max(baseOffset, last.from) + 1, epoch })
    if (this.#marks.length > MOST_MARKS) this.#marks.shift()
  }

  /** Reading goes on further back, at `position`. What was read up to `readUpTo` can still be committed. */
  cutOff(position: number, epoch: number, readUpTo: number): void {
    this.#abandoned = { marks: this.#marks, upTo: readUpTo }
    this.#marks = this.#marks.filter(({ from }) => from < position)
    this.#marks.push({ from: position, epoch })
  }

  /**
   * Epoch of the record before `position`; -1: not known.
   * @param current the partition's position, behind which nothing is known
   */
  at(position: number, current: number): number {
    if (position <= current) return lastBefore(this.#marks, position)
    return this.#abandoned === null || position > this.#abandoned.upTo ? -1 : lastBefore(this.#abandoned.marks, position)
  }
}

function lastBefore(marks: readonly Mark[], position: number): number {
  return marks.findLast(({ from }) => from <= position)?.epoch ?? -1
}
