import { afterAll, describe, expect, it } from 'vitest'
import { SimpleHeaderConverter } from '../../src/converters/simple-header-converter.ts'
import { decodeData, expectData, expectError, readCases, type RecordedCase, type RecordedData } from '../support/compat-data.ts'

interface Case extends RecordedCase {
  readonly op: 'toConnectHeader' | 'fromConnectHeader'
  readonly input: unknown
  readonly want?: unknown
}

const cases = readCases<Case>('header-converter')
const converter = new SimpleHeaderConverter()

describe('SimpleHeaderConverter does what Java did', () => {
  let passed = 0
  afterAll(() => {
    console.log(`compat header-converter: ${String(passed)} of ${String(cases.length)}`)
  })

  it.each(cases)('$name', (recorded) => {
    if (recorded.error !== undefined) expectError(() => run(recorded), recorded.error)
    else if (recorded.op === 'toConnectHeader') expectData(run(recorded) as never, recorded.want as RecordedData)
    else expect((run(recorded) as Buffer | null)?.toString() ?? null).toBe(recorded.want)
    passed++
  })
})

function run(recorded: Case) {
  if (recorded.op === 'toConnectHeader') return converter.toConnectHeader('t', 'h', bytesOf(recorded.input))
  const { schema, value } = decodeData(recorded.input as RecordedData)
  return converter.fromConnectHeader('t', 'h', schema, value)
}

function bytesOf(input: unknown): Buffer | null {
  if (input === null) return null
  return typeof input === 'string' ? Buffer.from(input) : Buffer.from((input as { $bytes: string }).$bytes, 'base64')
}
