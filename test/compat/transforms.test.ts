import { afterAll, describe, expect, it } from 'vitest'
import type { ConnectRecord } from '../../src/api/connect-record.ts'
import type { Props } from '../../src/api/props.ts'
import type { Transformation } from '../../src/api/transformation.ts'
import { expectError, readCases, type RecordedCase } from '../support/compat-data.ts'
import { comparableRecord, decodeRecord, type RecordedRecord } from '../support/compat-records.ts'
import { transformations } from '../support/transformations.ts'

interface Case extends RecordedCase {
  readonly transform: string
  readonly config: Readonly<Record<string, string | null>>
  readonly input: RecordedRecord
  readonly want?: RecordedRecord | null
}

const cases = readCases<Case>('transforms')

/** Cases in which ours is meant to differ, with the reason. */
const deviations: Readonly<Record<string, string>> = {
  'ExtractField$Value: path  V2 on a map': 'an empty path fails in configure, not with an index error at the first record',
  'TimestampRouter: bad format': 'a pattern that is none fails in configure, not at the first record, and names the key',
  'Flatten$Value: schemaless struct inside': 'a struct without its schema is a plain object, as a map is',
  'MaskField$Value: replacement 300 for byte of a map': 'a schemaless whole number is a long: no JSON number becomes a byte',
  'TimestampConverter$Value: schemaless int source': 'a schemaless whole number is a long: no JSON number becomes an int',
}

describe('transformations do what they do in Java', () => {
  let passed = 0
  afterAll(() => {
    console.log(`compat transforms: ${String(passed)} of ${String(cases.length)}, ${String(Object.keys(deviations).length)} deliberately different`)
  })

  it.each(cases.filter(({ name }) => Object.hasOwn(deviations, name)))('$name differs on purpose', (recorded) => {
    expect(() => {
      expectJavas(recorded)
    }).toThrow()
  })

  it.each(cases.filter(({ name }) => !Object.hasOwn(deviations, name)))('$name', (recorded) => {
    expectJavas(recorded)
    passed++
  })
})

function expectJavas(recorded: Case): void {
  if (recorded.error !== undefined) {
    expectError(() => transformed(recorded), recorded.error)
    return
  }
  const { want } = recorded
  expect(comparableRecord(transformed(recorded))).toEqual(comparableRecord(want === null || want === undefined ? null : decodeRecord(want)))
}

function transformed(recorded: Case): ConnectRecord | null {
  const transformation: Transformation = new transformations[recorded.transform.replace(/.*\./, '')]!()
  // null where a key is set to null, as it can be in JSON
  transformation.configure(recorded.config as Props)
  return transformation.apply(decodeRecord(recorded.input))
}
