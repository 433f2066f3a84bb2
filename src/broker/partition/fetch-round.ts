import type { RequestContext } from '../api.ts'
import type { DecodedRequest } from '../protocol/codec.ts'
import { ApiError, Errors, type ErrorNumber } from '../protocol/errors.ts'
import type { ResponseMessages } from '../protocol/messages.ts'
import { checkLeaderEpoch } from './leader-epoch.ts'
import type { EpochEnd, Isolation, ReadRecords, RecordLog, RecordTopic, RecordTopics } from './record-log.ts'
import type { WaitingPosition } from './waiting-fetches.ts'

type FetchRequest = DecodedRequest<'Fetch'>
type FetchResponse = ResponseMessages['Fetch']
type TopicAnswer = FetchResponse['responses'][number]
type PartitionAnswer = TopicAnswer['partitions'][number]
type WantedPartition = FetchRequest['topics'][number]['partitions'][number]

/** A partition whose turn to be read comes. */
interface PartitionRead {
  readonly wanted: WantedPartition
  readonly log: RecordLog
  /** Where its answer goes. */
  readonly answers: PartitionAnswer[]
  readonly at: number
}

/** What fetches are answered from. */
export interface FetchSource {
  readonly topics: RecordTopics
  /** fetch.max.bytes of the broker. */
  readonly maxBytes: number
  readonly leader: LeaderAddress
}

/** The node that leads all partitions, as clients of a listener reach it. */
export type LeaderAddress = (listener: string) => { nodeId: number; host: string; port: number }

const FIRST_WITH_TOPIC_IDS = 13
const FIRST_WITH_LEADERS = 16
const READ_COMMITTED = 1
const NO_RECORDS = Buffer.alloc(0)

/**
 * One pass over the partitions of a fetch, in the request's order: each takes what the request's limit leaves. The first batch of all is
 * read whatever the limits are, so that a reader of a large batch gets on. Kafka: ReplicaManager#readFromLog.
 */
export class FetchRound {
  readonly isolation: Isolation
  readonly answer: FetchResponse = { errorCode: Errors.NONE, sessionId: 0, responses: [] }
  /** Where readers stand behind what was read. */
  readonly positions: WaitingPosition[] = []
  bytes = 0
  /** A partition has an error, or another news that the reader must not wait for. */
  hasErrors = false
  readonly #context: RequestContext
  readonly #source: FetchSource
  readonly #reads: PartitionRead[] = []
  #bytesLeft: number
  #next = 0

  constructor(request: FetchRequest, context: RequestContext, source: FetchSource) {
    this.isolation = request.isolationLevel === READ_COMMITTED ? 'read_committed' : 'read_uncommitted'
    this.#context = context
    this.#source = source
    this.#bytesLeft = Math.min(request.maxBytes, source.maxBytes)
    for (const topic of request.topics) this.answer.responses.push(this.#planTopic(topic, context.version >= FIRST_WITH_TOPIC_IDS))
  }

  get isEmpty(): boolean {
    return this.#reads.length === 0
  }

  /** Null when all was read without a wait. */
  read(): Promise<void> | null {
    while (this.#next < this.#reads.length) {
      // Below the length, hence there.
      const read = this.#reads[this.#next++] as PartitionRead
      const result = this.#readPartition(read)
      if (result instanceof Promise) return this.#readOn(read, result)
      if (result !== null) this.#take(read, result)
    }
    return null
  }

  async #readOn(read: PartitionRead, result: Promise<ReadRecords>): Promise<void> {
    try {
      this.#take(read, await result)
    } catch (error) {
      this.#refuse(read, error)
    }
    await this.read()
  }

  #planTopic({ topic: name, topicId, partitions }: FetchRequest['topics'][number], byId: boolean): TopicAnswer {
    const topic = byId ? this.#source.topics.byId(topicId) : this.#source.topics.get(name)
    const unknown = byId ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION
    const answers: PartitionAnswer[] = []
    for (const wanted of partitions) answers.push(this.#plan(topic, unknown, wanted, answers))
    return { topic: name, topicId, partitions: answers }
  }

