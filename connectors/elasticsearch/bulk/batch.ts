import type { TopicPartition } from 'standpipe/api'
import type { BulkOperation } from '../bulk-operation.ts'
import type { BulkBody } from './bulk-body.ts'
import { LowestOffsets } from './lowest-offsets.ts'

/**
 * Operations that go to the server together, with their text. Filled by `BulkWriter`, then delivered whole or in parts;
 * until `finish` its records count as not written, save those that were settled one by one.
 */
export class Batch {
  readonly body: BulkBody
  readonly operations: BulkOperation[] = []
  /** Where each operation's text ends. */
  readonly ends: number[] = []
  /** When the first operation came, by `performance.now`. */
  readonly startedAt: number
  #lowest = new LowestOffsets()
  /** By position; null: nothing was settled alone yet. */
  #settled: boolean[] | null = null

  constructor(body: BulkBody, startedAt: number) {
    this.body = body
    this.startedAt = startedAt
  }

  get count(): number {
    return this.operations.length
  }

  get bytes(): number {
    return this.body.length
  }

  add(operation: BulkOperation): void {
    this.body.append(operation)
    this.#added(operation)
  }

  /** Gives up the last operation, which made the batch too large. The offsets noted stay: the record moves to the next batch. */
  moveLastTo(next: Batch): void {
    const operation = this.operations.pop()
    this.ends.pop()
    const end = this.ends.at(-1) ?? 0
    if (operation === undefined) return
    next.body.appendWritten(this.body.view(end))
    next.#added(operation)
    this.body.truncate(end)
  }

  /** The operation at this position needs nothing more. */
  settle(position: number): void {
    this.#settled ??= []
    this.#settled[position] = true
  }

  get hasSettled(): boolean {
    return this.#settled !== null
  }

  isSettled(position: number): boolean {
    return this.#settled?.[position] === true
  }

  /** The first record of the partition that is not known to be written; null: none. */
  lowestPending(partition: TopicPartition): number | null {
    return this.#lowest.of(partition)
  }

  /** Gives up what belongs to these partitions: another task reads it again. */
  drop(partitions: readonly TopicPartition[]): void {
    if (partitions.every((partition) => this.lowestPending(partition) === null)) return
    for (const [position, { record }] of this.operations.entries()) {
      const { originalTopic, originalKafkaPartition } = record
      if (partitions.some(({ topic, partition }) => partition === originalKafkaPartition && topic === originalTopic)) this.settle(position)
    }
    this.keepUnsettled()
  }

  /** Counts only what is not settled from now on: called when the batch will not be finished. */
  keepUnsettled(): void {
    this.#lowest = new LowestOffsets()
    for (const [position, { record }] of this.operations.entries()) if (!this.isSettled(position)) this.#lowest.note(record)
  }

  #added(operation: BulkOperation): void {
    this.operations.push(operation)
    this.ends.push(this.body.length)
    this.#lowest.note(operation.record)
  }
}
