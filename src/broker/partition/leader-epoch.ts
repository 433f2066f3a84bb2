import { Errors, type ErrorNumber } from '../protocol/errors.ts'

/** This broker leads every partition for ever: nobody else ever did. */
export const LEADER_EPOCH = 0

/** What clients send when they do not know or do not care. */
const NO_EPOCH = -1

/** Whether a client knows the same leader as we do. Kafka: Partition#checkCurrentLeaderEpoch. */
export function checkLeaderEpoch(known: number): ErrorNumber {
  if (known === NO_EPOCH || known === LEADER_EPOCH) return Errors.NONE
  return known < LEADER_EPOCH ? Errors.FENCED_LEADER_EPOCH : Errors.UNKNOWN_LEADER_EPOCH
}
