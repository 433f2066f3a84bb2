import type { Consumer, TopicPartition } from '../kafka/ports.ts'
import { PartitionMap } from './partition-map.ts'

/** Why the runtime keeps all partitions paused. */
type HoldReason = 'connector paused' | 'outage' | 'records kept' | 'not open' | 'task at work'

/**
 * Which partitions are paused: all while there is a reason to hold, else those that the task paused itself. A paused consumer is
 * still polled and stays in its group. The only place that pauses and resumes partitions.
 */
export class SinkPauses {
  readonly #consumer: Consumer
  readonly #reasons = new Set<HoldReason>()
  readonly #byTask = new PartitionMap<true>()

  constructor(consumer: Consumer) {
    this.#consumer = consumer
  }

  /** Holds for this reason, or no longer for this one. Cheap when nothing changes. */
  hold(reason: HoldReason, isSo: boolean): void {
    if (this.#reasons.has(reason) === isSo) return
    const wasHeld = this.#isHeld
    if (isSo) this.#reasons.add(reason)
    else this.#reasons.delete(reason)
    if (this.#isHeld === wasHeld) return
    const assignment = this.#consumer.assignment()
    if (this.#isHeld) this.#consumer.pause(assignment)
    else this.#consumer.resume(assignment.filter((partition) => !this.#byTask.has(partition)))
  }

  holds(reason: HoldReason): boolean {
    return this.#reasons.has(reason)
  }

  /** The assignment is a new one. What the task paused and still has stays paused. */
  reassigned(): void {
    const assignment = this.#consumer.assignment()
    for (const paused of this.#byTask.partitions()) {
      if (!assignment.some(({ topic, partition }) => topic === paused.topic && partition === paused.partition)) this.#byTask.delete(paused)
    }
    this.#consumer.pause(this.#isHeld ? assignment : this.#byTask.partitions())
  }

  pauseByTask(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) this.#byTask.set(topic, partition, true)
    this.#consumer.pause(partitions)
  }

  resumeByTask(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#byTask.delete(partition)
    if (!this.#isHeld) this.#consumer.resume(partitions)
  }

  get #isHeld(): boolean {
    return this.#reasons.size > 0
  }
}
