import convict from 'convict'
import { similarKey } from '../api/config/similar-key.ts'
import type { Logger } from '../api/logger.ts'
import type { Props } from '../api/props.ts'
import { logLevels, type LogFormat, type LogLevel } from '../logging/logger.ts'

const WORKER_PREFIX = 'CONNECT_'
const OWN_PREFIX = 'STANDPIPE_'
/** Names of the test suites, which a worker they start inherits. */
const TEST_PREFIXES = ['STANDPIPE_TEST_', 'STANDPIPE_CRASH_']

/** Variables of Connect's container images that are not worker keys. */
const IMAGE_VARIABLES = /^CONNECT_(LOG4J_|TOOLS_|CUB_|OPTS$|HOME$)/
const ROOT_LOG_LEVEL = 'CONNECT_LOG4J_ROOT_LOGLEVEL'

const LOG4J_LEVELS: Readonly<Record<string, LogLevel>> = { all: 'trace', fatal: 'error', off: 'silent' }

convict.addFormats({
  'log-level': {
    validate: oneOf(logLevels),
    coerce: (text: string) => LOG4J_LEVELS[text.trim().toLowerCase()] ?? text.trim().toLowerCase(),
  },
  'log-format': { validate: oneOf(['text', 'json']), coerce: (text: string) => text.trim().toLowerCase() },
  'yes-or-no': {
    validate: oneOf([true, false]),
    coerce: (text: string) =>
      ({ true: true, '1': true, yes: true, false: false, '0': false, no: false, '': false })[text.trim().toLowerCase()] ?? text,
  },
})

/** Our own settings; everything else of a worker is a worker key. */
const ownSettings = {
  logLevel: {
    doc: 'Least severe lines to log: trace, debug, info, warn, error, silent.',
    format: 'log-level',
    default: 'info' as LogLevel,
    env: 'STANDPIPE_LOG_LEVEL',
  },
  logFormat: { doc: 'Lines as text or as JSON objects.', format: 'log-format', default: 'text' as LogFormat, env: 'STANDPIPE_LOG_FORMAT' },
  strict: {
    doc: 'Whether one bad connector file stops the worker, as Apache’s does: true or false.',
    format: 'yes-or-no',
    default: false,
    env: 'STANDPIPE_STRICT',
  },
}

type OwnSetting = keyof typeof ownSettings

/** What the variables of the process say, read once at start. */
export interface Environment {
  readonly logLevel: LogLevel
  readonly logFormat: LogFormat
  readonly strict: boolean
  /** Worker keys that variables set, by key. */
  readonly workerProps: Props
  /** Lays the variables over the worker's file and logs, key by key and without values, what they set and which mean nothing. */
  applyTo(fileProps: Props, log: Logger): Props
}

/**
 * Reads `STANDPIPE_*`, our settings, and `CONNECT_*`, worker keys as Connect's container images spell them: `CONNECT_BOOTSTRAP_SERVERS`
 * is `bootstrap.servers`; two underscores are one, three a dash. A setting that cannot be read keeps its default and is warned about.
 */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const warnings = unknownVariables(variables)
  const read = <Value>(setting: OwnSetting, fallback: Value) => (readSetting(setting, variables, warnings) as Value | undefined) ?? fallback
  const workerVariables = workerKeysByVariable(variables)
  const workerProps = readWorkerVariables(workerVariables, variables)
  return {
    logLevel: read<LogLevel>('logLevel', 'info'),
    logFormat: read<LogFormat>('logFormat', 'text'),
    strict: read<boolean>('strict', false),
    workerProps,
    applyTo(fileProps, log) {
      for (const warning of warnings) log.warn(warning)
      for (const [variable, key] of workerVariables) {
        const instead = Object.hasOwn(fileProps, key) ? ', in place of the worker file' : ''
        log.info(`${key} is set by the variable ${variable}${instead}`)
      }
      return { ...fileProps, ...workerProps }
    },
  }
}

/** Undefined: the variable's value is not one, which is added to the warnings. */
function readSetting(setting: OwnSetting, variables: NodeJS.ProcessEnv, warnings: string[]): unknown {
  const { env, doc } = ownSettings[setting]
  const isFromImage = setting === 'logLevel' && variables[env] === undefined && variables[ROOT_LOG_LEVEL] !== undefined
  const variable = isFromImage ? ROOT_LOG_LEVEL : env
  try {
    const config = convict({ [setting]: { ...ownSettings[setting], env: variable } }, { env: variables, args: [] })
    config.validate()
    return config.get(setting)
  } catch {
    warnings.push(`Invalid value ${variables[variable] ?? ''} for configuration ${variable}, which keeps its default. ${doc}`)
    return undefined
  }
}

function readWorkerVariables(keys: ReadonlyMap<string, string>, variables: NodeJS.ProcessEnv): Props {
  const schema = Object.fromEntries(Array.from(keys.keys(), (variable) => [variable, { format: String, default: '', env: variable }]))
  const config = convict<Record<string, string>>(schema, { env: variables, args: [] })
  return Object.fromEntries(Array.from(keys, ([variable, key]) => [key, config.get(variable)]))
}

function workerKeysByVariable(variables: NodeJS.ProcessEnv): ReadonlyMap<string, string> {
  const names = Object.keys(variables).filter(
    (name) => name.startsWith(WORKER_PREFIX) && name !== WORKER_PREFIX && !IMAGE_VARIABLES.test(name),
  )
  return new Map(names.sort().map((name) => [name, workerKey(name)]))
}

function workerKey(variable: string): string {
  const separators: Readonly<Record<string, string>> = { ___: '-', __: '_', _: '.' }
  return variable
    .slice(WORKER_PREFIX.length)
    .toLowerCase()
    .replace(/_{1,3}/g, (underscores) => separators[underscores] ?? underscores)
}

function unknownVariables(variables: NodeJS.ProcessEnv): string[] {
  const known: readonly string[] = Object.values(ownSettings).map(({ env }) => env)
  const names = Object.keys(variables)
  const ofImages = names.filter((name) => IMAGE_VARIABLES.test(name) && name !== ROOT_LOG_LEVEL)
  const unknown = names.filter(
    (name) => name.startsWith(OWN_PREFIX) && !known.includes(name) && !TEST_PREFIXES.some((prefix) => name.startsWith(prefix)),
  )
  return [
    ...ofImages.map(
      (name) => `The variable ${name} configures Java’s container image and has no effect. Set STANDPIPE_LOG_LEVEL for the log`,
    ),
    ...unknown.map((name) => {
      const similar = similarKey(name, known)
      return `The variable ${name} is not known and has no effect. ${similar === null ? `Known are ${known.join(', ')}` : `Did you mean ${similar}`}`
    }),
  ]
}

function oneOf(allowed: readonly unknown[]): (value: unknown) => void {
  return (value) => {
    if (!allowed.includes(value)) throw new Error(`must be one of ${allowed.map(String).join(', ')}`)
  }
}
