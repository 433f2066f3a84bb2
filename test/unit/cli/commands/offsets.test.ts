import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { FileOffsetBackingStore } from '../../../../src/offsets/file-offset-backing-store.ts'
import { readJavaOffsetFile, writeJavaOffsetFile } from '../../../../src/offsets/java-offset-file.ts'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'
import { scratchFolder } from '../../../support/file-stream.ts'

const entry = (key: string, value: string | null) => ({ key: Buffer.from(key), value: value === null ? null : Buffer.from(value) })

/** Runs the verb in a process of its own. */
async function offsets(...argv: string[]): Promise<{ code: number; stdout: Buffer; stderr: string }> {
  const module = fileURLToPath(new URL('../../../../src/cli/commands/offsets.ts', import.meta.url))
  const program = `import { command } from ${JSON.stringify(module)}; process.exitCode = await command.run(process.argv.slice(1))`
  const { promise, resolve } = Promise.withResolvers<{ code: number; stdout: Buffer; stderr: string }>()
  const args = ['--conditions=standpipe:source', '--input-type=module-typescript', '-e', program, '--', ...argv]
  execFile(process.execPath, args, { encoding: 'buffer' }, (error, stdout, stderr) =>
    resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr: stderr.toString() }),
  )
  return promise
}

/** The file of a worker that is still running. */
async function journalFile(): Promise<string> {
  const file = join(await scratchFolder(), 'connect.offsets')
  const store = new FileOffsetBackingStore(file, new CollectingLogger())
  await store.start()
  await store.set([entry('["b",{"filename":"x"}]', '{"position":1}'), entry('["a",{"table":"t"}]', '{"id":9223372036854775807}')])
  await store.set([entry('["b",{"filename":"x"}]', '{"position":2}'), entry('["a",{"table":"u"}]', null)])
  await store.stop()
  return file
}

describe('standpipe offsets', () => {
  it('lists what a journal holds', async () => {
    const { code, stdout } = await offsets('list', await journalFile())
    expect(stdout.toString()).toBe(
      'a  {"table":"t"}  {"id":9223372036854775807}\na  {"table":"u"}  (reset)\nb  {"filename":"x"}  {"position":2}\n',
    )
    expect(code).toBe(0)
  })

  it('lists JSON without losing a digit', async () => {
    const { stdout } = await offsets('list', '--json', await journalFile())
    expect(stdout.toString()).toContain('{"connector":"a","partition":{"table":"t"},"offset":{"id":9223372036854775807}}')
    expect(JSON.parse(stdout.toString())).toHaveLength(3)
  })

  it('lists what a Java file holds', async () => {
    const file = join(await scratchFolder(), 'java.offsets')
    await writeFile(file, writeJavaOffsetFile([entry('["a",{"filename":"x"}]', '{"position":7}'), entry('no json', '{}')]))
    const { stdout } = await offsets('list', file)
    expect(stdout.toString()).toBe('(unknown key) no json  {}\na  {"filename":"x"}  {"position":7}\n')
  })

  it('exports the file that Java reads', async () => {
    const file = await journalFile()
    expect(await offsets('export', '--format', 'java', '-o', `${file}.java`, file)).toMatchObject({ code: 0 })
    const entries = readJavaOffsetFile(await readFile(`${file}.java`), 'exported')
    expect(entries.map(({ key, value }) => [key, value].join(' '))).toEqual([
      '["b",{"filename":"x"}] {"position":2}',
      '["a",{"table":"t"}] {"id":9223372036854775807}',
      '["a",{"table":"u"}] ',
    ])
  })

  it.each<[string, string[], string]>([
    ['an output that exists', ['export', '--format', 'java', '-o', 'FILE', 'FILE'], 'exists already'],
    ['an unknown format', ['export', '--format', 'xml', 'FILE'], '--format must be java or json, not xml'],
    ['an unknown action', ['show', 'FILE'], 'there is no action show'],
    ['a missing file', ['list', 'FILE.missing'], 'ENOENT'],
    ['no file', ['list'], 'name one action and one file'],
  ])('refuses %s with exit code 1', async (_name, argv, message) => {
    const file = await journalFile()
    const { code, stderr } = await offsets(...argv.map((arg) => arg.replace('FILE', file)))
    expect(stderr).toContain(message)
    expect(code).toBe(1)
  })

  it('prints its usage', async () => {
    const { code, stdout } = await offsets('--help')
    expect(stdout.toString()).toContain('usage: standpipe offsets list')
    expect(code).toBe(0)
  })
})
