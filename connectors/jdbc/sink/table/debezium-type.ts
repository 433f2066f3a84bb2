import type { Schema } from 'standpipe/api'
import { quoted } from '../../dialect/identifiers.ts'

const types: Readonly<Record<string, string>> = {
  'io.debezium.time.Date': 'DATE',
  'io.debezium.time.Time': 'TIME(3)',
  'io.debezium.time.MicroTime': 'TIME(6)',
  'io.debezium.time.NanoTime': 'TIME(6)',
  'io.debezium.time.Timestamp': 'TIMESTAMP(3)',
  'io.debezium.time.MicroTimestamp': 'TIMESTAMP(6)',
  'io.debezium.time.NanoTimestamp': 'TIMESTAMP(6)',
  'io.debezium.time.ZonedTimestamp': 'TIMESTAMPTZ',
  'io.debezium.time.ZonedTime': 'TIMETZ',
  'io.debezium.time.MicroDuration': 'INTERVAL',
  'io.debezium.data.Json': 'JSONB',
  'io.debezium.data.Uuid': 'UUID',
  'io.debezium.data.Xml': 'XML',
  'io.debezium.data.Ltree': 'LTREE',
  'io.debezium.data.VariableScaleDecimal': 'NUMERIC',
  'io.debezium.data.FloatVector': 'HALFVEC',
  'io.debezium.data.DoubleVector': 'VECTOR',
  'io.debezium.data.SparseVector': 'SPARSEVEC',
}

/** In the schema `dialect.postgres.postgis.schema`. */
const postgisTypes: Readonly<Record<string, string>> = {
  'io.debezium.data.geometry.Point': 'GEOMETRY',
  'io.debezium.data.geometry.Geometry': 'GEOMETRY',
  'io.debezium.data.geometry.Geography': 'GEOGRAPHY',
}

/** Types of PostgreSQL that travel as texts, so that their own name is needed for a column of the same type. */
const textTypes: ReadonlySet<string> = new Set([
  ...['CITEXT', 'INET', 'CIDR', 'MACADDR', 'MACADDR8', 'LTREE', 'JSON', 'JSONB', 'UUID', 'XML', 'TSVECTOR', 'INTERVAL'],
  ...['INT4RANGE', 'INT8RANGE', 'NUMRANGE', 'TSRANGE', 'TSTZRANGE', 'DATERANGE'],
])

/** Debezium's `column.propagate.source.type` and `datatype.propagate.source.type` leave the type here; of arrays with an underscore. */
const sourceTypeParameter = '__debezium.source.column.type'

/** The type of a column for what Debezium's source sends. Null: nothing particular to Debezium. */
export function debeziumType(schema: Schema, postgisSchema: string): string | null {
  const { name, type, parameters } = schema
  const propagated = propagatedType(schema)
  if (propagated !== null) return propagated
  if (name === 'io.debezium.data.Bits') return `BIT VARYING(${Number(parameters?.get('length') ?? 64)})`
  if (type === 'MAP') return 'HSTORE'
  if (name === null) return null
  if (Object.hasOwn(postgisTypes, name)) return `${quoted(postgisSchema)}.${postgisTypes[name] ?? ''}`
  return Object.hasOwn(types, name) ? (types[name] ?? null) : null
}

function propagatedType({ type, valueSchema, parameters }: Schema): string | null {
  const source = parameters?.get(sourceTypeParameter)?.toUpperCase()
  if (source === undefined) return null
  if (type === 'STRING') return textTypes.has(source) ? source : null
  const isArrayOfTexts = type === 'ARRAY' && valueSchema?.type === 'STRING' && source.startsWith('_')
  return isArrayOfTexts && textTypes.has(source.slice(1)) ? `${source.slice(1)}[]` : null
}
