import { ConnectException, type ConnectStruct, type Headers, type Logger } from 'standpipe/api'
import type { PgConnection } from '../../dialect/connection.ts'
import type { TableName } from '../../dialect/identifiers.ts'
import { SqlException } from '../../dialect/sql-exception.ts'
import { TemporalText } from '../../dialect/temporal-text.ts'
import type { JdbcSinkSettings } from '../config/settings.ts'
import { recordFault } from '../record/record-check.ts'
import type { RecordContent } from '../record/record-content.ts'
import { recordFields, type RecordSchemas } from '../record/record-fields.ts'
import type { RecordFields } from '../record/sink-field.ts'
import type { TableNaming } from '../table/table-naming.ts'
import { columnNamed, type TargetTable, type TargetTables } from '../table/target-tables.ts'
import type { ColumnLayout } from './column-layout.ts'
import { RowShape, type TextStyle } from './row-shape.ts'
import { SchemaNumbers } from './schema-numbers.ts'
import { schemalessFields } from '../record/schemaless-fields.ts'

/** What is to be done with a record. */
export type RecordPlan =
  | { readonly does: 'write' | 'delete'; readonly shape: RowShape }
  | { readonly does: 'truncate'; readonly table: TargetTable }
  /** Nothing: there is nothing to delete. */
  | { readonly does: 'skip' }
  | { readonly does: 'refuse'; readonly error: ConnectException }

const skip: RecordPlan = { does: 'skip' }

/** The configuration and the tables do not go together, whatever the records are. */
export class MisconfiguredTable extends ConnectException {}

export interface RecordPlannerParts {
  readonly settings: JdbcSinkSettings
  readonly naming: TableNaming
  readonly tables: TargetTables
  readonly log: Logger
}

/**
 * Knows for records of each topic, key schema and value schema which rows they become. What is known is found without waiting;
 * the rest is worked out with the database, where tables may be created and extended.
 */
export class RecordPlanner {
  readonly #parts: RecordPlannerParts
  readonly #style: TextStyle
  readonly #schemas = new SchemaNumbers()
  readonly #check
  /** Whether a record without a key is to be refused. */
  readonly #needsKey: boolean
  #plans = new Map<string, RecordPlan>()
  #layouts = new Map<string, ColumnLayout>()
  /** Hold until the next round only: somebody may have mended the table. */
  #refusals = new Map<string, RecordPlan>()
  /** Topics with records that have no table. */
  readonly #nameless = new Set<string>()
  /** The plan of the record before, and what it holds for. */
  #last: RecordPlan | null = null
  #lastTopic = ''
  #lastKeySchema: RecordContent['keySchema'] = null
  #lastValueSchema: RecordContent['valueSchema'] = null

