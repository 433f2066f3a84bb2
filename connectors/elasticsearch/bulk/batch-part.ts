import type { BulkOperation } from '../bulk-operation.ts'
import type { Batch } from './batch.ts'

/** Some operations of a batch, in order, with the text to send. */
export class BatchPart {
  readonly batch: Batch
  /** Positions in the batch. */
  readonly positions: readonly number[]
  readonly body: Buffer

  private constructor(batch: Batch, positions: readonly number[], body: Buffer) {
    this.batch = batch
    this.positions = positions
    this.body = body
  }

  static whole(batch: Batch): BatchPart {
    return new BatchPart(
      batch,
      batch.operations.map((_, position) => position),
      batch.body.view(),
    )
  }

  get count(): number {
    return this.positions.length
  }

  operation(index: number): BulkOperation {
    const operation = this.batch.operations[this.position(index)]
    if (operation === undefined) throw new RangeError(`a bulk request of ${this.count} operations has none at ${index}`)
    return operation
  }

  position(index: number): number {
    return this.positions[index] ?? -1
  }

  /** These operations only, with a text of their own. @param indexes in this part, ascending */
  select(indexes: readonly number[]): BatchPart {
    const positions = indexes.map((index) => this.position(index))
    return new BatchPart(this.batch, positions, textOf(this.batch, positions))
  }

  /** What still has to be sent: itself, unless operations were settled in the meantime; null: nothing. */
  unsettled(): BatchPart | null {
    if (!this.batch.hasSettled) return this
    const indexes = this.positions.flatMap((position, index) => (this.batch.isSettled(position) ? [] : [index]))
    if (indexes.length === this.count) return this
    return indexes.length === 0 ? null : this.select(indexes)
  }

  /** Two parts of about the same size in bytes. @throws RangeError when there is but one operation */
  halves(): readonly [BatchPart, BatchPart] {
    if (this.count < 2) throw new RangeError('one operation cannot be split')
    const middle = this.#middle()
    const indexes = this.positions.map((_, index) => index)
    return [this.select(indexes.slice(0, middle)), this.select(indexes.slice(middle))]
  }

  /** The first index of the second half; both halves have an operation. */
  #middle(): number {
    let bytes = 0
    let index = 0
    while (index < this.count - 1 && (index === 0 || bytes < this.body.length / 2)) {
      bytes += lengthOf(this.batch, this.position(index))
      index++
    }
    return index
  }
}

function textOf(batch: Batch, positions: readonly number[]): Buffer {
  return Buffer.concat(positions.map((position) => batch.body.view(startOf(batch, position), batch.ends[position])))
}

function startOf(batch: Batch, position: number): number {
  return position === 0 ? 0 : (batch.ends[position - 1] ?? 0)
}

function lengthOf(batch: Batch, position: number): number {
  return (batch.ends[position] ?? 0) - startOf(batch, position)
}
