import type { LogConfig } from '../log/log-config.ts'
import type { RecordLog } from '../partition/record-log.ts'

/** A partition's log, as topics need it beyond what requests for records do. */
export interface PartitionLog extends RecordLog {
  updateConfig(config: LogConfig): void
}

export interface PartitionIdentity {
  readonly topic: string
  readonly partition: number
  readonly topicId: string
}

/** Where the logs of partitions are kept. */
export interface PartitionLogs {
  /** The log of a partition, made where there is none yet. */
  partition(identity: PartitionIdentity, config: LogConfig): PartitionLog
  /** Gone at once; its files are removed in the background. */
  delete(log: PartitionLog): void
}
