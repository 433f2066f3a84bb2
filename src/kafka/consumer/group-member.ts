import type { Logger } from '../../api/logger.ts'
import type { ConsumerConfig } from '../config/consumer-config.ts'
import { asKafkaError, commitFailed, interrupted, kafkaError, type KafkaError } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import type { ConsumerGroupMetadata, RebalanceListener } from '../ports.ts'
import type { RetryBackoff } from '../retry-backoff.ts'
import type { GroupMemberIdentity } from '../protocol/group-member.ts'
import { heartbeat } from '../protocol/heartbeat.ts'
import { leaveGroup } from '../protocol/leave-group.ts'
import type { Clock } from '../timer.ts'
import type { GroupCoordinator } from './coordinator.ts'
import { countPartitions, GroupJoin, type JoinedGeneration } from './group-join.ts'
import type { Committer, GroupOffsets } from './group-offsets.ts'
import { Heartbeats } from './heartbeats.ts'
import { HeldPartitions } from './held-partitions.ts'
import { MemberIdentity } from './member-identity.ts'
import type { Retry } from './retry.ts'
import type { SubscriptionState } from './subscription-state.ts'
import { WantedTopics, type TopicSelection } from './wanted-topics.ts'

export interface GroupMemberOptions {
  readonly config: ConsumerConfig
  readonly coordinator: GroupCoordinator
  readonly offsets: GroupOffsets
  readonly metadata: Metadata
  readonly subscription: SubscriptionState
  readonly retry: Retry
  readonly backoff: RetryBackoff
  /** Aborted when the consumer closes. */
  readonly signal: AbortSignal
  readonly log: Logger
  readonly now: Clock
  /** There is something for the next poll to do. */
  readonly notify: () => void
}

const ILLEGAL_GENERATION = 22
const UNKNOWN_MEMBER_ID = 25
const REBALANCE_IN_PROGRESS = 27
const FENCED_INSTANCE_ID = 82

/**
 * A member of a consumer group, in the classic protocol with eager rebalancing.
 *
 * - `unjoined`: at the start, after an error that cost the generation, and while the next join waits for a poll. The next
 *   `advance` reports partitions as lost if there are any, and starts to join.
 * - `joining`: JoinGroup, SyncGroup and the look-up of committed offsets run beside poll, which returns when its time is over.
 *   No partitions are assigned. Heartbeats start when the coordinator has admitted us.
 * - `joined`: the outcome is there and waits for the next `advance`, which assigns the partitions and calls the listener.
 * - `stable`: partitions are assigned; commits succeed. Left when a rebalance is needed (a heartbeat or commit says so, the
 *   subscription or the planned topics changed): the next `advance` awaits `onPartitionsRevoked`, in which commits still
 *   succeed, and starts to join. Left at once, without the listener, when the coordinator no longer knows us or poll
 *   came too late: `unjoined`, and the listener hears `onPartitionsLost` in the next `advance`.
 *
 * The listener is called inside `advance` and `close` only. A fenced static member is fatal: every `advance` throws.
 */
export class GroupMember implements Committer {
  readonly #options: GroupMemberOptions
  readonly #identity: MemberIdentity
  readonly #heartbeats: Heartbeats
  readonly #join: GroupJoin
  readonly #wanted: WantedTopics
  readonly #held: HeldPartitions
  #state: 'unjoined' | 'joining' | 'joined' | 'stable' = 'unjoined'
  /** Why the next poll shall join again; null: no need. */
  #rejoinReason: string | null = null
  /** The generation went while partitions were assigned. */
  #isLost = false
  #joined: JoinedGeneration | null = null
  #error: KafkaError | null = null
  #fenced: KafkaError | null = null
  #isClosing = false

