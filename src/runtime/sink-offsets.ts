import type { Logger } from '../api/logger.ts'
import type { SinkRecord, SinkTask } from '../api/sink.ts'
import type { Consumer, TopicPartition, TopicPartitionOffset } from '../kafka/ports.ts'
import { offsetsOf, PartitionMap, partitionText } from './partition-map.ts'

export interface SinkOffsetsParts {
  readonly task: SinkTask
  readonly consumer: Consumer
  readonly log: Logger
  readonly commitTimeoutMs: number
  /** Resolves when failed records are safe with their reporters. @throws ConnectException when one is not */
  readonly reportsSafe: () => Promise<void>
  /** Told of the commits of the interval. */
  readonly listener: () => CommitListener
}

/** Called between any two steps of the loop. */
export interface CommitListener {
  /** The broker has taken a commit, or there was nothing to commit. */
  committed(): void
  /** The broker has not taken it. */
  commitFailed(error: unknown): void
}

/** `preCommit` threw: partitions with something delivered and not committed were rewound, and are read again. */
export interface PreCommitFailure {
  readonly error: unknown
  readonly rewound: readonly TopicPartition[]
}

/**
 * Which consumer offsets may be committed, and their commits.
 *
 * Per assigned partition: what was consumed (converted, perhaps dropped), what was delivered (`put` returned; these are the
 * candidates), what was committed last. The task's `preCommit` chooses among the candidates; what it returns for a partition it
 * does not own or beyond what was delivered is ignored. Apache Kafka 4.3, WorkerSinkTask#commitOffsets.
 */
export class SinkOffsets {
  readonly #parts: SinkOffsetsParts
  readonly #consumed = new PartitionMap<number>()
  readonly #delivered = new PartitionMap<number>()
  readonly #committed = new PartitionMap<number>()
  /** The last commit that was sent before the partition was read from elsewhere: what is said of it and earlier ones is of the place before. */
  readonly #movedAfter = new PartitionMap<number>()
  #sequence = 0
  #committingSince: number | null = null
  /** Commits that the broker has not answered, timed out or not. */
  #unanswered = 0

  constructor(parts: SinkOffsetsParts) {
    this.#parts = parts
  }

  /** No other commit may begin: one is under way and has not taken too long yet, or two have and are still not answered. */
  get committing(): boolean {
    return this.#committingSince !== null || this.#unanswered > 1
  }

  /** Something was delivered that is not committed. */
  get hasNews(): boolean {
    return this.#behind().length > 0
  }

  get partitionCount(): number {
    return this.#consumed.partitions().length
  }

