import { afterAll, describe, expect, it } from 'vitest'
import { JsonConverter } from '../../src/converters/json-converter.ts'
import {
  decodeConfig,
  decodeData,
  expectData,
  expectError,
  readCases,
  type RecordedCase,
  type RecordedData,
  type TaggedValue,
} from '../support/compat-data.ts'

interface Case extends RecordedCase {
  readonly op: 'fromConnectData' | 'toConnectData' | 'fromConnectHeader' | 'toConnectHeader'
  readonly config: Record<string, string | null>
  readonly input: RecordedData | string | null | { readonly $bytes: string }
  readonly want?: string | RecordedData | null
}

const cases = readCases<Case>('json-converter')

describe('JsonConverter does what Java did', () => {
  let passed = 0
  afterAll(() => {
    console.log(`compat json-converter: ${String(passed)} of ${String(cases.length)}`)
  })

  it.each(cases)('$name', (recorded) => {
    if (recorded.error === undefined) expectWanted(recorded)
    else expectError(() => run(recorded), recorded.error)
    passed++
  })
})

function expectWanted(recorded: Case): void {
  const got = run(recorded)
  if (recorded.op.startsWith('from')) expect(got === null ? null : got.toString()).toBe(recorded.want)
  else expectData(got as never, recorded.want as RecordedData)
}

function run(recorded: Case) {
  const converter = new JsonConverter()
  converter.configure(decodeConfig(recorded.config), false)
  if (recorded.op.startsWith('to')) {
    const bytes = bytesOf(recorded.input as TaggedValue)
    return recorded.op === 'toConnectData' ? converter.toConnectData('t', bytes) : converter.toConnectHeader('t', 'h', bytes)
  }
  const { schema, value } = decodeData(recorded.input as RecordedData)
  return recorded.op === 'fromConnectData' ? converter.fromConnectData('t', schema, value) : converter.fromConnectHeader('t', 'h', schema, value)
}

function bytesOf(input: TaggedValue): Buffer | null {
  if (input === null) return null
  return typeof input === 'string' ? Buffer.from(input) : Buffer.from((input as { $bytes: string }).$bytes, 'base64')
}
