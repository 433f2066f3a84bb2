/** The programs of bench/peers: built into the cache when they are first needed, and started. */
import { randomUUID } from 'node:crypto'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheDir, cached, download, requireProgram } from '../test/support/services/download.ts'
import { freePorts } from '../test/support/services/free-ports.ts'
import { ServerProcess } from '../test/support/services/server-process.ts'
import { javaProgram } from './java-programs.ts'

const sources = join(import.meta.dirname, 'peers')
const built = join(cacheDir, 'bench')

export interface SinkJob {
  readonly bootstrap: string
  readonly topic: string
  readonly url: string
  readonly index: string
  readonly batch: number
  readonly inFlight: number
  readonly dir: string
}

async function goProgram(name: 'nullbulk' | 'rpc'): Promise<string> {
  const folder = join(built, name)
  await cached(`${name} of the benchmark`, folder, async (scratch) => {
    await requireProgram('The benchmark', 'go', ['version'], 'golang')
    const copy = join(scratch, 'source')
    await cp(join(sources, name), copy, { recursive: true })
    const output = join(scratch, 'built')
    await mkdir(output)
    if (name === 'rpc') await download('go', '-C', copy, 'mod', 'tidy')
    await download('go', 'build', '-C', copy, '-o', join(output, name), '.')
    return output
  })
  return join(folder, name)
}

/** A server that takes bulk requests and keeps nothing. */
export class NullServer {
  readonly url: string
  readonly #server: ServerProcess

  private constructor(url: string, server: ServerProcess) {
    this.url = url
    this.#server = server
  }

  static async start(dir: string): Promise<NullServer> {
    const program = await goProgram('nullbulk')
    const [port] = (await freePorts(1)) as [number]
    const args = ['-addr', `127.0.0.1:${port}`]
    const server = await ServerProcess.start({ command: program, args, cwd: dir, logFile: join(dir, 'nullbulk.log') })
    const url = `http://127.0.0.1:${port}`
    await server.waitUntil(
      () =>
        fetch(url).then(
          (answer) => answer.ok,
          () => false,
        ),
      'nullbulk',
      10_000,
    )
    return new NullServer(url, server)
  }

  async documents(): Promise<number> {
    return ((await (await fetch(`${this.url}/_null/stats`)).json()) as { docs: number }).docs
  }

  async reset(): Promise<void> {
    await fetch(`${this.url}/_null/reset`, { method: 'POST' })
  }

  stop(): Promise<void> {
    return this.#server.stop()
  }
}

export function startJavaLoop(job: SinkJob): Promise<ServerProcess> {
  const args = [job.bootstrap, job.topic, `loop-${randomUUID()}`, job.url, job.index, job.batch, job.inFlight]
  return javaProgram(job.dir, 'EsSinkStandIn', args)
}

/** Builds it, so that no measured start has to. */
export async function buildRedpandaConnect(): Promise<void> {
  await goProgram('rpc')
}

export async function startRedpandaConnect(job: SinkJob): Promise<ServerProcess> {
  const program = await goProgram('rpc')
  const config = {
    http: { enabled: false },
    logger: { level: 'WARN' },
    metrics: { none: {} },
    input: {
      redpanda: {
        seed_brokers: [job.bootstrap],
        topics: [job.topic],
        consumer_group: `rpc-${randomUUID()}`,
        start_offset: 'earliest',
        partition_buffer_bytes: '2MB',
        max_yield_batch_bytes: '512KB',
      },
    },
    pipeline: { threads: -1, processors: [] },
    output: {
      elasticsearch_v8: {
        urls: [job.url],
        index: job.index,
        action: 'index',
        id: '${! @kafka_key }',
        max_in_flight: job.inFlight,
        batching: { count: job.batch, period: '200ms' },
      },
    },
  }
  const file = join(job.dir, 'rpc.yaml')
  await writeFile(file, JSON.stringify(config)) // JSON is YAML
  return ServerProcess.start({ command: program, args: ['run', file], cwd: job.dir, logFile: join(job.dir, 'rpc.log') })
}
