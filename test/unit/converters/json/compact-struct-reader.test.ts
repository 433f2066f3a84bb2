import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CompactStructReader } from '../../../../src/converters/json/compact-struct-reader.ts'
import { JsonConverter } from '../../../../src/converters/json-converter.ts'
import { SchemaBuilder } from '../../../../src/api/data/schema-builder.ts'

const logical = (type: string, name: string) => ({ type, name: `org.apache.kafka.connect.data.${name}`, version: 1 })
const types = [
  ...['string', 'boolean', 'int8', 'int16', 'int32', 'int64', 'float', 'double'].map((type) => ({ type })),
  logical('int32', 'Date'),
  logical('int32', 'Time'),
  logical('int64', 'Timestamp'),
  { type: 'int64', name: 'io.debezium.time.MicroTimestamp', version: 1 },
]
const defaults: Readonly<Record<string, unknown>> = { string: 'd', boolean: true, float: 1.5, double: 2.5 }

interface FieldCase {
  readonly schema: object
  readonly text: string
}

const digits = fc.stringMatching(/^(0|[1-9]\d{0,20})$/)
const numberText = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(digits, fc.constantFrom('00', '01', '2147483648', '86400001', '999999999999999999', '9223372036854775808')),
    fc.oneof(
      { weight: 4, arbitrary: fc.constant('') },
      fc.constantFrom('.0', '.5', '.25', '.', '.123456789012345678', '.99999999999999999'),
    ),
    fc.oneof({ weight: 9, arbitrary: fc.constant('') }, fc.constantFrom('e3', 'E-2')),
  )
  .map((parts) => parts.join(''))
const stringText = fc.oneof(
  fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
  fc.constantFrom('"\\u00e9\\n"', '"\\x"', '"é€😀"', '"\u007f"', '"\\"', '"a\tb"', '""', '"\ufffd"'),
)
const oddText = fc.oneof(numberText, stringText, fc.constantFrom('true', 'false', 'null', 'nul', 'tru', '[]', '{}', '[1]', '{"x":1}', ''))
const textsByType: Readonly<Record<string, fc.Arbitrary<string>>> = { string: stringText, boolean: fc.constantFrom('true', 'false') }
/** Mostly of the type. */
const textFor = (type: string) => fc.oneof({ weight: 9, arbitrary: textsByType[type] ?? numberText }, { weight: 1, arbitrary: oddText })
const fieldCase = (name: string) =>
  fc.constantFrom(...types).chain((type) =>
    fc.tuple(fc.boolean(), fc.boolean(), textFor(type.type)).map(([optional, hasDefault, text]): FieldCase => {
      const own = hasDefault && !('name' in type) ? { default: defaults[type.type] ?? 7 } : {}
      return { schema: { ...type, ...own, optional, field: name }, text }
    }),
  )
const names = ['a', 'é', '__proto__', 'x"y\\z', 'length', '1']
const flat = fc.tuple(...names.map(fieldCase)).chain((all) =>
  fc.subarray(
    names.map((name, index) => ({ name, ...(all[index] as FieldCase) })),
    { minLength: 1 },
  ),
)
const nestedCase = flat.chain((inner) =>
  fc
    .tuple(flat, fc.constantFrom(struct(inner).text, 'null'))
    .map(([fields, text]) => [...fields, { name: 'nested', schema: { ...struct(inner).schema, optional: true, field: 'nested' }, text }]),
)

function struct(fields: readonly (FieldCase & { readonly name: string })[]) {
  const text = `{${fields.map(({ name, text: value }) => `${JSON.stringify(name)}:${value}`).join()}}`
  return { schema: { type: 'struct', optional: false, fields: fields.map(({ schema }) => schema) }, text }
}

/** What the converter makes of the payload, behind one that taught it the envelope: the outcome, types and all. */
function outcome(converter: JsonConverter, schema: object, payload: string | Buffer): unknown {
  const prefix = `{"schema":${JSON.stringify(schema)},"payload":`
  const read = (text: string | Buffer) =>
    converter.toConnectData('t', Buffer.concat([Buffer.from(prefix), Buffer.from(text), Buffer.from('}')]))
  try {
    read('null')
  } catch {
    // the schema does not allow null, and is known all the same
  }
  try {
    return read(payload).value
  } catch (error) {
    return `${String(error)} ${String((error as Error).cause)}`.replace(/ at byte.*/s, '')
  }
}

function converterOf(replaces: boolean): JsonConverter {
  const converter = new JsonConverter()
  converter.configure({ 'schemas.enable': 'true', 'replace.null.with.default': String(replaces) }, false)
  return converter
}

describe('structs as converters write them', () => {
  it('are read as in the general way, whatever is in them', () => {
    fc.assert(
      fc.property(fc.oneof(flat, nestedCase), fc.boolean(), (fields, replaces) => {
        const { schema, text } = struct(fields)
        const spaced = `{ ${text.slice(1)}` // which the compact reader refuses
        expect(outcome(converterOf(replaces), schema, text)).toStrictEqual(outcome(converterOf(replaces), schema, spaced))
      }),
      { numRuns: 3000 },
    )
  })

  it('are read as in the general way when bytes are missing or changed', () => {
    fc.assert(
      fc.property(flat, fc.nat(), fc.nat(255), fc.boolean(), (fields, at, byte, cuts) => {
        const { schema, text } = struct(fields)
        const bytes = Buffer.from(text)
        const spot = at % bytes.length
        if (!cuts) bytes[spot] = byte
        const changed = cuts ? bytes.subarray(0, spot) : bytes
        const spaced = Buffer.concat([Buffer.from(' '), changed])
        expect(outcome(converterOf(true), schema, changed)).toStrictEqual(outcome(converterOf(true), schema, spaced))
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    [
      'the usual types',
      '{"id":9007199254740993,"price":12.5,"name":"Zoë \\"z\\"","ok":true,"at":1700000000000,"in":{"n":-3},"none":null}',
      true,
    ],
    ['a space', '{"id": 1}', false],
    ['another order', '{"price":12.5,"id":1}', false],
    ['a field too few', '{"id":1}', false],
  ])('with %s: are they read without the general way?', (_, text, isRead) => {
    const inner = SchemaBuilder.struct().field('n', SchemaBuilder.int32().build()).build()
    const schema = SchemaBuilder.struct()
      .field('id', SchemaBuilder.int64().build())
      .field('price', SchemaBuilder.float64().build())
      .field('name', SchemaBuilder.string().build())
      .field('ok', SchemaBuilder.bool().build())
      .field('at', SchemaBuilder.int64().name('org.apache.kafka.connect.data.Timestamp').version(1).build())
      .field('in', inner)
      .field('none', SchemaBuilder.string().optional().build())
      .build()
    const reader = CompactStructReader.of(schema, true)
    const value = {
      id: 9007199254740993n,
      price: 12.5,
      name: 'Zoë "z"',
      ok: true,
      at: new Date(1_700_000_000_000),
      in: { n: -3 },
      none: null,
    }
    expect(reader?.read(Buffer.from(text), 0)).toEqual(isRead ? value : null)
  })

  it('are left to the general way where a field is of another type', () => {
    const bytes = SchemaBuilder.struct().field('b', SchemaBuilder.bytes().build()).build()
    expect(CompactStructReader.of(bytes, true)).toBeNull()
    expect(CompactStructReader.of(SchemaBuilder.struct().field('s', bytes).build(), true)).toBeNull()
    expect(CompactStructReader.of(SchemaBuilder.struct().build(), true)).toBeNull()
  })
})
