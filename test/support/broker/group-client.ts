import type { RequestContext } from '../../../src/broker/api.ts'
import { groupApis } from '../../../src/broker/group/group-apis.ts'
import { GroupCoordinator, type GroupCoordinatorOptions } from '../../../src/broker/group/group-coordinator.ts'
import { encodeData, encodeRequest, decodeRequest, encodeResponse, decodeResponse } from '../../../src/broker/protocol/codec.ts'
import type { DecodedResponse } from '../../../src/broker/protocol/codec.ts'
import type { ApiName, RequestMessages } from '../../../src/broker/protocol/messages.ts'
import type { JsonValue, StateKind } from '../../../src/broker/state/state-store.ts'
import { Reader } from '../../../src/kafka/protocol/reader.ts'
import { Writer } from '../../../src/kafka/protocol/writer.ts'
import { silentLogger } from '../../../src/logging/logger.ts'
import { ManualClock } from './manual-clock.ts'
import { OwnedState } from './owned-state.ts'

export type GroupApi = Extract<
  ApiName,
  | 'FindCoordinator'
  | 'JoinGroup'
  | 'SyncGroup'
  | 'Heartbeat'
  | 'LeaveGroup'
  | 'DescribeGroups'
  | 'ListGroups'
  | 'DeleteGroups'
  | 'OffsetCommit'
  | 'OffsetFetch'
  | 'OffsetDelete'
  | 'TxnOffsetCommit'
>

const LATEST: Record<GroupApi, number> = {
  FindCoordinator: 6,
  JoinGroup: 9,
  SyncGroup: 5,
  Heartbeat: 4,
  LeaveGroup: 5,
  DescribeGroups: 6,
  ListGroups: 5,
  DeleteGroups: 2,
  OffsetCommit: 9,
  OffsetFetch: 9,
  OffsetDelete: 0,
  TxnOffsetCommit: 4,
}

/** Keeps what it is given through a restart of whoever uses it; told to, it fails, or keeps callers waiting. */
export class RememberingStore extends OwnedState {
  readonly entries = new Map<string, JsonValue>()
  failure: Error | null = null
  #held: (() => void)[] | null = null

  protected read(kind: StateKind): Iterable<readonly [string, JsonValue]> {
    const ofKind = [...this.entries].filter(([key]) => key.startsWith(`${kind} `))
    return ofKind.map(([key, value]) => [key.slice(kind.length + 1), value] as const)
  }

  async set(kind: StateKind, key: string, value: JsonValue): Promise<void> {
    const { failure } = this
    const held = this.#held
    if (held !== null) await new Promise<void>((resolve) => held.push(resolve))
    if (failure !== null) throw failure
    if (value === null) this.entries.delete(`${kind} ${key}`)
    else this.entries.set(`${kind} ${key}`, JSON.parse(JSON.stringify(value)) as JsonValue)
  }

  /** Until the function returned is called, nothing is kept. */
  hold(): () => void {
    const held: (() => void)[] = []
    this.#held = held
    return () => {
      this.#held = null
      for (const release of held) release()
    }
  }
}

/** A coordinator, asked by bytes as clients ask it. */
export class GroupClient {
  readonly clock: ManualClock
  readonly store: RememberingStore
  /** Topic → number of partitions. */
  readonly topics: Map<string, number>
  coordinator: GroupCoordinator
  readonly #options: Partial<GroupCoordinatorOptions>

  constructor(options: Partial<GroupCoordinatorOptions> & { store?: RememberingStore } = {}) {
    this.clock = new ManualClock()
    this.store = options.store ?? new RememberingStore()
    this.topics = new Map([
      ['orders', 3],
      ['bills', 1],
    ])
    this.#options = options
    this.coordinator = this.#start()
  }

