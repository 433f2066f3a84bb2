import { readFile } from 'node:fs/promises'
import { similarKey } from '../../api/config/similar-key.ts'
import { ConfigException } from '../../api/errors.ts'
import type { Logger } from '../../api/logger.ts'
import type { Props } from '../../api/props.ts'
import { parseProperties } from '../../properties/parse-properties.ts'
import { brokerConfigDef } from './broker-config-keys.ts'
import { KEYS_OF_CLUSTERS, KEYS_WITHOUT_EFFECT } from './kafka-keys.ts'

/** A properties file of a broker. */
export interface ServerProperties {
  readonly props: Props
  /** Line of each key. */
  readonly lines: ReadonlyMap<string, number>
  /** Null: the keys come from elsewhere. */
  readonly path: string | null
}

/** Other names of the same keys. */
const ALIASES: Readonly<Record<string, string>> = { 'broker.id': 'node.id', 'log.dir': 'log.dirs' }

/** `broker.id=-1` of old files: any. */
const ANY_BROKER_ID = '-1'

/** @throws ConfigException when the file cannot be read */
export async function readServerProperties(path: string): Promise<ServerProperties> {
  try {
    return { ...parseProperties(await readFile(path, 'latin1'), path), path }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    throw new ConfigException(
      `The broker's configuration at '${path}' cannot be read: ${error.message}. Check the path and its permissions`,
      {
        cause: error,
      },
    )
  }
}

/**
 * The properties by the names used here, once they are known to be usable. Keys that mean nothing here are logged.
 * @throws ConfigException that names every problem, with file and line
 */
export function checkedProps(file: ServerProperties, log: Logger): Props {
  const props = withoutAliases(file.props)
  const problems = brokerConfigDef
    .validate(props)
    .flatMap(({ name, errorMessages: [first] }) => (first === undefined ? [] : [`  ${first}${placeOf(name, file)}`]))
  if (problems.length > 0) throw new ConfigException(`The broker's configuration has ${problems.length} error(s):\n${problems.join('\n')}`)
  reportUnused(props, file, log)
  return props
}

function withoutAliases(props: Props): Props {
  const { 'broker.id': brokerId, 'node.id': nodeId } = props
  if (brokerId !== undefined && nodeId !== undefined && brokerId.trim() !== nodeId.trim())
    throw new ConfigException('You must set `node.id` to the same value as `broker.id`.')
  const named = Object.entries(props).filter(([key, value]) => key !== 'broker.id' || value.trim() !== ANY_BROKER_ID)
  const renamed = named.map(([key, value]) => [ALIASES[key] ?? key, value] as const)
  return { ...Object.fromEntries(renamed), ...(props['log.dirs'] === undefined ? {} : { 'log.dirs': props['log.dirs'] }) }
}

function placeOf(key: string, { lines, path }: ServerProperties): string {
  const alias = Object.keys(ALIASES).find((name) => ALIASES[name] === key)
  const line = lines.get(key) ?? (alias === undefined ? undefined : lines.get(alias))
  return path === null || line === undefined ? '' : ` (${path}, line ${line})`
}

function reportUnused(props: Props, file: ServerProperties, log: Logger): void {
  const others = brokerConfigDef.unknownKeys(props).filter((key) => !isOfListener(key))
  const ofClusters = others.filter((key) => KEYS_OF_CLUSTERS.test(key))
  const withoutEffect = others.filter((key) => KEYS_WITHOUT_EFFECT.has(key))
  const unknown = others.filter((key) => !KEYS_OF_CLUSTERS.test(key) && !KEYS_WITHOUT_EFFECT.has(key))
  if (ofClusters.length > 0)
    log.info(`Not needed by the embedded broker, which is one node and its own controller: ${ofClusters.join(', ')}`)
  if (withoutEffect.length > 0) log.info(`Accepted, without effect in the embedded broker: ${withoutEffect.join(', ')}`)
  if (unknown.length > 0) log.warn(`Unknown to Kafka and to the embedded broker: ${unknown.map((key) => hinted(key, file)).join(', ')}`)
}

function hinted(key: string, file: ServerProperties): string {
  const similar = similarKey(key, [...brokerConfigDef.keys.keys(), ...KEYS_WITHOUT_EFFECT])
  return `${key}${similar === null ? '' : `, perhaps ${similar}`}${placeOf(key, file)}`
}

/** Keys of one listener, and of SASL modules. */
function isOfListener(key: string): boolean {
  return key.startsWith('listener.name.') || key.endsWith('sasl.jaas.config')
}
