import { ConnectException, type SinkRecord } from 'standpipe/api'
import type { PgConnection } from '../../dialect/connection.ts'
import type { ContentReader } from '../record/content-reader.ts'
import type { RecordPlan, RecordPlanner } from './record-planner.ts'
import type { RefusedRecords } from './refused-records.ts'
import type { WriteBatch } from './write-batch.ts'

export interface BatchBuilderParts {
  readonly reader: ContentReader
  readonly planner: RecordPlanner
  readonly refused: RefusedRecords
  readonly newBatch: () => WriteBatch
}

const nothing: RecordPlan = { does: 'skip' }

/** Makes batches of records. */
export class BatchBuilder {
  readonly #parts: BatchBuilderParts

  constructor(parts: BatchBuilderParts) {
    this.#parts = parts
  }

  newBatch(): WriteBatch {
    return this.#parts.newBatch()
  }

  /** Whether `append` can take all of them without the database. */
  arePlanned(records: readonly SinkRecord[]): boolean {
    for (const record of records) {
      if (this.#knownPlan(record) === null) return false
    }
    return true
  }

  /** Works out what is not known yet. @throws SqlException of a system fault @throws MisconfiguredTable */
  async plan(connection: PgConnection, records: readonly SinkRecord[]): Promise<void> {
    const { reader, planner } = this.#parts
    for (const record of records) {
      if (this.#knownPlan(record) !== null) continue
      const isTruncate = reader.read(record) === 'truncate'
      await planner.prepare(connection, { ...reader.content }, reader.source, isTruncate)
    }
  }

  /** Adds the rows of records that are all planned. @throws ConnectException for a record that cannot be written, where that is not tolerated */
  append(batch: WriteBatch, records: readonly SinkRecord[]): void {
    for (const record of records) this.#add(batch, record)
  }

  /** A batch of its own. @throws as `plan` and `append` */
  async build(connection: PgConnection, records: readonly SinkRecord[]): Promise<WriteBatch> {
    await this.plan(connection, records)
    const batch = this.newBatch()
    this.append(batch, records)
    return batch
  }

  #add(batch: WriteBatch, record: SinkRecord): void {
    const { reader, refused } = this.#parts
    const plan = this.#knownPlan(record)
    if (plan === null || plan.does === 'skip') return batch.pass(record)
    if (plan.does === 'refuse') return refused.refuse(record, plan.error)
    try {
      if (plan.does === 'truncate') batch.truncate(record, plan.table)
      else if (plan.does === 'write') batch.write(reader.content, plan.shape)
      else batch.delete(reader.content, plan.shape)
    } catch (error) {
      if (!(error instanceof ConnectException)) throw error
      refused.refuse(record, error)
    }
  }

  /** Null: not known yet. The reader holds the record's content then. */
  #knownPlan(record: SinkRecord): RecordPlan | null {
    const { reader, planner } = this.#parts
    switch (reader.read(record)) {
      case 'nothing':
        return nothing
      case 'truncate':
        return planner.knownTruncate(reader.content, reader.source)
      case 'change':
        return planner.known(reader.content, reader.source)
    }
  }
}
