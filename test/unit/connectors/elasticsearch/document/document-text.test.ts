import { DataException, SchemaBuilder, STRING_SCHEMA } from 'standpipe/api'
import { describe, expect, it } from 'vitest'
import { JsonConverter } from '../../../../../src/converters/json-converter.ts'
import { documentOf, operationFactory, operationOf, sinkRecord } from '../../../../support/elasticsearch-records.ts'

describe('text of documents', () => {
  it('is the very bytes from Kafka where nothing changed them', () => {
    const record = sinkRecord({ raw: '{"a": 1.0}' })
    expect(operationFactory().operationOf(record)?.source).toBe(record.valueData.rawJson)
  })

  it('#47 is one line, with every number as it was written', () => {
    const raw = '{\n  "a": 1.0,\r\n  "b": 12345678901234567890,\n  "s": "x\\ny"\n}'
    expect(documentOf({}, { raw })).toBe('{   "a": 1.0,    "b": 12345678901234567890,   "s": "x\\ny" }')
  })

  it('does not parse what it passes on', () => {
    const converter = new JsonConverter()
    converter.configure({ 'schemas.enable': 'false' }, false)
    const data = converter.toConnectData('t', Buffer.from('{"a":1}'))
    Object.defineProperty(data, 'value', { get: () => expect.unreachable('parsed') })
    const record = sinkRecord().newRecord({ valueData: data })
    expect(String(operationFactory().operationOf(record)?.source)).toBe('{"a":1}')
  })

  it('is written anew where a transformation changed the value', () => {
    const record = sinkRecord({ raw: '{"a":1}' }).newRecord({ valueSchema: null, value: { a: 2 } })
    expect(operationFactory().operationOf(record)?.source).toBe('{"a":2}')
  })

  it.each([
    ['ARRAY', '["a"]'],
    ['STRING', '"a"'],
    ['NUMBER', '-1'],
    ['BOOLEAN', 'false'],
  ])('#24 is refused if it is of type %s', (type, raw) => {
    const message = `Top level payload contains data of Json type ${type}. Required Json object.`
    expect(() => operationOf({}, { raw })).toThrow(DataException)
    expect(() => operationOf({}, { raw })).toThrow(message)
    expect(() => operationOf({ 'data.stream.type': 'logs', 'data.stream.dataset': 'ds' }, { raw })).toThrow(message)
  })

  it('is refused if a schema says it is no object', () => {
    expect(() => operationOf({}, { valueSchema: STRING_SCHEMA, value: 'a' })).toThrow(/Json type STRING/)
  })

  it('follows topic.schema.ignore, by the case of the topic', () => {
    const valueSchema = SchemaBuilder.struct().field('m', SchemaBuilder.map(SchemaBuilder.int32().build(), STRING_SCHEMA).build()).build()
    const value = { m: new Map([[1, 'x']]) }
    const props = { 'schema.ignore': 'false', 'topic.schema.ignore': 'u' }
    expect(documentOf(props, { valueSchema, value })).toBe('{"m":[{"key":1,"value":"x"}]}')
    expect(documentOf(props, { valueSchema, value, topic: 'u' })).toBe('{"m":[[1,"x"]]}')
  })
})
