import type { SinkTaskContext, TopicPartitionOffset } from 'standpipe/api'
import type { JdbcSinkSettings } from './config/settings.ts'
import { ChangeEventReader } from './record/change-event-reader.ts'
import { PlainReader } from './record/content-reader.ts'
import { RequiredTables } from './table/required-tables.ts'
import { TableNaming } from './table/table-naming.ts'
import { TargetTables } from './table/target-tables.ts'
import { BatchBuilder } from './write/batch-builder.ts'
import { BatchQueue } from './write/batch-queue.ts'
import { OffsetLedger } from './write/offset-ledger.ts'
import { OutageClock } from './write/outage-clock.ts'
import { RecordPlanner } from './write/record-planner.ts'
import { RefusedRecords } from './write/refused-records.ts'
import { Session } from './write/session.ts'
import { SinkWriter } from './write/sink-writer.ts'
import { WriteBatch } from './write/write-batch.ts'
import type { ColumnLayout } from './write/column-layout.ts'
import type { StatementSql } from './write/statement-sql.ts'

/** What a task works with. */
export interface SinkParts {
  readonly writer: SinkWriter
  readonly session: Session
  /** Null: tables need not be there yet. */
  readonly required: RequiredTables | null
}

export interface SinkSurroundings {
  readonly context: SinkTaskContext
  /** `errors.tolerance=all` */
  readonly isTolerant: boolean
}

/** Puts a task together from its configuration. */
export function sinkParts(settings: JdbcSinkSettings, { context, isTolerant }: SinkSurroundings): SinkParts {
  const { log } = context
  const { connection, table, columns, ddl, write } = settings
  const style = { ddl, quoting: table.quoting, timestampFields: new Set(columns.timestampFields) }
  const tables = new TargetTables({ style, types: table.types, database: connection.database, log })
  const naming = new TableNaming(table)
  const planner = new RecordPlanner({ settings, naming, tables, log })
  const refused = new RefusedRecords({ reporter: context.errantRecordReporter, isTolerant, log })
  const sql = new Map<ColumnLayout, StatementSql>()
  const builder = new BatchBuilder({
    reader: columns.unwrapsEvents ? new ChangeEventReader(columns.cloudEvents) : new PlainReader(),
    planner,
    refused,
    newBatch: () => new WriteBatch(write, sql),
  })
  const session = new Session(connection, log)
  const clock = new OutageClock({
    maxRetries: write.maxRetries,
    retryBackoffMs: write.retryBackoffMs,
    now: () => performance.now(),
    random: Math.random,
  })
  const askToBeCalledIn = (ms: number) => context.timeout(ms)
  const seek = (offsets: readonly TopicPartitionOffset[]) => context.offset(offsets)
  const ledger = write.isExactlyOnce ? new OffsetLedger(settings.connectorName, log) : null
  const writer = new SinkWriter(
    { session, builder, planner, refused, clock, ledger, mostPending: write.batchSize, askToBeCalledIn, seek, log },
    (next) => new BatchQueue({ session, builder, planner, refused, ledger, redacts: write.redacts, next, log }),
  )
  const required = ddl.validatesTables ? new RequiredTables({ session, naming, tables, log }) : null
  return { writer, session, required }
}
