import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Decimal } from '../../../src/api/data/decimal.ts'
import { DATE_SCHEMA, DecimalLogical } from '../../../src/api/data/logical.ts'
import { SchemaBuilder } from '../../../src/api/data/schema-builder.ts'
import {
  FLOAT64_SCHEMA,
  INT32_SCHEMA,
  INT64_SCHEMA,
  OPTIONAL_STRING_SCHEMA,
  STRING_SCHEMA,
  type Schema,
} from '../../../src/api/data/schema.ts'
import { schemasEqual } from '../../../src/api/data/schemas-equal.ts'
import { DataException } from '../../../src/api/errors.ts'
import { JsonConverter } from '../../../src/converters/json-converter.ts'

function converterWith(config: Record<string, string>): JsonConverter {
  const converter = new JsonConverter()
  converter.configure(config, false)
  return converter
}

const plain = () => converterWith({ 'schemas.enable': 'false' })
const enveloped = () => converterWith({})

const rowSchema = SchemaBuilder.struct()
  .name('Row')
  .field('id', INT64_SCHEMA)
  .field('name', OPTIONAL_STRING_SCHEMA)
  .field('price', DecimalLogical.schema(2))
  .field('ratio', FLOAT64_SCHEMA)
  .field('day', DATE_SCHEMA)
  .field('tags', SchemaBuilder.map(STRING_SCHEMA, INT32_SCHEMA).build())
  .build()

const row = fc.record({
  id: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  name: fc.option(fc.string({ unit: 'binary' })),
  price: fc.bigInt().map((unscaled) => new Decimal(unscaled, 2)),
  ratio: fc.double({ noNaN: true, noDefaultInfinity: true }).map((ratio) => ratio + 0),
  day: fc.integer({ min: -100_000, max: 100_000 }).map((days) => new Date(days * 86_400_000)),
  tags: fc.array(fc.tuple(fc.string(), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }))).map((entries) => new Map(entries)),
})

