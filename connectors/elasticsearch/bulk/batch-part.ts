import type { Batch } from './batch.ts'
import type { WrittenOperation } from './written-operation.ts'

/** Some operations of a batch, in order, with the text to send. */
export class BatchPart {
  readonly batch: Batch
  readonly body: Buffer
  /** Positions in the batch; null: all of them. */
  readonly #positions: readonly number[] | null

  private constructor(batch: Batch, positions: readonly number[] | null, body: Buffer) {
    this.batch = batch
    this.#positions = positions
    this.body = body
  }

  static whole(batch: Batch): BatchPart {
    return new BatchPart(batch, null, batch.body.view())
  }

  get count(): number {
    return this.#positions?.length ?? this.batch.count
  }

  get isWhole(): boolean {
    return this.#positions === null
  }

  operation(index: number): WrittenOperation {
    return this.batch.operation(this.position(index))
  }

  /** In the batch. */
  position(index: number): number {
    return this.#positions === null ? index : (this.#positions[index] ?? -1)
  }

  /** These operations only, with a text of their own. @param indexes in this part, ascending */
  select(indexes: readonly number[]): BatchPart {
    const positions = indexes.map((index) => this.position(index))
    return new BatchPart(this.batch, positions, Buffer.concat(positions.map((position) => this.batch.text(position))))
  }

  /** What still has to be sent: itself, unless operations were settled in the meantime; null: nothing. */
  unsettled(): BatchPart | null {
    if (!this.batch.hasSettled) return this
    const indexes = this.#indexes().filter((index) => !this.batch.isSettled(this.position(index)))
    if (indexes.length === this.count) return this
    return indexes.length === 0 ? null : this.select(indexes)
  }

  /** Two parts of about the same size in bytes. @throws RangeError when there is but one operation */
  halves(): readonly [BatchPart, BatchPart] {
    if (this.count < 2) throw new RangeError('one operation cannot be split')
    const middle = this.#middle()
    const indexes = this.#indexes()
    return [this.select(indexes.slice(0, middle)), this.select(indexes.slice(middle))]
  }

  /** The first index of the second half; both halves have an operation. */
  #middle(): number {
    let bytes = 0
    let index = 0
    while (index < this.count - 1 && (index === 0 || bytes < this.body.length / 2)) {
      bytes += this.batch.text(this.position(index)).length
      index++
    }
    return index
  }

  #indexes(): number[] {
    return Array.from({ length: this.count }, (_, index) => index)
  }
}
