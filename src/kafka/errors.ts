/**
 * What can go wrong with Kafka, as facts on one class. Decoders and the transport build these errors at the edge;
 * nobody parses texts and nobody looks at an error of kafkajs.
 */
import type { TopicPartition } from '../api/sink.ts'
import { ERROR_CODES } from './error-codes.ts'

/** What must be asked again before another try can succeed: leaders and the controller, the coordinator, or nothing. */
export type Refresh = 'metadata' | 'coordinator' | 'none'

export interface KafkaErrorFacts {
  /** Kafka's name of the error; for those without a protocol code a name in the same style. */
  readonly code: string
  /** Protocol code; null when no broker sent one. */
  readonly number: number | null
  /** Java's full class name, shown in dead letter headers and traces. */
  readonly javaName: string
  /** Trying again may succeed. A fact about the error, not about the operation: after a time-out the outcome is unknown. */
  readonly retriable: boolean
  readonly refresh: Refresh
  /** Another client with the same identity took over. Fatal when a coordinator said so. */
  readonly fenced: boolean
  /** Not authenticated or not allowed. Never retried. */
  readonly auth: boolean
  /** A transaction that meets it can be aborted, and the producer used again. */
  readonly abortable: boolean
}

export interface KafkaErrorDetails {
  readonly topic?: string | undefined
  readonly partition?: number | undefined
  readonly cause?: unknown
}

/** Every failure of the Kafka client. */
export class KafkaError extends Error implements KafkaErrorFacts {
  readonly code: string
  readonly number: number | null
  readonly javaName: string
  readonly retriable: boolean
  readonly refresh: Refresh
  readonly fenced: boolean
  readonly auth: boolean
  readonly abortable: boolean
  declare readonly topic?: string
  declare readonly partition?: number

  constructor(message: string, facts: KafkaErrorFacts, details: KafkaErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'KafkaError'
    this.code = facts.code
    this.number = facts.number
    this.javaName = facts.javaName
    this.retriable = facts.retriable
    this.refresh = facts.refresh
    this.fenced = facts.fenced
    this.auth = facts.auth
    this.abortable = facts.abortable
    if (details.topic !== undefined) this.topic = details.topic
    if (details.partition !== undefined) this.partition = details.partition
  }
}

/** Thrown once by `poll` after `wakeup`. Says nothing about the broker; no record is lost. */
export class WakeupException extends KafkaError {
  constructor() {
    super('The consumer was woken up while it waited in poll', {
      ...FATAL,
      code: 'WAKEUP',
      javaName: 'org.apache.kafka.common.errors.WakeupException',
    })
    this.name = 'WakeupException'
  }
}

const FATAL = { number: null, retriable: false, refresh: 'none', fenced: false, auth: false, abortable: false } as const
const RETRIABLE = { ...FATAL, retriable: true } as const

const REFRESH_METADATA = new Set([3, 5, 6, 9, 13, 41, 56, 72, 74, 80, 83, 84, 100, 103])
const REFRESH_COORDINATOR = new Set([15, 16])
// 2 is retriable to a producer only; whoever reads a corrupt batch reports it with `corruptRecord`
const RETRY_LATER = new Set([2, 7, 14, 19, 20, 51, 70, 71, 75, 78, 88, 89, 106])
// 47: a coordinator that says it means fenced; from Produce it is abortable, and the abort then tells
const FENCED = new Set([47, 82, 90])
const AUTH = new Set([29, 30, 31, 33, 34, 53, 54, 58])
const ABORTABLE = new Set([22, 25, 29, 30, 47, 82, 120])

/** The facts of a protocol code. A code that is not known is fatal. */
export function factsOf(number: number): KafkaErrorFacts {
  const known = ERROR_CODES.get(number)
  const refresh = refreshOf(number)
  return {
    code: known?.code ?? `UNKNOWN_ERROR_${number}`,
    number,
    javaName: known?.javaName ?? 'org.apache.kafka.common.errors.UnknownServerException',
    retriable: refresh !== 'none' || RETRY_LATER.has(number),
    refresh,
    fenced: FENCED.has(number),
    auth: AUTH.has(number),
    abortable: ABORTABLE.has(number),
  }
}

