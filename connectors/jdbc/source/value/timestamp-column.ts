import { TIMESTAMP_NAME, type SchemaType } from 'standpipe/api'
import { utcFields } from '../../dialect/calendar.ts'
import type { TimeZone } from '../../dialect/time-zone.ts'
import type { TimestampGranularity } from '../config/words.ts'
import type { Moment } from './moment.ts'
import type { ColumnForm } from './numeric-column.ts'

/** Columns of type timestamp and timestamptz. */
export function timestampColumn(granularity: TimestampGranularity, moment: Moment, zone: TimeZone): ColumnForm {
  switch (granularity) {
    case 'connect_logical':
      return {
        schema: { type: 'INT64', name: TIMESTAMP_NAME, version: 1 },
        read(text) {
          moment.readTimestamp(text)
          return new Date(moment.ms)
        },
        text(text) {
          moment.readTimestamp(text)
          return String(moment.ms)
        },
      }
    case 'micros_long':
      return form('INT64', moment, micros)
    case 'nanos_long':
      return form('INT64', moment, (moment) => micros(moment) * 1000n)
    case 'micros_string':
      return form('STRING', moment, (moment) => String(micros(moment)))
    case 'nanos_string':
      return form('STRING', moment, (moment) => String(micros(moment) * 1000n))
    case 'micros_iso_datetime_string':
      return form('STRING', moment, (moment) => isoText(moment, zone))
    case 'nanos_iso_datetime_string':
      return form('STRING', moment, (moment) => `${isoText(moment, zone)}000`)
  }
}

function form(type: SchemaType, moment: Moment, value: (moment: Moment) => bigint | string): ColumnForm {
  const read = (text: string) => {
    moment.readTimestamp(text)
    return value(moment)
  }
  return { schema: { type }, read, text: (text) => String(read(text)) }
}

/** Since 1970. Java counts wrongly before that. */
function micros({ ms, micros }: Moment): bigint {
  const whole = ms * 1000 + micros
  return Number.isSafeInteger(whole) ? BigInt(whole) : BigInt(ms) * 1000n + BigInt(micros)
}

/** What wall clocks of the zone show, with six digits of the second. */
function isoText({ ms, micros }: Moment, zone: TimeZone): string {
  const { year, month, day, hour, minute, second, millisecond } = utcFields(ms + zone.offsetAt(ms))
  const shownYear = year < 0 ? `-${padded(-year, 4)}` : year > 9999 ? `+${year}` : padded(year, 4)
  const date = `${shownYear}-${padded(month, 2)}-${padded(day, 2)}`
  return `${date}T${padded(hour, 2)}:${padded(minute, 2)}:${padded(second, 2)}.${padded(millisecond, 3)}${padded(micros, 3)}`
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}
