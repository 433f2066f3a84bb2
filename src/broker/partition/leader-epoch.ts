import { Errors, type ErrorNumber } from '../protocol/errors.ts'

/** What clients send when they do not know or do not care. */
export const NO_EPOCH = -1

/** Whether a client knows the same leader as we do. Kafka: Partition#checkCurrentLeaderEpoch. */
export function checkLeaderEpoch(known: number, current: number): ErrorNumber {
  if (known === NO_EPOCH || known === current) return Errors.NONE
  return known < current ? Errors.FENCED_LEADER_EPOCH : Errors.UNKNOWN_LEADER_EPOCH
}
