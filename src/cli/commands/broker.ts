import { ConfigException } from '../../api/errors.ts'
import type { Logger } from '../../api/logger.ts'
import type { Props } from '../../api/props.ts'
import { Broker } from '../../broker/broker.ts'
import { checkedProps, readServerProperties } from '../../broker/config/server-properties.ts'
import { createLogger } from '../../logging/logger.ts'
import { logProcessWarnings } from '../../logging/process-warnings.ts'
import { brokerProps, dataDirs } from '../broker-arguments.ts'
import { exitCodes } from '../exit-codes.ts'
import { logSettings } from '../log-settings.ts'
import type { Command } from '../standpipe.ts'
import { StopSignals } from '../stop-signals.ts'

const usage = `usage: standpipe broker [--dir DIR | --memory] [--port P] [--sync=always] [--json] [server.properties]

Runs a broker of one node that speaks the protocol of Apache Kafka: for demos, tests, laptops and edge boxes. Not for production, which is
Apache Kafka. It listens on 127.0.0.1:9092 unless told otherwise, and prints one line when it is ready.

  --dir DIR      folder for all data; default: log.dirs of the file, or standpipe-data here
  --memory       keep everything in memory
  --port P       port to listen on; 0: a free one
  --sync=always  acknowledge records when they are on the disk; default: they are there within a second
  --json         print the line as JSON: {"address":…,"listeners":{…},"dirs":[…],"clusterId":…,"pid":…}
  --help         print this

server.properties has Kafka's own keys. STANDPIPE_LOG_LEVEL and STANDPIPE_LOG_FORMAT set the log, on standard error.
Exit codes: 1 usage, 2 the configuration cannot be used, 3 the broker cannot be started, 143 and 130 after SIGTERM and SIGINT.`

const options = {
  dir: { type: 'string' },
  memory: { type: 'boolean', default: false },
  port: { type: 'string' },
  sync: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

interface Arguments {
  readonly props: Props
  readonly dirs: readonly string[] | null
  readonly json: boolean
}

/** `standpipe broker`. Runs until a signal. */
export const command: Command = {
  async run(argv) {
    const log = createLogger({ ...logSettings(process.env), write: (line) => process.stderr.write(line) })
    logProcessWarnings(log)
    const args = await parseArguments(argv, log)
    return typeof args === 'number' ? args : runBroker(args, log)
  },
}

async function parseArguments(argv: readonly string[], log: Logger): Promise<Arguments | number> {
  try {
    const { parseArgs } = process.getBuiltinModule('node:util') // an import loads all that it exports, which takes 2 ms of the start
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true })
    if (values.help) return print(usage, exitCodes.ok)
    const [file, ...rest] = positionals
    if (rest.length > 0) throw new Error(`one file of properties, not ${positionals.length}`)
    const read = file === undefined ? { props: {}, lines: new Map<string, number>(), path: null } : await readServerProperties(file)
    const props = checkedProps({ ...read, props: brokerProps(read.props, values) }, log)
    return { props, dirs: dataDirs(props, values), json: values.json }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    if (error instanceof ConfigException) return failed(error.message, exitCodes.notMade)
    return failed(`${error.message}\n${usage}`, exitCodes.usage)
  }
}

async function runBroker({ props, dirs, json }: Arguments, log: Logger): Promise<number> {
  const signals = new StopSignals(log)
  let broker: Broker
  try {
    broker = await Broker.start({ props, dirs, log })
  } catch (error) {
    if (error instanceof ConfigException) return failed(error.message, exitCodes.notMade)
    return failed(`the broker cannot be started: ${error instanceof Error ? error.message : String(error)}`, exitCodes.notStarted)
  }
  print(json ? readyJson(broker) : readyLine(broker), exitCodes.ok)
  const signal = await signals.first
  await broker.stop()
  log.info('Broker stopped')
  return exitCodes[signal]
}

function readyLine({ addresses, dirs }: Broker): string {
  const where = addresses.size === 1 ? [...addresses.values()].join() : Array.from(addresses, ([name, at]) => `${name}://${at}`).join(', ')
  return `Broker ready at ${where}, data in ${dirs?.join(' and ') ?? 'memory'}`
}

function readyJson({ address, addresses, dirs, clusterId }: Broker): string {
  return JSON.stringify({ address, listeners: Object.fromEntries(addresses), dirs, clusterId, pid: process.pid })
}

function failed(message: string, exitCode: number): number {
  process.stderr.write(`standpipe broker: ${message}\n`)
  return exitCode
}

function print(text: string, exitCode: number): number {
  process.stdout.write(`${text}\n`)
  return exitCode
}
