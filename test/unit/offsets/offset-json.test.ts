import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Double, type SourceOffset } from 'standpipe/api'
import { canonicalOffsetKey, offsetKey, offsetValue, parseOffsetKey, parseOffsetValue } from '../../../src/offsets/offset-json.ts'

const text = (bytes: Buffer | null) => bytes?.toString() ?? null
import { hasNoBackslash } from '../../support/exact-json.ts'

describe('offset JSON', () => {
  it.each<[string, SourceOffset, string]>([
    ['integers beyond 2^53', { p: 9223372036854775807n }, '{"p":9223372036854775807}'],
    ['fractions', { p: 1.5 }, '{"p":1.5}'],
    ['large doubles as Java prints them', { p: 1e300 }, '{"p":1.0E300}'],
    ['whole doubles', { p: new Double(2) as unknown as number }, '{"p":2.0}'],
    ['numbers JSON has no form for', { p: NaN }, '{"p":"NaN"}'],
    ['control characters in upper case', { p: '\u001f\u0001\n' }, '{"p":"\\u001F\\u0001\\n"}'],
    ['text that looks like an escape', { p: '\\u00ab' }, '{"p":"\\\\u00ab"}'],
    ['characters outside the BMP as two escapes', { p: 'ü😀' }, '{"p":"ü\\uD83D\\uDE00"}'],
    ['lone surrogates', { p: '\ud83d' }, '{"p":"\\uD83D"}'],
    ['null and booleans', { a: null, b: true }, '{"a":null,"b":true}'],
  ])('writes %s as Connect does', (_name, offset, want) => {
    expect(text(offsetValue(offset))).toBe(want)
  })

  it.each<[string, unknown, string]>([
    ['nested values', { p: { q: 1 } }, 'Offsets may only contain primitive types as values, but field p contains'],
    ['lists', { p: [1] }, 'Offsets may only contain primitive types as values, but field p contains'],
    [
      'numbers beyond 64 bits',
      { p: 2n ** 64n },
      'Offsets may only contain primitive types as values, but field p contains class java.math.BigInteger',
    ],
    ['undefined', { p: undefined }, 'Offsets may only contain primitive types as values, but field p contains'],
    ['something that is no map', 'text', 'Offsets must be specified as a Map'],
  ])('refuses %s', (_name, offset, message) => {
    expect(() => offsetValue(offset as SourceOffset)).toThrow(message)
  })

  it('reads back what it wrote', () => {
    const primitive = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.maxSafeInteger(),
      fc.bigInt({ min: 2n ** 60n, max: 2n ** 63n - 1n }),
      fc.boolean(),
      fc.constant(null),
    )
    const fields = fc
      .dictionary(fc.string({ unit: 'grapheme' }), primitive, { noNullPrototype: true })
      .filter((offset) => Object.keys(offset).every(hasNoBackslash))
    fc.assert(
      fc.property(fc.string(), fields, (connector, offset) => {
        expect(parseOffsetValue(offsetValue(offset)!)).toEqual(offset)
        expect(parseOffsetKey(offsetKey(connector, offset))).toEqual({ connector, partition: offset })
      }),
    )
  })

  it.each(['not json', '[1,{}]', '["a"]', '["a",{"x":1},2]', '{"a":1}', '["a",{"x":[1]}]', ''])('takes %s for a key of nobody', (key) => {
    expect(parseOffsetKey(Buffer.from(key))).toBeNull()
    expect(canonicalOffsetKey(Buffer.from(key))).toBeNull()
  })

  it('has one canonical key for all orders of a partition, and none for other spellings', () => {
    expect(canonicalOffsetKey(Buffer.from('["a",{"y":1,"x":2}]'))).toBe(canonicalOffsetKey(Buffer.from('["a",{"x":2,"y":1}]')))
    expect(canonicalOffsetKey(Buffer.from('["a", {"x":2}]'))).toBeNull()
  })
})
