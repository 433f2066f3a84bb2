import { parseArgs } from 'node:util'
import { standpipeVersion } from '../version.ts'
import { exitCodes } from './exit-codes.ts'
import type { EmbeddedArgument, WorkerArguments } from './run-worker.ts'

export { useHeapSettings } from './heap-settings.ts'

const usage = `usage: connect-standalone [--strict] [--embedded[=DIR]] worker.properties [connector.properties | connector.json …]

Runs Kafka Connect's standalone worker: the connectors of the given files, in this process.

  --strict   stop the worker (exit 3) when a connector file cannot be used, as Apache's does
  --embedded start a broker of our own at the address of bootstrap.servers, with its data in DIR or in memory
  --version  print the version
  --help     print this

Environment: CONNECT_<KEY> sets a worker key (CONNECT_BOOTSTRAP_SERVERS), STANDPIPE_LOG_LEVEL and STANDPIPE_LOG_FORMAT the log.
Exit codes: 1 usage, 2 the worker cannot be made, 3 it cannot be started, 143 and 130 after SIGTERM and SIGINT.`

const daemonAdvice = '-daemon is not supported: a service manager such as systemd or a container runs it in the background'

/**
 * The command `connect-standalone`, and `standpipe run`. The worker is loaded only when there is one to run.
 * @returns the exit code, once everything is stopped
 */
export async function runConnectStandalone(argv: readonly string[]): Promise<number> {
  const args = parseArguments(argv)
  if (typeof args === 'number') return args
  const { runWorker } = await import('./run-worker.ts')
  return runWorker(args)
}

function parseArguments(argv: readonly string[]): WorkerArguments | number {
  if (argv.includes('--help')) return print(usage, exitCodes.usage)
  const options = { strict: { type: 'boolean' }, version: { type: 'boolean' } } as const
  try {
    if (argv[0] === '-daemon') throw new Error(daemonAdvice)
    const { embedded, args } = withoutEmbedded(argv)
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    if (values.version === true) return print(standpipeVersion, exitCodes.ok)
    const [workerFile, ...connectorFiles] = positionals
    if (workerFile === undefined) return print(usage, exitCodes.usage)
    return { strict: values.strict ?? false, embedded, workerFile, connectorFiles }
  } catch (error) {
    process.stderr.write(`connect-standalone: ${(error as Error).message}\n${usage}\n`)
    return exitCodes.usage
  }
}

/** Takes out `--embedded` and `--embedded=DIR`, whose value is optional: what follows as a word of its own is the worker's file. */
function withoutEmbedded(argv: readonly string[]): { readonly embedded: EmbeddedArgument | null; readonly args: string[] } {
  const isEmbedded = (arg: string) => arg === '--embedded' || arg.startsWith('--embedded=')
  const given = argv.findLast(isEmbedded)
  if (given === undefined) return { embedded: null, args: [...argv] }
  const dir = given.slice('--embedded='.length)
  if (given.endsWith('=') && dir === '') throw new Error('--embedded=DIR needs a folder; --embedded alone keeps its data in memory')
  return { embedded: { dir: dir === '' ? null : dir }, args: argv.filter((arg) => !isEmbedded(arg)) }
}

function print(text: string, exitCode: number): number {
  process.stdout.write(`${text}\n`)
  return exitCode
}
