import { ConfigException, ConnectException } from 'standpipe/api'
import type { PgConnection, ResultColumn } from '../../dialect/connection.ts'
import type { Quoting } from '../../dialect/identifiers.ts'
import type { ColumnMapping } from '../config/column-mapping.ts'
import type { ModeSettings } from '../config/settings.ts'
import type { SourceRelation } from '../query/source-relation.ts'
import { readColumnFacts, type ColumnFacts } from '../value/column-facts.ts'
import { typeOids } from '../value/column-form.ts'

/** The columns a table is read by, as its result names them. */
export interface ReadColumns {
  /** Null: the mode has none. */
  readonly incrementing: string | null
  /** Type oid, whose numbers have no sign: it is compared as a number of 64 bits. */
  readonly isOid: boolean
  /** Empty: the mode has none. */
  readonly timestamps: readonly string[]
}

interface TableColumn extends ColumnFacts, Pick<ResultColumn, 'name' | 'dataTypeID' | 'dataTypeModifier'> {}

/**
 * Finds the columns of the mode in a table and checks that they can be read by.
 * @throws ConfigException or ConnectException that names table, column and key
 */
export async function readColumnsOfTable(
  connection: PgConnection,
  relation: SourceRelation,
  settings: ModeSettings,
  quoting: Quoting,
): Promise<ReadColumns> {
  if (settings.mode === 'bulk') return { incrementing: null, isOid: false, timestamps: [] }
  const { columns } = await connection.query(`${relation.sql} LIMIT 0`)
  const facts = await readColumnFacts(connection, columns)
  const known = columns.flatMap((column, place): TableColumn[] => {
    const fact = facts[place]
    return fact === undefined ? [] : [{ ...fact, ...column }]
  })
  const hasTime = settings.mode !== 'incrementing'
  const timestamps = hasTime ? timestampColumns(known, relation, settings) : []
  const incrementing = settings.mode === 'timestamp' ? null : incrementingColumn(known, relation, settings, quoting)
  if (settings.validatesNonNull) checkNonNull(relation, incrementing, timestamps)
  return {
    incrementing: incrementing?.name ?? null,
    isOid: incrementing?.dataTypeID === typeOids.oid,
    timestamps: timestamps.map(({ name }) => name),
  }
}

/** The columns of a query are known when it is run only. */
export function readColumnsOfQuery(settings: ModeSettings): ReadColumns {
  const { mode, incrementingColumn, timestampColumns } = settings
  const hasId = mode === 'incrementing' || mode === 'timestamp+incrementing'
  const hasTime = mode === 'timestamp' || mode === 'timestamp+incrementing'
  if (hasId && incrementingColumn === '')
    throw new ConfigException(`Mode ${mode} with a query needs incrementing.column.name: the column of its result to read by.`)
  if (hasTime && timestampColumns.length === 0)
    throw new ConfigException(`Mode ${mode} with a query needs timestamp.column.name: the columns of its result to read by.`)
  return { incrementing: hasId ? incrementingColumn : null, isOid: false, timestamps: hasTime ? timestampColumns : [] }
}

/** Where a column stands in a result: by exact name, else by the one name that differs in case alone. -1: nowhere. */
export function placeOf(columns: readonly Pick<ResultColumn, 'name'>[], name: string): number {
  const exact = columns.findIndex((column) => column.name === name)
  if (exact >= 0) return exact
  const folded = columns.flatMap((column, place) => (column.name.toLowerCase() === name.toLowerCase() ? [place] : []))
  return folded.length === 1 ? (folded[0] ?? -1) : -1
}

