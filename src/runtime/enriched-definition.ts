import { ConfigDef } from '../api/config/config-def.ts'
import type { KeyDeclaration, KeyDeclarations, Recommender } from '../api/config/config-key.ts'
import { parseList } from '../api/config/config-type.ts'
import type { NullableProps } from '../api/config/prefix.ts'
import { composite, lambda, type Validator } from '../api/config/validators.ts'
import { ConfigException } from '../api/errors.ts'
import type { PluginKind } from '../api/plugin.ts'
import { ownKeys, sinkConnectorConfigDef, sourceConnectorConfigDef } from './connector-config.ts'
import { embeddedKeys } from './embedded-keys.ts'
import { keyText } from './key-text.ts'
import type { Plugins } from './plugins.ts'

/** Worker's converters, shown as defaults of a connector's. */
export type ConverterDefaults = Readonly<Record<ConverterKey, string | null>>
export type ConverterKey = 'key.converter' | 'value.converter' | 'header.converter'

interface AliasedPlugins {
  readonly kind: 'transformation' | 'predicate'
  /** The key that lists the aliases, and begins their keys. */
  readonly key: 'transforms' | 'predicates'
  readonly group: string
  readonly what: string
  readonly javaInterface: string
  /** Keys that the runtime adds to the plugin's own. */
  readonly extraKeys: KeyDeclarations
}

const TRANSFORMS: AliasedPlugins = {
  kind: 'transformation',
  key: 'transforms',
  group: 'Transforms',
  what: 'Transformation',
  javaInterface: 'Transformation',
  extraKeys: {
    predicate: {
      type: 'string',
      default: null,
      importance: 'medium',
      doc: 'Alias of the predicate that decides which records are transformed. Unset: all.',
    },
    negate: {
      type: 'boolean',
      default: false,
      importance: 'medium',
      doc: 'Whether the records are transformed that the predicate does not accept.',
    },
  },
}

const PREDICATES: AliasedPlugins = {
  kind: 'predicate',
  key: 'predicates',
  group: 'Predicates',
  what: 'Predicate',
  javaInterface: 'Predicate',
  extraKeys: {},
}

/**
 * The keys that the runtime understands in one connector's configuration: those of every source or sink, and those of each
 * transformation and predicate it lists. Apache Kafka 4.3, ConnectorConfig#enrich.
 */
export async function enrichedDefinition(
  kind: 'source' | 'sink',
  props: NullableProps,
  plugins: Plugins,
  defaults: ConverterDefaults,
): Promise<ConfigDef> {
  const base: ConfigDef = kind === 'source' ? sourceConnectorConfigDef : sinkConnectorConfigDef
  return new ConfigDef({
    ...base.declarations,
    ...ownKeysThatAreSet(kind, props),
    ...pluginVersion(base, 'connector.plugin.version', plugins.find(kind, keyText(props, 'connector.class') ?? '')?.version ?? null),
    ...converterKeys(base, props, plugins, defaults),
    ...(await aliasedKeys(TRANSFORMS, props, plugins)),
    ...(await aliasedKeys(PREDICATES, props, plugins)),
  })
}

/** Keys of ours are in the answer where they are used: one about a configuration of Apache's is Apache's. */
function ownKeysThatAreSet(kind: 'source' | 'sink', props: NullableProps): KeyDeclarations {
  return Object.fromEntries(Object.entries(ownKeys[kind]).filter(([key]) => Object.hasOwn(props, key)))
}

function converterKeys(base: ConfigDef, props: NullableProps, plugins: Plugins, defaults: ConverterDefaults): KeyDeclarations {
  const keys: readonly ConverterKey[] = ['key.converter', 'value.converter', 'header.converter']
  return Object.assign({}, ...keys.map((key) => converterKey(base, key, props, plugins, defaults))) as KeyDeclarations
}

