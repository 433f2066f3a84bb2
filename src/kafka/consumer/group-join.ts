import type { Logger } from '../../api/logger.ts'
import { ConfigException } from '../../api/errors.ts'
import type { ConsumerConfig } from '../config/consumer-config.ts'
import { asKafkaError, kafkaError, type KafkaError } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import type { TopicPartition } from '../ports.ts'
import type { RetryBackoff } from '../retry-backoff.ts'
import { joinGroup, type JoinGroupResponse } from '../protocol/join-group.ts'
import { syncGroup, type SyncGroupData } from '../protocol/sync-group.ts'
import { compareText, type Assignor } from './assignor.ts'
import type { GroupCoordinator } from './coordinator.ts'
import type { CommittedOffsets, GroupOffsets } from './group-offsets.ts'
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription, PROTOCOL_TYPE } from './group-protocol.ts'
import type { MemberIdentity } from './member-identity.ts'
import { rangeAssignor } from './range-assignor.ts'
import type { Retry } from './retry.ts'
import { roundRobinAssignor } from './round-robin-assignor.ts'

export interface GroupJoinOptions {
  readonly config: ConsumerConfig
  readonly identity: MemberIdentity
  readonly coordinator: GroupCoordinator
  readonly offsets: GroupOffsets
  readonly metadata: Metadata
  readonly retry: Retry
  readonly backoff: RetryBackoff
  readonly signal: AbortSignal
  readonly log: Logger
  /** The coordinator took us in: heartbeats may start. */
  readonly admitted: () => void
}

/** What a round of joining ends with. */
export interface JoinedGeneration {
  readonly generationId: number
  /** What we told the group we want. */
  readonly topics: readonly string[]
  readonly partitions: readonly TopicPartition[]
  readonly offsets: CommittedOffsets
  /** As leader: what our plan is made for, so that a change makes the group join again. Null for the others. */
  readonly plannedFor: PlanBasis | null
}

interface PlanBasis {
  /** All that members want, whether they exist or not. */
  readonly topics: readonly string[]
  readonly partitionCounts: ReadonlyMap<string, number>
}

const JOIN_TIMEOUT_LAPSE_MS = 5000
const ILLEGAL_GENERATION = 22
const INCONSISTENT_GROUP_PROTOCOL = 23
const UNKNOWN_MEMBER_ID = 25
const REBALANCE_IN_PROGRESS = 27
const MEMBER_ID_REQUIRED = 79
const JOIN_AGAIN = new Set([ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, REBALANCE_IN_PROGRESS, MEMBER_ID_REQUIRED])

/** Takes a member into the next generation of its group: JoinGroup, a plan if we lead, SyncGroup, then the committed offsets. */
export class GroupJoin {
  readonly #options: GroupJoinOptions
  readonly #assignors: readonly Assignor[]

  constructor(options: GroupJoinOptions) {
    this.#options = options
    this.#assignors = configuredAssignors(options.config)
  }

  /**
   * Tries until it succeeds.
   * @param wantedTopics asked before every attempt
   * @throws KafkaError that joining again does not heal
   */
  async run(wantedTopics: () => Promise<readonly string[]>): Promise<JoinedGeneration> {
    for (let attempts = 1; ; attempts++) {
      try {
        return await this.#attempt(await wantedTopics())
      } catch (thrown) {
        const error = asKafkaError(thrown)
        if (!error.retriable && !JOIN_AGAIN.has(error.number ?? 0)) throw error
        this.#options.log.debug('Joining the group failed and is tried again', error)
        if (error.number !== MEMBER_ID_REQUIRED) await this.#options.retry.sleep(this.#options.backoff.after(attempts), error)
      }
    }
  }