  #plan(topic: RecordTopic | null, unknown: ErrorNumber, wanted: WantedPartition, answers: PartitionAnswer[]): PartitionAnswer {
    const log = topic?.partitions[wanted.partition]
    if (topic !== null && log !== undefined) this.#reads.push({ wanted, log, answers, at: answers.length })
    else this.hasErrors = true
    return failed(wanted.partition, topic === null ? unknown : Errors.UNKNOWN_TOPIC_OR_PARTITION)
  }

  #readPartition(read: PartitionRead): ReadRecords | Promise<ReadRecords> | null {
    const { wanted, log } = read
    try {
      const error = checkLeaderEpoch(wanted.currentLeaderEpoch, log.leaderEpoch)
      if (error !== Errors.NONE) throw new ApiError(error)
      const diverging = divergingEpoch(wanted, log)
      if (diverging !== null) return this.#diverge(read, diverging)
      const limit = Math.max(Math.min(wanted.partitionMaxBytes, this.#bytesLeft), 0)
      return log.read(wanted.fetchOffset, limit, { isolation: this.isolation, minOneBatch: this.bytes === 0 })
    } catch (error) {
      this.#refuse(read, error)
      return null
    }
  }

  #take({ wanted, log, answers, at }: PartitionRead, result: ReadRecords): void {
    const { highWatermark, lastStableOffset, logStartOffset, abortedTransactions } = result
    const records = inOnePiece(result.records)
    this.bytes += records.length
    this.#bytesLeft -= records.length
    this.positions.push({ log, end: this.isolation === 'read_committed' ? lastStableOffset : highWatermark })
    answers[at] = {
      partitionIndex: wanted.partition,
      errorCode: Errors.NONE,
      highWatermark,
      lastStableOffset,
      logStartOffset,
      abortedTransactions,
      records,
    }
  }

  #diverge({ wanted, log, answers, at }: PartitionRead, { leaderEpoch, endOffset }: EpochEnd): null {
    const { highWatermark, lastStableOffset, logStartOffset } = log
    this.hasErrors = true
    answers[at] = {
      ...failed(wanted.partition, Errors.NONE),
      highWatermark,
      lastStableOffset,
      logStartOffset,
      divergingEpoch: { epoch: leaderEpoch, endOffset },
    }
    return null
  }

  #refuse({ wanted, log, answers, at }: PartitionRead, error: unknown): void {
    if (!(error instanceof ApiError)) throw error
    this.hasErrors = true
    const answer = failed(wanted.partition, error.error)
    answers[at] = answer
    if (error.error === Errors.FENCED_LEADER_EPOCH && this.#context.version >= FIRST_WITH_LEADERS) this.#tellLeader(answer, log)
  }

  /** Spares the reader to ask for metadata (KIP-951). */
  #tellLeader(answer: PartitionAnswer, { leaderEpoch }: RecordLog): void {
    const node = this.#source.leader(this.#context.listener)
    answer.currentLeader = { leaderId: node.nodeId, leaderEpoch }
    this.answer.nodeEndpoints = [node]
  }
}

/** Where the log and what the reader has had part; null: they do not, or the reader does not say. Kafka: Partition#readRecords (KIP-595). */
function divergingEpoch({ lastFetchedEpoch, fetchOffset }: WantedPartition, log: RecordLog): EpochEnd | null {
  if (lastFetchedEpoch < 0) return null
  const end = log.endOfLeaderEpoch(lastFetchedEpoch)
  if (end === null || fetchOffset < log.logStartOffset) throw new ApiError(Errors.OFFSET_OUT_OF_RANGE)
  return end.leaderEpoch < lastFetchedEpoch || end.endOffset < fetchOffset ? end : null
}

function inOnePiece(records: Buffer | readonly Buffer[]): Buffer {
  if (Buffer.isBuffer(records)) return records
  return records.length === 1 ? (records[0] ?? NO_RECORDS) : Buffer.concat(records)
}

function failed(partitionIndex: number, errorCode: ErrorNumber): PartitionAnswer {
  return {
    partitionIndex,
    errorCode,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    abortedTransactions: null,
    records: NO_RECORDS,
  }
}
