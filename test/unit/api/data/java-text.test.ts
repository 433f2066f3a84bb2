import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Decimal } from '../../../../src/api/data/decimal.ts'
import { Double } from '../../../../src/api/data/double.ts'
import { doubleText, floatText } from '../../../../src/api/data/java-number-text.ts'
import { javaText } from '../../../../src/api/data/java-text.ts'
import { SchemaBuilder } from '../../../../src/api/data/schema-builder.ts'
import { FLOAT64_SCHEMA, INT32_SCHEMA, OPTIONAL_STRING_SCHEMA } from '../../../../src/api/data/schema.ts'

describe('Java text of numbers', () => {
  it.each([
    [0, '0.0'],
    [-0, '-0.0'],
    [1, '1.0'],
    [100, '100.0'],
    [0.001, '0.001'],
    [9.99e-4, '9.99E-4'],
    [9999999, '9999999.0'],
    [1e7, '1.0E7'],
    [123456789012345678, '1.2345678901234568E17'],
    [5e-324, '4.9E-324'],
    [1e23, '1.0E23'],
    [NaN, 'NaN'],
    [-Infinity, '-Infinity'],
  ])('doubleText(%s) is %s', (value, text) => {
    expect(doubleText(value)).toBe(text)
  })

  it.each([
    [0.1, '0.1'],
    [16777216, '1.6777216E7'],
    [1.401298464324817e-45, '1.4E-45'],
    [3.4028234663852886e38, '3.4028235E38'],
    [341767.125, '341767.12'],
    [0.001, '0.001'],
  ])('floatText(%s) is %s', (value, text) => {
    expect(floatText(value)).toBe(text)
  })

  it('reads back as the same number', () => {
    fc.assert(fc.property(fc.double(), (value) => void expect(Number(doubleText(value))).toBe(value)))
    fc.assert(fc.property(fc.float(), (value) => void expect(Math.fround(Number(floatText(value)))).toBe(value)))
  })
})

describe('Java text of values', () => {
  const schema = SchemaBuilder.struct().field('a', INT32_SCHEMA).field('b', OPTIONAL_STRING_SCHEMA).field('c', FLOAT64_SCHEMA).build()

  it('follows the schema where a number does not tell its class', () => {
    expect(javaText({ a: 1, b: null, c: 1 }, schema)).toBe('Struct{a=1,c=1.0}')
    expect(javaText(1, null)).toBe('1')
    expect(javaText(new Double(1), null)).toBe('1.0')
  })

  it('nests lists, maps and nulls', () => {
    expect(javaText([1, null, 'x', { a: [true] }, new Map([['k', 2]])], null)).toBe('[1, null, x, {a=[true]}, {k=2}]')
  })

  it.each([
    [150n, 2, '1.50'],
    [5n, -3, '5E+3'],
    [5n, 10, '5E-10'],
    [1n, 6, '0.000001'],
    [1n, 7, '1E-7'],
    [-1234n, 2, '-12.34'],
    [0n, 8, '0E-8'],
    [123n, -1, '1.23E+3'],
  ])('writes the decimal %s scale %s as %s', (unscaled, scale, text) => {
    expect(javaText(new Decimal(unscaled, scale), null)).toBe(text)
    expect(Decimal.parse(text)).toEqual(new Decimal(unscaled, scale))
  })
})

it('has the digits of every safe integer', () => {
  const edges = [0, -0, 1e6 - 1, 1e6, 2 ** 31 - 1, 2 ** 31, 2 ** 31 * 1e6 - 1, 2 ** 31 * 1e6, Number.MAX_SAFE_INTEGER, -(2 ** 31) - 1]
  for (const edge of edges) expect(javaText(edge, null)).toBe(BigInt(edge).toString())
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      expect(javaText(value, null)).toBe(BigInt(value).toString())
    }),
  )
})
