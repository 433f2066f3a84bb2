import type { AnswerRequest, RequestContext } from '../api.ts'
import type { DecodedRequest } from '../protocol/codec.ts'
import { RecordsRejected } from '../log/record-errors.ts'
import { InvalidRequest } from '../network/invalid-request.ts'
import { ApiError, Errors, type ErrorNumber } from '../protocol/errors.ts'
import type { ResponseMessages } from '../protocol/messages.ts'
import { producedBatch, isTransactional, producerEpochOf, producerIdOf } from './produced-batch.ts'
import type { RecordLog, RecordTopic, RecordTopics, TransactionChecks } from './record-log.ts'

type ProduceRequest = DecodedRequest<'Produce'>
type TopicAnswer = ResponseMessages['Produce']['responses'][number]
type PartitionAnswer = TopicAnswer['partitionResponses'][number]

const FIRST_WITH_TOPIC_IDS = 13
/** Clients of this version know TRANSACTION_ABORTABLE; older ones get INVALID_TXN_STATE in its place. */
const FIRST_WITH_TRANSACTION_ABORTABLE = 11
const ALL_REPLICAS = -1
const NO_ACKS = 0
const LEADER_ONLY = 1

/**
 * Appends what producers send. A partition that fails says so in its part of the answer. With acks=0 there is no answer: an error closes the
 * connection, so that the client looks for what is wrong. Kafka: KafkaApis#handleProduceRequest, ReplicaManager#appendRecords.
 */
export function produce(topics: RecordTopics, transactions: TransactionChecks): AnswerRequest<'Produce'> {
  return (request, context) => {
    const round = new ProduceRound(request, context, topics, transactions)
    return request.acks === NO_ACKS ? round.answerWithoutAcks() : round.answer()
  }
}

/** One request: appends in the order it has, then waits for what must be flushed. */
class ProduceRound {
  readonly #request: ProduceRequest
  readonly #version: number
  readonly #topics: RecordTopics
  readonly #transactions: TransactionChecks
  readonly #responses: TopicAnswer[] = []
  readonly #flushes: Promise<void>[] = []

  constructor(request: ProduceRequest, context: RequestContext, topics: RecordTopics, transactions: TransactionChecks) {
    this.#request = request
    this.#version = context.version
    this.#topics = topics
    this.#transactions = transactions
    for (const topic of request.topicData) this.#responses.push(this.#appendTopic(topic))
  }

  answer(): ResponseMessages['Produce'] | Promise<ResponseMessages['Produce']> {
    const answer = { responses: this.#responses, throttleTimeMs: 0 }
    return this.#flushes.length === 0 ? answer : Promise.all(this.#flushes).then(() => answer)
  }

  answerWithoutAcks(): null {
    for (const { name, topicId, partitionResponses } of this.#responses)
      for (const { index, errorCode, errorMessage } of partitionResponses)
        if (errorCode !== Errors.NONE)
          throw new InvalidRequest(
            `Produce with acks=0 to ${name === '' ? topicId : name}-${index} failed with error ${errorCode}: ${errorMessage}`,
          )
    return null
  }

  #appendTopic({ name, topicId, partitionData }: ProduceRequest['topicData'][number]): TopicAnswer {
    const byId = this.#version >= FIRST_WITH_TOPIC_IDS
    const topic = byId ? this.#topics.byId(topicId) : this.#topics.get(name)
    const unknown = byId ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION
    const partitionResponses: PartitionAnswer[] = []
    for (const { index, records } of partitionData) partitionResponses.push(this.#appendPartition(topic, unknown, index, records))
    return { name, topicId, partitionResponses }
  }

  #appendPartition(topic: RecordTopic | null, unknown: ErrorNumber, index: number, records: Buffer | null): PartitionAnswer {
    try {
      if (topic === null) throw new ApiError(unknown)
      return this.#append(topic, index, records)
    } catch (error) {
      return refused(index, error)
    }
  }

  #append(topic: RecordTopic, index: number, records: Buffer | null): PartitionAnswer {
    const { acks } = this.#request
    if (acks !== ALL_REPLICAS && acks !== LEADER_ONLY && acks !== NO_ACKS) throw new ApiError(Errors.INVALID_REQUIRED_ACKS)
    const batch = producedBatch(records, this.#version)
    const log = topic.partitions[index]
    if (log === undefined) throw new ApiError(Errors.UNKNOWN_TOPIC_OR_PARTITION)
    if (acks === ALL_REPLICAS && topic.minInsyncReplicas > 1)
      throw new ApiError(
        Errors.NOT_ENOUGH_REPLICAS,
        `The size of the current ISR : 1 is insufficient to satisfy the min.isr requirement of ${topic.minInsyncReplicas} for partition ${topic.name}-${index}`,
      )
    if (isTransactional(batch)) this.#checkTransaction(batch, topic.name, index)
    const { baseOffset, lastOffset, logAppendTime, logStartOffset } = log.append(batch)
    const answer: PartitionAnswer = { index, errorCode: 0, baseOffset, logAppendTimeMs: logAppendTime, logStartOffset, errorMessage: null }
    if (acks !== NO_ACKS) this.#awaitFlush(log, lastOffset + 1, answer)
    return answer
  }

  /** A failed flush turns the partition's answer into an error: the records are not as safe as the client was promised. */
  #awaitFlush(log: RecordLog, end: number, answer: PartitionAnswer): void {
    const flush = log.whenSafe(end)
    if (flush !== null) this.#flushes.push(flush.catch((error: unknown) => void Object.assign(answer, refused(answer.index, error))))
  }

  /**
   * Records of a transaction go only where the coordinator knows that transaction, so that its end reaches them (KIP-890). Kafka:
   * AddPartitionsToTxnManager, ReplicaManager#handleProduceAppend.
   */
  #checkTransaction(batch: Buffer, topic: string, partition: number): void {
    const { transactionalId } = this.#request
    if (transactionalId === null) throw new ApiError(Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    const producerId = producerIdOf(batch)
    const error = this.#transactions.verifyPartition(transactionalId, producerId, producerEpochOf(batch), topic, partition)
    if (error !== Errors.NONE) throw this.#notInTransaction(error)
  }

  #notInTransaction(error: ErrorNumber): ApiError {
    switch (error) {
      case Errors.PRODUCER_FENCED:
        return new ApiError(Errors.INVALID_PRODUCER_EPOCH)
      case Errors.CONCURRENT_TRANSACTIONS:
        return new ApiError(
          Errors.NOT_ENOUGH_REPLICAS,
          'Unable to verify the partition has been added to the transaction. Underlying error: CONCURRENT_TRANSACTIONS',
        )
      case Errors.TRANSACTION_ABORTABLE:
        return new ApiError(
          this.#version >= FIRST_WITH_TRANSACTION_ABORTABLE ? Errors.TRANSACTION_ABORTABLE : Errors.INVALID_TXN_STATE,
          'Partition was not added to the transaction',
        )
      default:
        return new ApiError(error)
    }
  }
}

function refused(index: number, error: unknown): PartitionAnswer {
  if (!(error instanceof ApiError)) throw error
  return {
    index,
    errorCode: error.error,
    baseOffset: -1,
    logAppendTimeMs: -1,
    logStartOffset: -1,
    recordErrors: error instanceof RecordsRejected ? [...error.recordErrors] : [],
    errorMessage: error.message,
  }
}