function timestampColumns(
  columns: readonly TableColumn[],
  { shown, table }: SourceRelation,
  settings: ModeSettings,
): readonly TableColumn[] {
  const { timestampMapping } = settings
  const names = timestampMapping.length === 0 ? settings.timestampColumns : mappedColumns('timestamp', timestampMapping, shown, table)
  if (names.length === 0)
    throw new ConfigException(
      `Mode ${settings.mode} needs timestamp.column.name: the columns that tell when a row of ${shown} has changed.`,
    )
  const missing = names.filter((name) => placeOf(columns, name) < 0)
  if (missing.length > 0) throw new ConfigException(`Timestamp columns: ${missing.join(',')} do not exist in table '${shown}'`)
  return names.flatMap((name) => {
    const column = columns[placeOf(columns, name)]
    if (column === undefined) return []
    if (column.dataTypeID === typeOids.timestamp || column.dataTypeID === typeOids.timestamptz) return [column]
    throw new ConnectException(
      `Timestamp column ${column.name} of ${shown} is of type ${column.typeName}; timestamp or timestamptz is needed. Cast it in a query or a view.`,
    )
  })
}

function incrementingColumn(
  columns: readonly TableColumn[],
  { shown, table }: SourceRelation,
  settings: ModeSettings,
  quoting: Quoting,
): TableColumn {
  const { incrementingMapping } = settings
  const [name = ''] =
    incrementingMapping.length === 0 ? [settings.incrementingColumn] : mappedColumns('incrementing', incrementingMapping, shown, table)
  const numbered = columns.find(({ isNumbered }) => isNumbered)
  if (name === '' && numbered === undefined) {
    throw new ConfigException(
      `Table ${shown} has no identity or serial column. Name the column to read by with incrementing.column.name, or use mode bulk or timestamp.`,
    )
  }
  const named = quoting === 'never' ? columns[placeOf(columns, name)] : columns.find((column) => column.name === name)
  const column = name === '' ? numbered : named
  if (column === undefined) {
    throw new ConfigException(
      `Incrementing column: ${name} does not exist in table '${shown}', whose columns are ${columns.map((each) => each.name).join(', ')}`,
    )
  }
  checkIncrementingType(column, shown)
  return column
}

function checkIncrementingType({ name, dataTypeID, dataTypeModifier, typeName }: TableColumn, shown: string): void {
  const integers: readonly number[] = [typeOids.int2, typeOids.int4, typeOids.int8, typeOids.oid]
  if (integers.includes(dataTypeID)) return
  const isWhole = dataTypeModifier >= 0 && ((dataTypeModifier - 4) & 0x7ff) === 0
  if (dataTypeID === typeOids.numeric && isWhole) return
  if (dataTypeID === typeOids.numeric)
    throw new ConnectException(`Scale of Decimal value for incrementing column must be 0: ${name} of ${shown} may have a fraction.`)
  const javaType = dataTypeID === typeOids.float4 ? 'FLOAT32' : dataTypeID === typeOids.float8 ? 'FLOAT64' : typeName
  throw new ConnectException(`Invalid type for incrementing column: ${javaType}, of ${name} of ${shown}. It has to be a whole number.`)
}

function mappedColumns(
  kind: 'timestamp' | 'incrementing',
  mapping: readonly ColumnMapping[],
  shown: string,
  table: SourceRelation['table'],
): readonly string[] {
  const name = table === null ? '' : `${table.schema}.${table.name}`
  const fitting = mapping.filter(({ tables }) => tables.test(name))
  const context = `Error while validating ${kind} column mappings: Included table '${shown}'`
  if (fitting.length === 0) throw new ConnectException(`${context} does not match any of the provided regexes`)
  if (fitting.length > 1)
    throw new ConnectException(
      `${context} matches more than one of the provided regexes: ${fitting.map(({ pattern }) => pattern).join(', ')}`,
    )
  return fitting[0]?.columns ?? []
}

function checkNonNull({ shown }: SourceRelation, incrementing: TableColumn | null, timestamps: readonly TableColumn[]): void {
  if (incrementing !== null && !incrementing.isRequired) {
    throw new ConnectException(
      `Cannot make incremental queries using incrementing column ${incrementing.name} on ${shown} because this column is nullable.`,
    )
  }
  if (timestamps.length > 0 && timestamps.every(({ isRequired }) => !isRequired)) {
    const names = timestamps.map(({ name }) => name).join(', ')
    throw new ConnectException(
      `Cannot make incremental queries using timestamp columns [${names}] on ${shown} because all of these columns are nullable.`,
    )
  }
}
