import type { Logger } from '../api/logger.ts'
import type { SinkTask } from '../api/sink.ts'
import type { Consumer, RebalanceListener, TopicPartition, TopicPartitionOffset } from '../kafka/ports.ts'
import { faultKindOf } from './errors/fault-kind.ts'
import type { Outage } from './outage.ts'
import { PartitionMap, partitionText } from './partition-map.ts'
import type { SinkDelivery } from './sink-delivery.ts'
import type { SinkOffsets } from './sink-offsets.ts'
import type { SinkPauses } from './sink-pauses.ts'
import type { SinkTaskMetrics } from './sink-task-metrics.ts'
import type { TaskControl } from './task-control.ts'
import type { WorkerSinkTaskContext } from './worker-sink-task-context.ts'

export interface SinkPartitionsParts {
  readonly task: SinkTask
  readonly context: WorkerSinkTaskContext
  readonly consumer: Consumer
  readonly control: TaskControl
  readonly offsets: SinkOffsets
  readonly delivery: SinkDelivery
  readonly pauses: SinkPauses
  readonly outage: Outage
  readonly metrics: SinkTaskMetrics
  readonly log: Logger
  /** Resolves when the task is not at work: nothing of it is called beside `put`. */
  readonly idle: () => Promise<void>
}

/**
 * The partitions of a sink task as they come and go. The consumer calls this inside `poll` and `close`.
 *
 * What the task throws here is remembered and fails it after the poll, so that it is not taken for an error of the consumer. A system
 * fault is another matter: of `open`, the loop calls it again with everything paused; of `close`, a warning, since what goes is gone.
 * Apache Kafka 4.3, WorkerSinkTask.HandleRebalance.
 */
export class SinkPartitions implements RebalanceListener {
  readonly #parts: SinkPartitionsParts
  /** Assigned, and `open` has not succeeded. */
  #unopened: readonly TopicPartition[] = []
  /** Partitions that the task was told of, by an `open` that succeeded or not: those it must close. */
  readonly #told = new PartitionMap<true>()
  #failure: { readonly error: unknown } | null = null

  constructor(parts: SinkPartitionsParts) {
    this.#parts = parts
  }

  /** False: nothing may be put. */
  get areOpen(): boolean {
    return this.#unopened.length === 0
  }

  /** Called after each poll. @throws what the task threw while partitions came or went */
  throwFailure(): void {
    const failure = this.#failure
    this.#failure = null
    if (failure !== null) throw failure.error
  }

  async onPartitionsAssigned(partitions: readonly TopicPartition[]): Promise<void> {
    const { log, pauses, idle, control } = this.#parts
    if (control.cancelled) return
    await idle()
    pauses.reassigned()
    this.#unopened = [...this.#unopened, ...partitions]
    log.info(`Assigned ${partitions.map(partitionText).join(', ') || 'no partitions'}`)
    await this.#remembering('open', () => this.open())
    this.#count()
  }

  async onPartitionsRevoked(partitions: readonly TopicPartition[]): Promise<void> {
    const { control, offsets, idle, metrics } = this.#parts
    if (control.cancelled) return
    await idle()
    const interrupted = metrics.enter('commit')
    await this.#remembering('close', () => offsets.commitAndClose(partitions, () => this.#close(partitions)))
    this.#forget(partitions)
    metrics.enter(interrupted)
  }

  async onPartitionsLost(partitions: readonly TopicPartition[]): Promise<void> {
    const { log, idle, control } = this.#parts
    if (control.cancelled) return
    await idle()
    log.warn(`Lost ${partitions.map(partitionText).join(', ')}: another member may have them already; nothing more is committed for them`)
    await this.#remembering('close', () => this.#close(partitions))
    this.#forget(partitions)
  }

  /** Opens what waits for it. Called when partitions are assigned, and by the loop while a system fault keeps them from being open. */
  async open(): Promise<void> {
    const { task, consumer, offsets, outage, pauses } = this.#parts
    const partitions = this.#unopened
    if (partitions.length === 0) return
    try {
      const places: TopicPartitionOffset[] = []
      for (const partition of partitions) places.push({ ...partition, offset: await consumer.position(partition) })
      for (const { topic, partition } of partitions) this.#told.set(topic, partition, true)
      await task.open(partitions)
      for (const place of places) offsets.assigned(place, place.offset)
      this.#unopened = []
    } catch (error) {
      if (faultKindOf(error) !== 'system') throw error
      outage.failed(`open() of ${partitions.map(partitionText).join(', ')}`, error, this.#parts.context.takeTimeoutMs())
      consumer.wakeup() // a poll that this happens in shall not take longer than the pause
    }
    pauses.hold('not open', !this.areOpen)
    this.rewind()
  }

  /** Seeks where the task asked to read from. Records of those partitions that wait for `put` are read again, or not at all. */
  rewind(): void {
    const { context, consumer, offsets, delivery, log } = this.#parts
    for (const place of context.takeRewinds()) {
      if (!includes(consumer.assignment(), place)) {
        log.warn(`The task asks to read ${partitionText(place)} from offset ${place.offset}, which is not assigned to it any more; ignored`)
        continue
      }
      consumer.seek(place, place.offset)
      offsets.assigned(place, place.offset)
      delivery.forget([place])
    }
  }

  async #close(partitions: readonly TopicPartition[]): Promise<void> {
    const told = partitions.filter((partition) => this.#told.has(partition))
    if (told.length > 0) await this.#parts.task.close(told)
  }

  #forget(partitions: readonly TopicPartition[]): void {
    const { offsets, delivery, pauses } = this.#parts
    offsets.forget(partitions)
    delivery.forget(partitions)
    for (const partition of partitions) this.#told.delete(partition)
    this.#unopened = this.#unopened.filter((partition) => !includes(partitions, partition))
    pauses.hold('not open', !this.areOpen)
    this.#count()
  }

  #count(): void {
    const { metrics, consumer, offsets } = this.#parts
    const { partitionCount } = offsets
    // while partitions go, the consumer still has them
    metrics.assigned(partitionCount, partitionCount === 0 ? 0 : consumer.lag())
    metrics.active(offsets.uncommitted())
  }

  async #remembering(call: 'open' | 'close', work: () => Promise<void>): Promise<void> {
    const { log, consumer } = this.#parts
    try {
      await work()
    } catch (error) {
      if (this.#failure === null && faultKindOf(error) !== 'system') this.#failure = { error }
      else log.warn(`${call}() failed while partitions came or went`, error)
      consumer.wakeup() // the poll that this happens in need not wait for records any more
    }
  }
}

function includes(partitions: readonly TopicPartition[], { topic, partition }: TopicPartition): boolean {
  return partitions.some((own) => own.topic === topic && own.partition === partition)
}
