/** The clients that `npm run bench -- kafka` compares: programs that send or read so many records and say how long it took. */
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { cacheDir, cached, download, requireProgram } from '../test/support/services/download.ts'
import { kafkaJars } from '../test/support/services/kafka-jars.ts'
import { log4jOption } from '../test/support/services/log4j.ts'

const PLATFORMATIC = '2.12.1'
const peers = resolve(import.meta.dirname, 'peers')

export const STANDPIPE = 'standpipe'
export const LIBRDKAFKA = 'librdkafka (C)'
export const JAVA = 'java'
export const KAFKAJS = 'kafkajs'
export const PLATFORMATIC_KAFKA = '@platformatic/kafka'

/** What a program is to do. */
export interface Job {
  readonly verb: 'produce' | 'consume'
  readonly address: string
  readonly topic: string
  readonly records: number
  /** File of 1,000 lines, the values. */
  readonly payloads: string
}

/** What a program says of its work: from the first record to the last. */
export interface Said {
  readonly records: number
  readonly ms: number
}

export interface ClientProgram {
  readonly name: string
  command(job: Job): readonly string[]
  /** @param log everything the program wrote */
  said(log: string): Said
}

/** @param name one of the constants above @param nodeOptions of the programs that run on Node, ours */
export async function clientProgram(name: string, dir: string, nodeOptions: readonly string[] = []): Promise<ClientProgram> {
  switch (name) {
    case STANDPIPE:
      return plain(name, [process.execPath, ...nodeOptions, await bundled('kafka-client.ts', dir)])
    case LIBRDKAFKA:
      return plain(name, [await compiledPerf()])
    case KAFKAJS:
      return plain(name, [process.execPath, join(peers, 'node', 'kafkajs.mjs')])
    case PLATFORMATIC_KAFKA:
      return plain(name, [process.execPath, join(peers, 'node', 'platformatic.mjs'), await platformatic()])
    default:
      return javaProgram(dir)
  }
}

/** A program of ours: the job as arguments, what it says as JSON in its last line. */
function plain(name: string, program: readonly string[]): ClientProgram {
  return {
    name,
    command: ({ verb, address, topic, records, payloads }) => [...program, verb, address, topic, String(records), payloads],
    said: (log) => JSON.parse(log.trim().split('\n').at(-1)!) as Said,
  }
}

/** Bundled, as a user runs it: the process does not spend its start on reading TypeScript. @returns the bundle */
export async function bundled(source: string, dir: string): Promise<string> {
  const outfile = join(dir, source.replace('.ts', '.js'))
  await build({
    entryPoints: [resolve(import.meta.dirname, source)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['standpipe:source'],
    banner: { js: `import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);` },
  })
  return outfile
}

async function compiledPerf(): Promise<string> {
  const folder = join(cacheDir, 'bench', 'librdkafka')
  await cached('librdkafka’s side of the benchmark', folder, async (scratch) => {
    await requireProgram('The benchmark', 'gcc', ['--version'], 'gcc librdkafka-dev')
    const output = join(scratch, 'built')
    await mkdir(output)
    await download('gcc', '-O2', '-o', join(output, 'perf'), join(peers, 'librdkafka', 'perf.c'), '-lrdkafka')
    return output
  })
  return join(folder, 'perf')
}

/** @returns the folder it is installed in */
async function platformatic(): Promise<string> {
  const folder = join(cacheDir, 'bench', `platformatic-kafka-${PLATFORMATIC}`)
  await cached('@platformatic/kafka', folder, async (scratch) => {
    const output = join(scratch, 'installed')
    await mkdir(output)
    await download('npm', 'install', '--silent', '--ignore-scripts', '--prefix', output, `@platformatic/kafka@${PLATFORMATIC}`)
    return output
  })
  return folder
}

/** Apache's performance tools. */
async function javaProgram(dir: string): Promise<ClientProgram> {
  const { classPath } = await kafkaJars()
  const java = ['java', '-server', '-Xmx512m', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20', await log4jOption(dir, 'WARN'), '-cp', classPath]
  return {
    name: JAVA,
    command({ verb, address, topic, records, payloads }) {
      const common = ['--bootstrap-server', address, '--topic', topic, '--num-records', String(records)]
      return verb === 'produce'
        ? [...java, 'org.apache.kafka.tools.ProducerPerformance', ...common, '--throughput', '-1', '--payload-file', payloads]
        : [...java, 'org.apache.kafka.tools.ConsumerPerformance', ...common]
    },
    said: (log) => (log.includes('fetch.time.ms') ? consumedByJava(log) : producedByJava(log)),
  }
}

/** `5000000 records sent, 1012345.6 records/sec (…`: the last such line is the whole run's. */
function producedByJava(log: string): Said {
  const [, records, rate] = [...log.matchAll(/(\d+) records sent, ([\d.]+) records\/sec/g)].at(-1)!
  return { records: Number(records), ms: (Number(records) / Number(rate)) * 1000 }
}

function consumedByJava(log: string): Said {
  const lines = log.split('\n').map((line) => line.split(', '))
  const header = lines.findIndex((columns) => columns.includes('fetch.time.ms'))
  const column = (name: string) => Number(lines[header + 1]?.[lines[header]!.indexOf(name)])
  return { records: column('data.consumed.in.nMsg'), ms: column('fetch.time.ms') }
}
