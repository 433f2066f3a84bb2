import { DataException, DATE_NAME, TIME_NAME, type ConnectValue, type SchemaType } from 'standpipe/api'
import type { ValueSettings } from '../config/settings.ts'
import { dayMs } from '../../dialect/calendar.ts'
import type { Moment } from './moment.ts'
import { numericColumn, verbatim, type ColumnForm } from './numeric-column.ts'
import { timestampColumn } from './timestamp-column.ts'

/** OIDs of built-in types: they never change. */
export const typeOids = {
  ...{
    bool: 16,
    bytea: 17,
    char: 18,
    name: 19,
    int8: 20,
    int2: 21,
    int4: 23,
    text: 25,
    oid: 26,
    json: 114,
    xml: 142,
    float4: 700,
    float8: 701,
  },
  ...{ unknown: 705, money: 790, bpchar: 1042, varchar: 1043, date: 1082, time: 1083, timestamp: 1114, timestamptz: 1184, timetz: 1266 },
  ...{ bit: 1560, numeric: 1700, uuid: 2950, jsonb: 3802 },
} as const

const strings: ReadonlySet<number> = new Set([
  ...[typeOids.char, typeOids.name, typeOids.text, typeOids.json, typeOids.xml, typeOids.unknown],
  ...[typeOids.bpchar, typeOids.varchar, typeOids.uuid, typeOids.jsonb],
])

/** Columns of text, and of whatever is taken as text. */
export const textForm: ColumnForm = { schema: { type: 'STRING' }, read: verbatim, text: verbatim }

/** As Confluent names it where complex types are on. */
const namedJsonForm: ColumnForm = {
  schema: { type: 'STRING', name: 'io.confluent.connect.jdbc.data.Json', version: 1 },
  read: verbatim,
  text: verbatim,
}

/** What a column of a built-in type becomes; null: Connect has no type for it. @param modifier of the type; -1: none */
export function columnForm(oid: number, modifier: number, settings: ValueSettings, moment: Moment): ColumnForm | null {
  if (settings.takesComplexTypes && (oid === typeOids.json || oid === typeOids.jsonb)) return namedJsonForm
  if (strings.has(oid)) return textForm
  switch (oid) {
    case typeOids.bool:
      return form(
        'BOOLEAN',
        (text) => text === 't',
        (text) => (text === 't' ? 'true' : 'false'),
      )
    case typeOids.int2:
      return form('INT16', Number, verbatim)
    case typeOids.int4:
      return form('INT32', Number, verbatim)
    case typeOids.int8:
    case typeOids.oid:
      return form('INT64', BigInt, verbatim)
    case typeOids.float4:
      return form('FLOAT32', (text) => Math.fround(Number(text)), verbatim)
    case typeOids.float8:
      return form('FLOAT64', Number, verbatim)
    case typeOids.money:
      return form('FLOAT64', moneyValue, (text) => String(moneyValue(text)))
    case typeOids.bytea:
      return form('BYTES', bytesOf, (text) => bytesOf(text).toString('base64'))
    case typeOids.bit:
      return bitForm(modifier)
    case typeOids.numeric:
      return numericColumn(modifier, settings.numericMapping, settings.tellsPrecision)
    case typeOids.timestamp:
    case typeOids.timestamptz:
      return timestampColumn(settings.granularity, moment, settings.zone)
    default:
      return dateOrTimeForm(oid, moment)
  }
}

function dateOrTimeForm(oid: number, moment: Moment): ColumnForm | null {
  const date = { type: 'INT32', name: DATE_NAME, version: 1 } as const
  const time = { type: 'INT32', name: TIME_NAME, version: 1 } as const
  if (oid === typeOids.date)
    return { schema: date, read: (text) => new Date(moment.dateMs(text)), text: (text) => String(moment.dateMs(text) / dayMs) }
  if (oid === typeOids.time)
    return { schema: time, read: (text) => new Date(moment.timeMs(text)), text: (text) => String(moment.timeMs(text)) }
  if (oid !== typeOids.timetz) return null
  return { schema: time, read: (text) => new Date(moment.zonedTimeMs(text)), text: (text) => String(moment.zonedTimeMs(text)) }
}

function form(type: SchemaType, read: (text: string) => ConnectValue, text: (text: string) => string): ColumnForm {
  return { schema: { type }, read, text }
}

/** Hexadecimal digits behind a backslash and an x. */
function bytesOf(text: string): Buffer {
  return Buffer.from(text.slice(2), 'hex')
}

/** Java takes the digits of up to eight bits for a decimal number, and those of more for bytes. */
function bitForm(bits: number): ColumnForm {
  if (bits === 1)
    return form(
      'BOOLEAN',
      (text) => text === '1',
      (text) => (text === '1' ? 'true' : 'false'),
    )
  if (bits <= 8) return form('INT8', byteOfDigits, (text) => String(byteOfDigits(text)))
  return form(
    'BYTES',
    (text) => Buffer.from(text, 'latin1'),
    (text) => Buffer.from(text, 'latin1').toString('base64'),
  )
}

function byteOfDigits(text: string): number {
  const value = Number(text)
  if (value > 127)
    throw new DataException(
      `The bits ${text}, whose digits Java's connector takes for a decimal number, are out of the range of INT8. Cast the column to text in a query.`,
    )
  return value
}

/** `$1,234.56`, `-1.234,56 €`, `($12.50)`: two digits at the end behind a point or comma are the fraction. */
function moneyValue(text: string): number {
  const isNegative = text.includes('-') || text.includes('(')
  const [, whole = '', fraction = ''] = /^(.*?)(?:[.,](\d{2}))?\D*$/s.exec(text) ?? []
  const amount = Number(`${whole.replaceAll(/\D/g, '')}.${fraction}`)
  if (Number.isNaN(amount)) throw new DataException(`The amount ${text} cannot be read. Cast the column to numeric in a query.`)
  return isNegative ? -amount : amount
}
