import { describe, expect, it } from 'vitest'
import { concernsWholeStatement, isStaleTable, kindOfSqlState } from '../../../../../connectors/jdbc/dialect/sqlstate.ts'

const kinds = {
  record: [
    '22001',
    '22003',
    '22007',
    '22021',
    '22P02',
    '23502',
    '23503',
    '23505',
    '23514',
    '23P01',
    '21000',
    '42703',
    '42P01',
    '42804',
    '428C9',
    '0A000',
    '3F000',
    '44000',
    '54000',
    '55000',
    'P0001',
    '40002',
  ],
  system: [
    ...[
      '08000',
      '08001',
      '08003',
      '08006',
      '25006',
      '25P03',
      '40001',
      '40P01',
      '53100',
      '53200',
      '53300',
      '55P03',
      '55006',
      '57014',
      '57P01',
      '57P02',
      '57P03',
    ],
    ...['57P05', '58000', '58030', 'XX000', '26000', '42P05', 'HV00N'],
  ],
  bug: ['08P01', '28000', '28P01', '3D000', '42501', '57P04', '25P02', '0B000'],
} as const

describe('SQLSTATEs', () => {
  it.for(Object.entries(kinds).flatMap(([kind, states]) => states.map((state) => [state, kind] as const)))(
    '%s is a fault of kind %s',
    ([state, kind]) => {
      expect(kindOfSqlState(state)).toBe(kind)
    },
  )

  it('a table is looked at again when columns or types are not what they were, not when values do not fit', () => {
    expect(['42703', '42P01', '42804', '0A000'].map(isStaleTable)).toEqual([true, true, true, true])
    expect(['22P02', '23505', '40001'].map(isStaleTable)).toEqual([false, false, false])
  })

  it('a statement that is wrong is wrong for all its rows', () => {
    expect(concernsWholeStatement('42804')).toBe(true)
    expect(concernsWholeStatement('22P02')).toBe(false)
  })
})