  constructor(parts: RecordPlannerParts) {
    this.#parts = parts
    const { values, columns, connectorName, write } = parts.settings
    this.#style = {
      temporal: new TemporalText(values.zone, values.dateZone, values.calendar),
      timestampUnit: values.timestampUnit,
      timestampFields: new Set(columns.timestampFields),
      replacesNullWithDefault: values.replacesNullWithDefault,
      versionColumns: write.updateIf,
    }
    const { keyMode, isSchemalessEnabled } = columns
    this.#needsKey = keyMode === 'record_key' || write.deletes
    this.#check = { connectorName, deletes: write.deletes, keyMode, isSchemalessEnabled }
  }

  /** @param source of a change event, for the table's name @returns null: `prepare` first */
  known(content: RecordContent, source: ConnectStruct | null): RecordPlan | null {
    if (this.#isLikeLast(content)) return this.#last
    if (this.#isLeftOut(content)) return skip
    const fault = recordFault(content, this.#check)
    if (fault !== null) return { does: 'refuse', error: fault }
    return this.#planOf(content, source, false)
  }

  /** As `known`, for a record that empties the table. */
  knownTruncate(content: RecordContent, source: ConnectStruct | null): RecordPlan | null {
    return this.#parts.settings.write.truncates ? this.#planOf(content, source, true) : skip
  }

  /** Without deletes such records ask for nothing, where that is wanted; a value that is gone names no key. */
  #isLeftOut({ isDelete, value }: RecordContent): boolean {
    const { write, columns } = this.#parts.settings
    return isDelete && write.skipsTombstones && (!write.deletes || (columns.keyMode === 'record_value' && value === null))
  }

  #planOf(content: RecordContent, source: ConnectStruct | null, isTruncate: boolean): RecordPlan | null {
    const name = this.#tableOf(content, source)
    if (name === null) return skip
    if (name instanceof ConnectException) return { does: 'refuse', error: name }
    const id = this.#idOf(content, name, isTruncate)
    const plan = this.#plans.get(id) ?? this.#refusals.get(id) ?? null
    if (plan !== null && plan.does !== 'refuse' && !this.#parts.naming.dependsOnRecord) this.#remember(content, plan)
    return plan
  }

  /**
   * Works out the plan and keeps it; a refusal for this round.
   * @throws SqlException of a system fault, or one that needs a person @throws MisconfiguredTable
   */
  async prepare(connection: PgConnection, content: RecordContent, source: ConnectStruct | null, isTruncate: boolean): Promise<RecordPlan> {
    const name = this.#tableOf(content, source)
    if (name === null) return skip
    if (name instanceof ConnectException) return { does: 'refuse', error: name }
    const id = this.#idOf(content, name, isTruncate)
    const plan = await this.#worked(connection, content, name, isTruncate)
    const plans = plan.does === 'refuse' || plan === skip ? this.#refusals : this.#plans
    plans.set(id, plan)
    return plan
  }

  /** A new `put`: what was refused, or left out for want of a table, is looked at again. */
  beginRound(): void {
    this.#refusals.clear()
  }

  /** Tables may have changed: everything is worked out again. */
  forget(): void {
    this.#plans = new Map()
    this.#layouts = new Map()
    this.#last = null
    this.#parts.tables.forget()
  }

  #isLikeLast({ record, keySchema, valueSchema, isDelete, key }: RecordContent): boolean {
    return (
      this.#last !== null &&
      valueSchema === this.#lastValueSchema &&
      keySchema === this.#lastKeySchema &&
      record.topic === this.#lastTopic &&
      !isDelete &&
      (!this.#needsKey || key !== null)
    )
  }

  /** Plans that depend on more than topic and schemas are looked up each time. */
  #remember({ record, keySchema, valueSchema, isDelete, key }: RecordContent, plan: RecordPlan): void {
    const isPlain = !isDelete && valueSchema !== null && (!this.#needsKey || key !== null)
    if (!isPlain || this.#parts.settings.columns.keyMode === 'record_header' || this.#parts.settings.columns.unwrapsEvents) return
    this.#last = plan
    this.#lastTopic = record.topic
    this.#lastKeySchema = keySchema
    this.#lastValueSchema = valueSchema
  }

  #tableOf(content: RecordContent, source: ConnectStruct | null): TableName | null | ConnectException {
    const { naming, log } = this.#parts
    const { record } = content
    try {
      const name = naming.tableOf(content, source)
      if (name === null && !this.#nameless.has(record.topic)) {
        this.#nameless.add(record.topic)
        log.warn(
          `Records of topic ${record.topic} are left out: they are no change events, and the table's name is made of parts of the event.`,
        )
      }
      return name
    } catch (error) {
      if (error instanceof ConnectException) return error
      throw error
    }
  }

  #idOf(content: RecordContent, { database, schema, table }: TableName, isTruncate: boolean): string {
    const { record, keySchema, valueSchema, value, isDelete } = content
    if (isTruncate) return `truncate ${JSON.stringify([database, schema, table])}`
    const schemas = `${this.#schemas.of(keySchema)} ${isDelete ? 'delete ' : ''}${this.#schemas.of(valueSchema)}`
    const { keyMode } = this.#parts.settings.columns
    const headers = keyMode === 'record_header' ? headerNames(record.headers) : ''
    const members = value !== null && valueSchema === null ? JSON.stringify(Object.keys(value as ConnectStruct)) : ''
    return `${schemas} ${JSON.stringify([database, schema, table, record.topic])} ${headers} ${members}`
  }

  async #worked(connection: PgConnection, content: RecordContent, name: TableName, isTruncate: boolean): Promise<RecordPlan> {
    try {
      if (isTruncate) return await this.#truncatePlan(connection, name)
      return content.isDelete ? await this.#deletePlan(connection, content, name) : await this.#writePlan(connection, content, name)
    } catch (error) {
      if (error instanceof MisconfiguredTable) throw error
      if (error instanceof SqlException && error.kind !== 'record') throw error
      if (error instanceof ConnectException) return { does: 'refuse', error }
      throw error
    }
  }

  async #writePlan(connection: PgConnection, content: RecordContent, name: TableName): Promise<RecordPlan> {
    const { tables } = this.#parts
    if (content.valueSchema === null) return this.#schemalessPlan(connection, content, name)
    const fields = this.#fieldsOf(content, name)
    const table = await tables.prepared(connection, name, fields)
    return { does: 'write', shape: this.#shapeOf(table, fields) }
  }

  async #truncatePlan(connection: PgConnection, name: TableName): Promise<RecordPlan> {
    const table = await this.#parts.tables.existing(connection, name)
    return table === null ? skip : { does: 'truncate', table }
  }

  async #deletePlan(connection: PgConnection, content: RecordContent, name: TableName): Promise<RecordPlan> {
    const { tables, settings } = this.#parts
    const fields = keysOnly(this.#fieldsOf(content, name))
    const existing = await tables.existing(connection, name)
    // a table made from keys alone could not get its required columns later: it waits for the first row
    if (existing === null && settings.ddl.autoCreate) return skip
    const table = existing ?? (await tables.prepared(connection, name, fields))
    return { does: 'delete', shape: RowShape.of(table, fields, this.#style, this.#layouts) }
  }

  async #schemalessPlan(connection: PgConnection, content: RecordContent, name: TableName): Promise<RecordPlan> {
    const { tables, settings } = this.#parts
    const table = await tables.existing(connection, name)
    if (table === null) {
      const shown = await tables.shownName(connection, name)
      throw new ConnectException(`Table ${shown} is missing; records without a schema are written to tables that are there`)
    }
    const keys = this.#keyFieldsOf(content, name)
    const fields = schemalessFields(content, table, settings.columns, keys)
    return { does: 'write', shape: this.#shapeOf(table, fields) }
  }

  #keyFieldsOf(content: RecordContent, name: TableName): RecordFields {
    const { keyMode } = this.#parts.settings.columns
    if (keyMode === 'none' || keyMode === 'record_value') return { keyNames: [], fields: [] }
    return recordFields(this.#parts.settings.columns, { ...schemasOf(content, name), valueSchema: null })
  }

  #fieldsOf(content: RecordContent, name: TableName): RecordFields {
    const { settings } = this.#parts
    const { keyMode, keyFields } = settings.columns
    try {
      return recordFields(settings.columns, schemasOf(content, name))
    } catch (error) {
      const isOfConfiguration =
        (keyMode === 'record_key' && keyFields.length !== 1 && content.keySchema?.type !== 'STRUCT') || keyMode === 'kafka'
      if (isOfConfiguration && error instanceof ConnectException) throw new MisconfiguredTable(error.message)
      throw error
    }
  }

  #shapeOf(table: TargetTable, fields: RecordFields): RowShape {
    const { insertMode } = this.#parts.settings.write
    if (insertMode === 'upsert') mustHaveKey(table, fields)
    return RowShape.of(table, fields, this.#style, this.#layouts)
  }
}

