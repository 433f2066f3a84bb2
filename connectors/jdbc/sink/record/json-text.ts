import { DATE_NAME, Decimal, Double, TIMESTAMP_NAME, TIME_NAME, type ConnectStruct, type ConnectValue, type Schema } from 'standpipe/api'

/** A value as JSON, for columns of type json and jsonb: decimals and large integers keep every digit, bytes are base64, dates ISO texts. */
export function jsonText(value: ConnectValue, schema: Schema | null): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value)
    case 'bigint':
      return value.toString()
    case 'number':
      return Number.isFinite(value) ? String(value) : JSON.stringify(String(value))
    default:
      return value === null ? 'null' : objectText(value, schema)
  }
}

function objectText(value: Exclude<ConnectValue, null | string | boolean | bigint | number>, schema: Schema | null): string {
  if (Buffer.isBuffer(value)) return JSON.stringify(value.toString('base64'))
  if (value instanceof Decimal) return value.toString()
  if (value instanceof Double) return String(value)
  if (value instanceof Date) return JSON.stringify(dateText(value, schema))
  if (Array.isArray(value))
    return `[${(value as readonly ConnectValue[]).map((each) => jsonText(each, schema?.valueSchema ?? null)).join(',')}]`
  if (value instanceof Map) return mapText(value as ReadonlyMap<ConnectValue, ConnectValue>, schema)
  return membersText(Object.entries(value as ConnectStruct), (name) => schema?.field(name)?.schema ?? null)
}

function dateText(value: Date, schema: Schema | null): string {
  const text = value.toISOString()
  if (schema?.name === DATE_NAME) return text.slice(0, text.indexOf('T'))
  if (schema?.name === TIME_NAME) return text.slice(text.indexOf('T') + 1, -1)
  return schema?.name === TIMESTAMP_NAME ? text : String(value.getTime())
}

function mapText(map: ReadonlyMap<ConnectValue, ConnectValue>, schema: Schema | null): string {
  const keyText = (key: ConnectValue) => (typeof key === 'string' ? key : jsonText(key, schema?.keySchema ?? null))
  return membersText(
    Array.from(map, ([key, value]) => [keyText(key), value] as const),
    () => schema?.valueSchema ?? null,
  )
}

function membersText(members: readonly (readonly [string, ConnectValue | undefined])[], schemaOf: (name: string) => Schema | null): string {
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${jsonText(value ?? null, schemaOf(name))}`).join(',')}}`
}
