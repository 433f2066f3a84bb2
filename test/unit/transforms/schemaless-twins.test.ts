import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ConnectRecord } from '../../../src/api/connect-record.ts'
import type { ConnectStruct, ConnectValue } from '../../../src/api/data/connect-value.ts'
import { SchemaBuilder } from '../../../src/api/data/schema-builder.ts'
import {
  OPTIONAL_BOOLEAN_SCHEMA,
  OPTIONAL_FLOAT64_SCHEMA,
  OPTIONAL_INT64_SCHEMA,
  OPTIONAL_STRING_SCHEMA,
  type Schema,
} from '../../../src/api/data/schema.ts'
import { validateValue } from '../../../src/api/data/struct.ts'
import { DataException } from '../../../src/api/errors.ts'
import type { Props } from '../../../src/api/props.ts'
import { transformations } from '../../support/transformations.ts'
import { sinkRecord } from '../../support/transform-records.ts'

const inner = SchemaBuilder.struct().optional().field('x', OPTIONAL_INT64_SCHEMA).field('y', OPTIONAL_STRING_SCHEMA).build()
const schema = SchemaBuilder.struct()
  .name('row')
  .field('id', OPTIONAL_INT64_SCHEMA)
  .field('price', OPTIONAL_FLOAT64_SCHEMA)
  .field('name', OPTIONAL_STRING_SCHEMA)
  .field('ok', OPTIONAL_BOOLEAN_SCHEMA)
  .field('constructor', OPTIONAL_STRING_SCHEMA)
  .field('__proto__', OPTIONAL_STRING_SCHEMA)
  .field('in', inner)
  .build()

const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null })
const id = orNull(fc.maxSafeInteger())
const text = orNull(fc.string())
const price = orNull(fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Number.isInteger(value)))

/** A row as plain fields, in which whole numbers stand for INT64. */
const rows = fc
  .record({ id, price, name: text, ok: orNull(fc.boolean()), plain: text, proto: text, inner: orNull(fc.record({ x: id, y: text })) })
  .map(({ plain, proto, inner: nested, ...fields }) => {
    const row = { ...fields, constructor: plain, in: nested }
    Object.defineProperty(row, '__proto__', { value: proto, enumerable: true, writable: true, configurable: true })
    return row
  })

/** The same row for the schema. */
function typed(row: ConnectStruct, of: Schema): ConnectStruct {
  const entries = of.fields.map(({ name, schema: field }): [string, ConnectValue] => {
    const value = row[name] ?? null
    if (field.type === 'STRUCT' && value !== null) return [name, typed(value as ConnectStruct, field)]
    return [name, field.type === 'INT64' && typeof value === 'number' ? BigInt(value) : value]
  })
  return Object.fromEntries(entries)
}

