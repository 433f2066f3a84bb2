import type { SinkRecord, TopicPartition } from 'standpipe/api'
import type { BulkOperation } from '../bulk-operation.ts'
import type { BulkBody } from './bulk-body.ts'
import { LowestOffsets } from './lowest-offsets.ts'
import { readActionLine, type WrittenOperation } from './written-operation.ts'

const NEWLINE = 10

/**
 * Operations that go to the server together, with their text. Filled by `BulkWriter`, then delivered whole or in parts; until it is
 * finished its records count as not written, save those that were settled one by one.
 *
 * Of each operation only the text and numbers are kept, so that records are short-lived; and the record where somebody takes reports.
 */
export class Batch {
  readonly body: BulkBody
  /** When the first operation came, by `performance.now`. */
  readonly startedAt: number
  /** Where each operation's text ends. */
  readonly #ends: number[] = []
  readonly #offsets: number[] = []
  /** Numbers of partitions in `#lowest`. */
  readonly #partitions: number[] = []
  /** Null: not kept. */
  readonly #records: SinkRecord[] | null
  readonly #lowest = new LowestOffsets()
  /** After `countUnsettled`; null: all operations count. */
  #lowestUnsettled: LowestOffsets | null = null
  /** By position; null: nothing was settled alone yet. */
  #settled: boolean[] | null = null

  constructor(body: BulkBody, startedAt: number, keepsRecords: boolean) {
    this.body = body
    this.startedAt = startedAt
    this.#records = keepsRecords ? [] : null
  }

  get count(): number {
    return this.#ends.length
  }

  get bytes(): number {
    return this.body.length
  }

  add(operation: BulkOperation): void {
    this.body.append(operation)
    this.#added(operation.record)
  }

  /** Gives up the operation added last, which made the batch too large. */
  moveLastTo(next: Batch, { record }: BulkOperation): void {
    this.#ends.pop()
    this.#offsets.pop()
    this.#partitions.pop()
    this.#records?.pop()
    const end = this.#ends.at(-1) ?? 0
    next.body.appendWritten(this.body.view(end))
    next.#added(record)
    this.body.truncate(end)
  }

  operation(position: number): WrittenOperation {
    const text = this.text(position)
    return {
      ...readActionLine(text.toString('utf8', 0, text.indexOf(NEWLINE))),
      ...this.#lowest.partition(this.#partitions[position] ?? -1),
      offset: this.#offsets[position] ?? -1,
      record: this.#records?.[position] ?? null,
    }
  }

  /** Action line and document. */
  text(position: number): Buffer {
    return this.body.view(position === 0 ? 0 : this.#ends[position - 1], this.#ends[position])
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
    return (this.#lowestUnsettled ?? this.#lowest).of(partition)
  }

  /** Gives up what belongs to these partitions: another task reads it again. */
  drop(partitions: readonly TopicPartition[]): void {
    if (partitions.every((partition) => this.lowestPending(partition) === null)) return
    for (const [position, number] of this.#partitions.entries()) {
      const own = this.#lowest.partition(number)
      if (partitions.some(({ topic, partition }) => partition === own.partition && topic === own.topic)) this.settle(position)
    }
    this.countUnsettled()
  }

  /** From now on only what is not settled counts as pending. */
  countUnsettled(): void {
    const lowest = new LowestOffsets()
    for (const [position, number] of this.#partitions.entries()) {
      const { topic, partition } = this.#lowest.partition(number)
      if (!this.isSettled(position)) lowest.note(topic, partition, this.#offsets[position] ?? -1)
    }
    this.#lowestUnsettled = lowest
  }

  #added(record: SinkRecord): void {
    const { originalTopic, originalKafkaPartition, originalKafkaOffset } = record
    this.#ends.push(this.body.length)
    this.#offsets.push(originalKafkaOffset)
    this.#partitions.push(this.#lowest.note(originalTopic, originalKafkaPartition, originalKafkaOffset))
    this.#records?.push(record)
  }
}
