import fc from 'fast-check'
import { Decimal, Double, type ConnectValue } from 'standpipe/api'
import { describe, expect, it } from 'vitest'
import { schemalessJson } from '../../../../../connectors/elasticsearch/document/schemaless-json.ts'
import { hasNoBackslash } from '../../../../support/exact-json.ts'

describe('documents of values without schema', () => {
  it('tells a double with a whole value from a long', () => {
    expect(schemalessJson({ a: new Double(2), b: 2 })).toBe('{"a":2.0,"b":2}')
  })

  it('writes doubles as Java does', () => {
    expect(schemalessJson({ a: 1e21, b: 1e-7, c: -0, d: 0.5 })).toBe('{"a":1.0E21,"b":1.0E-7,"c":-0.0,"d":0.5}')
  })

  it('keeps longs beyond 2^53 exact', () => {
    expect(schemalessJson({ a: 9223372036854775807n })).toBe('{"a":9223372036854775807}')
  })

  it('writes bytes as base64', () => {
    expect(schemalessJson({ a: Buffer.from([1, 2]) })).toBe('{"a":"AQI="}')
  })

  it('writes a map as an object if all its keys are strings, else as pairs', () => {
    expect(schemalessJson({ a: new Map([['x', 1n]]) })).toBe('{"a":{"x":1}}')
    expect(
      schemalessJson(
        new Map<ConnectValue, ConnectValue>([
          ['x', 1],
          [2, null],
        ]),
      ),
    ).toBe('[["x",1],[2,null]]')
  })

  it.each<[string, ConnectValue]>([
    ['java.math.BigInteger', 2n ** 63n],
    ['java.math.BigDecimal', new Decimal(1n, 0)],
    ['java.util.Date', new Date(0)],
  ])('refuses %s', (className, value) => {
    expect(() => schemalessJson({ a: [value] })).toThrow(`Java class class ${className} does not have corresponding schema type.`)
  })

  it('gives text that reads back as the value, whatever the value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }).filter(hasNoBackslash), (value) => {
        expect(JSON.parse(schemalessJson(value as ConnectValue))).toEqual(value)
      }),
    )
  })

  it('writes the same with a value inside that takes the slow way', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }).filter(hasNoBackslash), (value) => {
        expect(JSON.parse(schemalessJson({ value: value as ConnectValue, slow: 1n }))).toEqual({ value, slow: 1 })
      }),
    )
  })
})
