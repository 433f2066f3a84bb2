import { afterAll, describe, expect, it } from 'vitest'
import type { ConnectValue } from '../../src/api/data/connect-value.ts'
import { FLOAT32_SCHEMA, type Schema } from '../../src/api/data/schema.ts'
import { Values } from '../../src/api/data/values.ts'
import {
  comparable,
  comparableSchema,
  decodeData,
  decodeSchema,
  decodeValue,
  expectError,
  readCases,
  type RecordedCase,
  type RecordedData,
  type RecordedSchema,
  type TaggedValue,
} from '../support/compat-data.ts'

interface Case extends RecordedCase {
  readonly op: Exclude<keyof typeof Values, 'parseString'>
  readonly input: RecordedData | TaggedValue
  readonly want?: TaggedValue | RecordedSchema
}

/** Decimals of bytes are asked for with this scale. */
const decimalScale = 2

const cases = readCases<Case>('values')

/** Where a JavaScript value cannot tell what Java's could. */
const deviations = new Map(
  cases
    .filter(({ op, input }) => op === 'inferSchema' && /int8|int32|struct/.test(JSON.stringify(input)))
    .map(({ name }) => [name, 'a schemaless number tells only whole from fraction, and a struct without its schema is a plain object']),
)

describe('Values does what Java did', () => {
  let passed = 0
  afterAll(() => {
    console.log(`compat values: ${String(passed)} of ${String(cases.length)}, ${String(deviations.size)} deliberately different`)
  })

  it.each(cases.filter(({ name }) => !deviations.has(name)))('$name', (recorded) => {
    if (recorded.error === undefined) expectWanted(recorded)
    else expectError(() => convert(recorded), recorded.error)
    passed++
  })
})

function expectWanted(recorded: Case): void {
  if (recorded.op === 'inferSchema') {
    const got = Values.inferSchema(decodeValue(recorded.input as TaggedValue, null))
    expect(comparableSchema(got)).toEqual(comparableSchema(decodeSchema(recorded.want as RecordedSchema | null)))
    return
  }
  const schema = recorded.op === 'convertToFloat' ? FLOAT32_SCHEMA : null
  expect(comparable(convert(recorded), schema)).toEqual(comparable(decodeValue(recorded.want as TaggedValue, schema), schema))
}

function convert(recorded: Case): ConnectValue {
  const { schema, value } = decodeData(recorded.input as RecordedData)
  if (recorded.op === 'convertToDecimal') return Values.convertToDecimal(schema, value, decimalScale)
  return (Values[recorded.op] as (schema: Schema | null, value: ConnectValue) => ConnectValue)(schema, value)
}
