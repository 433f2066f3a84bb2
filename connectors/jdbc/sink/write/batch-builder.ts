import { ConnectException, type SinkRecord } from 'standpipe/api'
import type { PgConnection } from '../../dialect/connection.ts'
import type { ContentReader } from '../record/content-reader.ts'
import type { RecordPlanner } from './record-planner.ts'
import type { RefusedRecords } from './refused-records.ts'
import type { WriteBatch } from './write-batch.ts'

export interface BatchBuilderParts {
  readonly reader: ContentReader
  readonly planner: RecordPlanner
  readonly refused: RefusedRecords
  readonly newBatch: () => WriteBatch
}

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
    const { reader, planner } = this.#parts
    for (const record of records) {
      if (reader.read(record) !== 'nothing' && planner.known(reader.content, reader.source) === null) return false
    }
    return true
  }

  /** Works out what is not known yet. @throws SqlException of a system fault @throws MisconfiguredTable */
  async plan(connection: PgConnection, records: readonly SinkRecord[]): Promise<void> {
    const { reader, planner } = this.#parts
    for (const record of records) {
      if (reader.read(record) === 'nothing') continue
      if (planner.known(reader.content, reader.source) === null) await planner.prepare(connection, { ...reader.content }, reader.source)
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
    const { reader, planner, refused } = this.#parts
    const task = reader.read(record)
    const plan = task === 'nothing' ? null : planner.known(reader.content, reader.source)
    if (plan === null || plan.does === 'skip') return batch.pass(record)
    if (plan.does === 'refuse') return refused.refuse(record, plan.error)
    try {
      if (task === 'truncate') batch.truncate(record, plan.shape)
      else if (plan.does === 'write') batch.write(reader.content, plan.shape)
      else batch.delete(reader.content, plan.shape)
    } catch (error) {
      if (!(error instanceof ConnectException)) throw error
      refused.refuse(record, error)
    }
  }
}
