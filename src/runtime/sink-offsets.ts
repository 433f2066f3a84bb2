import type { Logger } from '../api/logger.ts'
import type { SinkTask } from '../api/sink.ts'
import type { Consumer, TopicPartition, TopicPartitionOffset } from '../kafka/ports.ts'
import type { RetryWithToleranceOperator } from './errors/retry-with-tolerance-operator.ts'
import { offsetsOf, PartitionMap, partitionText } from './partition-map.ts'

/**
 * Which consumer offsets may be committed, and their commits.
 *
 * Per assigned partition: what was consumed (converted, perhaps dropped), what was delivered (`put` returned; these are the
 * candidates), what was committed last. The task's `preCommit` chooses among the candidates; what it returns for a partition it
 * does not own or beyond what was delivered is ignored. Apache Kafka 4.3, WorkerSinkTask#commitOffsets.
 */
export class SinkOffsets {
  readonly #parts: {
    readonly task: SinkTask
    readonly consumer: Consumer
    readonly log: Logger
    readonly commitTimeoutMs: number
    readonly operator: RetryWithToleranceOperator
  }
  readonly #consumed = new PartitionMap<number>()
  readonly #delivered = new PartitionMap<number>()
  readonly #committed = new PartitionMap<number>()
  #sequence = 0
  #running: Promise<void> = Promise.resolve()
  #committingSince: number | null = null

  constructor(parts: {
    readonly task: SinkTask
    readonly consumer: Consumer
    readonly log: Logger
    readonly commitTimeoutMs: number
    readonly operator: RetryWithToleranceOperator
  }) {
    this.#parts = parts
  }

  /** A commit is under way and has not taken too long yet. */
  get committing(): boolean {
    return this.#committingSince !== null
  }

  assigned({ topic, partition }: TopicPartition, position: number): void {
    this.#consumed.set(topic, partition, position)
    this.#delivered.set(topic, partition, position)
    this.#committed.set(topic, partition, position)
  }

  /** The records before `nextOffset` are in the batch, or were dropped. */
  consumed(topic: string, partition: number, nextOffset: number): void {
    this.#consumed.set(topic, partition, nextOffset)
  }

  /** `put` has taken the batch. */
  delivered(): void {
    for (const { topic, partition, offset } of offsetsOf(this.#consumed)) this.#delivered.set(topic, partition, offset)
  }

  rewound(partition: TopicPartition, offset: number): void {
    this.assigned(partition, offset)
  }

  forget(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      this.#consumed.delete(partition)
      this.#delivered.delete(partition)
      this.#committed.delete(partition)
    }
  }

  /**
   * The interval's commit. Resolves when `preCommit` has chosen, so that it never runs beside `put`;
   * the broker's answer is not waited for.
   * @throws ConnectException when a failed record could not be reported: it would be lost behind the committed offset
   */
  async commit(): Promise<void> {
    const { log, task, consumer, operator } = this.#parts
    await operator.reportsSafe()
    let accepted: readonly TopicPartitionOffset[]
    try {
      accepted = await this.#preCommit(offsetsOf(this.#delivered))
    } catch (error) {
      log.error(`Commit of offsets failed in ${task.constructor.name}.preCommit(), rewinding to the last committed offsets`, error)
      this.#rewindToCommitted()
      return
    }
    if (accepted.length === 0) return
    this.#committingSince = Date.now()
    const sequence = ++this.#sequence
    this.#running = consumer.commit(accepted).then(
      () => this.#committedInBackground(sequence, accepted),
      (error: unknown) => {
        this.#endCommit(sequence)
        log.error('Commit of offsets failed; it is tried again at the next interval', error)
      },
    )
  }

  /** A commit that takes longer than `offset.flush.timeout.ms` is not waited for any more; the next interval tries again. */
  checkCommitTimeout(): void {
    const { commitTimeoutMs, log } = this.#parts
    if (this.#committingSince === null || Date.now() - this.#committingSince < commitTimeoutMs) return
    log.warn(`Commit of offsets timed out after offset.flush.timeout.ms=${commitTimeoutMs}; it is tried again at the next interval`)
    this.#committingSince = null
  }

  /** Resolves when the commit under way, if any, is answered. */
  awaitCommit(): Promise<void> {
    return this.#running
  }

  /** Revocation and stop: last commit of these partitions, waited for. `close` is called whatever happens before. */
  async commitAndClose(partitions: readonly TopicPartition[], close: () => Promise<void> | void): Promise<void> {
    const { consumer, log, operator } = this.#parts
    await this.#running
    const candidates = offsetsOf(this.#delivered).filter((offset) => partitions.some((own) => samePartition(own, offset)))
    let accepted: readonly TopicPartitionOffset[] = []
    try {
      await operator.reportsSafe()
      accepted = await this.#preCommit(candidates)
    } catch (error) {
      log.warn('preCommit() failed while partitions are given up; their last records will be read again', error)
    } finally {
      await close()
    }
    try {
      if (accepted.length > 0) await consumer.commit(accepted)
    } catch (error) {
      log.warn(
        `Offsets of ${partitions.map(partitionText).join(', ')} could not be committed; their last records will be read again`,
        error,
      )
    }
    this.forget(partitions)
  }

  /** An answer that comes after a newer commit began changes nothing. */
  #committedInBackground(sequence: number, accepted: readonly TopicPartitionOffset[]): void {
    if (sequence !== this.#sequence) return
    this.#endCommit(sequence)
    for (const { topic, partition, offset } of accepted) {
      if (this.#committed.has({ topic, partition })) this.#committed.set(topic, partition, offset)
    }
  }

  #endCommit(sequence: number): void {
    if (sequence === this.#sequence) this.#committingSince = null
  }

  async #preCommit(candidates: readonly TopicPartitionOffset[]): Promise<readonly TopicPartitionOffset[]> {
    if (candidates.length === 0) return []
    const returned = await this.#parts.task.preCommit(candidates)
    return returned.filter((offset) => this.#acceptable(offset, candidates))
  }

  /** Owned, not beyond what was delivered, and new. */
  #acceptable(returned: TopicPartitionOffset, candidates: readonly TopicPartitionOffset[]): boolean {
    const { topic, partition, offset } = returned
    const candidate = candidates.find((own) => samePartition(own, returned))
    if (candidate === undefined || offset > candidate.offset) {
      const why = candidate === undefined ? 'the partition is not assigned' : `only ${candidate.offset} is delivered`
      this.#parts.log.warn(`Ignoring invalid task provided offset ${partitionText(returned)}/${offset} -- ${why}`)
      return false
    }
    return this.#committed.get(topic, partition) !== offset
  }

  #rewindToCommitted(): void {
    for (const { topic, partition, offset } of offsetsOf(this.#committed)) {
      this.#parts.consumer.seek({ topic, partition }, offset)
      this.assigned({ topic, partition }, offset)
    }
  }
}

function samePartition(a: TopicPartition, b: TopicPartition): boolean {
  return a.partition === b.partition && a.topic === b.topic
}
