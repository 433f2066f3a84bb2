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
  readonly #marks: Mark[] = []
  #last = -1
  /** How far was read in a history that was cut off since; -1: none was. */
  #abandonedUpTo = -1

  /** Reading starts here. @param epoch -1: not known */
  restart(position: number, epoch: number): void {
    this.#marks.length = 0
    this.#abandonedUpTo = -1
    this.#mark(position, epoch)
  }

  /** Called for each batch that is read, in order. */
  entered(epoch: number, baseOffset: number): void {
    if (epoch === this.#last) return
    const before = this.#marks.at(-1)?.from ?? -1
    this.#mark(Math.max(baseOffset, before) + 1, epoch)
    if (this.#marks.length > MOST_MARKS) this.#marks.shift()
  }

  /** Reading goes on further back, in the history of an epoch before; what was read until now can still be committed. */
  cutOff(position: number, epoch: number): void {
    this.#last = epoch
    this.#abandonedUpTo = position
  }

  /**
   * Epoch of the record before `position`; -1: not known.
   * @param current the partition's position, behind which nothing is known
   */
  at(position: number, current: number): number {
    if (position > Math.max(current, this.#abandonedUpTo)) return -1
    return this.#marks.findLast(({ from }) => from <= position)?.epoch ?? -1
  }

  #mark(from: number, epoch: number): void {
    this.#marks.push({ from, epoch })
    this.#last = epoch
  }
}
