import type { ConnectStruct, ConnectValue } from './connect-value.ts'
import { Decimal } from './decimal.ts'
import { DAY_MS, localFields, type CalendarFields } from './java-date.ts'
import { javaText } from './java-text.ts'
import type { Schema } from './schema.ts'
import { structField } from './struct.ts'

/**
 * The text form that `parseString` reads: `[1,2]`, `{"a":1.5}`, `2019-08-23`. At top level a string is as it is, inside it is quoted.
 * Apache Kafka 4.3, Values#convertToString. @param schema tells floats and structs from what they look like; null: by the value
 */
export function valueText(value: ConnectValue, schema: Schema | null): string {
  return typeof value === 'string' ? value : textOf(value, schema, false)
}

function textOf(value: ConnectValue | undefined, schema: Schema | null, isEmbedded: boolean): string {
  if (typeof value === 'string') return `"${value.replace(/["\\]/g, '\\$&')}"`
  if (typeof value !== 'object' || value === null || value instanceof Number || value instanceof Decimal) return javaText(value, schema)
  if (Buffer.isBuffer(value)) return isEmbedded ? `"${value.toString('base64')}"` : value.toString('base64')
  if (value instanceof Date) return dateText(value)
  return containerText(value, schema)
}

function containerText(value: object, schema: Schema | null): string {
  if (Array.isArray(value)) {
    return `[${(value as readonly ConnectValue[]).map((element) => textOf(element, schema?.valueSchema ?? null, true)).join(',')}]`
  }
  if (value instanceof Map) return mapText(value as ReadonlyMap<ConnectValue, ConnectValue>, schema)
  return schema?.type === 'STRUCT' ? structText(value as ConnectStruct, schema) : plainText(value as ConnectStruct)
}

function mapText(map: ReadonlyMap<ConnectValue, ConnectValue>, schema: Schema | null): string {
  const { keySchema = null, valueSchema = null } = schema ?? {}
  return `{${Array.from(map, ([key, value]) => `${textOf(key, keySchema, true)}:${textOf(value, valueSchema, true)}`).join(',')}}`
}

function structText(struct: ConnectStruct, schema: Schema): string {
  const fields = schema.fields.map(({ name, schema: fieldSchema }) => {
    return `${textOf(name, null, true)}:${textOf(structField(schema, struct, name), fieldSchema, true)}`
  })
  return `{${fields.join(',')}}`
}

function plainText(map: ConnectStruct): string {
  return `{${Object.keys(map)
    .map((key) => `${textOf(key, null, true)}:${textOf(map[key], null, true)}`)
    .join(',')}}`
}

/** Fields are those of the process's time zone, although the text ends in Z: so does Java. */
function dateText(date: Date): string {
  const ms = date.getTime()
  if (Number.isNaN(ms)) return String(date)
  const fields = localFields(date)
  if (ms < DAY_MS) return timeText(fields)
  return ms % DAY_MS === 0 ? dayText(fields) : `${dayText(fields)}T${timeText(fields)}`
}

function dayText({ year, month, day }: CalendarFields): string {
  return `${padded(year <= 0 ? 1 - year : year, 4)}-${padded(month, 2)}-${padded(day, 2)}`
}

function timeText({ hour, minute, second, millisecond }: CalendarFields): string {
  return `${padded(hour, 2)}:${padded(minute, 2)}:${padded(second, 2)}.${padded(millisecond, 3)}Z`
}

function padded(value: number, length: number): string {
  return String(value).padStart(length, '0')
}
