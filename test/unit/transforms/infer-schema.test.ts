import { describe, expect, it } from 'vitest'
import type { ConnectValue } from '../../../src/api/data/connect-value.ts'
import { Double } from '../../../src/api/data/double.ts'
import { STRING_SCHEMA } from '../../../src/api/data/schema.ts'
import { validateValue } from '../../../src/api/data/struct.ts'
import type { Props } from '../../../src/api/props.ts'
import { InferSchemaKey, InferSchemaValue } from '../../../src/transforms/infer-schema.ts'
import { sinkRecord } from '../../support/transform-records.ts'

function inference(props: Props = {}) {
  const transformation = new InferSchemaValue()
  transformation.configure(props)
  return (value: ConnectValue, topic = 't') => {
    const record = transformation.apply(sinkRecord({ topic, value }))
    if (record.valueSchema !== null) validateValue(record.valueSchema, record.value)
    return record
  }
}

describe('InferSchema', () => {
  it('gives a JSON object the schema that its fields tell', () => {
    const record = inference()({ id: 1, price: 1.5, whole: new Double(2), name: 'x', ok: true, tags: ['a'], in: { n: 2 ** 40 } })
    expect(record.value).toEqual({ id: 1n, price: 1.5, whole: 2, name: 'x', ok: true, tags: ['a'], in: { n: 1_099_511_627_776n } })
    expect(record.valueSchema?.fields.map(({ name, schema }) => `${name} ${schema.type} ${String(schema.optional)}`)).toEqual([
      'id INT64 true',
      'price FLOAT64 true',
      'whole FLOAT64 true',
      'name STRING true',
      'ok BOOLEAN true',
      'tags ARRAY true',
      'in STRUCT true',
    ])
  })

  it('keeps the same schema object while records fit', () => {
    const infer = inference()
    const { valueSchema } = infer({ id: 1, name: 'x' })
    expect(infer({ id: 2 }).valueSchema).toBe(valueSchema)
    expect(infer({ name: null, id: null }).valueSchema).toBe(valueSchema)
  })

  it('widens: a field more, whole numbers to doubles, elements of lists, nested objects', () => {
    const infer = inference()
    infer({ n: 1, list: [], in: { a: 1 } })
    const record = infer({ n: 0.5, list: [1, 2.5], in: { b: 'x' }, more: true })
    expect(record.value).toEqual({ n: 0.5, list: [1, 2.5], in: { b: 'x' }, more: true })
    expect(record.valueSchema?.field('list')?.schema.valueSchema?.type).toBe('FLOAT64')
    expect(record.valueSchema?.field('in')?.schema.fields.map(({ name }) => name)).toEqual(['a', 'b'])
    expect(infer({ n: 7 }).value).toEqual({ n: 7 })
  })

  it('leaves out a field of which only nulls were seen, until its first value', () => {
    const infer = inference()
    expect(infer({ id: 1, later: null }).valueSchema?.field('later')).toBeNull()
    expect(infer({ id: 1, later: 'x' }).value).toEqual({ id: 1n, later: 'x' })
  })

  it('makes text of what is of two kinds, numbers as Java writes them', () => {
    const infer = inference()
    infer({ id: 1 })
    expect(infer({ id: { a: 1.5 } }).value).toEqual({ id: '{"a":1.5}' })
    expect(infer({ id: 12 }).value).toEqual({ id: '12' })
    expect(infer({ id: new Double(1) }).value).toEqual({ id: '1.0' })
  })

  it('refuses the record instead where on.conflict is fail, and learns nothing of it', () => {
    const infer = inference({ 'on.conflict': 'fail' })
    const { valueSchema } = infer({ in: { id: 1 } })
    expect(() => infer({ other: 1, in: { id: 'x' } })).toThrow('Field in.id is STRING where it was INT64 before')
    expect(infer({ in: { id: 2 } }).valueSchema).toBe(valueSchema)
  })

  it('refuses a record that brings too many fields, and goes on with the others', () => {
    const infer = inference({ 'max.fields': '2' })
    infer({ a: 1 })
    expect(() => infer({ b: 1, c: 1 })).toThrow('Topic t has more than 2 fields (max.fields) with record t-2@42')
    expect(infer({ a: 2 }).value).toEqual({ a: 2n })
  })

  it('keeps the topics apart', () => {
    const infer = inference()
    infer({ a: 1 }, 'one')
    expect(infer({ a: 'x' }, 'two').value).toEqual({ a: 'x' })
  })

  it('leaves tombstones and values with a schema alone', () => {
    const transformation = new InferSchemaValue()
    transformation.configure({})
    const tombstone = sinkRecord({})
    const text = sinkRecord({ valueSchema: STRING_SCHEMA, value: 'x' })
    expect(transformation.apply(tombstone)).toBe(tombstone)
    expect(transformation.apply(text)).toBe(text)
  })

  it('gives plain text and numbers their schemas, keys too', () => {
    const transformation = new InferSchemaKey()
    transformation.configure({})
    expect(transformation.apply(sinkRecord({ key: 7 }))).toMatchObject({ key: 7n, keySchema: { type: 'INT64', optional: false } })
  })

  it('takes field names as data', () => {
    const value = JSON.parse('{"__proto__":{"x":1},"constructor":"c"}') as ConnectValue
    const record = inference()(value)
    expect(Object.keys(record.value as object)).toEqual(['__proto__', 'constructor'])
    expect(record.valueSchema?.field('__proto__')?.schema.type).toBe('STRUCT')
  })
})
