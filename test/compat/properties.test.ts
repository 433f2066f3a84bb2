import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { FileConfigProvider } from '../../src/config-providers/file-config-provider.ts'
import { parseProperties } from '../../src/properties/parse-properties.ts'
import { readCases, type RecordedCase } from '../support/compat-data.ts'
import { CollectingLogger } from '../support/fakes/collecting-logger.ts'

interface Case extends RecordedCase {
  readonly op: string
  readonly input: string | { readonly $bytes: string }
  readonly want?: Readonly<Record<string, string>>
}

const cases = readCases<Case>('properties')
let passed = 0

describe('property files are read as java.util.Properties reads them', () => {
  afterAll(() => console.log(`compat properties: ${passed} of ${cases.length}`))

  it.each(cases)('$name', async ({ op, input, want, error }) => {
    const bytes = typeof input === 'string' ? Buffer.from(input, 'latin1') : Buffer.from(input.$bytes, 'base64')
    if (want !== undefined) {
      expect(await read(op, bytes, Object.keys(want))).toEqual(want)
    } else {
      // Java's sentence comes first, ours with the place after it.
      await expect(read(op, bytes, [])).rejects.toThrow(error!.message!)
    }
    passed++
  })
})

async function read(op: string, bytes: Buffer, keys: readonly string[]): Promise<Record<string, string>> {
  return op === 'FileConfigProvider' ? fromProvider(bytes, keys) : { ...parseProperties(bytes.toString('latin1'), 'a.properties').props }
}

async function fromProvider(bytes: Buffer, keys: readonly string[]): Promise<Record<string, string>> {
  const directory = mkdtempSync(join(tmpdir(), 'properties-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'a.properties')
  writeFileSync(file, bytes)
  const provider = new FileConfigProvider()
  provider.configure({}, new CollectingLogger())
  return Object.fromEntries(await provider.get(file, new Set(keys)))
}
