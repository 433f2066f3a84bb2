import { commitFailed, KafkaError, kafkaError, type KafkaErrorFacts } from '../errors.ts'
import type { TransactionIdentity } from '../protocol/transaction-identity.ts'

const [ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, INVALID_PRODUCER_EPOCH, PRODUCER_FENCED] = [22, 25, 47, 90]
const [CLUSTER_AUTHORIZATION_FAILED, UNSUPPORTED_VERSION, TRANSACTIONAL_ID_AUTHORIZATION_FAILED] = [31, 35, 53]
/** The coordinator no longer knows the producer's id: the transaction is lost, but the id can be had anew. */
const FORGOTTEN = new Set([49, 59])
const FATAL_TO_A_BATCH = new Set([CLUSTER_AUTHORIZATION_FAILED, UNSUPPORTED_VERSION, TRANSACTIONAL_ID_AUTHORIZATION_FAILED])

/** What an error of a coordinator means: `abortable` ends the transaction, any other one the producer. */
export function coordinatorFailure(error: KafkaError, transaction: TransactionIdentity): KafkaError {
  const { number } = error
  if (number === INVALID_PRODUCER_EPOCH || number === PRODUCER_FENCED) return fencedError(transaction, error)
  if (number === UNKNOWN_MEMBER_ID || number === ILLEGAL_GENERATION) return abortableError(memberIsGone(error))
  return error.abortable || isForgotten(error) ? abortableError(error) : fatalError(error)
}

/** What a record or batch that failed means. Java's producer, too, lets the abort find out whether an old epoch means fenced. */
export function recordFailure(error: KafkaError, transaction: TransactionIdentity): KafkaError {
  if (error.number === PRODUCER_FENCED) return fencedError(transaction, error)
  return error.number !== null && FATAL_TO_A_BATCH.has(error.number) ? fatalError(error) : abortableError(error)
}

/** Whether the coordinator has no transaction to end, because it no longer knows the producer. */
export function isForgotten({ number }: KafkaError): boolean {
  return number !== null && FORGOTTEN.has(number)
}

/** The transaction can only be aborted; the producer goes on. The same call must not be tried again, whatever the cause says of itself. */
export function abortableError(cause: KafkaError, message = cause.message): KafkaError {
  return new KafkaError(message, { ...lastingFacts(cause), abortable: true }, { topic: cause.topic, partition: cause.partition, cause })
}

/** The producer can only be closed. */
export function fatalError(cause: KafkaError, message = cause.message): KafkaError {
  return new KafkaError(message, lastingFacts(cause), { topic: cause.topic, partition: cause.partition, cause })
}

/** Java's sentence, and what it means. */
function fencedError({ transactionalId, producerId, producerEpoch }: TransactionIdentity, cause: KafkaError): KafkaError {
  const message =
    `Producer with transactionalId '${transactionalId}' and ProducerIdAndEpoch(producerId=${producerId}, epoch=${producerEpoch}) ` +
    'has been fenced by another producer with the same transactionalId. Only one may run at a time, and the newer one does; ' +
    'or the transaction was open for longer than transaction.timeout.ms'
  const { code, number, javaName } = kafkaError(PRODUCER_FENCED)
  return new KafkaError(message, { ...lastingFacts(cause), code, number, javaName, fenced: true }, { cause })
}

/** Unsent records of a transaction that is aborted. */
export function transactionAborted(): KafkaError {
  const facts: KafkaErrorFacts = {
    code: 'TRANSACTION_ABORTED',
    number: null,
    javaName: 'org.apache.kafka.common.errors.TransactionAbortedException',
    ...{ retriable: false, refresh: 'none', fenced: false, auth: false, abortable: false },
  }
  return new KafkaError('Failing batch since transaction was aborted', facts)
}

function memberIsGone(error: KafkaError): KafkaError {
  return commitFailed(`Transaction offset Commit failed due to consumer group metadata mismatch: ${error.message}`, error)
}

function lastingFacts({ code, number, javaName, auth }: KafkaError): KafkaErrorFacts {
  return { code, number, javaName, auth, retriable: false, refresh: 'none', fenced: false, abortable: false }
}