function refreshOf(number: number): Refresh {
  if (REFRESH_METADATA.has(number)) return 'metadata'
  return REFRESH_COORDINATOR.has(number) ? 'coordinator' : 'none'
}

/**
 * The error a broker answered.
 * @param details.message what the broker or the caller adds; the default is Java's sentence with the topic or partition
 */
export function kafkaError(number: number, details: KafkaErrorDetails & { readonly message?: string | null | undefined } = {}): KafkaError {
  const { message } = details
  const text = message === undefined || message === null || message === '' ? defaultMessage(number, details) : message
  return new KafkaError(text, factsOf(number), details)
}

function defaultMessage(number: number, { topic, partition }: KafkaErrorDetails): string {
  if (number === 29 && topic !== undefined) return `Not authorized to access topics: [${topic}]`
  const text = ERROR_CODES.get(number)?.text ?? `The server answered error code ${number}, which this client does not know.`
  if (topic === undefined) return text
  return partition === undefined ? `${text} (topic ${topic})` : `${text} (partition ${topic}-${partition})`
}

/** Java's sentence for a group the client may not use. */
export function groupNotAuthorized(group: string): KafkaError {
  return kafkaError(30, { message: `Not authorized to access group: ${group}` })
}

/** Something did not happen in time: a request, metadata, a delivery. The outcome of what was sent is unknown. */
export function timeoutException(message: string, details?: KafkaErrorDetails): KafkaError {
  return new KafkaError(message, { ...RETRIABLE, code: 'TIMEOUT', javaName: 'org.apache.kafka.common.errors.TimeoutException' }, details)
}

/** A request got no answer within its time. The leader may have changed, so look again. */
export function requestTimedOut(message: string, details?: KafkaErrorDetails): KafkaError {
  const facts = {
    ...RETRIABLE,
    refresh: 'metadata',
    code: 'REQUEST_TIMEOUT',
    javaName: 'org.apache.kafka.common.errors.TimeoutException',
  } as const
  return new KafkaError(message, facts, details)
}

/** No connection, or it broke before the answer came. */
export function disconnectException(message: string, details?: KafkaErrorDetails): KafkaError {
  const facts = {
    ...RETRIABLE,
    refresh: 'metadata',
    code: 'DISCONNECTED',
    javaName: 'org.apache.kafka.common.errors.DisconnectException',
  } as const
  return new KafkaError(message, facts, details)
}

/** SASL: the broker refused the credentials, with its own reason in the text. */
export function saslAuthenticationFailed(message: string, cause?: unknown): KafkaError {
  return kafkaError(58, { message, cause })
}

/** TLS: certificate, host name or protocol were refused by one side. */
export function sslAuthenticationFailed(message: string, cause?: unknown): KafkaError {
  const facts = {
    ...FATAL,
    auth: true,
    code: 'SSL_AUTHENTICATION_FAILED',
    javaName: 'org.apache.kafka.common.errors.SslAuthenticationException',
  }
  return new KafkaError(message, facts, { cause })
}

/** @param limit name and value of the configuration that the record exceeds */
export function recordTooLarge(
  bytes: number,
  limit: { readonly key: 'max.request.size' | 'buffer.memory'; readonly value: number },
  topic?: string,
): KafkaError {
  const which =
    limit.key === 'max.request.size'
      ? `${limit.value}, which is the value of the max.request.size configuration.`
      : 'the total memory buffer you have configured with the buffer.memory configuration.'
  const facts = { ...FATAL, code: 'RECORD_TOO_LARGE', javaName: 'org.apache.kafka.common.errors.RecordTooLargeException' }
  return new KafkaError(`The message is ${bytes} bytes when serialized which is larger than ${which}`, facts, { topic })
}

/** The group moved on without this member: what it read may be read again by others. */
export function commitFailed(message: string = COMMIT_TOO_LATE, cause?: unknown): KafkaError {
  return new KafkaError(
    message,
    { ...FATAL, code: 'COMMIT_FAILED', javaName: 'org.apache.kafka.clients.consumer.CommitFailedException' },
    { cause },
  )
}

