import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { describeWithKafka } from '../support/services/suite.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
const text = await readFile(join(root, 'docs/kafka-client.md'), 'utf8')

/** Heading and program of each snippet, in the order of the page. */
const snippets = [...text.matchAll(/^## ([^\n]+)$[^#]*?^```ts run\n(.*?)^```$/gms)].map(([, heading = '', program = '']) => ({
  heading,
  program,
}))

const said: Readonly<Record<string, RegExp>> = {
  'Send, and be told later': /^10000 records are in Kafka, 0 are not$/,
  'Send, and wait': /^stored as orders-0@0$/,
  'A partitioner of your own': /^(?=[^]*tenant 0 in partition 0)(?=[^]*tenant 7 in partition 3)(tenant \d in partition \d\n?){8}$/, // in no set order
  'A consumer in a group': /^mine now: payments-0\npayments-0@0: 100 EUR$/,
  'Partitions without a group': /^1 b\n2 c$/,
  'Transactions: read, transform, write, exactly once': /^committed$/,
  'Topics, offsets, groups': /^audit: created\ncompact\n\[ 0 \]$/,
}

describeWithKafka('docs/kafka-client.md', (address) => {
  it('shows what is tested here', () => {
    expect(snippets.map(({ heading }) => heading)).toEqual(Object.keys(said))
  })

  it.each(snippets)('$heading: the program runs and says what it should', async ({ heading, program }) => {
    const { stdout, stderr } = await run(process.execPath, [await programFile(program)], { env: { ...process.env, KAFKA: address } })
    expect(stderr).not.toMatch(/\] ERROR|Uncaught/) // a warning may tell that a new topic has no leader yet
    expect(stdout.trim()).toMatch(said[heading]!)
  })
})

/** Inside the package, where `standpipe/kafka` is the build. */
async function programFile(program: string): Promise<string> {
  await mkdir(join(root, '.tmp'), { recursive: true })
  const dir = await mkdtemp(join(root, '.tmp', 'docs-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  const file = join(dir, 'program.ts')
  await writeFile(file, program)
  return file
}