/** What both twins should agree on: numbers by value, an absent field as null. */
function plain(value: ConnectValue | undefined): unknown {
  if (typeof value === 'bigint' || value instanceof Number) return Number(value)
  if (value instanceof Date || typeof value !== 'object' || value === null) return value ?? null
  const entries = Object.entries(value).map(([name, each]) => [name, plain(each as ConnectValue)] as const)
  return new Map(
    entries.filter(([, each]) => each !== null && !(each instanceof Map && each.size === 0)).sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

function frozen(value: ConnectValue): ConnectValue {
  if (typeof value === 'object' && value !== null) for (const each of Object.values(Object.freeze(value))) frozen(each as ConnectValue)
  return value
}

function transformed(name: string, props: Props, record: ConnectRecord): ConnectRecord {
  const transformation = new transformations[name]!()
  transformation.configure(props)
  return transformation.apply(record)!
}

const twins: readonly (readonly [string, Props])[] = [
  ['Cast$Value', { spec: 'id:string,price:int32,ok:string,name:boolean' }],
  ['Cast$Value', { spec: 'id:float64,price:int8,ok:int16' }],
  ['ExtractField$Value', { field: 'name' }],
  ['ExtractField$Value', { field: 'constructor' }],
  ['ExtractField$Value', { field: '__proto__' }],
  ['ExtractField$Value', { field: 'in.x', 'field.syntax.version': 'V2' }],
  ['Flatten$Value', { delimiter: '_' }],
  ['HeaderFrom$Value', { fields: 'id,__proto__', headers: 'h,p', operation: 'move' }],
  ['HeaderFrom$Value', { fields: 'id,name', headers: 'h,n', operation: 'copy' }],
  ['HoistField$Value', { field: 'all' }],
  ['InsertField$Value', { 'topic.field': 'topic', 'partition.field': 'p', 'offset.field': 'o', 'static.field': 's', 'static.value': 'v' }],
  ['MaskField$Value', { fields: 'id,name,ok,__proto__' }],
  ['MaskField$Value', { fields: 'id,name', replacement: '7' }],
  ['ReplaceField$Value', { exclude: 'id,constructor', renames: 'name:title,__proto__:proto' }],
  ['ReplaceField$Value', { include: 'id,name,in', renames: 'name:__proto__' }],
  ['TimestampConverter$Value', { field: 'id', 'target.type': 'unix', 'unix.precision': 'nanoseconds' }],
  ['ValueToKey', { fields: 'id,name,__proto__' }],
  ['DropHeaders', { headers: 'a' }],
  ['InsertHeader', { header: 'h', 'value.literal': '1' }],
  ['RegexRouter', { regex: '(.)', replacement: '$1-x' }],
  ['TimestampRouter', { 'topic.format': '${topic}-${timestamp}', 'timestamp.format': 'yyyyMMdd' }],
]

describe('with a schema and without one the same comes out', () => {
  it.each(twins)('%s %j', (name, props) => {
    fc.assert(
      fc.property(rows, (row) => {
        const both = { timestamp: 1_700_000_000_000, headers: [{ key: 'a', schema: null, value: 1 }] }
        const map = transformed(name, props, sinkRecord({ ...both, value: frozen(row) }))
        const struct = transformed(name, props, sinkRecord({ ...both, valueSchema: schema, value: frozen(typed(row, schema)) }))
        expect(struct.topic).toBe(map.topic)
        expect(plain(struct.value)).toEqual(plain(map.value))
        expect(plain(struct.key)).toEqual(plain(map.key))
        expect(struct.headers.map(({ key, value }) => [key, plain(value)])).toEqual(
          map.headers.map(({ key, value }) => [key, plain(value)]),
        )
        if (struct.valueSchema !== null) validateValue(struct.valueSchema, struct.value)
        if (struct.keySchema !== null) validateValue(struct.keySchema, struct.key)
      }),
    )
  })
})

describe('of the two that have no schemaless twin', () => {
  it('SetSchemaMetadata changes name and version and no value, and asks for a schema', () => {
    const props = { 'schema.name': 'row', 'schema.version': '7' }
    fc.assert(
      fc.property(rows, (row) => {
        const value = frozen(typed(row, schema))
        const named = transformed('SetSchemaMetadata$Value', props, sinkRecord({ valueSchema: schema, value }))
        expect(named.value).toEqual(value)
        expect(named.valueSchema).toMatchObject({ name: 'row', version: 7 })
        expect(() => transformed('SetSchemaMetadata$Value', props, sinkRecord({ value: frozen(row) }))).toThrow(DataException)
      }),
    )
  })

  it('Filter drops records of both kinds', () => {
    const filter = new transformations['Filter']!()
    filter.configure({})
    fc.assert(
      fc.property(rows, (row) => {
        expect(filter.apply(sinkRecord({ value: row }))).toBeNull()
        expect(filter.apply(sinkRecord({ valueSchema: schema, value: typed(row, schema) }))).toBeNull()
      }),
    )
  })
})

describe('a value that nobody touches', () => {
  const untouched = {
    schema: null,
    rawJson: Buffer.from('{"a":1}'),
    get value(): ConnectValue {
      throw new Error('was parsed')
    },
  }

  it.each([
    ['RegexRouter', { regex: '.*', replacement: 'x' }],
    ['TimestampRouter', {}],
    ['InsertHeader', { header: 'h', 'value.literal': '1' }],
    ['DropHeaders', { headers: 'a' }],
    ['Filter', {}],
    ['HoistField$Key', { field: 'k' }],
    ['Cast$Key', { spec: 'string' }],
    ['HeaderFrom$Key', { fields: 'a', headers: 'h', operation: 'move' }],
  ] as const)('stays unparsed under %s', (name, props) => {
    const transformation = new transformations[name]!()
    transformation.configure(props)
    const key = name.startsWith('HeaderFrom') ? { a: 1 } : 5
    const record = transformation.apply(sinkRecord({ key, valueData: untouched, headers: [{ key: 'a', schema: null, value: 1 }] }))
    if (record !== null) expect(record.valueData).toBe(untouched)
  })

  it.each([
    ['HeaderFrom$Value', { fields: 'a', headers: 'h', operation: 'copy' }],
    ['ValueToKey', { fields: 'a' }],
  ])('keeps its raw text under %s, which only reads it', (name, props) => {
    const data = { schema: null, value: { a: 1 }, rawJson: Buffer.from('{"a":1}') }
    expect(transformed(name, props, sinkRecord({ valueData: data })).valueData).toBe(data)
  })
})
