import type { ConnectStruct, ConnectValue, Schema } from 'standpipe/api'
import { jsonText } from './json-text.ts'

/** A map as hstore reads it: `"a"=>"1", "b"=>NULL`. Without schema it is an object, or a text that is hstore's already. */
export function hstoreText(value: ConnectValue, schema: Schema): string {
  if (typeof value === 'string') return value
  const members = value instanceof Map ? (value as ReadonlyMap<ConnectValue, ConnectValue>) : Object.entries(value as ConnectStruct)
  const entries = Array.from(members, ([key, each]: readonly [ConnectValue, ConnectValue | undefined]) => {
    const shown = each === null || each === undefined ? 'NULL' : quotedText(each, schema.valueSchema)
    return `${quotedText(key, schema.keySchema)}=>${shown}`
  })
  return entries.join(', ')
}

function quotedText(value: ConnectValue, schema: Schema | null): string {
  const text = typeof value === 'string' ? value : jsonText(value, schema)
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}