  constructor(options: GroupMemberOptions) {
    const { config, coordinator, log, now } = options
    this.#options = options
    this.#held = new HeldPartitions(options.subscription, log)
    this.#wanted = new WantedTopics(options.metadata, config['exclude.internal.topics'])
    this.#identity = new MemberIdentity(coordinator.groupId, config['group.instance.id'])
    this.#heartbeats = new Heartbeats({
      intervalMs: config['heartbeat.interval.ms'],
      sessionTimeoutMs: config['session.timeout.ms'],
      maxPollIntervalMs: config['max.poll.interval.ms'],
      retryBackoffMs: config['retry.backoff.ms'],
      now,
      log,
      beat: () => this.#beat(),
      sessionExpired: () => coordinator.forget(),
      pollExpired: () => this.#pollExpired(),
    })
    this.#join = new GroupJoin({ ...options, identity: this.#identity, admitted: () => this.#admitted() })
  }

  get metadata(): ConsumerGroupMetadata {
    return this.#identity.snapshot()
  }

  /** Topics that the subscription names; none for a predicate. */
  get namedTopics(): readonly string[] {
    return this.#wanted.named
  }

  subscribe(topics: TopicSelection, listener: RebalanceListener): void {
    this.#wanted.select(topics)
    this.#held.listener = listener
    this.#requestRejoin(this.#state === 'unjoined' ? null : 'the subscription has changed')
  }

  /** Whether `advance` has something to do. */
  get needsPoll(): boolean {
    if (this.#fenced !== null || this.#error !== null || this.#isLost || this.#state === 'joined') return true
    return this.#rejoinReason !== null && this.#state !== 'joining'
  }

  polled(): void {
    this.#heartbeats.polled()
  }

  waiting(isWaiting: boolean): void {
    this.#heartbeats.waiting(isWaiting)
  }

  /**
   * The part of a rebalance that belongs into poll: callbacks, and the start of a join.
   * @throws KafkaError of a join that is not tried again before the next call; whatever the listener throws
   */
  async advance(): Promise<void> {
    if (this.#isLost) await this.#reportLost()
    this.#throwError()
    if (this.#state === 'joined' && this.#joined !== null) return this.#assign(this.#joined)
    if (this.#state === 'joining' || this.#rejoinReason === null) return
    await this.#held.giveBack()
    if (!this.#isClosing) this.#startJoin()
  }

  #throwError(): void {
    if (this.#fenced !== null) throw this.#fenced
    const error = this.#error
    this.#error = null
    if (error !== null) throw error
  }

  async #reportLost(): Promise<void> {
    this.#isLost = false
    await this.#held.lose()
  }

  #startJoin(): void {
    this.#rejoinReason = null
    this.#isLost = false
    this.#joined = null
    this.#state = 'joining'
    this.#heartbeats.stop()
    this.#join
      .run(() => this.#topicsToJoinWith())
      .then(
        (joined) => this.#joinEnded(joined),
        (error: unknown) => this.#joinFailed(asKafkaError(error)),
      )
  }

  /** A join goes on between polls, but not for an application that has stopped polling. */
  #topicsToJoinWith(): Promise<readonly string[]> {
    if (this.#heartbeats.isPollExpired) throw interrupted('The join waits for the next poll')
    return this.#wanted.list(this.#options.signal)
  }

  #admitted(): void {
    if (!this.#isClosing) this.#heartbeats.start()
  }

  #joinEnded(joined: JoinedGeneration): void {
    if (this.#isClosing) return
    if (joined.generationId === this.#identity.generationId) {
      this.#joined = joined
      this.#state = 'joined'
    } else {
      this.#state = 'unjoined'
      this.#requestRejoin('the generation was lost while it was joined')
    }
    this.#options.notify()
  }

  #joinFailed(error: KafkaError): void {
    if (this.#isClosing) return
    this.#state = 'unjoined'
    this.#rejoinReason ??= 'joining failed'
    if (error.number === FENCED_INSTANCE_ID) this.#fenced = error
    else if (error.code !== 'INTERRUPTED') this.#error = error
    this.#options.notify()
  }

  async #assign(joined: JoinedGeneration): Promise<void> {
    this.#held.take(joined)
    this.#state = 'stable'
    this.metadataChanged()
    await this.#held.reportTaken(joined.partitions)
  }

  /** Joins again when the topics that the predicate matches, or those this leader planned for, are not what they were. */
  metadataChanged(): void {
    const joined = this.#joined
    if (joined === null || this.#state !== 'stable' || this.#rejoinReason !== null) return
    if (!this.#wanted.isCurrent(joined.topics)) {
      this.#requestRejoin('the topics that match the subscription have changed')
    } else if (joined.plannedFor !== null && !this.#isStillPlanned(joined.plannedFor)) {
      this.#requestRejoin('topics or partitions of the group have changed')
    }
  }

  #isStillPlanned({ topics, partitionCounts }: NonNullable<JoinedGeneration['plannedFor']>): boolean {
    const now = countPartitions(this.#options.metadata, topics)
    return now.size === partitionCounts.size && [...partitionCounts].every(([topic, count]) => now.get(topic) === count)
  }

  #requestRejoin(reason: string | null): void {
    if (reason !== null && this.#rejoinReason === null) this.#options.log.info(`Request joining group due to: ${reason}`)
    this.#rejoinReason ??= reason ?? 'first join'
    this.#options.notify()
  }

  async #beat(): Promise<boolean> {
    const { config, coordinator, log } = this.#options
    const identity = this.#identity.snapshot()
    // a coordinator that hangs is left in time to keep the session at the one that took over from it
    const timeoutMs = Math.min(config['request.timeout.ms'], config['session.timeout.ms'])
    try {
      const { error } = await coordinator.send(heartbeat(identity), { timeoutMs })
      if (this.#identity.generationId === identity.generationId) return this.#heartbeatAnswered(error, identity)
      return true
    } catch (error) {
      if (this.#isClosing) return false
      log.debug('A heartbeat failed and is sent again', error)
      const failure = asKafkaError(error)
      if (!failure.retriable) this.#fail(failure)
      return false
    }
  }

  /** @returns whether the session is alive */
  #heartbeatAnswered(code: number, identity: GroupMemberIdentity): boolean {
    if (code === 0) return true
    if (code === REBALANCE_IN_PROGRESS) {
      if (this.#state === 'stable') this.#requestRejoin('group is already rebalancing')
      return true
    }
    if (this.#isGenerationError(code)) {
      this.#loseGeneration(code, identity)
      return true
    }
    const error = this.#options.coordinator.error(code)
    if (!error.retriable) this.#fail(error)
    return false
  }

  #isGenerationError(code: number): boolean {
    return code === UNKNOWN_MEMBER_ID || code === ILLEGAL_GENERATION || code === FENCED_INSTANCE_ID
  }

  #fail(error: KafkaError): void {
    this.#error ??= error
    this.#options.notify()
  }

  #loseGeneration(code: number, identity: GroupMemberIdentity): void {
    const error = kafkaError(code)
    this.#options.log.warn(`Member ${identity.memberId} lost generation ${identity.generationId} of the group: ${error.message}`)
    if (code === FENCED_INSTANCE_ID) this.#fenced = error
    this.#lose(code === ILLEGAL_GENERATION, error.code)
  }

  #lose(keepMemberId: boolean, reason: string): void {
    this.#heartbeats.stop()
    this.#identity.loseGeneration(keepMemberId)
    this.#isLost = true
    this.#joined = null
    // a join under way finds out by itself
    if (this.#state !== 'joining') this.#state = 'unjoined'
    this.#requestRejoin(reason)
  }

  #pollExpired(): void {
    this.#options.log.warn(POLL_EXPIRED)
    const leaving = this.#leave()
    this.#lose(false, 'consumer poll timeout has expired')
    void leaving
  }

  /** On the control connection, since a JoinGroup may block the coordinator's. Never rejects. */
  async #leave(): Promise<void> {
    const { coordinator, log } = this.#options
    const { groupId, memberId, leavesGroup } = this.#identity
    if (!leavesGroup) return
    log.debug(`Member ${memberId} sending LeaveGroup request to coordinator`)
    try {
      const { error } = await coordinator.sendAside(leaveGroup(groupId, memberId))
      if (error !== 0) log.debug('LeaveGroup was refused', kafkaError(error))
    } catch (error) {
      log.warn('The group could not be left; it goes on without this member when session.timeout.ms is over', error)
    }
  }

  commitIdentity(): GroupMemberIdentity {
    if (this.#fenced !== null) throw this.#fenced
    if (this.#state === 'stable') return this.#identity.snapshot()
    if (this.#isLost || this.#state === 'unjoined') throw commitFailed()
    throw kafkaError(REBALANCE_IN_PROGRESS, { message: COMMIT_IN_REBALANCE })
  }

  commitRefused(code: number, identity: GroupMemberIdentity): Error {
    const isCurrent = this.#identity.generationId === identity.generationId && this.#identity.memberId === identity.memberId
    const isGone = this.#isGenerationError(code)
    if (isGone && isCurrent) this.#loseGeneration(code, identity)
    // a static member fences itself when it is given a new member id
    if (isGone && !(code === FENCED_INSTANCE_ID && isCurrent)) return commitFailed(undefined, kafkaError(code))
    if (code !== REBALANCE_IN_PROGRESS) return this.#options.coordinator.error(code)
    this.#requestRejoin('group is already rebalancing')
    return kafkaError(REBALANCE_IN_PROGRESS, { message: COMMIT_IN_REBALANCE })
  }

  /** Gives the partitions back through the listener, then leaves. @throws whatever the listener throws, after leaving */
  async close(): Promise<void> {
    this.#isClosing = true // a poll that still calls the listener does not join again
    try {
      if (this.#isLost) await this.#reportLost()
      else await this.#held.giveBack()
      await this.#options.offsets.settled()
    } finally {
      this.#heartbeats.stop()
      await this.#leave()
    }
  }
}

const POLL_EXPIRED =
  'consumer poll timeout has expired. This means the time between subsequent calls to poll() was longer than the configured ' +
  'max.poll.interval.ms, which typically implies that the poll loop is spending too much time processing messages. You can address ' +
  'this either by increasing max.poll.interval.ms or by reducing the maximum size of batches returned in poll() with max.poll.records.'

const COMMIT_IN_REBALANCE =
  'Offset commit cannot be completed since the consumer is undergoing a rebalance for auto partition assignment. ' +
  'You can try completing the rebalance by calling poll() and then retry the operation.'
