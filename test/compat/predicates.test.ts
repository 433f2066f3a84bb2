import { afterAll, describe, expect, it } from 'vitest'
import { decodeConfig, expectError, readCases, type RecordedCase } from '../support/compat-data.ts'
import { decodeRecord, type RecordedRecord } from '../support/compat-records.ts'
import { predicates } from '../support/transformations.ts'

interface Case extends RecordedCase {
  readonly predicate: string
  readonly config: Readonly<Record<string, string | null>>
  readonly input: RecordedRecord
  readonly want?: boolean
}

const cases = readCases<Case>('predicates')

describe('predicates answer as in Java', () => {
  let passed = 0
  afterAll(() => {
    console.log(`compat predicates: ${String(passed)} of ${String(cases.length)}`)
  })

  it.each(cases)('$name', (recorded) => {
    if (recorded.error === undefined) expect(answer(recorded)).toBe(recorded.want)
    else expectError(() => answer(recorded), recorded.error)
    passed++
  })
})

function answer(recorded: Case): boolean {
  const predicate = new predicates[recorded.predicate.replace(/.*\./, '')]!()
  predicate.configure(decodeConfig(recorded.config))
  return predicate.test(decodeRecord(recorded.input))
}
