import { ApiError, Errors } from '../protocol/errors.ts'

/** Each takes memory and files: one careless request must not take them all. Apache Kafka 4.3.1, ReplicationControlManager. */
export const MAX_PARTITIONS_PER_REQUEST = 10_000

export function excessivePartitions(): ApiError {
  return new ApiError(Errors.POLICY_VIOLATION, 'Excessively large number of partitions per request.')
}
