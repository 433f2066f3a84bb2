import { ConnectSchema, DataException, Decimal, DECIMAL_NAME, type ConnectValue, type SchemaParts } from 'standpipe/api'
import type { NumericMapping } from '../config/words.ts'

/** What a column becomes: its schema, but for optionality, and how its texts are read. */
export interface ColumnForm {
  readonly schema: SchemaParts
  /** @throws DataException for a text that has no value of the schema; the caller names the column */
  readonly read: (text: string) => ConnectValue
  /** The server's text as one of Connect's `FieldTexts`. Absent: there is no such text. @throws as `read` */
  readonly text?: (text: string) => string
}

/** For types whose values are in `FieldTexts` as the server writes them. */
export function verbatim(text: string): string {
  return text
}

/** The scale of Connect's decimals for numeric without any: what pgjdbc's 0 digits become in Java. */
const unlimitedScale = 127

/** @param modifier precision and scale as the type keeps them; -1: none */
export function numericColumn(modifier: number, mapping: NumericMapping, tellsPrecision: boolean): ColumnForm {
  if (modifier < 0) return mapping === 'best_fit_eager_double' ? doubleForm : decimalForm(0, unlimitedScale, tellsPrecision)
  const precision = ((modifier - 4) >> 16) & 0xffff
  const scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024
  if (mapping === 'none') return decimalForm(precision, Math.max(0, scale), tellsPrecision)
  if (scale === 0) return precision < 19 ? integerForm(precision) : decimalForm(precision, 0, tellsPrecision)
  const isDouble = mapping === 'best_fit_eager_double' || (mapping === 'best_fit' && (precision < 19 || scale < 0))
  return isDouble ? doubleForm : decimalForm(precision, Math.max(0, scale), tellsPrecision)
}

const doubleForm: ColumnForm = { schema: { type: 'FLOAT64' }, read: Number, text: verbatim }

function integerForm(precision: number): ColumnForm {
  if (precision > 9) return { schema: { type: 'INT64' }, read: BigInt, text: finite }
  return { schema: { type: precision > 4 ? 'INT32' : precision > 2 ? 'INT16' : 'INT8' }, read: Number, text: finite }
}

function decimalForm(precision: number, scale: number, tellsPrecision: boolean): ColumnForm {
  const parameters = new Map([['scale', String(scale)]])
  if (tellsPrecision) parameters.set('connect.decimal.precision', String(precision))
  return {
    schema: { type: 'BYTES', name: DECIMAL_NAME, version: 1, parameters },
    read: (text) => decimalOf(text, scale),
    text: (text) => decimalText(text, scale),
  }
}

/** As `decimalOf`, with as many digits behind the point. */
function decimalText(text: string, scale: number): string {
  const point = text.indexOf('.')
  const fraction = point < 0 ? 0 : text.length - point - 1
  if (fraction === scale) return finite(text)
  if (fraction > scale) return plainText(decimalOf(text, scale))
  return `${finite(text)}${point < 0 ? '.' : ''}${'0'.repeat(scale - fraction)}`
}

/** Without an exponent, however small. */
function plainText({ unscaled, scale }: Decimal): string {
  const sign = unscaled < 0n ? '-' : ''
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

function finite(text: string): string {
  if (text.charCodeAt(text.length - 1) <= 57) return text
  throw new DataException(`The value ${text} is no number that Connect's Decimal can hold.`)
}

/** The server writes no exponents. */
function decimalOf(text: string, scale: number): Decimal {
  const point = text.indexOf('.')
  const fraction = point < 0 ? 0 : text.length - point - 1
  finite(text)
  if (fraction > scale) return new Decimal(rounded(BigInt(text.replace('.', '')), fraction - scale), scale)
  const digits = point < 0 ? text : text.slice(0, point) + text.slice(point + 1)
  return new Decimal(BigInt(fraction < scale ? digits + '0'.repeat(scale - fraction) : digits), scale)
}

/** Without so many digits at the end; halves go away from zero. */
function rounded(unscaled: bigint, digits: number): bigint {
  const unit = 10n ** BigInt(digits)
  const half = unscaled < 0n ? -unit / 2n : unit / 2n
  return (unscaled + half) / unit
}

/** A schema of the form. */
export function schemaOf(form: Pick<ColumnForm, 'schema'>, optional: boolean): ConnectSchema {
  return new ConnectSchema({ ...form.schema, optional })
}
