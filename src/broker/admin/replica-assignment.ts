import { ApiError, Errors } from '../protocol/errors.ts'

/**
 * One partition's replicas as a client wants them. The sentences are those of Apache Kafka 4.3.1, ReplicationControlManager.
 * @param replication factor of the partitions before it; null for the first
 * @throws ApiError INVALID_REPLICA_ASSIGNMENT
 */
export function checkAssignment(brokerIds: readonly number[], node: number, replication: number | null): void {
  const sorted = brokerIds.toSorted((left, right) => left - right)
  if (sorted.length === 0) throw invalid('The manual partition assignment includes an empty replica list.')
  sorted.forEach((id, index) => {
    if (id !== node) throw invalid(`The manual partition assignment includes broker ${id}, but no such broker is registered.`)
    if (index > 0) throw invalid(`The manual partition assignment includes the broker ${id} more than once.`)
  })
  if (replication !== null && sorted.length !== replication) {
    throw invalid(
      `The manual partition assignment includes a partition with ${sorted.length} replica(s), but this is not consistent with previous partitions, which have ${replication} replica(s).`,
    )
  }
}

/** @throws ApiError INVALID_REPLICATION_FACTOR: there is one node */
export function checkReplication(factor: number): void {
  if (factor === 1) return
  throw new ApiError(
    Errors.INVALID_REPLICATION_FACTOR,
    `Unable to replicate the partition ${factor} time(s): The target replication factor of ${factor} cannot be reached because only 1 broker(s) are registered or some brokers have all their log directories cordoned.`,
  )
}

function invalid(message: string): ApiError {
  return new ApiError(Errors.INVALID_REPLICA_ASSIGNMENT, message)
}