const COMMIT_TOO_LATE =
  'Offset commit cannot be completed since the consumer is not part of an active group for auto partition assignment; ' +
  'it is likely that the consumer was kicked out of the group.'

/** The position is outside the log and `auto.offset.reset` is none. */
export function offsetOutOfRange({ topic, partition }: TopicPartition, offset: number): KafkaError {
  const facts = { ...factsOf(1), javaName: 'org.apache.kafka.clients.consumer.OffsetOutOfRangeException' }
  return new KafkaError(`Fetch position ${offset} is out of range for partition ${topic}-${partition}`, facts, { topic, partition })
}

/** A position in a log that its leader does not have, or has only up to `divergent`; null: nothing tells how far. */
export interface TruncatedPosition extends TopicPartition {
  readonly position: PositionInLog
  readonly divergent: PositionInLog | null
}

export interface PositionInLog {
  readonly offset: number
  readonly leaderEpoch: number
}

/** Logs were cut off before positions, and `auto.offset.reset` is none. */
export function logTruncation(truncated: readonly TruncatedPosition[]): KafkaError {
  const divergent = truncated.map((each) => `${each.topic}-${each.partition}=${each.divergent?.offset ?? 'unknown'}`).join(', ')
  const read = truncated.map(({ topic, partition, position }) => `${topic}-${partition} at ${positionText(position)}`).join(', ')
  const message =
    `Truncated partitions detected with divergent offsets {${divergent}}: ${read} had been read, but the logs of the leaders are the same only ` +
    'up to the divergent offsets, and what was read from there on is lost in the cluster. ' +
    'Seek to the divergent offsets, or commit them for the group, to go on; auto.offset.reset=none forbids to do so unasked'
  const facts = { ...FATAL, code: 'LOG_TRUNCATION', javaName: 'org.apache.kafka.clients.consumer.LogTruncationException' }
  return new KafkaError(message, facts, truncated[0])
}

/** An offset with the leader epoch of the record before it. */
export function positionText({ offset, leaderEpoch }: PositionInLog): string {
  return `offset ${offset} (leader epoch ${leaderEpoch})`
}

/** There is no committed offset and `auto.offset.reset` is none. */
export function noOffsetForPartition(partitions: readonly TopicPartition[]): KafkaError {
  const names = partitions.map(({ topic, partition }) => `${topic}-${partition}`).join(', ')
  const facts = { ...FATAL, code: 'NO_OFFSET_FOR_PARTITION', javaName: 'org.apache.kafka.clients.consumer.NoOffsetForPartitionException' }
  return new KafkaError(`Undefined offset with no reset policy for partitions: [${names}]`, facts, partitions[0])
}

/** A fetched batch is damaged. Reading on would skip records, so it is not retried. */
export function corruptRecord(message: string, details?: KafkaErrorDetails): KafkaError {
  return new KafkaError(message, { ...factsOf(2), retriable: false }, details)
}

/** Client and broker have no common version of an API, or of a format. */
export function unsupportedVersion(message: string): KafkaError {
  return kafkaError(35, { message })
}

/** The client is closed, or was called in a state that does not allow it. */
export function illegalState(message: string, cause?: unknown): KafkaError {
  return new KafkaError(message, { ...FATAL, code: 'ILLEGAL_STATE', javaName: 'java.lang.IllegalStateException' }, { cause })
}

/** The operation was given up because its `AbortSignal` fired or the client closed. */
export function interrupted(message: string, cause?: unknown): KafkaError {
  return new KafkaError(
    message,
    { ...FATAL, code: 'INTERRUPTED', javaName: 'org.apache.kafka.common.errors.InterruptException' },
    { cause },
  )
}

/** Wraps what is not a KafkaError: a bug or a failure outside Kafka. Fatal, with the cause kept. */
export function asKafkaError(error: unknown): KafkaError {
  if (error instanceof KafkaError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new KafkaError(message, { ...FATAL, code: 'CLIENT_ERROR', javaName: 'org.apache.kafka.common.KafkaException' }, { cause: error })
}
