import { similarKey } from '../api/config/similar-key.ts'
import type { Props } from '../api/props.ts'
import { adminConfigDef } from '../kafka/config/admin-keys.ts'
import { consumerConfigDef } from '../kafka/config/consumer-keys.ts'
import { producerConfigDef } from '../kafka/config/producer-keys.ts'
import { sinkRuntimeConfigDef, sourceRuntimeConfigDef } from './connector-config.ts'
import { workerConfigDef } from './worker-config.ts'

/** A key that has no effect, with the line that says so: a mistake, or one that is known to mean nothing here. */
export interface UnusedKey {
  readonly key: string
  /** `warn`: probably a mistake; `info`: a key of Java or of distributed workers. */
  readonly level: 'warn' | 'info'
  /** Why it has no effect and what would. It names the key, never its value. */
  readonly text: string
}

const CONVERTERS = ['key.converter.', 'value.converter.', 'header.converter.']

const WORKER_FAMILIES = [
  ...CONVERTERS,
  'producer.',
  'consumer.',
  'admin.',
  'config.providers.',
  'metrics.context.',
  'listeners.https.',
  'admin.listeners.https.',
]

const CONNECTOR_FAMILIES = [
  ...CONVERTERS,
  'transforms.',
  'predicates.',
  'topic.creation.',
  'producer.override.',
  'consumer.override.',
  'admin.override.',
]

const DISTRIBUTED = 'it is a key of distributed workers, and this one is standalone'
const JAVA = 'it means something to a JVM only'

/** Keys of Java installations that mean nothing here, by their beginning. */
const MEANINGLESS: readonly (readonly [beginning: string, reason: string])[] = [
  ['group.id', `${DISTRIBUTED}; only exactly.once.source.support=enabled makes names of transactions from it`],
  ['config.storage.', DISTRIBUTED],
  ['status.storage.', DISTRIBUTED],
  ['session.timeout.ms', DISTRIBUTED],
  ['heartbeat.interval.ms', DISTRIBUTED],
  ['rebalance.timeout.ms', DISTRIBUTED],
  ['worker.sync.timeout.ms', DISTRIBUTED],
  ['worker.unsync.backoff.ms', DISTRIBUTED],
  ['connect.protocol', DISTRIBUTED],
  ['scheduled.rebalance.max.delay.ms', DISTRIBUTED],
  ['inter.worker.', DISTRIBUTED],
  ['internal.key.converter', 'the internal converters are fixed since Kafka 2.0'],
  ['internal.value.converter', 'the internal converters are fixed since Kafka 2.0'],
  ['rest.host.name', 'Kafka 3.0 removed it; set listeners=http://HOST:PORT'],
  ['rest.port', 'Kafka 3.0 removed it; set listeners=http://HOST:PORT'],
  ['auto.include.jmx.reporter', 'Kafka 4.0 removed it'],
  ['zookeeper.', JAVA],
  ['log4j.', `${JAVA}; set STANDPIPE_LOG_LEVEL`],
  ['confluent.', 'it is a key of Confluent’s products'],
  ['kafka.', 'it is no key of Connect'],
  ['java.', JAVA],
]

/** What people mean by keys that are no worker keys. */
const MEANT: Readonly<Record<string, string>> = {
  'schemas.enable': 'set key.converter.schemas.enable and value.converter.schemas.enable',
  'schema.enable': 'set key.converter.schemas.enable and value.converter.schemas.enable',
  'poll.interval.ms': 'it is a key of connectors: move it to the connector’s file',
  'advertised.listeners': 'set rest.advertised.host.name and rest.advertised.port',
}

/** Keys of a worker's file that nothing reads. Keys of families that a plugin or client reads are theirs to check. */
export function unusedWorkerKeys(props: Props): readonly UnusedKey[] {
  return Object.keys(props)
    .filter((key) => !workerConfigDef.keys.has(key) && !adminConfigDef.keys.has(key) && !belongsTo(WORKER_FAMILIES, key))
    .map(unusedWorkerKey)
}

function unusedWorkerKey(key: string): UnusedKey {
  const meaningless = MEANINGLESS.find(([beginning]) => key.startsWith(beginning))
  if (meaningless !== undefined) return { key, level: 'info', text: `The worker does not use ${key}: ${meaningless[1]}.` }
  const meant = MEANT[key] ?? clientKeyAdvice(key) ?? connectorKeyAdvice(key)
  const similar = similarKey(key, [...workerConfigDef.keys.keys(), ...adminConfigDef.keys.keys()])
  return { key, level: 'warn', text: `The worker does not know the key ${key}, which has no effect${advice(meant, similar)}.` }
}

function clientKeyAdvice(key: string): string | null {
  const prefixes = [producerConfigDef.keys.has(key) ? 'producer.' : [], consumerConfigDef.keys.has(key) ? 'consumer.' : []].flat()
  return prefixes.length === 0 ? null : `set ${prefixes.map((prefix) => prefix + key).join(' or ')}`
}

function connectorKeyAdvice(key: string): string | null {
  const isConnectorKey = sourceRuntimeConfigDef.keys.has(key) || sinkRuntimeConfigDef.keys.has(key)
  return isConnectorKey || belongsTo(CONNECTOR_FAMILIES, key) ? 'it is a key of connectors: move it to the connector’s file' : null
}

/**
 * Keys of a connector that neither it nor the runtime declares.
 * @param declared names of the connector's own keys and of the runtime's, aliases included: those of a `ConfigInfos`
 */
export function unusedConnectorKeys(props: Props, declared: Iterable<string>): readonly UnusedKey[] {
  const known = new Set(declared)
  return Object.keys(props)
    .filter((key) => !known.has(key) && !isCommentLike(key) && isChecked(key, known))
    .map((key) => ({
      key,
      level: 'warn',
      text: `The connector does not know the key ${key}, which has no effect${connectorAdvice(key, props, known)}.`,
    }))
}

function connectorAdvice(key: string, props: Props, known: ReadonlySet<string>): string {
  const converter = CONVERTERS.find((prefix) => key.startsWith(prefix))?.slice(0, -1)
  if (converter !== undefined && !Object.hasOwn(props, converter)) {
    return `: the connector uses the worker’s ${converter} and its keys. Set ${converter} here too`
  }
  return advice(workerConfigDef.keys.has(key) ? 'it is a key of the worker: move it to the worker’s file' : null, similarKey(key, known))
}

/**
 * Keys of an alias that is not listed are leftovers and harmless; topic configurations and client overrides are checked where they are
 * used. Those of converters, and of transformations and predicates that are listed, are declared.
 */
function isChecked(key: string, known: ReadonlySet<string>): boolean {
  if (!belongsTo(CONNECTOR_FAMILIES, key)) return true
  if (belongsTo(CONVERTERS, key)) return true
  const [alias] = /^(?:transforms|predicates)\.[^.]+\./.exec(key) ?? []
  return alias !== undefined && known.has(`${alias}type`)
}

function advice(meant: string | null, similar: string | null): string {
  if (meant !== null) return `: ${meant}`
  return similar === null ? '' : `. Did you mean ${similar}`
}

/** `_comment` and the like are how people write comments in JSON. */
function isCommentLike(key: string): boolean {
  return key.startsWith('_') || key.startsWith('#')
}

function belongsTo(families: readonly string[], key: string): boolean {
  return families.some((prefix) => key.startsWith(prefix) && key.length > prefix.length)
}