function keysOnly({ keyNames, fields }: RecordFields): RecordFields {
  return { keyNames, fields: fields.filter(({ isPrimaryKey }) => isPrimaryKey) }
}

function schemasOf({ record, keySchema, valueSchema, value }: RecordContent, { table }: TableName): RecordSchemas {
  const { topic, headers } = record
  return { topic, table, keySchema, valueSchema: value === null ? null : valueSchema, headers }
}

function headerNames(headers: Headers): string {
  return JSON.stringify(headers.map(({ key }) => key))
}

function mustHaveKey(table: TargetTable, { keyNames }: RecordFields): void {
  const { shown, sql, catalog } = table
  if (keyNames.length === 0) {
    throw new MisconfiguredTable(
      `Write to table '${shown}' in UPSERT mode requires key field names to be known, check the primary key configuration`,
    )
  }
  const hasKeys = catalog.type === 'TABLE' || catalog.type === 'PARTITIONED TABLE'
  const columns = keyNames.map((name) => columnNamed(catalog, name)?.name ?? name)
  if (!hasKeys || catalog.uniqueKeys.some((key) => key.length === columns.length && columns.every((name) => key.includes(name)))) return
  const listed = columns.map((name) => `"${name}"`).join(', ')
  const cause = new SqlException('ERROR: there is no unique or exclusion constraint matching the ON CONFLICT specification', '42P10')
  throw new MisconfiguredTable(
    `Table ${shown} cannot be written in UPSERT mode. ERROR: there is no unique or exclusion constraint matching the ON CONFLICT specification (SQLSTATE 42P10). Create one: CREATE UNIQUE INDEX ON ${sql} (${listed})`,
    { cause },
  )
}
