/** `npm run bench -- kafka|broker|file|transforms|lanes|elasticsearch|jdbc-sink|jdbc-source|jdbc-soak [--rounds N]`: what is compared runs in turns, on a broker of its own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { startKafka, type KafkaBroker } from '../test/support/services/kafka.ts'
import { APACHE_KAFKA, benchmarkBroker, EMBEDDED } from './broker.ts'
import { benchmarkElasticsearch, REDPANDA_CONNECT } from './elasticsearch.ts'
import { benchmarkFile } from './file.ts'
import { JAVA_LOOP } from './java-programs.ts'
import { DEBEZIUM, REWRITING_JAVA_LOOP, TUNED_JAVA_LOOP } from './jdbc-peers.ts'
import { benchmarkJdbcSink, type JdbcBenchmark } from './jdbc-sink.ts'
import { soakJdbc } from './jdbc-soak.ts'
import { benchmarkJdbcSource, GUARDED } from './jdbc-source.ts'
import { benchmarkKafka, KAFKA_CLIENTS } from './kafka.ts'
import { benchmarkLanes, comparisons } from './lanes.ts'
import { Results } from './results.ts'
import { benchmarkTransforms } from './transforms.ts'
import { javaConnectSide, standpipeSide, type WorkerSide } from './worker-side.ts'

const USAGE = `Usage: npm run bench -- kafka|broker|file|transforms|lanes|elasticsearch|jdbc-sink|jdbc-source|jdbc-soak [options]
  --rounds N      rounds, each with both sides (default 3)
  --lines N       file, transforms: lines of the input (default 3000000)
  --records N     kafka, broker: records of 100 B; a fifth as many of 1 KiB (default 5000000)
                  lanes: records of the busy chain; ten times as many without it (default 400000)
                  elasticsearch: documents into the null server; a quarter as many into a real one (default 2000000)
                  jdbc-sink, jdbc-source: rows (default 1000000)
  --minutes N     jdbc-soak: how long (default 30)
  --rate N        jdbc-soak: rows a second (default 2000)
  --case TEXT     broker, file, elasticsearch, jdbc-*: only the cases with this in their name, such as "sink, Json"
                  jdbc-sink: "public table" runs only when it is named here, --records 10000000 is its size
                  kafka: "null broker" or "Kafka"
  --side NAME     standpipe or java alone; kafka also "librdkafka (C)", kafkajs, @platformatic/kafka; broker: "standpipe broker" or "Apache Kafka 4.3.1"; elasticsearch: standpipe, "Java loop" or "Redpanda Connect"
                  jdbc-sink: standpipe, "Java loop", "rewriting Java loop" or "Debezium 3.6"
                  jdbc-source: standpipe, "standpipe, guarded", "Java loop" or "tuned Java loop"
  --profile DIR   broker, file, transforms, elasticsearch, jdbc-*: standpipe's workers write CPU profiles there`

const BROKER_JVM = ['-Xms512m', '-Xmx1g']
const STANDPIPE = 'standpipe'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    lines: { type: 'string', default: '3000000' },
    records: { type: 'string' },
    minutes: { type: 'string', default: '30' },
    rate: { type: 'string', default: '2000' },
    case: { type: 'string', default: '' },
    side: { type: 'string' },
    profile: { type: 'string' },
  },
})

/** What every benchmark is given. */
interface Bench {
  readonly kafka: KafkaBroker
  readonly dir: string
  readonly rounds: number
  readonly results: Results
}

/** Each prints its own tables. */
const benchmarks: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  async kafka(bench) {
    const records = Number(values.records ?? 5_000_000)
    await benchmarkKafka({ ...bench, records, only: values.case, nodeOptions: profiling(), isWanted })
    for (const peer of KAFKA_CLIENTS.slice(1).filter(isWanted)) printTable(bench, STANDPIPE, peer)
  },
  async broker(bench) {
    const records = Number(values.records ?? 5_000_000)
    await benchmarkBroker({ ...bench, records, only: values.case, nodeOptions: profiling(), isWanted })
    printTable(bench, EMBEDDED, APACHE_KAFKA)
  },
  async file(bench) {
    await benchmarkFile({ ...bench, lines: Number(values.lines), only: values.case, sides: workerSides() })
    printTable(bench, STANDPIPE, javaConnectSide.name)
  },
  async transforms(bench) {
    await benchmarkTransforms({ ...bench, lines: Number(values.lines), sides: workerSides() })
    printTable(bench, STANDPIPE, javaConnectSide.name)
  },
  async lanes(bench) {
    await benchmarkLanes({ ...bench, records: Number(values.records ?? 400_000) })
    for (const [ours, peer] of comparisons) printTable(bench, ours, peer)
  },
  async elasticsearch(bench) {
    await benchmarkElasticsearch({
      ...bench,
      documents: Number(values.records ?? 2_000_000),
      only: values.case,
      nodeOptions: profiling(),
      isWanted,
    })
    for (const peer of [JAVA_LOOP, REDPANDA_CONNECT].filter(isWanted)) printTable(bench, STANDPIPE, peer)
  },
  async 'jdbc-sink'(bench) {
    await benchmarkJdbcSink(jdbcBenchmark(bench))
    for (const peer of [JAVA_LOOP, REWRITING_JAVA_LOOP, DEBEZIUM].filter(isWanted)) printTable(bench, STANDPIPE, peer)
  },
  async 'jdbc-source'(bench) {
    await benchmarkJdbcSource(jdbcBenchmark(bench))
    for (const peer of [JAVA_LOOP, TUNED_JAVA_LOOP, GUARDED].filter(isWanted)) printTable(bench, STANDPIPE, peer)
  },
  async 'jdbc-soak'({ kafka, dir }) {
    await soakJdbc({ kafka, dir, minutes: Number(values.minutes), rowsPerSecond: Number(values.rate), reportMs: 10_000 })
  },
}

function jdbcBenchmark(bench: Bench): JdbcBenchmark {
  return { ...bench, rows: Number(values.records ?? 1_000_000), only: values.case, nodeOptions: profiling(), isWanted }
}

function isWanted(side: string): boolean {
  return values.side === undefined || values.side === side
}

/** Node's options for a CPU profile, when one is wanted. */
function profiling(): string[] {
  return values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(values.profile)}`]
}

function workerSides(): WorkerSide[] {
  return [...(isWanted(STANDPIPE) ? [standpipeSide(profiling())] : []), ...(isWanted('java') ? [javaConnectSide] : [])]
}

function printTable({ results }: Bench, ours: string, peer: string): void {
  console.log(`\n${results.table(ours, peer)}`)
}

const benchmark = benchmarks[positionals[0] ?? '']
if (benchmark === undefined) {
  console.error(USAGE)
  process.exit(2)
}

const dir = await mkdtemp(join(tmpdir(), 'standpipe-bench-'))
const resultsFile = `${dir}.jsonl`
const kafka = await startKafka({ jvm: BROKER_JVM })
try {
  await benchmark({ kafka, dir, rounds: Number(values.rounds), results: new Results(resultsFile) })
  console.log(`\nEvery run: ${resultsFile}`)
} finally {
  await kafka.stop()
  await rm(dir, { recursive: true, force: true })
}
