import { afterAll, describe, expect, it } from 'vitest'
import { ConnectException } from '../../src/api/errors.ts'
import { parseConnectorFile } from '../../src/cli/connector-file.ts'
import { readCases, type RecordedCase } from '../support/compat-data.ts'

interface Case extends RecordedCase {
  readonly input: string
  readonly want?: { readonly name: string | null; readonly config: Readonly<Record<string, string | null>>; readonly initialState: string | null }
}

const cases = readCases<Case>('connector-file')
const path = '/etc/connectors/a file.json'
let passed = 0

describe('connector files are read as connect-standalone reads them', () => {
  afterAll(() => console.log(`compat connector-file: ${passed} of ${cases.length}`))

  it.each(cases)('$name', ({ input, want, error }) => {
    const parse = () => parseConnectorFile(Buffer.from(input), path)
    if (want === undefined) {
      expect(parse).toThrow(ConnectException)
      // Java's sentence comes first, what to do about it after it.
      if (error!.volatileMessage !== true) expect(parse).toThrow(error!.message!.replace('${file}', path))
    } else {
      const { name, config, initialState } = parse()
      expect({ name, config, initialState }).toEqual(want)
    }
    passed++
  })
})
