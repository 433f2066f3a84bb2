import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { ConfigException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'
import type { Props } from '../api/props.ts'
import { createLogger } from '../logging/logger.ts'
import { parseProperties } from '../properties/parse-properties.ts'
import { InvalidConnectorConfigException } from '../runtime/invalid-connector-config-exception.ts'
import type { TargetState } from '../runtime/state.ts'
import { Standalone } from '../standalone.ts'
import { standpipeVersion } from '../version.ts'
import { readConnectorFile, type InitialState } from './connector-file.ts'
import { readEnvironment } from './environment.ts'

const usage = `usage: connect-standalone [--strict] worker.properties [connector.properties | connector.json …]

Runs Kafka Connect's standalone worker: the connectors of the given files, in this process.

  --strict   stop the worker (exit 3) when a connector file cannot be used, as Apache's does
  --version  print the version
  --help     print this

Environment: CONNECT_<KEY> sets a worker key (CONNECT_BOOTSTRAP_SERVERS), STANDPIPE_LOG_LEVEL and STANDPIPE_LOG_FORMAT the log.
Exit codes: 1 usage, 2 the worker cannot be made, 3 it cannot be started, 143 and 130 after SIGTERM and SIGINT.`

/** Apache's exit codes. */
const exitCodes = { ok: 0, usage: 1, notMade: 2, notStarted: 3, SIGINT: 130, SIGTERM: 143 } as const
type StopSignal = 'SIGINT' | 'SIGTERM'

interface Arguments {
  readonly strict: boolean
  readonly workerFile: string
  readonly connectorFiles: readonly string[]
}

/** The command `connect-standalone`, and `standpipe run`. @returns the exit code, once everything is stopped */
export async function runConnectStandalone(argv: readonly string[]): Promise<number> {
  const args = parseArguments(argv)
  if (typeof args === 'number') return args
  const environment = readEnvironment(process.env)
  const log = createLogger({ level: environment.logLevel, format: environment.logFormat, write: (line) => process.stderr.write(line) })
  const signals = new StopSignals(log)
  log.info(`standpipe ${standpipeVersion} on Node.js ${process.version}, pid ${process.pid}`)

  let standalone: Standalone
  try {
    standalone = await Standalone.create({ props: environment.applyTo(await readWorkerFile(args.workerFile), log), log })
  } catch (error) {
    log.error(`The worker of ${args.workerFile} cannot be made`, error)
    return exitCodes.notMade
  }
  try {
    await standalone.start()
  } catch (error) {
    log.error('The worker cannot be started', error)
    await standalone.stop()
    return exitCodes.notStarted
  }
  const strict = args.strict || environment.strict
  if (!(await createConnectors(standalone, args.connectorFiles, strict, log)) && strict) {
    log.error('Stopping after connector error (--strict)')
    await standalone.stop()
    return exitCodes.notStarted
  }
  log.info('Kafka Connect standalone worker started')
  const signal = await signals.first
  log.info(`${signal}: stopping; a second signal ends at once`)
  await standalone.stop()
  log.info('Kafka Connect stopped')
  return exitCodes[signal]
}

function parseArguments(argv: readonly string[]): Arguments | number {
  const options = { strict: { type: 'boolean' }, help: { type: 'boolean' }, version: { type: 'boolean' } } as const
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true })
    if (values.version === true) return print(standpipeVersion, exitCodes.ok)
    const [workerFile, ...connectorFiles] = positionals
    if (values.help === true || workerFile === undefined) return print(usage, exitCodes.usage)
    return { strict: values.strict ?? false, workerFile, connectorFiles }
  } catch (error) {
    process.stderr.write(`connect-standalone: ${(error as Error).message}\n${usage}\n`)
    return exitCodes.usage
  }
}

function print(text: string, exitCode: number): number {
  process.stdout.write(`${text}\n`)
  return exitCode
}

async function readWorkerFile(path: string): Promise<Props> {
  try {
    return path === '' ? {} : parseProperties(await readFile(path, 'latin1'), path).props
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    throw new ConfigException(`Worker configuration at '${path}' cannot be read: ${error.message}. Check the path and its permissions`, {
      cause: error,
    })
  }
}

/** @returns whether every file could be used. With strict, stops at the first that cannot */
async function createConnectors(standalone: Standalone, files: readonly string[], strict: boolean, log: Logger): Promise<boolean> {
  let allCreated = true
  for (const file of files) {
    const created = await createConnector(standalone, file, log)
    allCreated &&= created
    if (!created && strict) return false
  }
  return allCreated
}

async function createConnector(standalone: Standalone, file: string, log: Logger): Promise<boolean> {
  let lines: ReadonlyMap<string, number> | null = null
  try {
    const { name, config, initialState, lines: keyLines } = await readConnectorFile(file)
    lines = keyLines
    const props = withoutNulls(config)
    const info = await standalone.herder.putConnectorConfig(name ?? '', props, { initialState: targetStateOf(initialState) })
    log.info(`Created connector ${info.name} of ${file}`)
    return true
  } catch (error) {
    if (error instanceof InvalidConnectorConfigException) log.error(invalidConnectorFileText(file, error, lines))
    else log.error(`Failed to create connector for ${file}; other connectors are not affected`, error)
    return false
  }
}

/** Every problem with the line it is on: what a person needs to mend the file. */
function invalidConnectorFileText(
  file: string,
  { problems }: InvalidConnectorConfigException,
  lines: ReadonlyMap<string, number> | null,
): string {
  const places = problems.map(({ key, message }) => {
    const line = lines?.get(key)
    return `  ${message} (${file}${line === undefined ? '' : `, line ${line}`})`
  })
  return [
    `Failed to create connector for ${file}; other connectors are not affected. Its configuration has ${problems.length} error(s):`,
    ...places,
  ].join('\n')
}

/** A configuration holds texts; Java refuses a null when it creates the connector. */
function withoutNulls(config: Readonly<Record<string, string | null>>): Props {
  const nullKey = Object.keys(config).find((key) => config[key] === null)
  if (nullKey !== undefined)
    throw new ConfigException(`Non-string value found in original settings for key ${nullKey}: null. Leave the key out, or give it a text`)
  return config as Props
}

function targetStateOf(initialState: InitialState | null): TargetState {
  return initialState === null || initialState === 'RUNNING' ? 'STARTED' : initialState
}

/** The first SIGINT or SIGTERM asks for a graceful stop; the next one ends the process at once. */
class StopSignals {
  readonly first: Promise<StopSignal>

  constructor(log: Logger) {
    const { promise, resolve } = Promise.withResolvers<StopSignal>()
    this.first = promise
    let asked = false
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (asked) {
          log.warn(`${signal} again: ending at once; what was not committed is done again after the next start`)
          process.exit(exitCodes[signal])
        }
        asked = true
        resolve(signal)
      })
    }
  }
}
