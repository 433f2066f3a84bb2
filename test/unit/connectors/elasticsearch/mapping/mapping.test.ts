import { DataException, DateLogical, Decimal, DecimalLogical, SchemaBuilder, TimestampLogical, type Schema } from 'standpipe/api'
import { describe, expect, it } from 'vitest'
import { inferMapping } from '../../../../../connectors/elasticsearch/mapping/mapping.ts'

const text = '{"type":"text","fields":{"keyword":{"type":"keyword","ignore_above":256}}}'

function mappingOfField(schema: Schema): string {
  const mapping = inferMapping(SchemaBuilder.struct().field('f', schema).build())
  return mapping.slice('{"properties":{"f":'.length, -2)
}

describe('mappings made from schemas', () => {
  it.each<[string, Schema, string]>([
    ['a byte', SchemaBuilder.int8().build(), '{"type":"byte"}'],
    ['a short', SchemaBuilder.int16().build(), '{"type":"short"}'],
    ['an integer', SchemaBuilder.int32().build(), '{"type":"integer"}'],
    ['a long', SchemaBuilder.int64().build(), '{"type":"long"}'],
    ['a float', SchemaBuilder.float32().build(), '{"type":"float"}'],
    ['a double', SchemaBuilder.float64().build(), '{"type":"double"}'],
    ['a boolean', SchemaBuilder.bool().build(), '{"type":"boolean"}'],
    ['text and keyword', SchemaBuilder.string().build(), text],
    ['binary', SchemaBuilder.bytes().build(), '{"type":"binary"}'],
    ['a double of a decimal', DecimalLogical.schema(2), '{"type":"double"}'],
    ['a date', DateLogical.builder().build(), '{"type":"date"}'],
    ['what elements of a list are', SchemaBuilder.array(SchemaBuilder.int32().build()).build(), '{"type":"integer"}'],
  ])('#37 have %s', (_what, schema, mapping) => {
    expect(mappingOfField(schema)).toBe(mapping)
  })

  it.each<[string, Schema, string]>([
    [
      'all digits of a long',
      SchemaBuilder.int64().defaultValue(9223372036854775807n).build(),
      '{"type":"long","null_value":9223372036854775807}',
    ],
    ['a fraction of a double', SchemaBuilder.float64().defaultValue(2).build(), '{"type":"double","null_value":2.0}'],
    ['milliseconds of a date', TimestampLogical.builder().defaultValue(new Date(5)).build(), '{"type":"date","null_value":5}'],
    ['a double of a decimal', DecimalLogical.builder(1).defaultValue(new Decimal(15n, 1)).build(), '{"type":"double","null_value":1.5}'],
    ['false', SchemaBuilder.bool().defaultValue(false).build(), '{"type":"boolean","null_value":false}'],
  ])('#37 take %s for null where that is the default', (_what, schema, mapping) => {
    expect(mappingOfField(schema)).toBe(mapping)
  })

  it('#37 take no text for null, and nothing that servers do not take', () => {
    expect(mappingOfField(SchemaBuilder.string().defaultValue('d').build())).toBe(text)
    expect(mappingOfField(SchemaBuilder.float64().defaultValue(Number.NaN).build())).toBe('{"type":"double"}')
  })

  it('keep the order of fields, and their names as data', () => {
    const schema = SchemaBuilder.struct().field('z"', SchemaBuilder.int8().build()).field('a', SchemaBuilder.int8().build()).build()
    expect(inferMapping(schema)).toBe('{"properties":{"z\\"":{"type":"byte"},"a":{"type":"byte"}}}')
  })

  it('declare key and value of maps, at the top too', () => {
    const map = SchemaBuilder.map(SchemaBuilder.int32().build(), SchemaBuilder.bool().build()).build()
    expect(inferMapping(map)).toBe('{"properties":{"key":{"type":"integer"},"value":{"type":"boolean"}}}')
  })

  it('#39 are not made without schema', () => {
    expect(() => inferMapping(null)).toThrow(DataException)
    expect(() => inferMapping(null)).toThrow('Cannot infer mapping without schema.')
  })

  it('are not made of what is no document', () => {
    expect(() => inferMapping(SchemaBuilder.array(SchemaBuilder.string().build()).build())).toThrow(
      /^Cannot infer mapping from Schema\{ARRAY\}/,
    )
  })
})
