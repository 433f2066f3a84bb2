/** `npm run bench -- kafka|file [--rounds N]`: both sides in one run, in turns, on a broker of their own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { startKafka } from '../test/support/services/kafka.ts'
import { benchmarkFile } from './file.ts'
import { benchmarkKafka } from './kafka.ts'
import { Results } from './results.ts'
import { javaConnectSide, standpipeSide } from './worker-side.ts'

const USAGE = `Usage: npm run bench -- kafka|file [options]
  --rounds N      rounds, each with both sides (default 3)
  --lines N       file: lines of the input (default 3000000)
  --records N     kafka: records of 100 B; a fifth as many of 1 KiB (default 5000000)
  --case TEXT     file: only the cases with this in their name, such as "sink, Json"
  --side NAME     standpipe or java alone
  --profile DIR   standpipe's workers write CPU profiles there`

const BROKER_JVM = ['-Xms512m', '-Xmx1g']

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    lines: { type: 'string', default: '3000000' },
    records: { type: 'string', default: '5000000' },
    case: { type: 'string', default: '' },
    side: { type: 'string' },
    profile: { type: 'string' },
  },
})

const [name] = positionals
if (name !== 'file' && name !== 'kafka') {
  console.error(USAGE)
  process.exit(2)
}

const dir = await mkdtemp(join(tmpdir(), 'standpipe-bench-'))
const resultsFile = `${dir}.jsonl`
const results = new Results(resultsFile)
const kafka = await startKafka({ jvm: BROKER_JVM })
const isWanted = (side: string) => values.side === undefined || values.side === side
try {
  const rounds = Number(values.rounds)
  if (name === 'file') {
    const profile = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(values.profile)}`]
    const sides = [...(isWanted('standpipe') ? [standpipeSide(profile)] : []), ...(isWanted('java') ? [javaConnectSide] : [])]
    await benchmarkFile({ kafka, dir, rounds, lines: Number(values.lines), only: values.case, sides, results })
    console.log(`\n${results.table('standpipe', javaConnectSide.name)}`)
  } else {
    const sides = (['standpipe', 'java'] as const).filter(isWanted)
    await benchmarkKafka({ kafka, dir, rounds, records: Number(values.records), sides, results })
    console.log(`\n${results.table('standpipe', 'java')}`)
  }
  console.log(`\nEvery run: ${resultsFile}`)
} finally {
  await kafka.stop()
  await rm(dir, { recursive: true, force: true })
}
