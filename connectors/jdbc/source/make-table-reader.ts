import { ConfigException, type Logger, type OffsetStorageReader } from 'standpipe/api'
import type { PgConnection } from '../dialect/connection.ts'
import { readTable, type CatalogTable } from '../dialect/table-catalog.ts'
import type { JdbcSourceSettings } from './config/settings.ts'
import { nowhere, positionOf, type Position } from './query/position.ts'
import type { SourceRelation } from './query/source-relation.ts'
import { serverTime, TableReader } from './query/table-reader.ts'
import { readColumnsOfQuery, readColumnsOfTable } from './table/read-columns.ts'

/** What is needed to begin with a table. */
export interface ReaderOrigin {
  readonly relation: SourceRelation
  readonly settings: JdbcSourceSettings
  readonly connection: PgConnection
  readonly offsets: OffsetStorageReader
  readonly log: Logger
}

/** Checks that a table can be read as configured, and finds out where reading goes on. @throws ConnectException or SqlException */
export async function makeTableReader({ relation, settings, connection, offsets, log }: ReaderOrigin): Promise<TableReader> {
  const columns =
    relation.table === null
      ? readColumnsOfQuery(settings.mode)
      : await readColumnsOfTable(connection, relation, settings.mode, settings.quoting)
  const table = relation.table === null ? null : await readTable(connection, relation.table.schema, relation.table.name)
  return new TableReader({
    ...{ relation, columns, settings, log },
    keyColumns: keyColumns(table, relation, settings),
    position: await startPosition(relation, settings, connection, offsets),
    pageKey: pageKey(table, relation, settings, log),
    isGuarded:
      settings.mode.guardsVisibility && settings.mode.mode !== 'bulk' && tellsTransactions(table, relation, 'visibility.guard', log),
    rescans:
      settings.mode.rescanIds > 0 &&
      settings.mode.mode === 'incrementing' &&
      tellsTransactions(table, relation, 'visibility.rescan.ids', log),
  })
}

async function startPosition(
  relation: SourceRelation,
  { mode }: JdbcSourceSettings,
  connection: PgConnection,
  offsets: OffsetStorageReader,
): Promise<Position> {
  if (mode.mode === 'bulk') return nowhere
  for (const stored of await offsets.offsets([relation.partition, ...relation.formerPartitions])) {
    if (stored !== null) return positionOf(stored)
  }
  if (mode.mode === 'incrementing' || mode.timestampInitial === null) return nowhere
  const ms = mode.timestampInitial === -1 ? await serverTime(connection) : mode.timestampInitial
  return { id: null, time: { ms, micros: 0 } }
}

function keyColumns(table: CatalogTable | null, { shown }: SourceRelation, { records }: JdbcSourceSettings): readonly string[] {
  if (records.keyColumns === 'none') return []
  if (records.keyColumns !== 'primary key') return records.keyColumns
  if (table !== null && table.primaryKey.length > 0) return table.primaryKey
  throw new ConfigException(`key.columns=primary_key: ${shown} has no primary key. Name the columns of the key.`)
}

/** A table that has none is read in one go. */
function pageKey(
  table: CatalogTable | null,
  { shown }: SourceRelation,
  { mode, poll }: JdbcSourceSettings,
  log: Logger,
): readonly string[] {
  if (mode.mode !== 'bulk' || poll.pageRows === 0) return []
  if (table !== null && table.primaryKey.length > 0) return table.primaryKey
  log.warn(`page.rows has no effect on ${shown} in mode bulk: it has no primary key to go by.`)
  return []
}

function tellsTransactions(table: CatalogTable | null, { shown }: SourceRelation, key: string, log: Logger): boolean {
  if (table !== null && table.type !== 'VIEW' && table.type !== 'FOREIGN TABLE') return true
  log.warn(`${key} cannot be used with ${shown}, whose rows do not tell their transaction. Set timestamp.delay.interval.ms instead.`)
  return false
}
