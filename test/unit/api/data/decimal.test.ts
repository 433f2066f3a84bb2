import { describe, expect, it } from 'vitest'
import { Decimal } from '../../../../src/api/data/decimal.ts'

describe('a decimal number', () => {
  it.each([
    ['1e2147483647', '1E+2147483647'],
    ['1.5e-2147483646', '1.5E-2147483646'],
    ['1e00000000000000005', '1E+5'],
    ['١.٥', '1.5'],
  ])('%s is read as %s', (text, shown) => {
    expect(Decimal.parse(text)?.toString()).toBe(shown)
  })

  it.each(['1e2147483648', '1.0e2147483648', '1.5e-2147483647', '1e', 'e5', '.', '1e+', '', ' 1'])('%s is none', (text) => {
    expect(Decimal.parse(text)).toBeNull()
  })
})
