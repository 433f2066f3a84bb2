import { readFile } from 'node:fs/promises'
import { ConfigException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'
import type { Props } from '../api/props.ts'
import { createLogger } from '../logging/logger.ts'
import { logProcessWarnings } from '../logging/process-warnings.ts'
import { parseProperties } from '../properties/parse-properties.ts'
import { Standalone } from '../standalone.ts'
import { standpipeVersion } from '../version.ts'
import { createConnectors } from './create-connectors.ts'
import type { EmbeddedBroker } from './embedded-broker.ts'
import { readEnvironment, type Environment } from './environment.ts'
import { exitCodes } from './exit-codes.ts'
import { StopSignals } from './stop-signals.ts'

export interface EmbeddedArgument {
  /** Null: in memory. */
  readonly dir: string | null
}

export interface WorkerArguments {
  /** Null: Kafka is elsewhere. */
  readonly embedded: EmbeddedArgument | null
  /** A connector file that cannot be used stops the worker. */
  readonly strict: boolean
  readonly workerFile: string
  readonly connectorFiles: readonly string[]
}

/** Longest time that handles of stopped plugins and clients may keep the process. */
const lastHandlesMs = 500

/** Runs a worker until a signal or a failed start. @returns the exit code, once everything is stopped */
export async function runWorker(args: WorkerArguments): Promise<number> {
  const environment = readEnvironment(process.env)
  process.stderr.on('error', () => undefined) // nobody reads the log any more, which is no reason to stop
  const log = createLogger({ level: environment.logLevel, format: environment.logFormat, write: (line) => process.stderr.write(line) })
  logProcessWarnings(log)
  const signals = new StopSignals(log)
  log.info(`standpipe ${standpipeVersion} on Node.js ${process.version}, pid ${process.pid}`)
  const stayUp = setInterval(() => undefined, 2 ** 31 - 1) // a worker without connectors has nothing else that keeps the process
  const exitCode = await makeAndRun(args, environment, signals, log)
  clearInterval(stayUp)
  endInSpiteOfHandles(exitCode, log)
  return exitCode
}

async function makeAndRun(args: WorkerArguments, environment: Environment, signals: StopSignals, log: Logger): Promise<number> {
  let standalone: Standalone
  let props: Props
  try {
    props = environment.applyTo(await readWorkerFile(args.workerFile), log)
    standalone = await Standalone.create({ props, log })
  } catch (error) {
    log.error(`The worker of ${args.workerFile} cannot be made`, error)
    return exitCodes.notMade
  }
  return withBroker(args, props, log, () => run(standalone, args, environment, signals, log))
}

/** Runs with the broker of `--embedded`, if there is to be one: the first to start and the last to stop. */
async function withBroker({ embedded }: WorkerArguments, props: Props, log: Logger, work: () => Promise<number>): Promise<number> {
  if (embedded === null) return work()
  let broker: EmbeddedBroker
  try {
    broker = await (await import('./embedded-broker.ts')).EmbeddedBroker.start({ props, dir: embedded.dir, log })
  } catch (error) {
    log.error('The worker cannot be started without its broker', error)
    return exitCodes.notStarted
  }
  const exitCode = await work()
  await broker.stop()
  return exitCode
}

async function run(
  standalone: Standalone,
  args: WorkerArguments,
  environment: Environment,
  signals: StopSignals,
  log: Logger,
): Promise<number> {
  const started = start(standalone, { ...args, strict: args.strict || environment.strict }, signals, log)
  const isStarted = await Promise.race([started, signals.first.then(() => true)]) // a start that waits can be stopped too
  const exitCode = isStarted ? exitCodes[await signals.first] : exitCodes.notStarted
  await standalone.stop()
  log.info('Kafka Connect stopped')
  return exitCode
}

/** @returns whether the worker may go on */
async function start(standalone: Standalone, args: WorkerArguments, signals: StopSignals, log: Logger): Promise<boolean> {
  try {
    await standalone.start()
  } catch (error) {
    if (!signals.asked) log.error('The worker cannot be started', error)
    return false
  }
  const allCreated = await createConnectors(standalone.herder, args.connectorFiles, {
    log,
    goesOn: (isCreated) => !signals.asked && (isCreated || !args.strict),
  })
  if (signals.asked) return true
  if (!allCreated && args.strict) {
    log.error('Stopping after connector error (--strict)')
    return false
  }
  log.info('Kafka Connect standalone worker started')
  return true
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

/** Everything is stopped; a socket or timer that a plugin or an abandoned task left behind does not keep the process. */
function endInSpiteOfHandles(exitCode: number, log: Logger): void {
  const end = () => {
    log.debug(`Ended although something was still open: ${process.getActiveResourcesInfo().join(', ')}`)
    process.exit(exitCode)
  }
  setTimeout(end, lastHandlesMs).unref()
}
