import {
  BOOLEAN_SCHEMA,
  BYTES_SCHEMA,
  DATE_SCHEMA,
  DataException,
  Double,
  INT64_SCHEMA,
  SchemaBuilder,
  STRING_SCHEMA,
  TIMESTAMP_SCHEMA,
} from 'standpipe/api'
import { describe, expect, it } from 'vitest'
import { idOfKey } from '../../../../../connectors/elasticsearch/document/document-id.ts'

describe('ids of documents', () => {
  it('#5 are not made of null', () => {
    expect(() => idOfKey(null, null)).toThrow('Key is used as document id and can not be null.')
  })

  it('#7 are not empty', () => {
    expect(() => idOfKey(STRING_SCHEMA, '')).toThrow('Key is used as document id and can not be empty.')
  })

  it('#8 keep all digits of a long', () => {
    expect(idOfKey(INT64_SCHEMA, 9007199254740993n)).toBe('9007199254740993')
  })

  it.each([
    ['STRUCT', SchemaBuilder.struct().build(), {}],
    ['BOOLEAN', BOOLEAN_SCHEMA, true],
    ['BYTES', BYTES_SCHEMA, Buffer.from('k')],
    ['FLOAT64', null, new Double(5)],
    ['FLOAT64', null, 0.5],
    ['MAP', null, { k: 1 }],
    ['ARRAY', null, ['k']],
    ['BOOLEAN', null, false],
  ])('#9 are not made of %s', (type, schema, key) => {
    expect(() => idOfKey(schema, key)).toThrow(`${type} is not supported as the document id.`)
  })

  it('are not made of what Connect does not know', () => {
    expect(() => idOfKey(null, new Date(0))).toThrow('Java class class java.util.Date does not have corresponding schema type.')
    expect(() => idOfKey(null, 2n ** 63n)).toThrow('Java class class java.math.BigInteger does not have corresponding schema type.')
  })

  it('are the number of a date, whatever the time zone, with its milliseconds', () => {
    expect(idOfKey(DATE_SCHEMA, new Date(86_400_000))).toBe('1')
    expect(idOfKey(TIMESTAMP_SCHEMA, new Date(1_700_000_000_123))).toBe('1700000000123')
  })

  it('#10 have 512 bytes at most, not characters', () => {
    expect(idOfKey(null, 'é'.repeat(256))).toHaveLength(256)
    const tooLong = () => idOfKey(null, `${'é'.repeat(256)}x`)
    expect(tooLong).toThrow(DataException)
    expect(tooLong).toThrow(/513 bytes/)
  })
})
