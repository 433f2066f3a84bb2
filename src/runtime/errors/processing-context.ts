import type { SourceRecord } from '../../api/source.ts'
import type { RecordHeader, TimestampType } from '../../kafka/ports.ts'
import type { Stage } from './stage.ts'

/**
 * Where a task is with its current record. One object a task, overwritten record by record on the hot path:
 * whoever wants to keep something of it copies it.
 */
export class ProcessingContext {
  stage: Stage = 'TASK_POLL'
  /** Class name of the converter, transformation or task at work. */
  executing = ''
}

/** A record as it was consumed: what of it a report needs. */
export interface ConsumedBytes {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly timestampType: TimestampType
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
}

/** The record an error is about: as it came from the source, or from Kafka. */
export type FailedRecord = { readonly source: SourceRecord } | { readonly consumed: ConsumedBytes }

/** One record's error with its place, as reporters get it. */
export interface RecordFailure {
  readonly stage: Stage
  readonly executing: string
  readonly record: FailedRecord
  readonly error: unknown
}
