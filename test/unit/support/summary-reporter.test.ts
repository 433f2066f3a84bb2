import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'

const root = resolve(import.meta.dirname, '../../..')

/** Runs vitest with the reporter on one test file and gives the lines it printed. */
async function printedBy(testFile: string, globalSetup = ''): Promise<string[]> {
  const dir = await mkdtemp(join(tmpdir(), 'standpipe-reporter-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  await writeFile(
    join(dir, 'some.test.mjs'),
    `import { describe, expect, it } from '${join(root, 'node_modules/vitest/dist/index.js')}'\n${testFile}`,
  )
  await writeFile(join(dir, 'setup.mjs'), `export default function () { ${globalSetup} }`)
  await writeFile(join(dir, 'vitest.config.mjs'), `export default { test: { globalSetup: './setup.mjs' } }`)
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const args = [vitest, 'run', '--root', dir, '--reporter', join(root, 'test/support/summary-reporter.ts')]
  return new Promise((done) => execFile(process.execPath, args, { cwd: dir }, (_error, output) => done(output.trimEnd().split('\n'))))
}

it('prints the counts on a line alone, as the last one', async () => {
  const lines = await printedBy(`it('a', () => {}); it('b', () => {}); it('c', () => expect(1).toBe(2)); it.skip('d', () => {})`)

  expect(lines.at(-1)).toBe('2 passed, 1 failed, 1 skipped')
})

it('says for each skipped suite how many tests were not run, under the name that tells why', async () => {
  const lines = await printedBy(
    `describe.skip('sinks (not run: no broker)', () => { it('a', () => {}); describe('x', () => it('b', () => {})) })`,
  )

  expect(lines.slice(-2)).toEqual(['SKIPPED 2 of some.test.mjs > sinks (not run: no broker)', '0 passed, 0 failed, 2 skipped'])
})

it('names a test that passed only when it was tried again, and what it failed on first', async () => {
  const lines = await printedBy(
    `let tries = 0; describe('a sink', () => it('stumbles', { retry: 1 }, () => expect([++tries]).toEqual([2]))); it('a', { retry: 1 }, () => {})`,
  )

  const said = lines.slice(lines.indexOf('PASSED ON RETRY some.test.mjs > a sink > stumbles') + 1)
  expect(said[0]).toBe('  expected [ 1 ] to deeply equal [ 2 ]')
  expect(said).toEqual(expect.arrayContaining(['  -   2,', '  +   1,']))
  expect(said.at(-1)).toBe('2 passed, 0 failed, 0 skipped')
})

it.each([
  ['a file that cannot be loaded', `throw new Error('broken')`, '0 passed, 1 failed, 0 skipped'],
  [
    'an error outside any test',
    `it('a', () => { setTimeout(() => { throw new Error('late') }); return new Promise((r) => setTimeout(r, 50)) })`,
    '1 passed, 1 failed, 0 skipped',
  ],
])('counts %s as failed', async (_name, testFile, last) => {
  expect((await printedBy(testFile)).at(-1)).toBe(last)
})

it('counts a service that cannot be started as failed', async () => {
  expect((await printedBy(`it('a', () => {})`, `throw new Error('no broker')`)).at(-1)).toBe('0 passed, 1 failed, 0 skipped')
})
