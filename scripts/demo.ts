/**
 * `npm run demo [-- file|jdbc|elasticsearch] [-- --once]`: connectors on real input, run by the worker on the example files of config/.
 * It stays up until Ctrl-C; with --once it ends when all input has arrived.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { findKafka, type Demo } from './demo/demo.ts'
import { demoElasticsearch } from './demo/elasticsearch.ts'
import { demoFile } from './demo/file.ts'
import { demoJdbc } from './demo/jdbc.ts'

const demos: Readonly<Record<string, (demo: Demo) => Promise<void>>> = { file: demoFile, jdbc: demoJdbc, elasticsearch: demoElasticsearch }

const { values, positionals } = parseArgs({ allowPositionals: true, options: { once: { type: 'boolean', default: false } } })
const run = demos[positionals[0] ?? 'file']
if (run === undefined) {
  console.error(`Usage: npm run demo -- [${Object.keys(demos).join('|')}] [--once]`)
  process.exit(2)
}
const stopped = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopped.abort())

const dir = await mkdtemp(join(tmpdir(), 'standpipe-demo-'))
try {
  await run({ dir, kafka: await findKafka(), once: values.once, stopped: stopped.signal })
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  await rm(dir, { recursive: true, force: true })
}
