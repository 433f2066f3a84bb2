import type { Clock } from '../../../../src/broker/clock.ts'
import { type LogConfig, DEFAULT_LOG_CONFIG } from '../../../../src/broker/log/log-config.ts'
import { PartitionLog } from '../../../../src/broker/log/partition-log.ts'
import { MemoryFolder } from '../../../../src/broker/log/storage/memory-storage.ts'
import type { LogFolder } from '../../../../src/broker/log/storage/log-storage.ts'
import type { Logger } from '../../../../src/api/logger.ts'
import { silentLogger } from '../../../../src/logging/logger.ts'
import { batchOf, readAll, record, type BatchChanges, type PlainRecord } from '../../../support/record-batches.ts'

/** When the records of these tests were made, by their own word. */
export const RECORD_TIME = 1_700_000_000_000

export interface LogChanges {
  readonly folder?: LogFolder
  readonly config?: Partial<LogConfig>
  readonly recoveryPoint?: number
  readonly logStartOffset?: number
  readonly now?: () => number
  /** In place of `now`: for logs that sync themselves. */
  readonly clock?: Clock
  readonly log?: Logger
  readonly onAdvance?: (log: PartitionLog) => void
}

const NEVER = { cancel: () => undefined }

/** A log in memory, unless the test wants another folder. */
export function openLog(changes: LogChanges = {}): PartitionLog {
  return new PartitionLog({
    topic: 'orders',
    partition: 3,
    folder: changes.folder ?? new MemoryFolder(),
    config: { ...DEFAULT_LOG_CONFIG, ...changes.config },
    recoveryPoint: changes.recoveryPoint ?? 0,
    logStartOffset: changes.logStartOffset ?? 0,
    clock: changes.clock ?? { now: changes.now ?? (() => RECORD_TIME), after: () => NEVER },
    log: changes.log ?? silentLogger,
    onAdvance: changes.onAdvance ?? (() => undefined),
  })
}

export function appendValues(log: PartitionLog, values: readonly string[], changes: BatchChanges = {}): number {
  return log.append(
    batchOf(
      values.map((value) => record(value)),
      changes,
    ),
  ).baseOffset
}

/** All batches' records a read gives, whole ones only. */
export async function readValues(log: PartitionLog, offset: number, maxBytes = 1_000_000): Promise<string[]> {
  return (await readRecords(log, offset, maxBytes)).map(({ value }) => String(value))
}

export async function readRecords(log: PartitionLog, offset: number, maxBytes = 1_000_000): Promise<(PlainRecord & { offset: number })[]> {
  const { records } = await log.read(offset, maxBytes, { isolation: 'read_uncommitted', minOneBatch: true })
  return readAll(records as Buffer, { fetchOffset: offset })
}
