import type { AnswerRequest } from '../api.ts'
import type { RecordTopics } from '../partition/record-log.ts'
import { Errors, type ErrorNumber } from '../protocol/errors.ts'
import { errorOf } from './error-of.ts'
import type { AddedPartitions, TransactionCoordinator } from './transaction-coordinator.ts'

interface Addition {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly verifyOnly: boolean
  readonly topics: AddedPartitions
}

interface TopicResult {
  name: string
  resultsByPartition: { partitionIndex: number; partitionErrorCode: number }[]
}

/** Requests of one transaction, as producers send them. Later versions, of many, are what Kafka's brokers send each other. */
const LAST_OF_PRODUCERS = 3

/** Partitions become part of a transaction: all that a request names, or none. Kafka: KafkaApis#handleAddPartitionsToTxnRequest. */
export function addPartitionsToTransaction(coordinator: TransactionCoordinator, topics: RecordTopics): AnswerRequest<'AddPartitionsToTxn'> {
  return async (request, { version }) => {
    if (version <= LAST_OF_PRODUCERS) {
      const addition = {
        transactionalId: request.v3AndBelowTransactionalId,
        producerId: request.v3AndBelowProducerId,
        producerEpoch: request.v3AndBelowProducerEpoch,
        verifyOnly: false,
        topics: request.v3AndBelowTopics,
      }
      return { throttleTimeMs: 0, resultsByTopicV3AndBelow: await add(coordinator, topics, addition, version) }
    }
    const resultsByTransaction = []
    for (const addition of request.transactions) {
      const topicResults = addition.verifyOnly ? verify(coordinator, addition) : await add(coordinator, topics, addition, version)
      resultsByTransaction.push({ transactionalId: addition.transactionalId, topicResults })
    }
    return { throttleTimeMs: 0, errorCode: Errors.NONE, resultsByTransaction }
  }
}

async function add(
  coordinator: TransactionCoordinator,
  topics: RecordTopics,
  { transactionalId, producerId, producerEpoch, topics: added }: Addition,
  version: number,
): Promise<TopicResult[]> {
  const isUnknown = (topic: string, index: number) => topics.partition(topic, index) === null
  if (added.some(({ name, partitions }) => partitions.some((index) => isUnknown(name, index))))
    return results(added, (topic, index) => (isUnknown(topic, index) ? Errors.UNKNOWN_TOPIC_OR_PARTITION : Errors.OPERATION_NOT_ATTEMPTED))
  const error = await errorOf('AddPartitionsToTxn', version, () =>
    coordinator.addPartitions(transactionalId, producerId, producerEpoch, added),
  )
  return results(added, () => error)
}

function verify(coordinator: TransactionCoordinator, { transactionalId, producerId, producerEpoch, topics }: Addition): TopicResult[] {
  return results(topics, (topic, index) => coordinator.verifyPartition(transactionalId, producerId, producerEpoch, topic, index))
}

function results(topics: AddedPartitions, errorOfPartition: (topic: string, index: number) => ErrorNumber): TopicResult[] {
  return topics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: partitions.map((index) => ({ partitionIndex: index, partitionErrorCode: errorOfPartition(name, index) })),
  }))
}
