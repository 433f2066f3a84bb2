import { ConnectException, DATE_NAME, DECIMAL_NAME, TIMESTAMP_NAME, TIME_NAME, type ConnectValue, type Schema } from 'standpipe/api'
import { literal, quoted, type Quoting } from '../../dialect/identifiers.ts'
import { TemporalText } from '../../dialect/temporal-text.ts'
import { TimeZone } from '../../dialect/time-zone.ts'
import type { DdlSettings } from '../config/settings.ts'
import { jsonText } from '../record/json-text.ts'
import type { SinkField } from '../record/sink-field.ts'
import { textWriter } from '../record/text-writer.ts'
import { debeziumType } from './debezium-type.ts'

/** What column definitions depend on, besides the field. */
export interface ColumnStyle {
  readonly ddl: DdlSettings
  readonly quoting: Quoting
  /** Fields that hold a time as a number. */
  readonly timestampFields: ReadonlySet<string>
}

/** Defaults are written in UTC, whatever `db.timezone` says. Confluent, GenericDatabaseDialect#formatColumnValue. */
const temporal = new TemporalText(TimeZone.utc, TimeZone.utc, 'LEGACY')

/** `"name" TEXT NULL`, for CREATE and ALTER. @throws ConnectException for a type without a column */
export function columnDefinition(field: SinkField, style: ColumnStyle): string {
  const type = columnType(field, style)
  return `${quoted(field.name, style.quoting)} ${type}${constraint(field, type)}`
}

/** @throws ConnectException for a type without a column */
export function columnType({ name, schema, isPrimaryKey, source }: SinkField, { ddl, timestampFields }: ColumnStyle): string {
  const holdsTime = !isPrimaryKey && source.from === 'value field' && timestampFields.has(name)
  if (holdsTime && (schema.type === 'INT64' || schema.type === 'STRING')) return ddl.timestampType
  return source.from === 'headers' ? 'JSONB' : typeOf(schema, ddl)
}

function typeOf(schema: Schema, ddl: DdlSettings): string {
  return logicalType(schema, ddl) ?? (ddl.postgisSchema === null ? null : debeziumType(schema, ddl.postgisSchema)) ?? plainType(schema, ddl)
}

function logicalType({ name, parameters }: Schema, { timestampType, decimal }: DdlSettings): string | null {
  switch (name) {
    case DECIMAL_NAME:
      return decimal === 'scaled' ? scaledDecimal(parameters) : 'DECIMAL'
    case DATE_NAME:
      return 'DATE'
    case TIME_NAME:
      return 'TIME'
    case TIMESTAMP_NAME:
      return timestampType
    default:
      return null
  }
}

function scaledDecimal(parameters: Schema['parameters']): string {
  const precision = parameters?.get('connect.decimal.precision')
  return precision === undefined ? 'DECIMAL' : `DECIMAL(${Number(precision)},${Number(parameters?.get('scale') ?? 0)})`
}

function plainType(schema: Schema, ddl: DdlSettings): string {
  switch (schema.type) {
    case 'INT8':
    case 'INT16':
      return 'SMALLINT'
    case 'INT32':
      return 'INT'
    case 'INT64':
      return 'BIGINT'
    case 'FLOAT32':
      return 'REAL'
    case 'FLOAT64':
      return 'DOUBLE PRECISION'
    case 'BOOLEAN':
      return 'BOOLEAN'
    case 'STRING':
      return ddl.stringType
    case 'BYTES':
      return 'BYTEA'
    case 'ARRAY':
      return arrayType(schema, ddl)
    case 'MAP':
    case 'STRUCT':
      if (ddl.complexTypes === 'json' || schema.name?.endsWith('.VariableScaleDecimal') === true)
        return ddl.complexTypes === 'json' ? 'JSONB' : 'NUMERIC'
      throw new ConnectException(
        `${String(schema.name)} (${schema.type}) type doesn't have a mapping to the SQL database column type. Set complex.types=json for a JSONB column, or flatten the value with the transformation Flatten.`,
      )
  }
}

/** Arrays of arrays have the type of the innermost: PostgreSQL's array types have no depth. */
function arrayType({ valueSchema }: Schema, ddl: DdlSettings): string {
  const isComplex = valueSchema === null || valueSchema.type === 'MAP' || valueSchema.type === 'STRUCT'
  if (isComplex && ddl.complexTypes === 'json') return 'JSONB'
  const element = valueSchema === null ? 'TEXT' : typeOf(valueSchema, ddl)
  return element.endsWith('[]') ? element : `${element}[]`
}

/** A column with a default has no word about NULL, so that old rows and other writers may leave it out. */
function constraint({ schema, isPrimaryKey }: SinkField, type: string): string {
  if (schema.defaultValue !== undefined && schema.defaultValue !== null)
    return ` DEFAULT ${defaultLiteral(schema, schema.defaultValue, type)}`
  return schema.optional && !isPrimaryKey ? ' NULL' : ' NOT NULL'
}

function defaultLiteral(schema: Schema, value: ConnectValue, type: string): string {
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE'
  const isArray = type.endsWith('[]')
  const target = { baseType: type === 'JSONB' ? 'jsonb' : null, category: isArray ? 'A' : '', elementType: null }
  const text = textWriter(schema, target, temporal)?.(value) ?? jsonText(value, schema)
  if ((typeof value === 'number' && Number.isFinite(value)) || typeof value === 'bigint') return text
  if (Array.isArray(value) && isArray) return arrayConstructor(schema, value as readonly ConnectValue[], type)
  return `${literal(text)}${Array.isArray(value) || Buffer.isBuffer(value) || typeof value === 'number' ? `::${type}` : ''}`
}

function arrayConstructor({ valueSchema }: Schema, values: readonly ConnectValue[], type: string): string {
  const elementType = type.slice(0, -'[]'.length)
  const elements = values.map((value) => {
    if (value === null || valueSchema === null) return 'NULL'
    if (Array.isArray(value) && valueSchema.type === 'ARRAY') return arrayConstructor(valueSchema, value as readonly ConnectValue[], type)
    return defaultLiteral(valueSchema, value, elementType)
  })
  const isPlainText = elementType === 'TEXT' && values.length > 0
  return `ARRAY[${elements.join(',')}]${isPlainText ? '' : `::${type}`}`
}
