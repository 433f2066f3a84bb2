import { ApiError, Errors } from '../protocol/errors.ts'

const MOST_CHARACTERS = 249

/** Topics that Kafka keeps for itself. There are none here: what they hold is not visible. */
const INTERNAL: ReadonlySet<string> = new Set(['__consumer_offsets', '__transaction_state', '__share_group_state', '__cluster_metadata'])

export function isInternalTopic(name: string): boolean {
  return INTERNAL.has(name)
}

/** @throws ApiError INVALID_TOPIC_EXCEPTION. The sentences are those of Apache Kafka 4.3.1, Topic#validate */
export function checkTopicName(name: string): void {
  const reason = whyInvalid(name)
  if (reason !== null) throw new ApiError(Errors.INVALID_TOPIC_EXCEPTION, `Topic name is invalid: ${reason}`)
}

export function isValidTopicName(name: string): boolean {
  return whyInvalid(name) === null
}

function whyInvalid(name: string): string | null {
  if (name === '') return 'the empty string is not allowed'
  if (name === '.') return "'.' is not allowed"
  if (name === '..') return "'..' is not allowed"
  if (name.length > MOST_CHARACTERS) return `the length of '${name}' is longer than the max allowed length ${MOST_CHARACTERS}`
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) return `'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`
  return null
}

/** Names that differ in `.` and `_` only would have the same metric names: Kafka takes one of them. */
export function collisionKey(name: string): string {
  return name.replaceAll('.', '_')
}
