import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { SchemaBuilder } from '../../../src/api/data/schema-builder.ts'
import { INT64_SCHEMA } from '../../../src/api/data/schema.ts'
import { RetriableException } from '../../../src/api/errors.ts'
import type { Props } from '../../../src/api/props.ts'
import { Script } from '../../../src/transforms/script.ts'
import { sinkRecord, sourceRecord } from '../../support/transform-records.ts'

const directory = mkdtempSync(join(tmpdir(), 'script-'))
afterAll(() => {
  rmSync(directory, { recursive: true })
})

function script(props: Props): Script {
  const transformation = new Script()
  transformation.configure(props)
  return transformation
}

function moduleFile(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

const order = sinkRecord({ key: 'k', value: { price: 2, count: 3 } })

describe('Script with an expression', () => {
  it('makes the new value', () => {
    const record = script({ expression: '({ ...value, total: value.price * value.count, of: topic })' }).apply(order)
    expect(record?.value).toEqual({ price: 2, count: 3, total: 6, of: 't' })
  })

  it('keeps the schema of the value, which the new one has to fit', () => {
    const schema = SchemaBuilder.struct().field('id', INT64_SCHEMA).build()
    const record = sinkRecord({ valueSchema: schema, value: { id: 1n } })
    expect(script({ expression: '({ id: value.id + 1n })' }).apply(record)).toMatchObject({ value: { id: 2n }, valueSchema: schema })
    expect(() => script({ expression: '({ id: 1 })' }).apply(record)).toThrow(
      'Invalid Java object for schema with type INT64: class java.lang.Integer for field: "id"',
    )
  })

  it('makes the new key or topic, or says whether the record is kept', () => {
    expect(script({ expression: 'value.price', result: 'key' }).apply(order)?.key).toBe(2)
    expect(script({ expression: '`${topic}-${partition}-${timestamp}`', result: 'topic' }).apply(order)?.topic).toBe('t-2-1700000000123')
    expect(script({ expression: 'value.count > 2', result: 'filter' }).apply(order)).toBe(order)
    expect(script({ expression: 'value.count > 3', result: 'filter' }).apply(order)).toBeNull()
    expect(script({ expression: 'record.newRecord({ timestamp: 5 })', result: 'record' }).apply(order)?.timestamp).toBe(5)
  })

  it('does not parse what it does not name', () => {
    const data = {
      schema: null,
      get value(): null {
        throw new Error('was parsed')
      },
    }
    const record = sinkRecord({ keyData: data, valueData: data })
    expect(script({ expression: '"x"', result: 'topic' }).apply(record)?.valueData).toBe(data)
  })

  it('says of an error which record it was', () => {
    expect(() => script({ expression: 'value.a.b' }).apply(order)).toThrow(
      "Script failed for record t-2@42: TypeError: Cannot read properties of undefined (reading 'b')",
    )
    expect(() => script({ expression: 'value.a.b' }).apply(sourceRecord({ value: {} }))).toThrow(
      'Script failed for record of topic t from {p=1} at {o=1}: TypeError',
    )
  })

  it.each([
    ['undefined', 'value', 'the expression gave undefined'],
    ['""', 'topic', 'the expression gave "" for a topic'],
    ['1', 'record', 'it returned number'],
    ['Promise.resolve(1)', 'value', 'it returned a promise'],
  ])('refuses %s as a %s', (expression, result, message) => {
    expect(() => script({ expression, result }).apply(order)).toThrow(message)
  })

  it('refuses what is no expression in configure', () => {
    expect(() => script({ expression: 'value.' })).toThrow('Invalid value value. for configuration expression')
    expect(() => script({})).toThrow("Either 'module' or 'expression' must be set")
    expect(() => script({ expression: '1', module: 'x.js' })).toThrow("Either 'module' or 'expression' must be set")
  })
})

describe('Script with a module', () => {
  it('calls its default export, or the one that is named', () => {
    const module = moduleFile(
      'orders.mjs',
      `export default (record) => record.newRecord({ topic: 'd' })
       export function drop() { return null }`,
    )
    expect(script({ module }).apply(order)?.topic).toBe('d')
    expect(script({ module, function: 'drop' }).apply(order)).toBeNull()
    expect(() => script({ module, function: 'nothing' })).toThrow('It exports default, drop')
  })

  it('takes a CommonJS module that is the function', () => {
    const module = moduleFile('same.cjs', 'module.exports = (record) => record')
    expect(script({ module }).apply(order)).toBe(order)
  })

  it('refuses async functions and other results with the place of the record', () => {
    const module = moduleFile('bad.mjs', 'export default async (record) => record\nexport const nothing = () => undefined')
    expect(() => script({ module }).apply(order)).toThrow('Script failed for record t-2@42: TypeError: it returned a promise')
    expect(() => script({ module, function: 'nothing' }).apply(order)).toThrow('it returned undefined')
  })

  it('lets exceptions of the contract through as they are', () => {
    const transformation = script({ expression: 'record.fail()', result: 'record' })
    const record = Object.assign(sinkRecord({}), {
      fail: () => {
        throw new RetriableException('later')
      },
    })
    expect(() => transformation.apply(record)).toThrow(RetriableException)
  })

  it('says of a module that cannot be loaded which it is', () => {
    expect(() => script({ module: join(directory, 'none.js') })).toThrow(
      /Invalid value .*none.js for configuration module: The module cannot be loaded/,
    )
  })
})
