import { ConfigDef, type ParsedConfig } from '../api/config/config-def.ts'
import type { KeyDeclarations } from '../api/config/config-key.ts'
import { javaPattern, JavaPatternError } from '../api/config/java-pattern.ts'
import {
  atLeast,
  caseInsensitiveValidString,
  composite,
  lambda,
  nonEmptyString,
  nonEmptyStringWithoutControlChars,
  nonNull,
  validList,
  validString,
  type Validator,
} from '../api/config/validators.ts'
import { javaText } from '../api/data/java-text.ts'
import { ConfigException } from '../api/errors.ts'
import { deadLetterTopicKeys, errorHandlingKeys } from './error-handling-keys.ts'
import { ownConnectorKeys, ownSinkKeys } from './own-connector-keys.ts'

const uniqueAliases = (what: string): Validator<readonly string[]> =>
  composite<readonly string[]>(
    nonNull,
    lambda<readonly string[]>((name, value) => {
      if (value !== null && new Set(value).size < value.length)
        throw ConfigException.forKey(name, javaText(value, null), 'Duplicate alias provided.')
    }, `unique ${what}`),
  )

const validRegex = lambda<string>((name, value) => {
  try {
    if (value !== null) javaPattern(value)
  } catch (error) {
    if (!(error instanceof JavaPatternError)) throw error
    throw ConfigException.forKey(name, value, `Invalid regex: ${error.message}`)
  }
}, 'valid regex')

/** The class itself is looked up by the pipeline of `connector-validation.ts`, which knows the plugins. */
const pluginOf = (javaInterface: string) =>
  lambda<string>(() => undefined, `A concrete subclass of ${javaInterface}, A class with a public, no-argument constructor`)
const converterClass = pluginOf('org.apache.kafka.connect.storage.Converter')
const headerConverterClass = pluginOf('org.apache.kafka.connect.storage.HeaderConverter')

const common = (orderInGroup: number) => ({ group: 'Common', orderInGroup }) as const

/** Keys of every connector. Apache Kafka 4.3, ConnectorConfig. */
const connectorKeys = {
  name: {
    type: 'string',
    validator: nonEmptyStringWithoutControlChars,
    importance: 'high',
    ...common(1),
    width: 'medium',
    displayName: 'Connector name',
    doc: 'Name of the connector, unique in the worker. Offsets and the consumer group are kept under it.',
  },
  'connector.class': {
    type: 'string',
    importance: 'high',
    ...common(2),
    width: 'long',
    displayName: 'Connector class',
    doc: 'Class of the connector: full name, simple name, or simple name without `Connector`.',
  },
  'connector.plugin.version': {
    type: 'string',
    default: null,
    importance: 'medium',
    ...common(3),
    width: 'medium',
    displayName: 'Connector version',
    doc: 'Version of the connector. Accepted, without effect.',
  },
  'tasks.max': {
    type: 'int',
    default: 1,
    validator: atLeast(1),
    importance: 'high',
    ...common(4),
    width: 'short',
    displayName: 'Tasks max',
    doc: 'Most tasks the connector may split its work into.',
  },
  'tasks.max.enforce': {
    type: 'boolean',
    default: true,
    importance: 'low',
    ...common(5),
    width: 'short',
    displayName: 'Enforce tasks max',
    doc: 'Whether a connector that asks for more tasks fails; otherwise it is only warned about. Deprecated.',
  },
  'key.converter': {
    type: 'class',
    default: null,
    validator: converterClass,
    importance: 'low',
    ...common(6),
    width: 'short',
    displayName: 'Key converter class',
    doc: 'Converter of keys, in place of the worker’s. Its own keys begin with `key.converter.`; the worker’s do not apply to it.',
  },
  'key.converter.plugin.version': {
    type: 'string',
    default: null,
    importance: 'low',
    ...common(7),
    width: 'short',
    displayName: 'Key converter version',
    doc: 'Version of the key converter. Accepted, without effect.',
  },
  'value.converter': {
    type: 'class',
    default: null,
    validator: converterClass,
    importance: 'low',
    ...common(8),
    width: 'short',
    displayName: 'Value converter class',
    doc: 'Converter of values, in place of the worker’s. Its own keys begin with `value.converter.`; the worker’s do not apply to it.',
  },
  'value.converter.plugin.version': {
    type: 'string',
    default: null,
    importance: 'low',
    ...common(9),
    width: 'short',
    displayName: 'Value converter version',
    doc: 'Version of the value converter. Accepted, without effect.',
  },
  'header.converter': {
    type: 'class',
    default: null,
    validator: headerConverterClass,
    importance: 'low',
    ...common(10),
    width: 'short',
    displayName: 'Header converter class',
    doc: 'Converter of headers, in place of the worker’s. Its own keys begin with `header.converter.`.',
  },
  'header.converter.plugin.version': {
    type: 'string',
    default: null,
    importance: 'low',
    ...common(11),
    width: 'short',
    displayName: 'Header converter version',
    doc: 'Version of the header converter. Accepted, without effect.',
  },
  transforms: {
    type: 'list',
    default: [],
    validator: uniqueAliases('transformation aliases'),
    importance: 'low',
    group: 'Transforms',
    orderInGroup: 12,
    width: 'long',
    displayName: 'Transforms',
    doc: 'Aliases of transformations, in the order they are applied. Each has `transforms.ALIAS.type` and its own keys.',
  },
  predicates: {
    type: 'list',
    default: [],
    validator: uniqueAliases('predicate aliases'),
    importance: 'low',
    group: 'Predicates',
    orderInGroup: 13,
    width: 'long',
    displayName: 'Predicates',
    doc: 'Aliases of predicates that transformations refer to. Each has `predicates.ALIAS.type` and its own keys.',
  },
  'config.action.reload': {
    type: 'string',
    default: 'restart',
    validator: validString('none', 'restart'),
    importance: 'low',
    ...common(14),
    width: 'medium',
    displayName: 'Reload Action',
    doc: 'What happens when a `${…}` variable’s value expires: restart or none.',
  },
  ...errorHandlingKeys,
} as const satisfies KeyDeclarations