  /** Records consumed and not committed, by their offsets. */
  uncommitted(): number {
    let count = 0
    for (const { topic, partition, offset } of offsetsOf(this.#consumed))
      count += offset - (this.#committed.get(topic, partition) ?? offset)
    return Math.max(0, count)
  }

  /** The partition is read from this position on: it was assigned, or the task asked for it. */
  assigned({ topic, partition }: TopicPartition, position: number): void {
    this.#consumed.set(topic, partition, position)
    this.#delivered.set(topic, partition, position)
    this.#committed.set(topic, partition, position)
    this.#movedAfter.set(topic, partition, this.#sequence)
  }

  /**
   * The records from `offset` to `nextOffset` are in the batch, or were dropped. The consumer goes back by itself when the log was cut off
   * before its position: what was delivered from there on is lost in the cluster, and to rewind to it would skip what it has there now.
   */
  consumed(topic: string, partition: number, offset: number, nextOffset: number): void {
    const known = this.#consumed.get(topic, partition) ?? 0
    if (offset < known || known === UNKNOWN) this.assigned({ topic, partition }, offset)
    this.#consumed.set(topic, partition, nextOffset)
  }

  /** `put` has taken all but these, in the order they were consumed in. */
  delivered(rest: readonly SinkRecord[]): void {
    for (const { topic, partition, offset } of offsetsOf(this.#consumed)) this.#delivered.set(topic, partition, offset)
    // backwards, so that the first record of each partition is the one that counts
    for (let index = rest.length - 1; index >= 0; index--) {
      const record = rest[index]
      if (record !== undefined) this.#delivered.set(record.originalTopic, record.originalKafkaPartition, record.originalKafkaOffset)
    }
  }

  forget(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      this.#consumed.delete(partition)
      this.#delivered.delete(partition)
      this.#committed.delete(partition)
      this.#movedAfter.delete(partition)
    }
  }

  /**
   * The interval's commit. Resolves when `preCommit` has chosen, so that it never runs beside `put`;
   * the broker's answer is not waited for.
   * @returns null when offsets are under way, or there is nothing to commit
   * @throws ConnectException when a failed record could not be reported: it would be lost behind the committed offset
   */
  async commit(): Promise<PreCommitFailure | null> {
    const { log, task, reportsSafe, listener } = this.#parts
    this.#followConsumer()
    await reportsSafe()
    let accepted: readonly TopicPartitionOffset[]
    try {
      accepted = await this.#preCommit(offsetsOf(this.#delivered))
    } catch (error) {
      log.error(`Commit of offsets failed in ${task.constructor.name}.preCommit(), rewinding to the last committed offsets`, error)
      return { error, rewound: this.#rewindToCommitted() }
    }
    await reportsSafe() // preCommit may have reported some too
    if (accepted.length === 0) listener().committed()
    else this.#send(accepted)
    return null
  }

  /** A commit that takes longer than `offset.flush.timeout.ms` is not waited for any more; the next interval tries again. */
  checkCommitTimeout(): void {
    const { commitTimeoutMs, log } = this.#parts
    if (this.#committingSince === null || Date.now() - this.#committingSince < commitTimeoutMs) return
    log.warn(`Commit of offsets timed out after offset.flush.timeout.ms=${commitTimeoutMs}; it is tried again at the next interval`)
    this.#committingSince = null
  }

  /**
   * Revocation and stop: last commit of these partitions, waited for. `close` is called whatever happens before.
   * @throws what `close` throws; nothing is committed then, since the last records may not be safe
   */
  async commitAndClose(partitions: readonly TopicPartition[], close: () => Promise<void>): Promise<void> {
    const { log, reportsSafe } = this.#parts
    this.#followConsumer()
    const candidates = offsetsOf(this.#delivered).filter((offset) => partitions.some((own) => samePartition(own, offset)))
    let accepted: readonly TopicPartitionOffset[] = []
    try {
      await reportsSafe()
      const chosen = await this.#preCommit(candidates)
      await reportsSafe()
      accepted = chosen
    } catch (error) {
      log.warn('preCommit() failed while partitions are given up; their last records will be read again', error)
    }
    await close()
    await this.#commitNow(accepted)
  }

  /** Behind those that are under way: the consumer sends commits one after the other. */
  async #commitNow(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    if (offsets.length === 0) return
    try {
      await this.#parts.consumer.commit(offsets)
    } catch (error) {
      const names = offsets.map(partitionText).join(', ')
      this.#parts.log.warn(`Offsets of ${names} could not be committed; their last records will be read again`, error)
    }
  }

  #send(accepted: readonly TopicPartitionOffset[]): void {
    this.#committingSince = Date.now()
    this.#unanswered++
    const sequence = ++this.#sequence
    this.#parts.consumer.commit(accepted).then(
      () => this.#answered(sequence, () => this.#took(accepted, sequence)),
      (error: unknown) => this.#answered(sequence, () => this.#refused(error)),
    )
  }

  /** An answer that comes after a newer commit began changes nothing. */
  #answered(sequence: number, follow: () => void): void {
    this.#unanswered--
    if (sequence !== this.#sequence) return
    this.#committingSince = null
    follow()
  }

  #took(accepted: readonly TopicPartitionOffset[], sequence: number): void {
    for (const { topic, partition, offset } of accepted) {
      if (sequence > (this.#movedAfter.get(topic, partition) ?? Infinity)) this.#committed.set(topic, partition, offset)
    }
    this.#parts.listener().committed()
  }

  #refused(error: unknown): void {
    this.#parts.log.error('Commit of offsets failed; it is tried again at the next interval', error)
    this.#parts.listener().commitFailed(error)
  }

  /** As in `consumed`, before anything came of what the cluster has now: neither commit nor rewind may be of what it has no more. */
  #followConsumer(): void {
    for (const { topic, partition, offset } of offsetsOf(this.#consumed)) {
      const position = this.#parts.consumer.knownPosition({ topic, partition }) ?? UNKNOWN
      if (position < Math.max(offset, this.#delivered.get(topic, partition) ?? offset)) this.assigned({ topic, partition }, position)
    }
  }

  async #preCommit(delivered: readonly TopicPartitionOffset[]): Promise<readonly TopicPartitionOffset[]> {
    const candidates = delivered.filter(({ offset }) => offset !== UNKNOWN)
    if (candidates.length === 0) return []
    const chosen = new PartitionMap<number>()
    for (const returned of await this.#parts.task.preCommit(candidates)) {
      const why = this.#whyInvalid(returned, candidates)
      if (why === null) chosen.set(returned.topic, returned.partition, returned.offset)
      else this.#parts.log.warn(`Ignoring invalid task provided offset ${partitionText(returned)}/${returned.offset} -- ${why}`)
    }
    return offsetsOf(chosen).filter(({ topic, partition, offset }) => this.#committed.get(topic, partition) !== offset)
  }

  /** Null: the partition is owned, and not more than what was delivered of it. The sentences are Connect's. */
  #whyInvalid(returned: TopicPartitionOffset, candidates: readonly TopicPartitionOffset[]): string | null {
    const candidate = candidates.find((own) => samePartition(own, returned))
    if (candidate === undefined) return `partition not assigned, assignment=[${candidates.map(partitionText).join(', ')}]`
    if (returned.offset > candidate.offset) return `not yet consumed, taskOffset=${returned.offset} currentOffset=${candidate.offset}`
    return Number.isSafeInteger(returned.offset) && returned.offset >= 0 ? null : 'not an offset'
  }

  #rewindToCommitted(): readonly TopicPartition[] {
    const behind = this.#behind()
    for (const { topic, partition, offset } of behind) {
      this.#parts.consumer.seek({ topic, partition }, offset)
      this.assigned({ topic, partition }, offset)
    }
    return behind
  }

  /** The last committed offsets of partitions of which something else is delivered. */
  #behind(): readonly TopicPartitionOffset[] {
    return offsetsOf(this.#committed).filter(({ topic, partition, offset }) => this.#delivered.get(topic, partition) !== offset)
  }
}

/** Of a partition whose consumer is looking for where to go on. */
const UNKNOWN = -1

function samePartition(a: TopicPartition, b: TopicPartition): boolean {
  return a.partition === b.partition && a.topic === b.topic
}
