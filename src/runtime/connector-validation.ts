import { ConfigDef } from '../api/config/config-def.ts'
import { configText, parseList, parseType } from '../api/config/config-type.ts'
import { ConfigValue } from '../api/config/config-value.ts'
import { javaPattern } from '../api/config/java-pattern.ts'
import { originalsWithPrefix, type NullableProps } from '../api/config/prefix.ts'
import type { ValidationPurpose } from '../api/connector.ts'
import type { SourceConnector } from '../api/source.ts'
import type { PluginKind } from '../api/plugin.ts'
import type { Props } from '../api/props.ts'
import { adminConfigDef } from '../kafka/config/admin-keys.ts'
import { consumerConfigDef } from '../kafka/config/consumer-keys.ts'
import { producerConfigDef } from '../kafka/config/producer-keys.ts'
import { overrideError, type ClientOverridePolicy } from './client-override-policy.ts'
import { configInfos, mergedConfigInfos, prefixedConfigInfos, type ConfigInfos } from './config-infos.ts'
import { findConnector } from './connector-plugin.ts'
import { enrichedDefinition, type ConverterDefaults, type ConverterKey } from './enriched-definition.ts'
import { keyText } from './key-text.ts'
import type { Plugins } from './plugins.ts'
import { usesTopicCreation } from './topic-creation.ts'

/** What validation needs to know of the worker. */
export interface ValidationContext {
  readonly plugins: Plugins
  readonly policy: ClientOverridePolicy
  /** The worker's converters by full class name, which are the defaults of a connector's. */
  readonly converters: ConverterDefaults
  /** Whether the worker's source tasks write in transactions. */
  readonly isExactlyOnce: boolean
}

const KINDS: readonly PluginKind[] = ['source', 'sink', 'converter', 'header_converter', 'transformation', 'predicate', 'config_provider']

/**
 * Checks a connector's whole configuration: the runtime's keys, transformations and predicates, the connector's own checks, converters
 * and client overrides. Reports every problem. Called for create, update, `validate` and by tools. Apache Kafka 4.3, AbstractHerder.
 * @param props with variables resolved; null values only come from JSON
 * @throws ConfigException when there is no connector class, or a client override cannot be parsed, as Apache's worker does
 */
export async function validateConnectorConfig(
  props: NullableProps,
  context: ValidationContext,
  purpose: ValidationPurpose,
): Promise<ConfigInfos> {
  const { plugins, converters } = context
  const { kind, className, load } = findConnector(props, plugins)
  const definition = await enrichedDefinition(kind, props, plugins, converters)
  const values = definition.validate(props, { resolveClass: (name) => fullClassName(name, plugins) })
  if (kind === 'sink') checkSinkTopics(props, values)
  const nulls = nullValues(props, values)
  const connector = new (await load())()
  if (context.isExactlyOnce && connector.kind === 'source') checkExactlyOnce(props as Props, connector as SourceConnector, values)
  const connectorDef = connector.config()
  const connectorValues = await (connector.validate?.(props as Props, purpose) ?? connectorDef.validate(props))
  const keys = [...definition.keys.values(), ...connectorDef.keys.values()]
  const main = configInfos(props['connector.class'] ?? className, keys, [...values, ...nulls, ...connectorValues])
  return mergedConfigInfos(main, [...overrideInfos(kind, props, context.policy), ...(await converterInfos(props, values, plugins))])
}

function fullClassName(name: string, plugins: Plugins): string | null {
  for (const kind of KINDS) {
    const plugin = plugins.find(kind, name)
    if (plugin !== null) return plugin.className
  }
  return null
}

/** Apache Kafka 4.3, SinkConnectorConfig#validate. */
function checkSinkTopics(props: NullableProps, values: readonly ConfigValue[]): void {
  const topics = keyText(props, 'topics') ?? ''
  const regex = keyText(props, 'topics.regex') ?? ''
  const dlqTopic = keyText(props, 'errors.deadletterqueue.topic.name') ?? ''
  const addError = (key: string, message: string) => values.find(({ name }) => name === key)?.addError(message)
  if ((topics === '') === (regex === '')) {
    const message =
      topics === ''
        ? 'Must configure one of topics or topics.regex'
        : 'topics and topics.regex are mutually exclusive options, but both are set.'
    addError('topics', message)
    addError('topics.regex', message)
  }
  if (dlqTopic === '') return
  const list = parseList(topics)
  if (list.includes(dlqTopic)) {
    const inList = `may not be included in the list of topics ('topics=[${list.join(', ')}]')`
    addError('topics', `The DLQ topic '${dlqTopic}' ${inList} consumed by the connector`)
  }
  if (regex !== '' && isValid(values, 'topics.regex') && javaPattern(regex).test(dlqTopic)) {
    const matched = `may not be matched by the regex for the topics ('topics.regex=${regex}')`
    addError('topics.regex', `The DLQ topic '${dlqTopic}' ${matched} consumed by the connector`)
  }
}