function converterKey(
  base: ConfigDef,
  key: ConverterKey,
  props: NullableProps,
  plugins: Plugins,
  defaults: ConverterDefaults,
): KeyDeclarations {
  const kind = key === 'header.converter' ? 'header_converter' : 'converter'
  const javaInterface = key === 'header.converter' ? 'HeaderConverter' : 'Converter'
  const name = keyText(props, key) ?? defaults[key]
  const found = name === null ? null : plugins.find(kind, name)
  return {
    [key]: {
      ...base.declarations[key],
      default: defaults[key],
      validator: implementing(kind, javaInterface, plugins),
      recommender: recommended(classNames(kind, plugins)),
    } as KeyDeclaration,
    ...pluginVersion(base, `${key}.plugin.version`, found?.version ?? null),
  }
}

/** Versions have one value to choose: the one that is installed. */
function pluginVersion(base: ConfigDef, key: string, version: string | null): KeyDeclarations {
  const recommender: Recommender = { validValues: () => (version === null ? [] : [version]), visible: () => version !== null }
  return { [key]: { ...base.declarations[key], default: version, recommender } as KeyDeclaration }
}

async function aliasedKeys(aliased: AliasedPlugins, props: NullableProps, plugins: Plugins): Promise<KeyDeclarations> {
  const aliases = new Set(parseList(props[aliased.key] ?? ''))
  const all: KeyDeclarations[] = []
  for (const alias of aliases) all.push(await keysOfAlias(aliased, alias, props, plugins))
  return Object.assign({}, ...all) as KeyDeclarations
}

async function keysOfAlias(aliased: AliasedPlugins, alias: string, props: NullableProps, plugins: Plugins): Promise<KeyDeclarations> {
  const { kind, key, what, extraKeys, javaInterface } = aliased
  const prefix = `${key}.${alias}.`
  const group = `${aliased.group}: ${alias}`
  const className = keyText(props, `${prefix}type`)
  const version = className === null ? null : (plugins.find(kind, className)?.version ?? null)
  const pluginClass = className === null ? null : await plugins.load(kind, className)
  const ownKeys =
    pluginClass === null ? {} : embeddedKeys(prefix, group, 2, new ConfigDef({ ...extraKeys, ...new pluginClass().config().declarations }))
  return {
    [`${prefix}type`]: {
      type: 'class',
      validator: composite(implementing(kind, javaInterface, plugins), negationOfSomething(prefix, props)),
      importance: 'high',
      group,
      orderInGroup: 0,
      width: 'long',
      displayName: `${what} type for ${alias}`,
      doc: `Class of the ${what.toLowerCase()} ${alias}.`,
      recommender: recommended(classNames(kind, plugins)),
    },
    [`${prefix}plugin.version`]: {
      type: 'string',
      default: version,
      importance: 'high',
      group,
      orderInGroup: 1,
      width: 'long',
      displayName: `${what} version for ${alias}`,
      doc: `Version of the ${what.toLowerCase()} ${alias}. Accepted, without effect.`,
      recommender: recommended(version === null ? [] : [version]),
    },
    ...ownKeys,
  }
}

function negationOfSomething(prefix: string, props: NullableProps): Validator<string> {
  return lambda<string>(() => {
    if (!Object.hasOwn(props, `${prefix}negate`) || Object.hasOwn(props, `${prefix}predicate`)) return
    throw new ConfigException(
      `Config '${prefix}negate' was provided but there is no config '${prefix}predicate' defining a predicate to be negated.`,
    )
  }, 'a class')
}

function implementing(kind: PluginKind, javaInterface: string, plugins: Plugins): Validator<string> {
  return lambda<string>((_name, className) => {
    if (className === null || plugins.find(kind, className) !== null) return
    throw new ConfigException(`Class class ${className} does not implement the ${javaInterface} interface`)
  }, `A concrete subclass of ${javaInterface}`)
}

function recommended(values: readonly string[]): Recommender {
  return { validValues: () => values, visible: () => true }
}

function classNames(kind: PluginKind, plugins: Plugins): readonly string[] {
  return plugins
    .list(kind)
    .map(({ className }) => className)
    .sort()
}
