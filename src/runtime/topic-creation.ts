import { ConfigDef } from '../api/config/config-def.ts'
import type { KeyDeclarations } from '../api/config/config-key.ts'
import { javaPattern, JavaPatternError } from '../api/config/java-pattern.ts'
import { originalsWithPrefix, type NullableProps } from '../api/config/prefix.ts'
import { lambda, nonNull, type Validator } from '../api/config/validators.ts'
import { javaText } from '../api/data/java-text.ts'
import { ConfigException } from '../api/errors.ts'
import type { Props } from '../api/props.ts'
import { sourceConnectorConfigDef } from './connector-config.ts'

const PREFIX = 'topic.creation.'
const DEFAULT_GROUP = 'default'
const BROKER_DEFAULT = "or -1 to use the broker's default"

const count = (reason: string, validValues: string) =>
  lambda<number>((name, value) => {
    if (value !== null && value < 1 && value !== -1) throw ConfigException.forKey(name, value, reason)
  }, validValues)

const partitionCount = count(`Number of partitions must be positive, ${BROKER_DEFAULT}`, `Positive number, ${BROKER_DEFAULT}`)
const replicationFactor = count(
  `Replication factor must be positive and not larger than the number of brokers in the Kafka cluster, ${BROKER_DEFAULT}`,
  `Positive number not larger than the number of brokers in the Kafka cluster, ${BROKER_DEFAULT}`,
)

const regexes = lambda<readonly string[]>((name, value) => {
  try {
    for (const pattern of value ?? []) javaPattern(pattern)
  } catch (error) {
    if (!(error instanceof JavaPatternError)) throw error
    throw ConfigException.forKey(name, javaText(value, null), `Syntax error in regular expression: ${error.message}`)
  }
}, 'regular expressions')

/** Keys of the group `default`, whose counts every source that creates topics has to give. Apache Kafka 4.3, TopicCreationConfig. */
export const defaultTopicCreationDef = new ConfigDef(groupKeys(DEFAULT_GROUP, ['.*'], nonNull, null))

/** Keys of another group, without `topic.creation.GROUP.`; counts that it leaves out are those of `default`. */
export function topicCreationDef(group: string, defaults: { readonly replicationFactor: number; readonly partitions: number }) {
  return new ConfigDef(groupKeys(group, [], regexes, defaults))
}

function groupKeys(
  group: string,
  include: readonly string[],
  patterns: Validator<readonly string[]>,
  defaults: { readonly replicationFactor: number; readonly partitions: number } | null,
) {
  const inGroup = (orderInGroup: number, displayName: string) =>
    ({ importance: 'low', group, orderInGroup, width: 'long', displayName: `${displayName} ${group}` }) as const
  return {
    include: {
      type: 'list',
      default: include,
      validator: patterns,
      ...inGroup(1, 'Inclusion Topic Pattern for'),
      doc: 'Regular expressions of whole topic names that belong to the group.',
    },
    exclude: {
      type: 'list',
      default: [],
      validator: patterns,
      ...inGroup(2, 'Exclusion Topic Pattern for'),
      doc: 'Regular expressions of whole topic names that do not, although included.',
    },
    'replication.factor': {
      type: 'short',
      ...(defaults === null ? {} : { default: defaults.replicationFactor }),
      validator: replicationFactor,
      ...inGroup(3, 'Replication Factor for Topics in'),
      doc: 'Replication factor of topics of the group; -1: the broker’s default.',
    },
    partitions: {
      type: 'int',
      ...(defaults === null ? {} : { default: defaults.partitions }),
      validator: partitionCount,
      ...inGroup(4, 'Partition Count for Topics in'),
      doc: 'Partitions of topics of the group; -1: the broker’s default.',
    },
  } as const satisfies KeyDeclarations
}

/** How the topics of one group are created. */
export interface TopicCreationGroup {
  readonly name: string
  /** -1: the broker's default. */
  readonly partitions: number
  /** -1: the broker's default. */
  readonly replicationFactor: number
  /** Topic configuration, such as `cleanup.policy`. */
  readonly configs: Props
  matches(topic: string): boolean
}

/** Whether a source asks for topics to be created (KIP-158). */
export function usesTopicCreation(props: NullableProps): boolean {
  return Object.keys(props).some((key) => key.startsWith(PREFIX))
}

/**
 * The groups in the order they are asked; the last one, `default`, matches every topic.
 * @throws ConfigException for a bad or missing count. Not part of validation in Apache's worker: it fails when the connector is started
 */
export function topicCreationGroups(props: Props): readonly TopicCreationGroup[] {
  const fallback = creationGroup(DEFAULT_GROUP, props, (own) => parseNamed(defaultTopicCreationDef, own, DEFAULT_GROUP))
  const names = sourceConnectorConfigDef.parse({ ...props, name: 'any', 'connector.class': 'any' })['topic.creation.groups']
  const groups = names
    .filter((name) => name !== DEFAULT_GROUP)
    .map((name) => creationGroup(name, props, (own) => parseNamed(topicCreationDef(name, fallback), own, name)))
  return [...groups, { ...fallback, matches: () => true }]
}

interface GroupValues {
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  readonly 'replication.factor': number
  readonly partitions: number
}

/** The default group's missing counts are named with their prefix, as Apache's worker does. */
function parseNamed(def: ConfigDef<ReturnType<typeof groupKeys>>, own: Props, group: string): GroupValues {
  for (const key of ['replication.factor', 'partitions']) {
    if (group === DEFAULT_GROUP && !Object.hasOwn(own, key)) {
      throw new ConfigException(`Missing required configuration "${PREFIX}${group}.${key}" which has no default value.`)
    }
  }
  return def.parse(own)
}

function creationGroup(name: string, props: Props, parse: (own: Props) => GroupValues): TopicCreationGroup {
  const own = originalsWithPrefix(props, `${PREFIX}${name}.`)
  const values = parse(own)
  const included = anyOf(values.include)
  const excluded = anyOf(values.exclude)
  const configs = Object.entries(own).filter(([key]) => !defaultTopicCreationDef.keys.has(key))
  return {
    name,
    partitions: values.partitions,
    replicationFactor: values['replication.factor'],
    configs: Object.fromEntries(configs),
    matches: (topic) => included(topic) && !excluded(topic),
  }
}

function anyOf(patterns: readonly string[]): (topic: string) => boolean {
  if (patterns.length === 0) return () => false
  const pattern = javaPattern(patterns.join('|'))
  return (topic) => pattern.test(topic)
}