/** Asks the connector what it can do, when that matters. Apache Kafka 4.3, DistributedHerder#validateSourceConnectorConfig. */
function checkExactlyOnce(props: Props, connector: SourceConnector, values: readonly ConfigValue[]): void {
  const is = (key: string, value: string) => isValid(values, key) && keyText(props, key)?.toLowerCase() === value
  const addError = (key: string, message: string) => values.find(({ name }) => name === key)?.addError(message)
  if (is('exactly.once.support', 'required')) {
    const support = asked(() => connector.exactlyOnceSupport?.(props) ?? null)
    if (support instanceof Error) addError('exactly.once.support', `An unexpected error occurred during validation: ${support.message}`)
    else if (support !== 'supported') addError('exactly.once.support', support === null ? SUPPORT_UNKNOWN : NOT_SUPPORTED)
  }
  if (is('transaction.boundary', 'connector')) {
    const canDefine = asked(() => connector.canDefineTransactionBoundaries?.(props) ?? false)
    if (canDefine instanceof Error) addError('transaction.boundary', `An unexpected error occurred during validation: ${canDefine.message}`)
    else if (!canDefine) addError('transaction.boundary', NO_BOUNDARIES)
  }
}

function asked<T>(question: () => T): T | Error {
  try {
    return question()
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

const NOT_SUPPORTED = 'The connector does not support exactly-once semantics with the provided configuration.'
const SUPPORT_UNKNOWN =
  'The connector does not implement the API required for preflight validation of exactly-once source support. Please consult the documentation for the connector to determine whether it supports exactly-once semantics, and then consider reconfiguring the connector to use the value "requested" for this property (which will disable this preflight check and allow the connector to be created).'
const NO_BOUNDARIES =
  'The connector does not support connector-defined transaction boundaries with the given configuration. Please reconfigure it to use a different transaction boundary definition.'

function isValid(values: readonly ConfigValue[], key: string): boolean {
  return values.find(({ name }) => name === key)?.errorMessages.length === 0
}

/** Keys set to null: an error, unless the connector declares the key, whose own result then counts. */
function nullValues(props: NullableProps, values: readonly ConfigValue[]): ConfigValue[] {
  const nullKeys = Object.keys(props).filter((key) => props[key] === null)
  return nullKeys.flatMap((key) => {
    const known = values.find(({ name }) => name === key)
    const value = known ?? new ConfigValue(key)
    value.addError('Null value can not be supplied as the configuration value.')
    return known === undefined ? [value] : []
  })
}

/** Checks of the keys of converters that the connector names itself. */
async function converterInfos(props: NullableProps, values: readonly ConfigValue[], plugins: Plugins): Promise<ConfigInfos[]> {
  const infos: ConfigInfos[] = []
  for (const key of ['key.converter', 'value.converter', 'header.converter'] as const) {
    const def = isValid(values, key) ? await converterDefinition(key, props, plugins) : null
    if (def === null) continue
    const own = { 'converter.type': key.slice(0, key.indexOf('.')), ...originalsWithPrefix(props, `${key}.`) }
    infos.push(prefixedConfigInfos(`${key}.`, def.keys, def.validate(own)))
  }
  return infos
}

async function converterDefinition(key: ConverterKey, props: NullableProps, plugins: Plugins): Promise<ConfigDef | null> {
  const name = keyText(props, key)
  if (name === null) return null
  const converterClass = await (key === 'header.converter' ? plugins.load('header_converter', name) : plugins.load('converter', name))
  return converterClass === null ? null : new converterClass().config()
}

/** Client overrides against the policy. Their values are parsed, not checked: an unparsable one is thrown, without its prefix. */
function overrideInfos(kind: 'source' | 'sink', props: NullableProps, policy: ClientOverridePolicy): ConfigInfos[] {
  const hasDlq = (keyText(props, 'errors.deadletterqueue.topic.name') ?? '') !== ''
  const clients: readonly (readonly [string, ConfigDef, boolean])[] = [
    ['producer.override.', producerConfigDef, kind === 'source' || hasDlq],
    ['consumer.override.', consumerConfigDef, kind === 'sink'],
    ['admin.override.', adminConfigDef, (kind === 'source' && usesTopicCreation(props)) || hasDlq],
  ]
  return clients
    .filter(([, , isUsed]) => isUsed)
    .map(([prefix, def]) => prefixedConfigInfos(prefix, def.keys, overrideValues(originalsWithPrefix(props, prefix), def, policy)))
}

function overrideValues(overrides: NullableProps, def: ConfigDef, policy: ClientOverridePolicy): ConfigValue[] {
  return Object.entries(overrides).map(([key, text]) => {
    const type = def.keys.get(key)?.type ?? 'string'
    const parsed = parseType(key, text, type)
    const value = new ConfigValue(key, type === 'password' ? configText(parsed, type) : parsed)
    if (!policy.allows(key)) value.addError(overrideError(policy, key))
    return value
  })
}
