import type { Logger } from '../../api/logger.ts'
import { asKafkaError, kafkaError, logTruncation, type KafkaError, type TruncatedPosition } from '../errors.ts'
import type { Metadata, PartitionMetadata } from '../metadata.ts'
import { noLeader } from '../no-leader.ts'
import { offsetForLeaderEpoch, type EpochEnd } from '../protocol/offset-for-leader-epoch.ts'
import type { RetryBackoff } from '../retry-backoff.ts'
import type { Clock } from '../timer.ts'
import type { Transport } from '../transport.ts'
import { followLeader } from './followed-leader.ts'
import { compareWithLog, leaderText, lookUpAnew } from './log-truncation.ts'
import type { OffsetResetPolicy } from './offset-reset-policy.ts'
import { mayBeOutdated } from './outdated-metadata.ts'
import { partitionName, type PartitionState, type SubscriptionState } from './subscription-state.ts'

export interface PositionValidationOptions {
  readonly subscription: SubscriptionState
  readonly transport: Transport
  readonly metadata: Metadata
  readonly policy: OffsetResetPolicy
  readonly backoff: RetryBackoff
  /** How long after an election brokers may still tell of the leader before. */
  readonly metadataLagMs: number
  readonly log: Logger
  readonly now: Clock
  /** Positions can be fetched from again, were lost, or failed: poll should look. */
  readonly notify: () => void
}

/** A doubtful position and the leader that is asked, in the epoch of the position in which that began. */
interface Question {
  readonly state: PartitionState
  readonly epoch: number
  readonly leader: PartitionMetadata
}

/**
 * Notices logs that were cut off (KIP-320). A replica that lacks records may become leader when none is left that has them (an unclean
 * election); a position behind its end then means other records, or none. So when the leader of a partition has changed, and when
 * reading goes on at a committed offset, the leader is asked where the epoch of the last record read ends; until it has answered nothing
 * is fetched or handed out. Asked beside poll, all partitions of a leader at once, and leaders apart from each other.
 *
 * Apache Kafka 4.3, OffsetFetcher#validatePositionsAsync and SubscriptionState#maybeCompleteValidation.
 */
export class PositionValidation {
  readonly #options: PositionValidationOptions
  readonly #asked = new Map<PartitionState, { readonly epoch: number; readonly answer: Promise<void> }>()
  /** Positions of a later epoch than brokers tell of: since when, and at which answer of theirs. */
  readonly #ahead = new Map<PartitionState, { readonly epoch: number; readonly since: number; readonly generation: number }>()
  #followedGeneration = -1
  #error: KafkaError | null = null
  #retryAt = Infinity

  constructor(options: PositionValidationOptions) {
    this.#options = options
  }

  /** Called after every answer of metadata, before anything is fetched or handed out by it. */
  followLeaders(): void {
    const { subscription, metadata, log } = this.#options
    this.#followedGeneration = subscription.generation
    for (const state of subscription.partitions) {
      const topic = metadata.topic(state.topic)
      const leader = topic?.partitions[state.partition]
      if (topic !== undefined && leader !== undefined && leader.leader >= 0) followLeader(state, topic, leader, log)
    }
  }

  /** Asks about doubtful positions that no question is under way for. @throws KafkaError once, that trying again does not heal */
  advance(): void {
    const error = this.#error
    this.#error = null
    if (error !== null) throw error
    const { subscription } = this.#options
    if (subscription.generation !== this.#followedGeneration) this.followLeaders()
    this.#retryAt = Infinity
    const doubtful = subscription.partitions.filter((state) => state.isDoubtful)
    if (doubtful.length > 0) this.#ask(doubtful)
    else this.#ahead.clear()
  }

  /** Milliseconds until a question may be repeated; Infinity: none failed. */
  retryDelay(): number {
    return this.#retryAt - this.#options.now()
  }

  /** Settles when the question under way about this position is answered, or has failed. */
  answerFor(state: PartitionState): Promise<void> | null {
    return this.#asked.get(state)?.answer ?? null
  }

  #ask(doubtful: readonly PartitionState[]): void {
    const byLeader = new Map<number, Question[]>()
    for (const state of doubtful) {
      const leader = this.#asked.get(state)?.epoch === state.epoch ? null : this.#leaderToAsk(state)
      if (leader === null) continue
      const question = { state, epoch: state.epoch, leader }
      const others = byLeader.get(leader.leader)
      if (others === undefined) byLeader.set(leader.leader, [question])
      else others.push(question)
    }
    for (const [node, questions] of byLeader) this.#askLeader(node, questions)
  }

