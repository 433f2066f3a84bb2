import { kafkaError, type KafkaError } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import { noLeader } from '../no-leader.ts'
import { oncePerPartition } from '../once-per-partition.ts'
import type { IsolationLevel, TopicPartition, TopicPartitionOffset } from '../ports.ts'
import { deleteRecords } from '../protocol/delete-records.ts'
import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP, listOffsets } from '../protocol/list-offsets.ts'
import type { Transport } from '../transport.ts'
import type { AdminCalls, Call } from './admin-calls.ts'

export interface OffsetQuery extends TopicPartition {
  /** An end of the log, or the first record at or after an epoch millisecond. */
  readonly spec: 'earliest' | 'latest' | number
}

/** What the leader answered for one item; undefined: for something it was not asked. */
interface Outcome<T> {
  readonly item: T | undefined
  readonly error: number
}

/** Calls that go to the leaders of partitions. */
export class PartitionAdmin {
  readonly #calls: AdminCalls
  readonly #transport: Transport
  readonly #metadata: Metadata

  constructor(calls: AdminCalls, transport: Transport, metadata: Metadata) {
    this.#calls = calls
    this.#transport = transport
    this.#metadata = metadata
  }

  async listOffsets(query: readonly OffsetQuery[], isolation: IsolationLevel): Promise<readonly (number | null)[]> {
    const found = new Map<OffsetQuery, number | null>()
    const ask = async (node: number, items: readonly OffsetQuery[]): Promise<readonly Outcome<OffsetQuery>[]> => {
      const partitions = items.map(({ topic, partition, spec }) => ({ topic, partition, timestamp: timestampOf(spec), leaderEpoch: -1 }))
      const answer = await this.#transport.send(node, 'control', listOffsets(partitions, isolation))
      return answer.partitions.map(({ topic, partition, error, offset }) => {
        const item = find(items, topic, partition)
        if (error === 0 && item !== undefined) found.set(item, offset < 0 ? null : offset)
        return { item, error }
      })
    }
    await this.#atLeaders('listing offsets', query, async (node, items) => {
      const outcomes = await Promise.all(oncePerPartition(items).map((round) => ask(node, round)))
      return outcomes.flat()
    })
    return query.map((item) => found.get(item) ?? null)
  }

  async deleteRecords(before: readonly TopicPartitionOffset[]): Promise<void> {
    await this.#atLeaders('deleting records', before, async (node, items, call) => {
      const answer = await this.#transport.send(node, 'control', deleteRecords(items, call.leftMs()), { timeoutMs: call.leftMs() + 1000 })
      return answer.partitions.map(({ topic, partition, error }) => ({ item: find(items, topic, partition), error }))
    })
  }

  /** Sends to each leader what concerns it, and again what failed and may succeed later. */
  #atLeaders<T extends TopicPartition>(
    what: string,
    items: readonly T[],
    send: (node: number, items: readonly T[], call: Call) => Promise<readonly Outcome<T>[]>,
  ): Promise<void> {
    const left = new Set(items)
    return this.#calls.run(what, async (call) => {
      if (left.size === 0) return
      const byLeader = await this.#byLeader([...left], call)
      const outcomes = await Promise.all([...byLeader].map(([node, list]) => send(node, list, call)))
      let failure: KafkaError | null = null
      for (const { item, error } of outcomes.flat()) {
        if (item === undefined) continue
        if (error === 0) left.delete(item)
        else failure = worse(failure, kafkaError(error, item))
      }
      if (failure !== null) throw failure
    })
  }

  async #byLeader<T extends TopicPartition>(items: readonly T[], { signal }: Call): Promise<Map<number, T[]>> {
    this.#metadata.setTopics(new Set(items.map(({ topic }) => topic)))
    if (items.some((item) => this.#leaderOf(item) === undefined)) await this.#metadata.refresh(signal)
    const leaders = new Map<number, T[]>()
    for (const item of items) {
      const leader = this.#leaderOf(item) ?? -1
      if (leader < 0) throw noLeader(this.#metadata, item)
      leaders.set(leader, [...(leaders.get(leader) ?? []), item])
    }
    return leaders
  }

  #leaderOf({ topic, partition }: TopicPartition): number | undefined {
    return this.#metadata.topic(topic)?.partitions[partition]?.leader
  }
}

/** An error that no repetition mends is told first. */
function worse(known: KafkaError | null, error: KafkaError): KafkaError {
  return known === null || (known.retriable && !error.retriable) ? error : known
}

function find<T extends TopicPartition>(items: readonly T[], topic: string, partition: number): T | undefined {
  return items.find((item) => item.topic === topic && item.partition === partition)
}

function timestampOf(spec: OffsetQuery['spec']): number {
  if (spec === 'earliest') return EARLIEST_TIMESTAMP
  return spec === 'latest' ? LATEST_TIMESTAMP : spec
}
