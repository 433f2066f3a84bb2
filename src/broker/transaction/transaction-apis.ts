import type { AnswerRequest, Apis } from '../api.ts'
import type { Clock } from '../clock.ts'
import type { RecordTopics } from '../partition/record-log.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import { addPartitionsToTransaction } from './add-partitions.ts'
import { errorOf } from './error-of.ts'
import type { TransactionCoordinator } from './transaction-coordinator.ts'
import { describeTransactions, listTransactions } from './transaction-queries.ts'
import { writeTransactionMarkers } from './write-markers.ts'

export interface TransactionApiOptions {
  readonly coordinator: TransactionCoordinator
  readonly topics: RecordTopics
  readonly clock: Clock
}

/** What producers ask the transaction coordinator, and what people ask about it. EndTxn 5 belongs to a feature that is not offered. */
export function transactionApis({ coordinator, topics, clock }: TransactionApiOptions): Apis {
  return {
    InitProducerId: { versions: [0, 5], answer: initProducerId(coordinator) },
    AddPartitionsToTxn: { versions: [0, 5], answer: addPartitionsToTransaction(coordinator, topics) },
    AddOffsetsToTxn: { versions: [0, 4], answer: addOffsets(coordinator) },
    EndTxn: { versions: [0, 4], answer: endTransaction(coordinator) },
    DescribeTransactions: { versions: [0, 0], answer: describeTransactions(coordinator) },
    ListTransactions: { versions: [0, 2], answer: listTransactions(coordinator, clock) },
    WriteTxnMarkers: { versions: [1, 2], answer: writeTransactionMarkers(topics) },
  }
}

function initProducerId(coordinator: TransactionCoordinator): AnswerRequest<'InitProducerId'> {
  return async ({ transactionalId, transactionTimeoutMs, producerId, producerEpoch }, { version }) => {
    let given = { producerId: -1, producerEpoch: -1 }
    const errorCode = await errorOf('InitProducerId', version, async () => {
      if ((producerId === -1) !== (producerEpoch === -1)) throw new ApiError(Errors.INVALID_REQUEST)
      const known = producerId === -1 ? null : { producerId, producerEpoch }
      given = await coordinator.initProducerId(transactionalId, transactionTimeoutMs, known)
    })
    return { throttleTimeMs: 0, errorCode, ...given }
  }
}

function addOffsets(coordinator: TransactionCoordinator): AnswerRequest<'AddOffsetsToTxn'> {
  return async ({ transactionalId, producerId, producerEpoch, groupId }, { version }) => ({
    throttleTimeMs: 0,
    errorCode: await errorOf('AddOffsetsToTxn', version, () => coordinator.addGroup(transactionalId, producerId, producerEpoch, groupId)),
  })
}

function endTransaction(coordinator: TransactionCoordinator): AnswerRequest<'EndTxn'> {
  return async ({ transactionalId, producerId, producerEpoch, committed }, { version }) => ({
    throttleTimeMs: 0,
    errorCode: await errorOf('EndTxn', version, () => coordinator.end(transactionalId, producerId, producerEpoch, committed)),
  })
}
