import { ConfigException } from '../../api/errors.ts'

/** A field of the envelope that goes into the row or a header. */
export interface AddedField {
  /** The struct it is in, such as `source`; null: the envelope itself. */
  readonly struct: string | null
  readonly field: string
  readonly newName: string
}

const ofEnvelope = new Set(['op', 'ts_ms', 'ts_us', 'ts_ns'])
const ofTransaction = new Set(['id', 'data_collection_order', 'total_order'])

/** Reads `op`, `table`, `source.ts_ms`, `source.ts_ms:when`. Debezium, AbstractExtractNewRecordState.FieldReference. @throws ConfigException */
export function parseAddedField(text: string, prefix: string): AddedField {
  const [path = '', newName, ...more] = text.split(':')
  if (path === '' || more.length > 0) throw new ConfigException(`Unexpected field name: ${text}. Write name or name:newname`)
  const [first = '', second] = path.split('.')
  const field = second ?? first
  const struct = second === undefined ? structOf(field) : first
  return { struct, field, newName: prefix + (newName ?? (second === undefined ? field : `${first}_${field}`)) }
}

function structOf(field: string): string | null {
  if (ofEnvelope.has(field)) return null
  return ofTransaction.has(field) ? 'transaction' : 'source'
}
