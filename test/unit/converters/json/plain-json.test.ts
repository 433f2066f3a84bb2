import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ConnectValue } from '../../../../src/api/data/connect-value.ts'
import { Double } from '../../../../src/api/data/double.ts'
import { doubleText } from '../../../../src/api/data/java-number-text.ts'
import { quoteJson } from '../../../../src/converters/json/json-string.ts'
import { PayloadWriter } from '../../../../src/converters/json/payload-writer.ts'

const writer = new PayloadWriter({ decimalFormat: 'BASE64', replaceNullWithDefault: true })

/** Jackson's text, member by member. */
function jackson(value: unknown): string {
  if (typeof value === 'string') return quoteJson(value)
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : doubleText(value)
  if (Array.isArray(value)) return `[${value.map(jackson).join(',')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  return `{${Object.entries(value)
    .map(([name, member]) => `${quoteJson(name)}:${jackson(member)}`)
    .join(',')}}`
}

const value = fc.jsonValue({ stringUnit: 'binary' })

describe('schemaless objects and arrays', () => {
  it('are written as member by member, whatever is in them', () => {
    fc.assert(
      fc.property(value, (data) => {
        expect(writer.write(null, data as ConnectValue)).toBe(jackson(data))
      }),
    )
  })

  it.each([
    ['a character beyond the BMP', { a: '😀' }, '{"a":"\\uD83D\\uDE00"}'],
    ['a lone surrogate', ['\ud83d'], '["\\uD83D"]'],
    ['a control character', { '\u001f': 1 }, '{"\\u001F":1}'],
    ['a large double', { a: 1.5e7 + 0.5 }, '{"a":1.50000005E7}'],
    ['a small double', [0.0001], '[1.0E-4]'],
    ['a double without fraction', { a: new Double(1) }, '{"a":1.0}'],
    ['a long beyond 2^53', [2n ** 60n], '[1152921504606846976]'],
    ['no number', [NaN], '["NaN"]'],
    ['a member that is not set', { a: undefined }, '{"a":null}'],
    ['bytes', [Buffer.of(1)], '["AQ=="]'],
    ['a member named __proto__', JSON.parse('{"__proto__":1}'), '{"__proto__":1}'],
  ])('keep %s as Jackson writes it', (_, data, want) => {
    expect(writer.write(null, data as ConnectValue)).toBe(want)
  })
})
