import type { Reader } from '../../../../src/kafka/protocol/reader.ts'
import { Writer } from '../../../../src/kafka/protocol/writer.ts'
import type { Exchange } from '../exchange.ts'
import type { Transaction } from '../transaction.ts'
import { flat, nested, type Api, type PartitionRef } from './api.ts'

interface TransactionRequest {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
}

export interface AddPartitionsToTxnRequest extends TransactionRequest {
  readonly partitions: readonly PartitionRef[]
}

export interface AddOffsetsToTxnRequest extends TransactionRequest {
  readonly groupId: string
}

export interface EndTxnRequest extends TransactionRequest {
  readonly committed: boolean
}

export interface TxnOffsetCommitRequest extends TransactionRequest {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly partitions: readonly (PartitionRef & { readonly offset: number })[]
}

const [NOT_COORDINATOR, INVALID_PRODUCER_EPOCH, OPERATION_NOT_ATTEMPTED] = [16, 47, 55]

export const addPartitionsToTxn: Api<AddPartitionsToTxnRequest> = {
  key: 24,
  versions: [0, 2],
  decode: (reader) => ({ ...decodeTransaction(reader), partitions: flat(reader, (topic) => ({ topic, partition: reader.int32() })) }),
  handle(request, exchange) {
    const { partitions } = request
    const { error, transaction } = transactionOf(request, exchange)
    const errors = partitions.map(({ topic, partition }) => (error === 0 ? exchange.errorOf(topic, partition) : error))
    const areAllRight = errors.every((each) => each === 0)
    if (areAllRight) transaction?.addPartitions(partitions)
    const results = partitions.map((each, index) => ({ ...each, error: errors[index]! }))
    const writer = new Writer().int32(exchange.throttleMs)
    return nested(writer, results, (each) => {
      writer.int32(each.partition).int16(each.error === 0 && !areAllRight ? OPERATION_NOT_ATTEMPTED : each.error)
    })
  },
}

export const addOffsetsToTxn: Api<AddOffsetsToTxnRequest> = {
  key: 25,
  versions: [0, 2],
  decode: (reader) => ({ ...decodeTransaction(reader), groupId: reader.string() }),
  handle(request, exchange) {
    const { error, transaction } = transactionOf(request, exchange)
    if (error === 0) transaction?.addGroup(request.groupId)
    return new Writer().int32(exchange.throttleMs).int16(error)
  },
}

export const endTxn: Api<EndTxnRequest> = {
  key: 26,
  versions: [0, 2],
  decode: (reader) => ({ ...decodeTransaction(reader), committed: reader.boolean() }),
  handle(request, exchange) {
    const { error, transaction } = transactionOf(request, exchange)
    const ended = error === 0 ? (transaction?.end(request.committed ? 'commit' : 'abort') ?? []) : error
    if (typeof ended !== 'number') {
      for (const { groupId, topic, partition, offset } of ended) exchange.cluster.groupState(groupId).commit(topic, partition, offset)
    }
    return new Writer().int32(exchange.throttleMs).int16(typeof ended === 'number' ? ended : 0)
  },
}

export const txnOffsetCommit: Api<TxnOffsetCommitRequest> = {
  key: 28,
  versions: [0, 3],
  flexible: 3,
  decode: (reader, version) => (version >= 3 ? decodeFlexibleOffsets(reader) : decodeOffsets(reader, version)),
  handle(request, exchange) {
    const { cluster } = exchange
    const group = cluster.group(exchange, request.groupId)
    const transaction = cluster.transaction(request.transactionalId)
    const refused = group.error !== 0 ? group.error : request.generationId >= 0 ? group.canCommit(request) : 0
    const isFenced = transaction.producerEpoch !== request.producerEpoch
    const results = request.partitions.map((each) => {
      const scripted = exchange.errorOf(each.topic, each.partition)
      return { ...each, error: scripted !== 0 ? scripted : refused !== 0 ? refused : isFenced ? INVALID_PRODUCER_EPOCH : 0 }
    })
    transaction.addOffsets(
      request.groupId,
      results.filter(({ error }) => error === 0),
    )
    const writer = new Writer().int32(exchange.throttleMs)
    if (exchange.version < 3) return nested(writer, results, ({ partition, error }) => writer.int32(partition).int16(error))
    writer.compactArray(
      Map.groupBy(results, ({ topic }) => topic),
      (_, [topic, list]) => {
        writer
          .compactString(topic)
          .compactArray(list, (__, { partition, error }) => writer.int32(partition).int16(error).noTags())
          .noTags()
      },
    )
    return writer.noTags()
  },
}

function transactionOf(
  { transactionalId, producerId, producerEpoch }: TransactionRequest,
  exchange: Exchange,
): { readonly error: number; readonly transaction: Transaction | null } {
  const { cluster, node, version } = exchange
  if (exchange.error !== 0) return { error: exchange.error, transaction: null }
  if (cluster.coordinatorOf(transactionalId) !== node) return { error: NOT_COORDINATOR, transaction: null }
  const transaction = cluster.transaction(transactionalId)
  return { error: transaction.check(producerId, producerEpoch, version), transaction }
}

function decodeTransaction(reader: Reader): TransactionRequest {
  return { transactionalId: reader.string(), producerId: reader.int64(), producerEpoch: reader.int16() }
}

function decodeOffsets(reader: Reader, version: number): TxnOffsetCommitRequest {
  const [transactionalId, groupId, producerId, producerEpoch] = [reader.string(), reader.string(), reader.int64(), reader.int16()]
  const partitions = flat(reader, (topic) => {
    const [partition, offset] = [reader.int32(), reader.int64()]
    if (version >= 2) reader.int32()
    reader.nullableString()
    return { topic, partition, offset }
  })
  return { transactionalId, groupId, producerId, producerEpoch, generationId: -1, memberId: '', groupInstanceId: null, partitions }
}

function decodeFlexibleOffsets(reader: Reader): TxnOffsetCommitRequest {
  const transactionalId = reader.compactString()
  const groupId = reader.compactString()
  const [producerId, producerEpoch, generationId] = [reader.int64(), reader.int16(), reader.int32()]
  const [memberId, groupInstanceId] = [reader.compactString(), reader.compactNullableString()]
  const partitions: (PartitionRef & { offset: number })[] = []
  reader.compactArray(() => {
    const topic = reader.compactString()
    reader.compactArray(() => {
      partitions.push({ topic, partition: reader.int32(), offset: reader.int64() })
      reader.int32()
      reader.compactNullableString()
      reader.skipTags()
    })
    reader.skipTags()
  })
  return { transactionalId, groupId, producerId, producerEpoch, generationId, memberId, groupInstanceId, partitions }
}
