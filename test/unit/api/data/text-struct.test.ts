import fc from 'fast-check'
import {
  ConnectSchema,
  DATE_NAME,
  DECIMAL_NAME,
  TIME_NAME,
  TIMESTAMP_NAME,
  TextStruct,
  type FieldTexts,
  type SchemaParts,
} from 'standpipe/api'
import { describe, expect, it } from 'vitest'
import { JsonConverter } from '../../../../src/converters/json-converter.ts'

const decimal = (scale: number): SchemaParts => ({
  type: 'BYTES',
  name: DECIMAL_NAME,
  version: 1,
  parameters: new Map([['scale', String(scale)]]),
})
const digits = (unscaled: bigint, scale: number) => {
  const text = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  return (unscaled < 0n ? '-' : '') + (scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`)
}
const decimals = (scale: number) => fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map((unscaled) => digits(unscaled, scale))

/** A type and the texts of its values. */
const columns: readonly (readonly [SchemaParts, fc.Arbitrary<string>])[] = [
  [{ type: 'INT8' }, fc.integer({ min: -128, max: 127 }).map(String)],
  [{ type: 'INT32' }, fc.integer().map(String)],
  [{ type: 'INT64' }, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)],
  [{ type: 'FLOAT32' }, fc.float().map(String)],
  [{ type: 'FLOAT64' }, fc.double().map(String)],
  [{ type: 'BOOLEAN' }, fc.boolean().map(String)],
  [{ type: 'STRING' }, fc.string({ unit: 'binary' })],
  [{ type: 'BYTES' }, fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64'))],
  [decimal(0), decimals(0)],
  [decimal(2), decimals(2)],
  [decimal(30), decimals(30)],
  [{ type: 'INT32', name: DATE_NAME, version: 1 }, fc.integer({ min: -1_000_000, max: 1_000_000 }).map(String)],
  [{ type: 'INT32', name: TIME_NAME, version: 1 }, fc.integer({ min: 0, max: 86_399_999 }).map(String)],
  [{ type: 'INT64', name: TIMESTAMP_NAME, version: 1 }, fc.integer({ min: -8_000_000_000_000, max: 8_000_000_000_000 }).map(String)],
]

const schema = new ConnectSchema({
  type: 'STRUCT',
  fields: columns.map(([parts], index) => ({ name: `f${index}`, index, schema: new ConnectSchema({ ...parts, optional: true }) })),
})
const texts: fc.Arbitrary<FieldTexts> = fc.tuple(...columns.map(([, text]) => fc.option(text, { freq: 10 })))

function converter(props: Record<string, string>): JsonConverter {
  const json = new JsonConverter()
  json.configure(props, false)
  return json
}

describe('a struct as texts', () => {
  it.for([{ 'schemas.enable': 'false' }, { 'schemas.enable': 'true' }, { 'schemas.enable': 'false', 'decimal.format': 'NUMERIC' }])(
    'becomes the same JSON as its value (%j)',
    (props) => {
      const json = converter(props)
      fc.assert(
        fc.property(texts, (fields) => {
          const data = new TextStruct(schema, fields)
          const fromTexts = String(json.fromSchemaAndValue('t', data))
          expect(fromTexts).toBe(String(json.fromConnectData('t', schema, data.value)))
        }),
        { numRuns: 500 },
      )
    },
  )

  it('has the values of its texts, made once', () => {
    const struct = new TextStruct(schema, ['1', '-2', '9007199254740993', '0.5', 'NaN', 'true', 'é', 'AQI=', ...Array<null>(6).fill(null)])
    expect(struct.value).toMatchObject({
      f0: 1,
      f1: -2,
      f2: 9007199254740993n,
      f3: 0.5,
      f4: NaN,
      f5: true,
      f6: 'é',
      f7: Buffer.from([1, 2]),
    })
    expect(struct.value).toBe(struct.value)
  })

  it('has a field __proto__ like any other', () => {
    const odd = new ConnectSchema({
      type: 'STRUCT',
      fields: [{ name: '__proto__', index: 0, schema: new ConnectSchema({ type: 'STRING' }) }],
    })
    const data = new TextStruct(odd, ['x'])
    expect(Object.hasOwn(data.value, '__proto__')).toBe(true)
    expect(String(converter({ 'schemas.enable': 'false' }).fromSchemaAndValue('t', data))).toBe('{"__proto__":"x"}')
  })

  it('says of a null that is not allowed what its value would say', () => {
    const strict = new ConnectSchema({ type: 'STRUCT', fields: [{ name: 'x', index: 0, schema: new ConnectSchema({ type: 'INT32' }) }] })
    const write = () => converter({}).fromSchemaAndValue('t', new TextStruct(strict, [null]))
    expect(write).toThrow('null value for field that is required and has no default value')
  })
})