  async #attempt(topics: readonly string[]): Promise<JoinedGeneration> {
    const { identity, log, offsets } = this.#options
    log.debug('(Re-)joining group')
    const joined = await this.#join(topics)
    const plannedFor = joined.leader === joined.memberId ? await this.#planBasis(joined) : null
    const partitions = await this.#sync(plannedFor === null ? [] : this.#plan(joined, plannedFor.partitionCounts))
    const committed: CommittedOffsets = partitions.length === 0 ? new Map() : await offsets.committed(partitions, Infinity)
    log.info(`Successfully joined group with generation ${joined.generationId} as ${identity.memberId} (${joined.protocolName})`)
    return { generationId: joined.generationId, topics, partitions, offsets: committed, plannedFor }
  }

  async #join(topics: readonly string[]): Promise<JoinGroupResponse> {
    const { config, coordinator, identity } = this.#options
    const metadata = encodeSubscription(topics)
    const request = joinGroup({
      groupId: identity.groupId,
      sessionTimeoutMs: config['session.timeout.ms'],
      rebalanceTimeoutMs: config['max.poll.interval.ms'],
      memberId: identity.memberId,
      groupInstanceId: identity.groupInstanceId,
      protocolType: PROTOCOL_TYPE,
      protocols: this.#assignors.map(({ name }) => ({ name, metadata })),
    })
    const timeoutMs = Math.max(config['request.timeout.ms'], config['max.poll.interval.ms'] + JOIN_TIMEOUT_LAPSE_MS)
    const response = await coordinator.send(request, { timeoutMs })
    if (response.error === MEMBER_ID_REQUIRED) identity.memberId = response.memberId
    if (response.error !== 0) throw this.#refused(response.error)
    identity.memberId = response.memberId
    identity.generationId = response.generationId
    this.#options.admitted()
    return response
  }

  async #sync(assignments: SyncGroupData['assignments']): Promise<readonly TopicPartition[]> {
    const { coordinator, identity } = this.#options
    const response = await coordinator.send(syncGroup({ ...identity.snapshot(), assignments }))
    if (response.error !== 0) throw this.#refused(response.error)
    return decodeAssignment(response.assignment)
  }

  #refused(code: number): KafkaError {
    if (code === UNKNOWN_MEMBER_ID) this.#options.identity.loseGeneration(false)
    if (code === ILLEGAL_GENERATION) this.#options.identity.loseGeneration(true)
    return this.#options.coordinator.error(code)
  }

  async #planBasis({ members }: JoinGroupResponse): Promise<PlanBasis> {
    const { metadata, signal } = this.#options
    const topics = [...new Set(members.flatMap((member) => decodeSubscription(member.metadata)))].toSorted(compareText)
    const unknown = topics.filter((topic) => metadata.topic(topic) === undefined)
    for (const topic of topics) metadata.addTopic(topic)
    if (unknown.length > 0) await metadata.refresh(signal)
    return { topics, partitionCounts: countPartitions(metadata, topics) }
  }

  #plan({ members, protocolName }: JoinGroupResponse, counts: ReadonlyMap<string, number>): SyncGroupData['assignments'] {
    const assignor = this.#assignors.find(({ name }) => name === protocolName)
    if (assignor === undefined) {
      throw kafkaError(INCONSISTENT_GROUP_PROTOCOL, {
        message: `The group chose the assignor ${protocolName}, which this member did not offer`,
      })
    }
    const plan = assignor.assign(
      counts,
      members.map(({ memberId, groupInstanceId, metadata }) => ({ memberId, groupInstanceId, topics: decodeSubscription(metadata) })),
    )
    return [...plan].map(([memberId, partitions]) => ({ memberId, assignment: encodeAssignment(partitions) }))
  }
}

/** Topics that do not exist are left out. */
export function countPartitions(metadata: Metadata, topics: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of topics) {
    const topic = metadata.topic(name)
    if (topic !== undefined) counts.set(name, topic.partitions.length)
  }
  return counts
}

const ASSIGNORS = new Map<string, Assignor>([
  ['RangeAssignor', rangeAssignor],
  ['RoundRobinAssignor', roundRobinAssignor],
])

/** Those of `partition.assignment.strategy` that we have. The default names the cooperative one too, behind range: every group agrees on range. */
function configuredAssignors(config: ConsumerConfig): readonly Assignor[] {
  const names = config['partition.assignment.strategy']
  const assignors = names.map((name) => ASSIGNORS.get(name.slice(name.lastIndexOf('.') + 1))).filter((assignor) => assignor !== undefined)
  if (assignors.length > 0) return assignors
  const reason = 'None of these assignors is available. Use org.apache.kafka.clients.consumer.RangeAssignor or RoundRobinAssignor'
  throw ConfigException.forKey('partition.assignment.strategy', names.join(','), reason)
}
