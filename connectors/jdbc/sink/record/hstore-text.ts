import type { ConnectValue, Schema } from 'standpipe/api'
import { jsonText } from './json-text.ts'

/** A map as hstore reads it: `"a"=>"1", "b"=>NULL`. */
export function hstoreText(value: ConnectValue, schema: Schema): string {
  const entries = Array.from(value as ReadonlyMap<ConnectValue, ConnectValue>, ([key, each]) => {
    const shown = each === null ? 'NULL' : quotedText(each, schema.valueSchema)
    return `${quotedText(key, schema.keySchema)}=>${shown}`
  })
  return entries.join(', ')
}

function quotedText(value: ConnectValue, schema: Schema | null): string {
  const text = typeof value === 'string' ? value : jsonText(value, schema)
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}
