import { ConnectException, lastHeader, structFieldWithoutDefault, type ConnectStruct, type ConnectValue } from 'standpipe/api'
import type { TemporalText } from '../../dialect/temporal-text.ts'
import type { CatalogColumn } from '../../dialect/table-catalog.ts'
import type { SqlText } from '../../dialect/connection.ts'
import { epochWriter } from '../record/epoch-field.ts'
import { headersText, headerText } from '../record/header-text.ts'
import type { RecordContent } from '../record/record-content.ts'
import type { FieldSource, RecordFields, SinkField } from '../record/sink-field.ts'
import { textWriter, writesPlainText, type TextWriter } from '../record/text-writer.ts'
import { columnNamed, type TargetTable } from '../table/target-tables.ts'
import { columnLayout, type ColumnLayout } from './column-layout.ts'

/** What the texts of values depend on. */
export interface TextStyle {
  readonly temporal: TemporalText
  readonly timestampUnit: 'microseconds' | 'nanoseconds'
  readonly timestampFields: ReadonlySet<string>
  readonly replacesNullWithDefault: boolean
  /** `update.if` */
  readonly versionColumns: readonly string[]
}

/** How records with one key schema and one value schema become rows of one table: a text a column. */
export class RowShape {
  readonly layout: ColumnLayout
  readonly #cells: readonly Cell[]

  private constructor(layout: ColumnLayout, cells: readonly Cell[]) {
    this.layout = layout
    this.#cells = cells
  }

  /** @param layouts those there are, by id, which shapes with the same columns share @throws ConnectException for a field that does not go into its column */
  static of(table: TargetTable, { fields, keyNames }: RecordFields, style: TextStyle, layouts: Map<string, ColumnLayout>): RowShape {
    const byName = new Map(fields.map((field) => [field.name, field]))
    const keys = keyNames.flatMap((name) => byName.get(name) ?? [])
    const others = fields.filter(({ isPrimaryKey }) => !isPrimaryKey)
    const all = [...keys, ...others].flatMap((field) => {
      const column = columnNamed(table.catalog, field.name)
      return column === null || column.isGenerated ? [] : [{ field, column }]
    })
    const columns = all.map(({ column }) => column)
    const keyCount = all.filter(({ field }) => field.isPrimaryKey).length
    const cells = all.map(({ field, column }) => cellOf(field, column, table, style))
    const schemas = all.map(({ field }) => field.schema)
    const arePlain = all.map(({ field }) => writesPlainText(field.schema) && !isEpochField(field, style))
    const versions = versionsOf(columns.slice(keyCount), table, style)
    const layout = columnLayout({ table, columns, keyCount, versions, arePlain, schemas })
    const known = layouts.get(layout.id)
    if (known === undefined) layouts.set(layout.id, layout)
    return new RowShape(known ?? layout, cells)
  }

  /**
   * Puts the texts of the record's row into `row`, one a column of the layout.
   * @returns how long the texts are together @throws DataException for a value that cannot be written
   */
  textsOf(content: RecordContent, row: SqlText[]): number {
    const cells = this.#cells
    let length = 0
    for (let index = 0; index < cells.length; index++) {
      const text = cells[index]?.textOf(content) ?? null
      if (text !== null) length += text.length
      row[index] = text
    }
    return length
  }
}

/** Rows of keys alone have no version: they are deletes, or change nothing. @throws ConnectException for a column that records do not fill */
function versionsOf(columns: readonly CatalogColumn[], table: TargetTable, { versionColumns }: TextStyle): CatalogColumn[] {
  if (columns.length === 0) return []
  return versionColumns.map((name) => {
    const column = columnNamed(table.catalog, name)
    if (column !== null && columns.includes(column)) return column
    throw new ConnectException(
      `The column ${name} of update.if is none that these records fill in table ${table.shown}: it cannot say which row is newer. Columns are ${columns.map((each) => each.name).join(', ')}.`,
    )
  })
}

/** One column's text of a record. */
interface Cell {
  textOf(content: RecordContent): SqlText
}

function cellOf(field: SinkField, column: CatalogColumn, table: TargetTable, style: TextStyle): Cell {
  const write = writerOf(field, column, style)
  if (write === null) throw unmappable(field, column, table)
  const { schema, source, isPrimaryKey } = field
  const givesDefault = isPrimaryKey || style.replacesNullWithDefault
  const defaultValue = givesDefault ? (schema.defaultValue ?? null) : null
  const defaultText = defaultValue === null ? null : write(defaultValue)
  return new SourcedCell(source, write, defaultText)
}

class SourcedCell implements Cell {
  readonly #read: (content: RecordContent) => ConnectValue | undefined
  readonly #write: TextWriter
  readonly #defaultText: SqlText

  constructor(source: FieldSource, write: TextWriter, defaultText: SqlText) {
    this.#read = readerOf(source)
    this.#write = write
    this.#defaultText = defaultText
  }

  textOf(content: RecordContent): SqlText {
    const value = this.#read(content)
    return value === null || value === undefined ? this.#defaultText : this.#write(value)
  }
}

function readerOf(source: FieldSource): (content: RecordContent) => ConnectValue | undefined {
  switch (source.from) {
    case 'topic':
      return ({ record }) => record.originalTopic
    case 'partition':
      return ({ record }) => record.originalKafkaPartition
    case 'offset':
      return ({ record }) => record.originalKafkaOffset
    case 'timestamp':
      return ({ record }) => record.timestamp
    case 'headers':
      return ({ record }) => headersText(record.headers)
    case 'key':
      return (content) => content.key
    case 'value':
      return (content) => content.value
    case 'key field':
      return memberOf(source.name, 'key')
    case 'value field':
      return memberOf(source.name, 'value')
    case 'header':
      return ({ record }) => lastHeader(record.headers, source.name)?.value
    case 'header text':
      return ({ record }) => headerText(record.headers, source.name)
  }
}

/** Names that every object has are looked up with care; all others directly, since this is done once a value. */
function memberOf(name: string, side: 'key' | 'value'): (content: RecordContent) => ConnectValue | undefined {
  if (name in Object.prototype) return (content) => structFieldWithoutDefault(content[side] as ConnectStruct, name)
  return side === 'key' ? ({ key }) => (key as ConnectStruct)[name] : ({ value }) => (value as ConnectStruct)[name]
}

function isEpochField({ name, schema, source, isPrimaryKey }: SinkField, { timestampFields }: TextStyle): boolean {
  const isListed = !isPrimaryKey && source.from === 'value field' && timestampFields.has(name)
  return isListed && (schema.type === 'INT64' || schema.type === 'STRING')
}

function writerOf(field: SinkField, column: CatalogColumn, style: TextStyle): TextWriter | null {
  const { schema } = field
  if (isEpochField(field, style)) return epochWriter(style.timestampUnit, style.temporal)
  const elementType = column.elementType === null ? null : column.elementType.slice(column.elementType.indexOf('.') + 1)
  return textWriter(schema, { baseType: column.baseType, category: column.category, elementType }, style.temporal)
}

function unmappable({ name, schema }: SinkField, column: CatalogColumn, table: TargetTable): ConnectException {
  const logical = schema.name === null ? schema.type : `${schema.name} (${schema.type})`
  return new ConnectException(
    `Field ${name} of type ${logical} cannot be written to column "${column.name}" of type ${column.shownType} in table ${table.shown}. Use a column of type jsonb, or leave the field out by fields.whitelist.`,
  )
}