const exactlyOnce = (orderInGroup: number) => ({ group: 'Exactly Once Support', orderInGroup, width: 'short' }) as const

/** Keys of source connectors, by themselves. Apache Kafka 4.3, SourceConnectorConfig. */
const sourceKeys = {
  'topic.creation.groups': {
    type: 'list',
    default: [],
    validator: uniqueAliases('topic creation groups'),
    importance: 'low',
    group: 'Topic Creation',
    orderInGroup: 1,
    width: 'long',
    displayName: 'Topic Creation Groups',
    doc: 'Groups of topics to create, besides `default`. Each has `topic.creation.GROUP.include` and other keys.',
  },
  'exactly.once.support': {
    type: 'string',
    default: 'requested',
    validator: caseInsensitiveValidString('REQUIRED', 'REQUESTED'),
    importance: 'medium',
    ...exactlyOnce(2),
    displayName: 'Exactly once support',
    doc: 'required: the connector is refused unless it says that it can deliver exactly once. Checked when the worker has `exactly.once.source.support=enabled`.',
  },
  'transaction.boundary': {
    type: 'string',
    default: 'poll',
    validator: caseInsensitiveValidString('INTERVAL', 'POLL', 'CONNECTOR'),
    importance: 'medium',
    ...exactlyOnce(3),
    displayName: 'Transaction Boundary',
    doc: 'Where transactions end when the worker has `exactly.once.source.support=enabled`: behind the records of each poll, after an interval, or where the connector says.',
  },
  'transaction.boundary.interval.ms': {
    type: 'long',
    default: null,
    validator: lambda<number>((name, value) => {
      if (value !== null) atLeast(0).ensureValid(name, value)
    }, atLeast(0).toString()),
    importance: 'low',
    ...exactlyOnce(4),
    displayName: 'Transaction boundary interval',
    doc: 'Milliseconds between commits for `transaction.boundary=interval`. Unset: the worker’s `offset.flush.interval.ms`.',
  },
  'offsets.storage.topic': {
    type: 'string',
    default: null,
    validator: nonEmptyString,
    importance: 'low',
    group: 'offsets.topic',
    orderInGroup: 1,
    width: 'long',
    displayName: 'Offsets topic',
    doc: 'For distributed workers. Accepted, without effect.',
  },
} as const satisfies KeyDeclarations

/** Keys of sink connectors, by themselves. Apache Kafka 4.3, SinkConnectorConfig. */
const sinkKeys = {
  topics: {
    type: 'list',
    default: [],
    validator: validList(),
    importance: 'high',
    ...common(4),
    width: 'long',
    displayName: 'Topics',
    doc: 'Topics to read, separated by commas. Either this or `topics.regex`.',
  },
  'topics.regex': {
    type: 'string',
    default: '',
    validator: validRegex,
    importance: 'high',
    ...common(4),
    width: 'long',
    displayName: 'Topics regex',
    doc: 'Java regular expression that matches whole names of topics to read, also of topics created later.',
  },
  ...deadLetterTopicKeys,
} as const satisfies KeyDeclarations

/** Keys of Apache's connectors, and no other. */
export const connectorConfigDef = new ConfigDef(connectorKeys)
export const sourceConnectorConfigDef = new ConfigDef({ ...connectorKeys, ...sourceKeys })
export const sinkConnectorConfigDef = new ConfigDef({ ...connectorKeys, ...sinkKeys })

/** Keys that Apache's connectors of a kind do not have. A dead letter queue is for sinks alone there. */
export const ownKeys = {
  source: { ...ownConnectorKeys, ...deadLetterTopicKeys },
  sink: { ...ownConnectorKeys, ...ownSinkKeys },
} as const satisfies Record<'source' | 'sink', KeyDeclarations>

/** Every key that the runtime reads of a source's or a sink's configuration. */
export const sourceRuntimeConfigDef = new ConfigDef({ ...connectorKeys, ...sourceKeys, ...ownKeys.source })

export type SourceRuntimeConfig = ParsedConfig<typeof sourceRuntimeConfigDef.declarations>
export const sinkRuntimeConfigDef = new ConfigDef({ ...connectorKeys, ...sinkKeys, ...ownKeys.sink })
