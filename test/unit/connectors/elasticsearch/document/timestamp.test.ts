import fc from 'fast-check'
import { SchemaBuilder } from 'standpipe/api'
import { describe, expect, it } from 'vitest'
import { jsonMembers } from '../../../../../connectors/elasticsearch/document/json-members.ts'
import { DocumentTimestamp } from '../../../../../connectors/elasticsearch/document/timestamp.ts'
import { documentOf } from '../../../../support/elasticsearch-records.ts'
import { hasNoBackslash } from '../../../../support/exact-json.ts'

const dataStream = { 'data.stream.type': 'logs', 'data.stream.dataset': 'ds' }
const fields = { ...dataStream, 'data.stream.timestamp.field': 'one, two' }

describe('@timestamp of documents for data streams', () => {
  it('#19 is the timestamp of the record', () => {
    expect(documentOf(dataStream)).toBe('{"a":1,"@timestamp":1700000000000}')
    expect(documentOf(dataStream, { raw: '{"a": 1.0}' })).toBe('{"a": 1.0,"@timestamp":1700000000000}')
    expect(documentOf(dataStream, { value: {} })).toBe('{"@timestamp":1700000000000}')
  })

  it('is null, which servers refuse, if the record has none', () => {
    expect(documentOf(dataStream, { timestamp: null })).toBe('{"a":1,"@timestamp":null}')
  })

  it('#21 is the first of the fields that is there', () => {
    expect(documentOf(fields, { value: { two: '2021-05-14T11:11:22.000Z', x: 1 } })).toBe(
      '{"two":"2021-05-14T11:11:22.000Z","x":1,"@timestamp":"2021-05-14T11:11:22.000Z"}',
    )
    expect(documentOf(fields, { value: { two: 'b', one: 'a' } })).toBe('{"two":"b","one":"a","@timestamp":"a"}')
  })

  it('is the last of several members of that name, as Java reads them', () => {
    expect(documentOf(fields, { raw: '{"one":1,"one":2}' })).toContain('"@timestamp":"2"')
  })

  it('#22 is left out if none of the fields is there', () => {
    expect(documentOf(fields, { value: { x: 1 } })).toBe('{"x":1}')
  })

  it('#23 takes the place of one that is there', () => {
    expect(documentOf(dataStream, { raw: '{"@timestamp": "old", "b": {"@timestamp": 1}}' })).toBe(
      '{"@timestamp": 1700000000000, "b": {"@timestamp": 1}}',
    )
  })

  it('takes its place also where its name is written with escapes', () => {
    expect(documentOf(dataStream, { raw: '{"\\u0040timestamp":1}' })).toBe('{"\\u0040timestamp":1700000000000}')
  })

  it('does not mistake text or inner fields for its name', () => {
    expect(documentOf(dataStream, { value: { a: '@timestamp', b: { '@timestamp': 1 } } })).toBe(
      '{"a":"@timestamp","b":{"@timestamp":1},"@timestamp":1700000000000}',
    )
  })

  it('takes its place among the fields of a schema', () => {
    const valueSchema = SchemaBuilder.struct()
      .field('@timestamp', SchemaBuilder.int64().build())
      .field('a', SchemaBuilder.int32().build())
      .build()
    expect(documentOf(dataStream, { valueSchema, value: { '@timestamp': 5n, a: 1 } })).toBe('{"@timestamp":1700000000000,"a":1}')
  })

  it.each([
    ['1620', '"1620"'],
    ['1.62E12', '"1.62E12"'],
    ['true', '"true"'],
    ['{"x":1}', '""'],
    ['["x"]', '""'],
    ['"a\\"b"', '"a\\"b"'],
  ])('is the text of the field: %s gives %s', (value, text) => {
    expect(new DocumentTimestamp(['one']).addTo(`{"one":${value}}`, 0)).toBe(`{"one":${value},"@timestamp":${text}}`)
  })

  it('passes by a field that is null', () => {
    expect(new DocumentTimestamp(['one', 'two']).addTo('{"one":null,"two":5}', 0)).toBe('{"one":null,"two":5,"@timestamp":"5"}')
  })

  it('becomes text if it is one of the fields itself', () => {
    expect(new DocumentTimestamp(['@timestamp']).addTo('{"@timestamp":5}', 0)).toBe('{"@timestamp":"5"}')
  })

  it('is the only change, whatever the document', () => {
    fc.assert(
      fc.property(document(), fc.nat(4), (value, indent) => {
        const json = JSON.stringify(value, null, indent) // in which -0 is 0
        expect(JSON.parse(new DocumentTimestamp([]).addTo(json, 5))).toEqual({ ...(JSON.parse(json) as object), '@timestamp': 5 })
      }),
    )
  })
})

describe('jsonMembers', () => {
  it('finds names with a backslash', () => {
    expect(jsonMembers('{"\\\\":1,"a\\\\":2,"\\"":3}').map(({ name }) => name)).toEqual(['\\', 'a\\', '"'])
  })

  it('finds every member of any object, and the text of its value', () => {
    fc.assert(
      fc.property(document(), fc.nat(4), (value, indent) => {
        const json = JSON.stringify(value, null, indent)
        const members = jsonMembers(json).map(({ name, start, end }) => [name, JSON.parse(json.slice(start, end))] as const)
        expect(members).toEqual(Object.entries(JSON.parse(json) as object))
      }),
    )
  })
})

function document() {
  const names = fc.oneof(fc.string(), fc.constantFrom('@timestamp', 'a"b', '\u0001', '}', '{'))
  const notProto = names.filter((name) => name !== '__proto__')
  return fc.dictionary(notProto, fc.jsonValue()).filter(hasNoBackslash)
}
