import { asKafkaError, kafkaError, type KafkaError } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import { noLeader } from '../no-leader.ts'
import type { IsolationLevel, TopicPartition } from '../ports.ts'
import { listOffsets, type ListOffsetsPartition } from '../protocol/list-offsets.ts'
import type { Transport } from '../transport.ts'
import { mayBeOutdated } from './outdated-metadata.ts'
import { partitionName } from './subscription-state.ts'

export interface OffsetQuery extends TopicPartition {
  /** First record at or after this time, or one of ListOffsets' two constants. */
  readonly timestamp: number
}

/** An offset, -1 when no record is that late, or why it could not be told. */
export type OffsetAnswer = number | KafkaError

/** Asks partition leaders for offsets by time and for the ends of their logs. */
export class OffsetLookup {
  readonly #transport: Transport
  readonly #metadata: Metadata
  readonly #isolation: IsolationLevel

  constructor(transport: Transport, metadata: Metadata, isolation: IsolationLevel) {
    this.#transport = transport
    this.#metadata = metadata
    this.#isolation = isolation
  }

  /** One attempt, all leaders at once. Errors are answers, and have asked for fresh metadata where that may help. */
  async ask(queries: readonly OffsetQuery[]): Promise<ReadonlyMap<string, OffsetAnswer>> {
    const answers = new Map<string, OffsetAnswer>()
    const byLeader = new Map<number, ListOffsetsPartition[]>()
    for (const query of queries) this.#assign(query, byLeader, answers)
    await Promise.all([...byLeader].map(([node, partitions]) => this.#askLeader(node, partitions, answers)))
    for (const answer of answers.values()) {
      if (typeof answer !== 'number' && mayBeOutdated(answer)) this.#metadata.requestRefresh()
    }
    return answers
  }

  #assign(query: OffsetQuery, byLeader: Map<number, ListOffsetsPartition[]>, answers: Map<string, OffsetAnswer>): void {
    const partition = this.#metadata.topic(query.topic)?.partitions[query.partition]
    if (partition === undefined || partition.leader < 0) {
      this.#metadata.addTopic(query.topic)
      answers.set(partitionName(query), noLeader(this.#metadata, query))
      return
    }
    const asked = { ...query, leaderEpoch: partition.leaderEpoch }
    const others = byLeader.get(partition.leader)
    if (others === undefined) byLeader.set(partition.leader, [asked])
    else others.push(asked)
  }

  async #askLeader(node: number, partitions: readonly ListOffsetsPartition[], answers: Map<string, OffsetAnswer>): Promise<void> {
    try {
      const response = await this.#transport.send(node, 'control', listOffsets(partitions, this.#isolation))
      for (const listed of response.partitions) {
        answers.set(partitionName(listed), listed.error === 0 ? listed.offset : kafkaError(listed.error, listed))
      }
    } catch (error) {
      for (const partition of partitions) answers.set(partitionName(partition), asKafkaError(error))
    }
  }
}
