import { illegalState, type PositionInLog } from '../errors.ts'
import type { TopicPartition, TopicPartitionOffset } from '../ports.ts'
import { ConsumedEpochs } from './consumed-epochs.ts'
import type { PlacedOffset } from './group-offsets.ts'
import type { PartitionBuffer } from './partition-buffer.ts'

/** Where a partition's next position comes from while it is not known. */
export type StartAt = 'committed' | 'reset' | 'beginning' | 'end'

/** Topic and partition as Kafka's texts name them; also the key of maps. */
export function partitionName({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}

/**
 * One assigned partition. Two positions: `position` is what `poll` returns next, `fetchPosition` what the next request to the
 * broker asks for; between them lies what is buffered. Every jump (seek, reset) starts a new `epoch`, so that an answer
 * asked for before it is recognised as old and dropped.
 */
export class PartitionState implements TopicPartition {
  readonly topic: string
  readonly partition: number
  /** -1: not known; `startAt` says how to find it. */
  position = -1
  fetchPosition = -1
  startAt: StartAt | null
  epoch = 0
  /** Leader epochs of what was read. */
  readonly epochs = new ConsumedEpochs()
  /** Leader and its epoch when they were last looked at; -1: not yet, and not known. */
  leader = -1
  leaderEpoch = -1
  /** As in `TopicMetadata`, when the leader was last looked at. */
  topicId: string | null = null
  /** The log may have been cut off before the position: nothing is fetched until its leader has said that it was not. */
  isDoubtful = false
  /** Metadata that tells of an earlier leader than this one is too old to ask that leader; -1: any will do. */
  minLeaderEpoch = -1
  paused = false
  /** Fetched and not handed out, oldest first. */
  readonly buffered: PartitionBuffer[] = []
  /** In the fetcher's queue of partitions that have something to hand out. */
  isReady = false
  /** Where the part of the log ends that may be read, as the last answer said; -1: not known. */
  readableEnd = -1
  /** Fetches that failed in a row, and the moment before which none is sent again. */
  failures = 0
  retryAt = 0
  /** When a fetch was last answered; Infinity: none was yet. */
  heardAt = Infinity
  /** The answer of metadata after which it may be fetched from again; -1: it may be. */
  unheardSince = -1
  /** The position that was outside the log and made a reset necessary; -1: none. */
  outOfRange = -1
  /** The follower the leader named as nearer; -1: fetch from the leader. */
  preferredReplica = -1
  preferredUntil = 0

  constructor({ topic, partition }: TopicPartition, startAt: StartAt) {
    this.topic = topic
    this.partition = partition
    this.startAt = startAt
  }

  /** One that may be fetched from. */
  get hasPosition(): boolean {
    return this.startAt === null && !this.isDoubtful
  }

  /** Of the last record before the position; -1: not known. */
  get offsetEpoch(): number {
    return this.epochs.at(this.position, this.position)
  }

  /** Records between the position and the end, as far as both are known. */
  get lag(): number {
    return this.position < 0 ? 0 : Math.max(0, this.readableEnd - this.position)
  }

  moveTo(offset: number): void {
    this.#moveTo(offset)
    this.epochs.restart(offset, -1)
  }

  /** Goes on where somebody left off. @param leaderEpoch as was committed; -1: not known, so that the log cannot be asked */
  resume(offset: number, leaderEpoch: number): void {
    this.#moveTo(offset)
    this.epochs.restart(offset, leaderEpoch)
    this.isDoubtful = leaderEpoch >= 0
    this.minLeaderEpoch = leaderEpoch
  }

  /** The leader has changed: what it has is compared with what was read before anything more is handed out. */
  doubt(): void {
    this.#jump()
    this.fetchPosition = this.position
    this.isDoubtful = true
  }

  /** The leader's log goes on at the position. */
  trust(): void {
    this.isDoubtful = false
    this.failures = 0
    this.retryAt = 0
  }

  /** The leader's log is what was read only up to there. */
  cutOff(offset: number, leaderEpoch: number): void {
    const { position } = this
    this.#moveTo(offset)
    this.epochs.cutOff(offset, leaderEpoch, position)
  }

  /** @param outOfRange the position that made it necessary */
  lookUp(startAt: StartAt, outOfRange = -1): void {
    this.#moveTo(-1)
    this.epochs.restart(-1, -1)
    this.outOfRange = outOfRange
    this.startAt = startAt
  }

  /** Drops what is buffered, and makes answers under way old. */
  drop(): void {
    this.#jump()
  }

  #moveTo(offset: number): void {
    this.#jump()
    this.position = offset
    this.fetchPosition = offset
    this.startAt = null
    this.outOfRange = -1
    this.isDoubtful = false
    this.minLeaderEpoch = -1
  }

  #jump(): void {
    this.epoch++
    this.failures = 0
    this.retryAt = 0
    for (const buffer of this.buffered) buffer.drop()
    this.buffered.length = 0
  }
}

export function placeOf({ position: offset, offsetEpoch: leaderEpoch }: PartitionState): PositionInLog {
  return { offset, leaderEpoch }
}

/** Which partitions the consumer reads. Changing the assignment drops the buffers of what goes. */
export class SubscriptionState {
  #states = new Map<string, PartitionState>()
  #list: readonly PartitionState[] = []
  /** Counts changes of the assignment. */
  generation = 0

  get partitions(): readonly PartitionState[] {
    return this.#list
  }

  find(partition: TopicPartition): PartitionState | undefined {
    return this.#states.get(partitionName(partition))
  }

  /** @throws KafkaError with Java's sentence when the partition is not assigned */
  get(partition: TopicPartition): PartitionState {
    const state = this.find(partition)
    if (state === undefined) throw illegalState(`No current assignment for partition ${partitionName(partition)}`)
    return state
  }

  /** @returns the offset with its topic, and with the leader epoch of the record before it, if that record was read */
  placed({ topic, partition, offset }: TopicPartitionOffset): PlacedOffset {
    const state = this.find({ topic, partition })
    const leaderEpoch = state?.epochs.at(offset, state.position) ?? -1
    return { topic, partition, offset, leaderEpoch, topicId: state?.topicId ?? null }
  }

  /** Partitions that stay keep position, buffer and pause; new ones begin at `startAt`. */
  assign(partitions: readonly TopicPartition[], startAt: StartAt): void {
    const before = this.#states
    this.#states = new Map()
    for (const partition of partitions) {
      const name = partitionName(partition)
      this.#states.set(name, this.#states.get(name) ?? before.get(name) ?? new PartitionState(partition, startAt))
      before.delete(name)
    }
    for (const gone of before.values()) gone.drop()
    this.#list = [...this.#states.values()]
    this.generation++
  }
}