describe('JsonConverter', () => {
  it('reads back what it wrote, with schemas', () => {
    for (const format of ['BASE64', 'NUMERIC']) {
      const converter = converterWith({ 'decimal.format': format })
      fc.assert(
        fc.property(row, (value) => {
          const read = converter.toConnectData('t', Buffer.from(converter.fromConnectData('t', rowSchema, value)!))
          expect(schemasEqual(read.schema, rowSchema)).toBe(true)
          expect(read.value).toEqual({ ...value, ratio: value.ratio === 0 ? 0 : value.ratio })
        }),
      )
    }
  })

  it('reads a name with an escape right where an earlier object had a backslash', () => {
    const converter = plain()
    const names = ['{"a":1,"\\\\":2}', '{"a":1,"\\"":2}'].map((json) =>
      Object.keys(converter.toConnectData('t', Buffer.from(json)).value as object),
    )
    expect(names).toEqual([
      ['a', '\\'],
      ['a', '"'],
    ])
  })

  it('reads back any JSON without numbers, and hands on its bytes', () => {
    const converter = plain()
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }).map(withoutNumbers), (value) => {
        const bytes = Buffer.from(JSON.stringify(value))
        const read = converter.toConnectData('t', bytes)
        expect(read.value).toEqual(value)
        if (value !== null) expect(read.rawJson).toEqual(bytes)
      }),
    )
  })

  it('hands on any object in one line, and leaves the bytes of the record alone', () => {
    const converter = plain()
    const around = fc.constantFrom('', ' ', '\t', '\n', '\r\n')
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), around, fc.nat(4), (value, space, indent) => {
        const text = JSON.stringify(value, null, indent)
        const bytes = Buffer.from(space + text + space)
        const { rawJson } = converter.toConnectData('t', bytes)
        expect(rawJson?.toString()).toBe(text.replaceAll('\n', ' '))
        expect(bytes.toString()).toBe(space + text + space)
      }),
    )
    expect(converter.toConnectData('t', Buffer.from('[1,\r\n2]')).rawJson?.toString()).toBe('[1,  2]')
  })

  it('writes strings of every kind as JSON that reads back the same', () => {
    const converter = plain()
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const json = converter.fromConnectData('t', STRING_SCHEMA, text)!.toString()
        expect(JSON.parse(json)).toBe(text)
        expect(json).not.toMatch(/[\u0000-\u001f]/)
      }),
      { numRuns: 1000 },
    )
  })

  it('throws nothing but DataException, whatever the bytes are', () => {
    const converters = [
      plain(),
      enveloped(),
      converterWith({ 'schema.content': '{"type":"struct","fields":[{"field":"a","type":"int8"}]}' }),
    ]
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      envelopeLike.map((text) => Buffer.from(text)),
    )
    fc.assert(
      fc.property(bytes, fc.constantFrom(...converters), (input, converter) => {
        try {
          void converter.toConnectData('t', Buffer.from(input)).value
        } catch (error) {
          expect(error).toBeInstanceOf(DataException)
        }
      }),
      { numRuns: 5000 },
    )
  })

  it('parses an object only when it is looked at, and then once', () => {
    const data = plain().toConnectData('t', Buffer.from('{"a":1}'))
    expect(Object.hasOwn(data, 'value')).toBe(false)
    expect(data.value).toBe(data.value)
  })

  it.each([
    ['a byte order mark', Buffer.from('\ufeff{"a":1}')],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le')],
    ['UTF-16, big-endian', Buffer.from('{"a":1}', 'utf16le').swap16()],
    ['UTF-32', Buffer.concat([...'{"a":1}'].map((character) => Buffer.of(0, 0, 0, character.charCodeAt(0))))],
    ['text behind the value', Buffer.from('{"a":1} x')],
    ['leading zeros', Buffer.from('{"a":01}')],
  ])('has no raw text to pass on after %s, but reads the value', (_, bytes) => {
    const data = plain().toConnectData('t', bytes)
    expect(data.value).toEqual({ a: 1 })
    expect(data.rawJson).toBeNull()
  })

  it('passes raw text on without the white space around it', () => {
    expect(plain().toConnectData('t', Buffer.from(' {"a": 1.0}\n')).rawJson?.toString()).toBe('{"a": 1.0}')
  })

  it('gives the payload of an envelope without schema as raw text', () => {
    const data = enveloped().toConnectData('t', Buffer.from('{"schema":null,"payload":{"a":1}}'))
    expect(data.rawJson?.toString()).toBe('{"a":1}')
    expect(data.value).toEqual({ a: 1 })
  })

  it('reads records of changing schemas, in either order of the members, after one another', () => {
    const converter = enveloped()
    const read = (text: string) => converter.toConnectData('t', Buffer.from(text))
    const int = '{"schema":{"type":"int32"},"payload":1}'
    const first = read(int)
    expect([first.schema?.type, first.value]).toEqual(['INT32', 1])
    expect(read('{"schema":{"type":"int64"},"payload":2}').value).toBe(2n)
    expect(read('{"payload":3,"schema":{"type":"int32"}}').value).toBe(3)
    expect(read(int).schema).toBe(first.schema)
    expect(read('{"schema":{"type":"int32"},"payload": 4 } trailing').value).toBe(4)
    expect(() => read('{"schema":{"type":"int32"},"payload":5,"x":1}')).toThrow('may not contain additional fields')
    expect(read('{"schema":{"type":"int32"},"payload":5,"payload":6}').value).toBe(6)
    expect(read('{"\\u0073chema":{"type":"int32"},"payload":7}').value).toBe(7)
  })

  it('keeps reading with a cache of no or one schema', () => {
    for (const size of ['0', '1']) {
      const converter = converterWith({ 'schemas.cache.size': size })
      for (const schema of [INT32_SCHEMA, STRING_SCHEMA, INT32_SCHEMA]) {
        const value = schema === INT32_SCHEMA ? 5 : 'x'
        const bytes = Buffer.from(converter.fromConnectData('t', schema, value)!)
        expect(converter.toConnectData('t', bytes).value).toBe(value)
      }
    }
  })

  it('writes texts of any length, with and without an envelope', () => {
    for (const [converter, prefix, suffix] of [
      [plain(), '', ''],
      [enveloped(), '{"schema":{"type":"string","optional":false},"payload":', '}'],
    ] as const) {
      for (const length of [0, 1, 2, 3, 4, 5, 4000, 5461, 20_000, 400_000, 1_500_000, 3]) {
        const text = 'é'.repeat(length)
        expect(converter.fromConnectData('t', STRING_SCHEMA, text)!.toString()).toBe(`${prefix}"${text}"${suffix}`)
      }
    }
  })

  it('overwrites the bytes of a call with those of the next, but not the bytes of headers', () => {
    const converter = plain()
    const header = converter.fromConnectHeader('t', 'h', STRING_SCHEMA, 'first')!
    converter.fromConnectHeader('t', 'h', STRING_SCHEMA, 'other')
    expect(header.toString()).toBe('"first"')
  })

  it('names the byte at which malformed JSON breaks off in the cause', () => {
    const error = thrown(() => plain().toConnectData('t', Buffer.from('{"a":1,}')))
    expect(error).toBeInstanceOf(DataException)
    expect((error.cause as Error).message).toContain('at byte 7 of 8: {"a":1,⟨here⟩}')
  })

  it.each([
    ['007', 7 * 86_400_000],
    ['-01', -86_400_000],
    ['-0', 0],
  ])('reads the day %s', (payload, ms) => {
    const text = `{"schema":{"type":"int32","name":"org.apache.kafka.connect.data.Date"},"payload":${payload}}`
    expect(enveloped().toConnectData('t', Buffer.from(text)).value).toEqual(new Date(ms))
  })

  it('refuses a date that JavaScript cannot hold when it is written', () => {
    expect(() => plain().fromConnectData('t', DATE_SCHEMA, new Date(NaN))).toThrow('Invalid date')
  })

  it('checks values against their schema', () => {
    const write = (schema: Schema, value: never) => () => plain().fromConnectData('t', schema, value)
    expect(write(INT64_SCHEMA, 5 as never)).toThrow('Invalid type for INT64: class java.lang.Integer')
    expect(write(INT32_SCHEMA, 1.5 as never)).toThrow('Invalid type for INT32: class java.lang.Double')
    expect(write(STRING_SCHEMA, 1 as never)).toThrow('Invalid type for STRING: class java.lang.Integer')
  })
})

/** Envelopes, right and wrong, of numbers that are hard to read. */
const envelopeLike = fc
  .tuple(
    fc.constantFrom('int8', 'int32', 'int64', 'float', 'double', 'string', 'bytes', 'boolean', 'struct', 'nope'),
    fc.constantFrom(
      '',
      ',"name":"org.apache.kafka.connect.data.Decimal"',
      ',"name":"org.apache.kafka.connect.data.Timestamp"',
      ',"default":1',
      ',"optional":true',
    ),
    fc.constantFrom('1', '1.5', '1e400', '-1e-400', '1e999999999', '99999999999999999999', '"x"', '"YQ=="', 'null', '[1]', '{"a":1}', ''),
  )
  .map(([type, more, payload]) => `{"schema":{"type":"${type}"${more},"fields":[]},"payload":${payload}}`)

function withoutNumbers(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, member: unknown) => (typeof member === 'number' ? 'number' : member)))
}

function thrown(run: () => unknown): Error {
  try {
    run()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}
