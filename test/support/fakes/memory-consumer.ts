import { WakeupException } from '../../../src/kafka/errors.ts'
import type {
  Consumer,
  ConsumerGroupMetadata,
  ConsumerRecord,
  PartitionRecords,
  RebalanceListener,
  TopicPartition,
  TopicPartitionOffset,
} from '../../../src/kafka/ports.ts'

const keyOf = ({ topic, partition }: TopicPartition) => `${topic}-${partition}`

/**
 * A consumer over logs in memory: positions, pauses, seeks, commits and rebalances behave as the port says, without a network.
 * The test appends records and asks for rebalances; they happen inside the next poll.
 */
export class MemoryConsumer implements Consumer {
  readonly committedOffsets = new Map<string, number>()
  readonly paused = new Set<string>()
  /** Set to make commits fail. */
  commitError: Error | null = null
  /** Set to keep commits from being answered until it resolves. */
  commitGate: Promise<void> | null = null
  /** Thrown by the next poll, once. */
  pollError: Error | null = null
  /** Thrown by `position`, while set. */
  positionError: Error | null = null
  /** Where to read is not known for the moment. */
  isLookingUp = false
  polls = 0
  readonly #logs = new Map<string, ConsumerRecord[]>()
  readonly #positions = new Map<string, number>()
  #assignment: TopicPartition[] = []
  #next: readonly TopicPartition[] | null = null
  #isLost = false
  #listener: RebalanceListener | null = null
  #wake: (() => void) | null = null
  #wakeup = false
  closed = false

  append(topic: string, partition: number, ...values: (string | null)[]): void {
    const log = this.#log({ topic, partition })
    for (const value of values) {
      const bytes = value === null ? null : Buffer.from(value)
      log.push({
        topic,
        partition,
        offset: log.length,
        timestamp: 1_700_000_000_000,
        timestampType: 'CreateTime',
        key: null,
        value: bytes,
        headers: [],
      })
    }
    this.#wake?.()
  }

  /** The cluster has lost what was from there on, and a consumer that is further goes back. */
  cutOff(partition: TopicPartition, offset: number): void {
    this.#log(partition).splice(offset)
    if ((this.#positions.get(keyOf(partition)) ?? 0) > offset) this.#positions.set(keyOf(partition), offset)
  }

  /** The next poll revokes what goes and assigns what comes. */
  rebalanceTo(...partitions: TopicPartition[]): void {
    this.#next = partitions
    this.#wake?.()
  }

  /** The next poll says that the member was thrown out of the group; then it is assigned these. */
  loseAllAndRejoin(...partitions: TopicPartition[]): void {
    this.#isLost = true
    this.rebalanceTo(...partitions)
  }

  subscribe(_topics: readonly string[] | ((topic: string) => boolean), listener: RebalanceListener): void {
    this.#listener = listener
  }

  assign(partitions: readonly TopicPartition[]): void {
    this.#assignment = [...partitions]
  }

  assignment(): readonly TopicPartition[] {
    return this.#assignment
  }

  async poll(timeoutMs: number): Promise<readonly PartitionRecords[]> {
    this.polls++
    const error = this.pollError
    this.pollError = null
    if (error !== null) throw error
    await this.#rebalance()
    for (const waitMs of [0, timeoutMs]) {
      if (waitMs > 0 && !this.#wakeup) await this.#wait(waitMs)
      if (this.#wakeup) {
        this.#wakeup = false
        throw new WakeupException()
      }
      await this.#rebalance()
      const polled = this.#take()
      if (polled.length > 0) return polled
    }
    return []
  }

  wakeup(): void {
    this.#wakeup = true
    this.#wake?.()
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.paused.add(keyOf(partition))
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.paused.delete(keyOf(partition))
  }

  seek(partition: TopicPartition, to: number | 'beginning' | 'end'): void {
    const offset = to === 'beginning' ? 0 : to === 'end' ? this.#log(partition).length : to
    this.#positions.set(keyOf(partition), offset)
  }

  async position(partition: TopicPartition): Promise<number> {
    if (this.positionError !== null) throw this.positionError
    return this.#positions.get(keyOf(partition)) ?? 0
  }

  knownPosition(partition: TopicPartition): number | null {
    return this.isLookingUp ? null : (this.#positions.get(keyOf(partition)) ?? 0)
  }

  lag(): number {
    return this.#assignment.reduce((lag, own) => lag + this.#log(own).length - (this.#positions.get(keyOf(own)) ?? 0), 0)
  }

  async commit(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    if (this.commitGate !== null) await this.commitGate
    if (this.commitError !== null) throw this.commitError
    for (const offset of offsets) this.committedOffsets.set(keyOf(offset), offset.offset)
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly (TopicPartitionOffset | null)[]> {
    return partitions.map((partition) => {
      const offset = this.committedOffsets.get(keyOf(partition))
      return offset === undefined ? null : { ...partition, offset }
    })
  }

  async beginningOffsets(partitions: readonly TopicPartition[]): Promise<readonly number[]> {
    return partitions.map(() => 0)
  }

  async endOffsets(partitions: readonly TopicPartition[]): Promise<readonly number[]> {
    return partitions.map((partition) => this.#log(partition).length)
  }

  async offsetsForTimes(): Promise<readonly (number | null)[]> {
    return []
  }

  async partitionsFor(topic: string): Promise<readonly number[]> {
    return this.#assignment.filter((own) => own.topic === topic).map(({ partition }) => partition)
  }

  groupMetadata(): ConsumerGroupMetadata {
    return { groupId: 'memory', generationId: 1, memberId: 'm', groupInstanceId: null }
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    if (this.#assignment.length > 0) await this.#listener?.onPartitionsRevoked(this.#assignment)
  }

  async #rebalance(): Promise<void> {
    const next = this.#next
    if (next === null) return
    this.#next = null
    await this.#takeAway()
    this.#assignment = [...next]
    this.paused.clear()
    for (const partition of next) this.#positions.set(keyOf(partition), this.committedOffsets.get(keyOf(partition)) ?? 0)
    await this.#listener?.onPartitionsAssigned(next)
  }

  async #takeAway(): Promise<void> {
    const gone = this.#assignment
    const isLost = this.#isLost
    this.#isLost = false
    if (isLost) this.#assignment = []
    if (gone.length === 0) return
    if (isLost) await this.#listener?.onPartitionsLost(gone)
    else await this.#listener?.onPartitionsRevoked(gone)
  }

  #take(): PartitionRecords[] {
    const ready = this.#assignment.filter((partition) => !this.paused.has(keyOf(partition)))
    return ready.flatMap((partition) => {
      const position = this.#positions.get(keyOf(partition)) ?? 0
      const records = this.#log(partition).slice(position)
      this.#positions.set(keyOf(partition), position + records.length)
      return records.length === 0 ? [] : [{ ...partition, records }]
    })
  }

  async #wait(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, timeoutMs)
    this.#wake = resolve
    await promise
    clearTimeout(timer)
    this.#wake = null
  }

  #log(partition: TopicPartition): ConsumerRecord[] {
    const key = keyOf(partition)
    const log = this.#logs.get(key) ?? []
    this.#logs.set(key, log)
    return log
  }
}
