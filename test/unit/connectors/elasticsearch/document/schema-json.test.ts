import {
  DataException,
  DateLogical,
  Decimal,
  DecimalLogical,
  SchemaBuilder,
  TimeLogical,
  TimestampLogical,
  type ConnectValue,
  type Schema,
} from 'standpipe/api'
import { describe, expect, it } from 'vitest'
import { SchemaJson } from '../../../../../connectors/elasticsearch/document/schema-json.ts'

const used = new SchemaJson({ isSchemaUsed: true, compactMapEntries: true })
const usedNotCompact = new SchemaJson({ isSchemaUsed: true, compactMapEntries: false })
const ignored = new SchemaJson({ isSchemaUsed: false, compactMapEntries: true })
const string = SchemaBuilder.string().build()
const int32 = SchemaBuilder.int32().build()

/** The text of a struct with this one field. */
function field(json: SchemaJson, schema: Schema, value: ConnectValue): string {
  return json.write(SchemaBuilder.struct().field('f', schema).build(), { f: value })
}

describe('documents of values with a schema', () => {
  it('#40 writes decimals as doubles, dates as days, times and timestamps as milliseconds, bytes as base64', () => {
    expect(field(used, DecimalLogical.schema(2), new Decimal(1234n, 2))).toBe('{"f":12.34}')
    expect(field(used, DateLogical.builder().build(), new Date('2024-01-02'))).toBe('{"f":19724}')
    expect(field(used, TimeLogical.builder().build(), new Date(5))).toBe('{"f":5}')
    expect(field(used, TimestampLogical.builder().build(), new Date(1_700_000_000_000))).toBe('{"f":1700000000000}')
    expect(field(used, SchemaBuilder.bytes().build(), Buffer.from([1, 2]))).toBe('{"f":"AQI="}')
  })

  it('#41 writes decimals as the bytes of their digits where the schema is ignored', () => {
    expect(field(ignored, DecimalLogical.schema(2), new Decimal(1234n, 2))).toBe('{"f":"BNI="}')
  })

  it('#42 tells doubles from integers, floats from doubles, and keeps longs exact', () => {
    expect(field(used, SchemaBuilder.float64().build(), 2)).toBe('{"f":2.0}')
    expect(field(used, SchemaBuilder.float32().build(), Math.fround(0.1))).toBe('{"f":0.1}')
    expect(field(used, SchemaBuilder.int64().build(), 9007199254740993n)).toBe('{"f":9007199254740993}')
  })

  it('#43 writes maps with string keys as objects, or as entries if not compact', () => {
    const map = SchemaBuilder.map(string, int32).build()
    expect(field(used, map, new Map([['x', 1]]))).toBe('{"f":{"x":1}}')
    expect(field(usedNotCompact, map, new Map([['x', 1]]))).toBe('{"f":[{"key":"x","value":1}]}')
    expect(field(ignored, map, new Map([['x', 1]]))).toBe('{"f":{"x":1}}')
  })

  it('#44 writes maps with other keys as entries, or as pairs where the schema is ignored', () => {
    const map = SchemaBuilder.map(int32, string).build()
    expect(field(used, map, new Map([[1, 'x']]))).toBe('{"f":[{"key":1,"value":"x"}]}')
    expect(field(ignored, map, new Map([[1, 'x']]))).toBe('{"f":[[1,"x"]]}')
  })

  it('calls a null key of a compact map null', () => {
    const map = SchemaBuilder.map(SchemaBuilder.string().optional().build(), int32).build()
    expect(field(used, map, new Map([[null, 1]]))).toBe('{"f":{"null":1}}')
  })

  it('#45 keeps optional nulls, puts defaults in the place of null, and refuses other nulls', () => {
    expect(field(used, SchemaBuilder.int32().optional().build(), null)).toBe('{"f":null}')
    expect(field(used, SchemaBuilder.int32().optional().defaultValue(5).build(), null)).toBe('{"f":5}')
    expect(() => field(used, int32, null)).toThrow('null value for field that is required and has no default value')
    expect(() => field(ignored, int32, null)).toThrow('Conversion error: null value for field that is required and has no default value')
  })

  it('#46 writes structs in lists, with all fields in the order of the schema', () => {
    const element = SchemaBuilder.struct().field('b', string).field('a', SchemaBuilder.int32().optional().build()).build()
    expect(field(used, SchemaBuilder.array(element).build(), [{ b: 'x' }, { a: 1, b: 'y' }])).toBe(
      '{"f":[{"b":"x","a":null},{"b":"y","a":1}]}',
    )
  })

  it('writes what JSON has no number for as text, which servers refuse for numbers', () => {
    expect(field(used, SchemaBuilder.float64().build(), Number.NaN)).toBe('{"f":"NaN"}')
    expect(field(used, DecimalLogical.schema(0), new Decimal(10n ** 400n, 0))).toBe('{"f":"Infinity"}')
  })

  it('looks fields up as data, whatever they are called', () => {
    const schema = SchemaBuilder.struct().field('constructor', SchemaBuilder.string().optional().build()).build()
    expect(used.write(schema, {})).toBe('{"constructor":null}')
  })

  it.each<[string, Schema, ConnectValue]>([
    ['a number for a string', string, 1],
    ['a fraction for an integer', int32, 0.5],
    ['a number for a long', SchemaBuilder.int64().build(), 1],
    ['text for a double', SchemaBuilder.float64().build(), '1'],
    ['a list for a struct', SchemaBuilder.struct().build(), []],
    ['an object for a map', SchemaBuilder.map(string, int32).build(), {}],
    ['a number for a decimal', DecimalLogical.schema(2), 1],
  ])('refuses %s', (_what, schema, value) => {
    expect(() => field(used, schema, value)).toThrow(DataException)
  })

  it('names the class of a value that does not fit, as Java does', () => {
    expect(() => field(used, string, 1)).toThrow('Invalid Java object for schema with type STRING: class java.lang.Integer for value')
  })
})
