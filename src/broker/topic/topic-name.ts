import { whyInvalidName } from '../../api/kafka-name.ts'
import { ApiError, Errors } from '../protocol/errors.ts'

/** Topics that Kafka keeps for itself. There are none here: what they hold is not visible. */
const INTERNAL: ReadonlySet<string> = new Set(['__consumer_offsets', '__transaction_state', '__share_group_state', '__cluster_metadata'])

export function isInternalTopic(name: string): boolean {
  return INTERNAL.has(name)
}

/** @throws ApiError INVALID_TOPIC_EXCEPTION */
export function checkTopicName(name: string): void {
  const reason = whyInvalidName(name)
  if (reason !== null) throw new ApiError(Errors.INVALID_TOPIC_EXCEPTION, `Topic name is invalid: ${reason}`)
}

export function isValidTopicName(name: string): boolean {
  return whyInvalidName(name) === null
}

/** Names that differ in `.` and `_` only would have the same metric names: Kafka takes one of them. */
export function collisionKey(name: string): string {
  return name.replaceAll('.', '_')
}
