import { DataException, DATE_NAME, TIME_NAME, type ConnectValue, type SchemaType } from 'standpipe/api'
import type { ValueSettings } from '../config/settings.ts'
import type { Moment } from './moment.ts'
import { numericColumn, type ColumnForm } from './numeric-column.ts'
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
export const textForm: ColumnForm = { schema: { type: 'STRING' }, read: (text) => text }

/** What a column of a built-in type becomes; null: Connect has no type for it. @param modifier of the type; -1: none */
export function columnForm(oid: number, modifier: number, settings: ValueSettings, moment: Moment): ColumnForm | null {
  if (strings.has(oid)) return textForm
  switch (oid) {
    case typeOids.bool:
      return form('BOOLEAN', (text) => text === 't')
    case typeOids.int2:
      return form('INT16', Number)
    case typeOids.int4:
      return form('INT32', Number)
    case typeOids.int8:
    case typeOids.oid:
      return form('INT64', BigInt)
    case typeOids.float4:
      return form('FLOAT32', (text) => Math.fround(Number(text)))
    case typeOids.float8:
      return form('FLOAT64', Number)
    case typeOids.money:
      return form('FLOAT64', moneyValue)
    case typeOids.bytea:
      return form('BYTES', (text) => Buffer.from(text.slice(2), 'hex'))
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
  if (oid === typeOids.date) return { schema: date, read: (text) => new Date(moment.dateMs(text)) }
  if (oid === typeOids.time) return { schema: time, read: (text) => new Date(moment.timeMs(text)) }
  return oid === typeOids.timetz ? { schema: time, read: (text) => new Date(moment.zonedTimeMs(text)) } : null
}

function form(type: SchemaType, read: (text: string) => ConnectValue): ColumnForm {
  return { schema: { type }, read }
}

/** Java takes the digits of up to eight bits for a decimal number, and those of more for bytes. */
function bitForm(bits: number): ColumnForm {
  if (bits === 1) return form('BOOLEAN', (text) => text === '1')
  return bits > 8 ? form('BYTES', (text) => Buffer.from(text, 'latin1')) : form('INT8', byteOfDigits)
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
