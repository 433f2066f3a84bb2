import { afterAll, describe, expect, it } from 'vitest'
import type { Converter } from '../../src/api/converter.ts'
import { BooleanConverter } from '../../src/converters/boolean-converter.ts'
import { ByteArrayConverter } from '../../src/converters/byte-array-converter.ts'
import { DoubleConverter } from '../../src/converters/double-converter.ts'
import { FloatConverter } from '../../src/converters/float-converter.ts'
import { IntegerConverter } from '../../src/converters/integer-converter.ts'
import { LongConverter } from '../../src/converters/long-converter.ts'
import { ShortConverter } from '../../src/converters/short-converter.ts'
import { StringConverter } from '../../src/converters/string-converter.ts'
import {
  decodeConfig,
  decodeData,
  expectData,
  expectError,
  readCases,
  type RecordedCase,
  type RecordedData,
} from '../support/compat-data.ts'

interface Case extends RecordedCase {
  readonly converter: string
  readonly op: 'fromConnectData' | 'toConnectData'
  readonly config: Record<string, string | null>
  readonly input: unknown
  readonly want?: unknown
}

const converters: Record<string, new () => Converter> = {
  BooleanConverter,
  ByteArrayConverter,
  DoubleConverter,
  FloatConverter,
  IntegerConverter,
  LongConverter,
  ShortConverter,
  StringConverter,
}

/** Where a JavaScript value cannot tell what Java's could. */
const deviations: Record<string, string> = {
  'IntegerConverter from: wrong value Short 1': 'Short and Integer are both a number here',
  'ShortConverter from: wrong value Integer 42': 'Short and Integer are both a number here',
  'FloatConverter from: wrong value Double 1.5': 'Float and Double are both a number here',
  'FloatConverter from: wrong value Integer 1': 'with a FLOAT32 schema 1 and 1.0 are the same number',
  'DoubleConverter from: wrong value Float 1.5': 'Float and Double are both a number here',
  'StringConverter from: list of structs': 'a struct inside a list without schema is a plain object, printed as a map',
}

const cases = readCases<Case>('converters')

describe('converters do what Java did', () => {
  let passed = 0
  afterAll(() => {
    console.log(`compat converters: ${String(passed)} of ${String(cases.length)}, ${String(Object.keys(deviations).length)} deliberately different`)
  })

  it.each(cases.filter(({ name }) => !Object.hasOwn(deviations, name)))('$name', (recorded) => {
    if (recorded.error === undefined) expectWanted(recorded)
    else expectError(() => run(recorded), recorded.error)
    passed++
  })

  it.each(cases.filter(({ name }) => Object.hasOwn(deviations, name)))('deliberately differs: $name', (recorded) => {
    expect(() => {
      if (recorded.error === undefined) expectWanted(recorded)
      else expectError(() => run(recorded), recorded.error)
    }).toThrow()
  })
})

function expectWanted(recorded: Case): void {
  const got = run(recorded)
  if (recorded.op === 'toConnectData') expectData(got as never, recorded.want as RecordedData)
  else if (typeof recorded.want === 'string') expect(masked(String(got))).toBe(masked(recorded.want))
  else expect(got).toEqual(bytesOf(recorded.want))
}

/** The identity hash of a byte array differs in every run. */
function masked(text: string): string {
  return text.replaceAll(/\[B@[0-9a-f]+/g, '[B@')
}

function run(recorded: Case) {
  const Class = converters[recorded.converter.replace(/.*\./, '')]!
  const converter = new Class()
  converter.configure(decodeConfig(recorded.config), false)
  if (recorded.op === 'toConnectData') return converter.toConnectData('t', bytesOf(recorded.input))
  const { schema, value } = decodeData(recorded.input as RecordedData)
  return converter.fromConnectData('t', schema, value)
}

function bytesOf(input: unknown): Buffer | null {
  if (input === null) return null
  return typeof input === 'string' ? Buffer.from(input) : Buffer.from((input as { $bytes: string }).$bytes, 'base64')
}