  #start(): GroupCoordinator {
    return new GroupCoordinator({
      state: this.store.reopen(),
      clock: this.clock,
      log: silentLogger,
      topics: {
        hasPartition: (topic, partition) => partition >= 0 && partition < (this.topics.get(topic) ?? 0),
        nameOf: (id) => [...this.topics.keys()].find((topic) => topicId(topic) === id) ?? null,
        idOf: (topic) => (this.topics.has(topic) ? topicId(topic) : null),
      },
      ...this.#options,
    })
  }

  /** The broker is stopped and started: only what the store kept is known. */
  restart(): void {
    this.coordinator.close()
    this.coordinator = this.#start()
  }

  async ask<Api extends GroupApi>(
    api: Api,
    request: RequestMessages[Api],
    { version = LATEST[api], clientId = 'client' }: { version?: number; clientId?: string } = {},
  ): Promise<DecodedResponse<Api>> {
    const context: RequestContext = {
      version,
      clientId,
      clientHost: '/127.0.0.1',
      listener: 'PLAINTEXT',
      principal: 'User:ANONYMOUS',
      closed: new AbortController().signal,
    }
    const entry = groupApis(this.coordinator, { nodeId: 1, address: () => ({ host: 'localhost', port: 9092 }) })[api]!
    const requestBytes = bytesOf((writer) => encodeRequest(api, version, request, writer))
    const decoded = decodeRequest(api, version, new Reader(requestBytes))
    const answer = await entry.answer(decoded, context)
    requestBytes.fill(0xff) // a request's bytes are used again: nobody may hold on to them
    return decodeResponse(api, version, new Reader(bytesOf((writer) => encodeResponse(api, version, answer!, writer))))
  }

  /** Joins as new clients do: a first time for an id, a second time with it. */
  async join(
    group: string,
    { memberId = '', version = LATEST.JoinGroup, ...rest }: JoinOptions = {},
  ): Promise<DecodedResponse<'JoinGroup'>> {
    const { clientId = 'client', ...fields } = rest
    const request = { ...firstJoin(group), memberId, ...fields }
    const answer = await this.ask('JoinGroup', request, { version, clientId })
    if (answer.errorCode !== 79) return answer
    return this.ask('JoinGroup', { ...request, memberId: answer.memberId }, { version, clientId })
  }

  sync(
    group: string,
    joined: { memberId: string; generationId: number },
    assignments: Record<string, string> = {},
    fields: Partial<RequestMessages['SyncGroup']> = {},
  ): Promise<DecodedResponse<'SyncGroup'>> {
    return this.ask('SyncGroup', {
      groupId: group,
      generationId: joined.generationId,
      memberId: joined.memberId,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: Object.entries(assignments).map(([memberId, text]) => ({ memberId, assignment: Buffer.from(text) })),
      ...fields,
    })
  }

  async heartbeat(
    group: string,
    joined: { memberId: string; generationId: number },
    groupInstanceId: string | null = null,
  ): Promise<number> {
    const { memberId, generationId } = joined
    return (await this.ask('Heartbeat', { groupId: group, generationId, memberId, groupInstanceId })).errorCode
  }

  async leave(group: string, ...members: { memberId: string; groupInstanceId?: string }[]): Promise<number[]> {
    const { errorCode, members: left } = await this.ask('LeaveGroup', { groupId: group, members })
    return errorCode === 0 ? left.map((member) => member.errorCode) : [errorCode]
  }

  /** A member for each, which has joined and waits for its share; the first leads. */
  async joined(group: string, ...members: readonly JoinOptions[]): Promise<DecodedResponse<'JoinGroup'>[]> {
    const joins = members.map((fields) => this.join(group, fields))
    await this.clock.advance(members.length === 1 ? 3000 : 6000)
    return Promise.all(joins)
  }

  /** As many members as asked for, in a stable group; the first leads. Each is assigned its own id. */
  async stableGroup(group: string, count = 1, fields: JoinOptions = {}): Promise<DecodedResponse<'JoinGroup'>[]> {
    const members = Array.from({ length: count }, (_, i) => {
      const { groupInstanceId, ...rest } = fields
      return { ...rest, ...(groupInstanceId ? { groupInstanceId: `${groupInstanceId}-${i}` } : {}) }
    })
    const joined = await this.joined(group, ...members)
    const names = { protocolType: fields.protocolType ?? 'consumer', protocolName: joined[0]!.protocolName }
    const instance = (i: number) => ({ groupInstanceId: fields.groupInstanceId ? `${fields.groupInstanceId}-${i}` : null })
    const shares = Object.fromEntries(joined.map(({ memberId }) => [memberId, memberId]))
    const followers = joined.slice(1).map((member, i) => this.sync(group, member, {}, { ...names, ...instance(i + 1) }))
    await Promise.all([...followers, this.sync(group, joined[0]!, shares, { ...names, ...instance(0) })])
    return joined
  }

  async commit(
    group: string,
    offsets: Record<string, number>,
    {
      version,
      ...fields
    }: Partial<RequestMessages['OffsetCommit']> & { version?: number; metadata?: string | null; leaderEpoch?: number } = {},
  ): Promise<number[]> {
    const { metadata = null, leaderEpoch = -1, ...rest } = fields
    const topics = Object.entries(offsets).map(([place, committedOffset]) => {
      const { topic, partition } = placeOf(place)
      const value = { partitionIndex: partition, committedOffset, committedLeaderEpoch: leaderEpoch, committedMetadata: metadata }
      return { name: topic, topicId: topicId(topic), partitions: [value] }
    })
    const answer = await this.ask('OffsetCommit', { groupId: group, topics, ...rest }, version === undefined ? {} : { version })
    return answer.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))
  }

  /** `orders-0` → its offset. */
  async fetch(group: string, places: readonly string[] | null = null, requireStable = false): Promise<Record<string, number | string>> {
    const topics =
      places?.map((place) => {
        const { topic, partition } = placeOf(place)
        return { name: topic, partitionIndexes: [partition] }
      }) ?? null
    const { groups } = await this.ask('OffsetFetch', { groups: [{ groupId: group, topics }], requireStable })
    const partitions = groups[0]!.topics.flatMap((topic) => topic.partitions.map((partition) => ({ name: topic.name, ...partition })))
    return Object.fromEntries(
      partitions.map(({ name, partitionIndex, committedOffset, errorCode }) => [
        `${name}-${partitionIndex}`,
        errorCode === 0 ? committedOffset : `error ${errorCode}`,
      ]),
    )
  }

  async describe(group: string): Promise<DecodedResponse<'DescribeGroups'>['groups'][number]> {
    return (await this.ask('DescribeGroups', { groups: [group] })).groups[0]!
  }
}

type JoinOptions = Partial<Omit<RequestMessages['JoinGroup'], 'groupId'>> & { version?: number; clientId?: string }

/** What a new consumer sends, which has no id yet. */
export function firstJoin(groupId: string): RequestMessages['JoinGroup'] {
  return {
    groupId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    memberId: '',
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription('orders') }],
  }
}

export function subscription(...topics: string[]): Buffer {
  return encodeData('ConsumerProtocolSubscription', 1, { topics })
}

export function topicId(topic: string): string {
  return Buffer.from(topic.padEnd(16, '_')).toString('base64url')
}

function placeOf(place: string): { topic: string; partition: number } {
  const dash = place.lastIndexOf('-')
  return { topic: place.slice(0, dash), partition: Number(place.slice(dash + 1)) }
}

function bytesOf(write: (writer: Writer) => void): Buffer {
  const writer = new Writer()
  write(writer)
  return Buffer.concat(writer.finish())
}