  /** @returns null when there is none that can be asked now, or need be asked */
  #leaderToAsk(state: PartitionState): PartitionMetadata | null {
    const { metadata, now } = this.#options
    if (state.retryAt > now()) {
      this.#retryAt = Math.min(this.#retryAt, state.retryAt)
      return null
    }
    const leader = metadata.topic(state.topic)?.partitions[state.partition]
    if (leader === undefined || leader.leader < 0) this.#later(state, noLeader(metadata, state))
    else if (leader.leaderEpoch < 0) state.trust()
    else if (leader.leaderEpoch < state.minLeaderEpoch) this.#metadataIsBehind(state, leader)
    else return leader
    return null
  }

  /**
   * Asked then, a leader that was replaced would say that it does not know the epoch, which is no truncation. But epochs never go back within
   * one topic: when brokers still do not come to know of it, it is one of a topic that was deleted. Java waits without end.
   */
  #metadataIsBehind(state: PartitionState, leader: PartitionMetadata): void {
    const { policy, log, metadataLagMs } = this.#options
    if (!this.#isAheadForLong(state)) return this.#later(state, kafkaError(UNKNOWN_LEADER_EPOCH, state))
    const named = `brokers name ${leaderText(leader)}, and no later epoch within ${metadataLagMs} ms`
    const forbidden = lookUpAnew(state, policy, log, `${named}; so the position is one of another topic of that name, which was deleted`)
    if (forbidden === null) return this.#options.notify()
    this.#backOff(state)
    this.#error ??= logTruncation([forbidden])
  }

  #isAheadForLong(state: PartitionState): boolean {
    const { metadata, metadataLagMs, now } = this.#options
    const first = this.#ahead.get(state)
    if (first?.epoch === state.epoch)
      return now() - first.since >= metadataLagMs && metadata.generation - first.generation >= ANSWERS_TO_BELIEVE
    this.#ahead.set(state, { epoch: state.epoch, since: now(), generation: metadata.generation })
    return false
  }

  #askLeader(node: number, questions: readonly Question[]): void {
    const request = offsetForLeaderEpoch(
      questions.map(({ state, leader: { leaderEpoch: currentLeaderEpoch } }) => {
        const { topic, partition, offsetEpoch: leaderEpoch } = state
        return { topic, partition, currentLeaderEpoch, leaderEpoch }
      }),
    )
    const answer = this.#options.transport
      .send(node, 'control', request)
      .then(({ partitions }) => this.#answered(questions, partitions))
      .catch((error: unknown) => this.#failed(questions, asKafkaError(error)))
      .finally(() => this.#settled(questions))
    for (const { state, epoch } of questions) this.#asked.set(state, { epoch, answer })
  }

  #settled(questions: readonly Question[]): void {
    for (const { state, epoch } of questions) if (this.#asked.get(state)?.epoch === epoch) this.#asked.delete(state)
    this.#options.notify()
  }

  #answered(questions: readonly Question[], ends: readonly EpochEnd[]): void {
    const { policy, log } = this.#options
    const byName = new Map(ends.map((end) => [partitionName(end), end]))
    const truncated: TruncatedPosition[] = []
    for (const { state, leader } of questions.filter(isCurrent)) {
      const end = byName.get(partitionName(state)) ?? NOT_ANSWERED
      if (end.error !== 0) {
        this.#refused(state, kafkaError(end.error, state))
        continue
      }
      const forbidden = compareWithLog(state, end, leader, policy, log)
      if (forbidden === null) continue
      truncated.push(forbidden)
      this.#backOff(state) // said again until somebody moves the position
    }
    if (truncated.length > 0) this.#error ??= logTruncation(truncated)
  }

  #refused(state: PartitionState, error: KafkaError): void {
    if (error.auth) this.#error ??= error
    else if (!error.retriable)
      this.#options.log.warn(`Position of ${partitionName(state)} could not be validated and is tried again`, error)
    this.#later(state, error)
  }

  #failed(questions: readonly Question[], error: KafkaError): void {
    const current = questions.filter(isCurrent).map(({ state }) => state)
    if (error.number === UNSUPPORTED_VERSION) {
      this.#options.log.debug('Positions are not validated: the broker does not know how (introduced in Kafka 2.3)', error)
      for (const state of current) state.trust()
      return
    }
    if (!error.retriable) this.#error ??= error
    for (const state of current) this.#later(state, error)
  }

  #later(state: PartitionState, error: KafkaError): void {
    const { log, metadata } = this.#options
    this.#backOff(state)
    log.debug(`Position of ${partitionName(state)} could not be validated and is tried again`, error)
    if (mayBeOutdated(error)) metadata.requestRefresh()
  }

  #backOff(state: PartitionState): void {
    const { backoff, now } = this.#options
    state.failures++
    state.retryAt = now() + backoff.after(state.failures)
    this.#retryAt = Math.min(this.#retryAt, state.retryAt)
  }
}

/** One alone may come from a broker that stood still itself. */
const ANSWERS_TO_BELIEVE = 3
const UNSUPPORTED_VERSION = 35
const UNKNOWN_LEADER_EPOCH = 75
const OFFSET_NOT_AVAILABLE = 78
const NOT_ANSWERED = { error: OFFSET_NOT_AVAILABLE, leaderEpoch: -1, endOffset: -1 }

function isCurrent({ state, epoch }: Question): boolean {
  return state.epoch === epoch && state.isDoubtful
}
