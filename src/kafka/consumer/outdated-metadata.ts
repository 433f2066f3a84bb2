import type { KafkaError } from '../errors.ts'

const UNKNOWN_LEADER_EPOCH = 75

/**
 * Whether a broker's refusal may come from what we believe of its partition. A leader that does not know our epoch is behind us, as a
 * rule, and catches up; but of a topic that was deleted and made again it is we who know the older one, whose epochs went further.
 */
export function mayBeOutdated(error: KafkaError): boolean {
  return error.refresh === 'metadata' || error.number === UNKNOWN_LEADER_EPOCH
}
