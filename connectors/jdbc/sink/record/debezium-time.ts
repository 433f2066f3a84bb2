import type { ConnectValue } from 'standpipe/api'
import { TemporalText } from '../../dialect/temporal-text.ts'
import { TimeZone } from '../../dialect/time-zone.ts'
import type { TextTarget, TextWriter } from './text-writer.ts'

/** Debezium's dates and times are wall clocks without zone, in the calendar of PostgreSQL. */
const wall = new TemporalText(TimeZone.utc, TimeZone.utc, 'PROLEPTIC_GREGORIAN')
const dayMs = 86_400_000

/** Numbers per second that each type counts in. */
const writers: Readonly<Record<string, TextWriter>> = {
  'io.debezium.time.Date': (value) => wall.date(Number(value) * dayMs),
  'io.debezium.time.Time': (value) => wall.timestamp(Number(value)).slice(11),
  'io.debezium.time.MicroTime': (value) => wall.timestampOfMicros(integer(value)).slice(11),
  'io.debezium.time.NanoTime': (value) => wall.timestampOfMicros(roundedMicros(value)).slice(11),
  'io.debezium.time.Timestamp': (value) => wall.timestamp(Number(value)),
  'io.debezium.time.MicroTimestamp': (value) => wall.timestampOfMicros(integer(value)),
  'io.debezium.time.NanoTimestamp': (value) => wall.timestampOfMicros(roundedMicros(value)),
  'io.debezium.time.MicroDuration': (value) => `${integer(value)} microseconds`,
  'io.debezium.time.NanoDuration': (value) => `${roundedMicros(value)} microseconds`,
}

/** For columns that are dates, times or intervals; into a column of numbers the number goes as it is. Null: no such type, or no such column. */
export function debeziumTimeWriter(schemaName: string, { category }: TextTarget): TextWriter | null {
  if (category !== 'D' && category !== 'T') return null
  return Object.hasOwn(writers, schemaName) ? (writers[schemaName] ?? null) : null
}

/** Nanoseconds in microseconds, the nearest. */
export function roundedMicros(value: ConnectValue): bigint {
  const nanos = integer(value)
  return nanos >= 0n ? (nanos + 500n) / 1000n : -((-nanos + 500n) / 1000n)
}

function integer(value: ConnectValue): bigint {
  return typeof value === 'bigint' ? value : BigInt(Number(value))
}
