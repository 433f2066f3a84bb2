import { Decimal } from 'standpipe/api'
import { describe, expect, it } from 'vitest'
import { TimeZone } from '../../../../../../connectors/jdbc/dialect/time-zone.ts'
import type { ValueSettings } from '../../../../../../connectors/jdbc/source/config/settings.ts'
import { columnForm, typeOids } from '../../../../../../connectors/jdbc/source/value/column-form.ts'
import { Moment } from '../../../../../../connectors/jdbc/source/value/moment.ts'

const settings: ValueSettings = {
  ...{
    zone: TimeZone.utc,
    calendar: 'LEGACY',
    numericMapping: 'none',
    granularity: 'connect_logical',
    unsupportedTypes: 'drop',
    tellsPrecision: true,
    takesComplexTypes: false,
    hstoreUse: 'none',
  },
}
const form = (oid: number, modifier = -1, changes: Partial<ValueSettings> = {}) =>
  columnForm(oid, modifier, { ...settings, ...changes }, new Moment(TimeZone.utc, 'LEGACY'))!
const numeric = (precision: number, scale: number) => (precision << 16) + (scale & 0x7ff) + 4
const shape = ({ schema }: ReturnType<typeof form>) =>
  `${schema.type}${schema.parameters === undefined ? '' : ` ${[...(schema.parameters ?? [])].join(' ')}`}`

describe('what columns become', () => {
  it.for([
    [numeric(2, 0), 'INT8', 'INT8', 'INT8'],
    [numeric(4, 0), 'INT16', 'INT16', 'INT16'],
    [numeric(8, 0), 'INT32', 'INT32', 'INT32'],
    [numeric(18, 0), 'INT64', 'INT64', 'INT64'],
    [numeric(10, 2), 'BYTES scale,2 connect.decimal.precision,10', 'FLOAT64', 'FLOAT64'],
    [numeric(20, 5), 'BYTES scale,5 connect.decimal.precision,20', 'BYTES scale,5 connect.decimal.precision,20', 'FLOAT64'],
    [numeric(5, -2), 'BYTES scale,0 connect.decimal.precision,5', 'FLOAT64', 'FLOAT64'],
    [-1, 'BYTES scale,127 connect.decimal.precision,0', 'BYTES scale,127 connect.decimal.precision,0', 'FLOAT64'],
  ] as const)('T25: numeric of modifier %i under each mapping', ([modifier, precisionOnly, bestFit, eager]) => {
    expect(shape(form(typeOids.numeric, modifier, { numericMapping: 'precision_only' }))).toBe(precisionOnly)
    expect(shape(form(typeOids.numeric, modifier, { numericMapping: 'best_fit' }))).toBe(bestFit)
    expect(shape(form(typeOids.numeric, modifier, { numericMapping: 'best_fit_eager_double' }))).toBe(eager)
  })

  it('T26: numeric without precision is not cut', () => {
    const { read } = form(typeOids.numeric, -1, { numericMapping: 'best_fit' })
    expect(read('12.34')).toEqual(new Decimal(1234n * 10n ** 125n, 127))
    expect(read('-500')).toEqual(new Decimal(-500n * 10n ** 127n, 127))
  })

  it('decimals have the scale of their column, also where it is rounded', () => {
    expect(form(typeOids.numeric, numeric(10, 2)).read('-4.50')).toEqual(new Decimal(-450n, 2))
    expect(form(typeOids.numeric, numeric(5, -2)).read('12300')).toEqual(new Decimal(12300n, 0))
    expect(() => form(typeOids.numeric).read('NaN')).toThrow('NaN')
  })

  it.for([
    ['micros_long', 1704067200123456n],
    ['nanos_string', '1704067200123456000'],
    ['micros_iso_datetime_string', '2024-01-01T00:00:00.123456'],
    ['nanos_iso_datetime_string', '2024-01-01T00:00:00.123456000'],
  ] as const)('T27: timestamps as %s', ([granularity, want]) => {
    expect(form(typeOids.timestamp, -1, { granularity }).read('2024-01-01 00:00:00.123456')).toBe(want)
  })

  it('T27: micros before 1970 are right', () => {
    expect(form(typeOids.timestamp, -1, { granularity: 'micros_long' }).read('1969-12-31 23:59:58.500123')).toBe(-1499877n)
  })

  it('T32: booleans, bits and bytes', () => {
    expect(form(typeOids.bool).read('t')).toBe(true)
    expect(form(typeOids.bit, 1).read('1')).toBe(true)
    expect(form(typeOids.bit, 8).read('00000011')).toBe(11)
    expect(() => form(typeOids.bit, 8).read('11111111')).toThrow('out of the range of INT8')
    expect(form(typeOids.bit, 12).read('000000000011')).toEqual(Buffer.from('000000000011'))
    expect(form(typeOids.bytea).read('\\x0102')).toEqual(Buffer.from([1, 2]))
    expect(form(typeOids.bpchar).read('ab ')).toBe('ab ')
  })

  it.for([
    ['$1,234.56', 1234.56],
    ['-$12.50', -12.5],
    ['($12.50)', -12.5],
    ['1.234,56 €', 1234.56],
    ['￥1,235', 1235],
  ] as const)('money %s is %d', ([text, want]) => expect(form(typeOids.money).read(text)).toBe(want))

  it('T28: integers of 64 bits keep all digits', () => {
    expect(form(typeOids.int8).read('9007199254740993')).toBe(9007199254740993n)
  })

  it('T29: what Connect has no type for has no form', () => {
    expect(columnForm(1007, -1, settings, new Moment(TimeZone.utc, 'LEGACY'))).toBeNull()
  })
})
