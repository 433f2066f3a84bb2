import { DataException, type ConnectValue } from 'standpipe/api'
import type { TemporalText } from '../../dialect/temporal-text.ts'
import { roundedMicros } from './debezium-time.ts'
import type { TextWriter } from './text-writer.ts'

/** Writes a field of `timestamp.fields.list`: a number since 1970, or its text. */
export function epochWriter(unit: 'microseconds' | 'nanoseconds', temporal: TemporalText): TextWriter {
  const micros = unit === 'nanoseconds' ? roundedMicros : (value: bigint) => value
  return (value) => temporal.timestampOfMicros(micros(integerOf(value)))
}

function integerOf(value: ConnectValue): bigint {
  if (typeof value === 'bigint') return value
  const text = typeof value === 'string' ? value : String(Number(value))
  if (/^[+-]?\d+$/.test(text)) return BigInt(text.replace(/^\+/, ''))
  throw new DataException(`For input string: "${text}". A field of timestamp.fields.list holds a whole number since 1970.`)
}
