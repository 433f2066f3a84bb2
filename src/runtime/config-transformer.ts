import { parseList } from '../api/config/config-type.ts'
import { originalsWithPrefix, type NullableProps } from '../api/config/prefix.ts'
import type { ConfigProvider } from '../api/config-provider.ts'
import { ConfigException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'
import type { Props } from '../api/props.ts'
import { keyText } from './key-text.ts'

/** `${provider:key}` or `${provider:path:key}`; the first two colons split. */
const VARIABLE = /\$\{([^}]*?):(?:([^}]*?):)?([^}]*?)\}/g

/** Loads the class of a provider by full name, simple name or alias; null: there is none. */
export type LoadConfigProvider = (className: string) => Promise<(new () => ConfigProvider) | null>

/**
 * Resolves `${…}` variables in values, once, not in what providers return. Text whose provider or key is unknown stays as it is.
 * Used for the worker's file at start and for connector and task configurations each time they are read; stored configurations
 * keep the variables. Apache Kafka 4.3, ConfigTransformer.
 */
export class ConfigTransformer {
  readonly #providers: ReadonlyMap<string, ConfigProvider>

  constructor(providers: ReadonlyMap<string, ConfigProvider>) {
    this.#providers = providers
  }

  /**
   * Creates the providers that `config.providers` of the worker's file names.
   * @throws ConfigException when a class is unknown or does not take its parameters
   */
  static async fromWorkerProps(props: Props, load: LoadConfigProvider, log: Logger): Promise<ConfigTransformer> {
    const aliases = parseList(props['config.providers'] ?? '').filter((alias) => alias !== '')
    const providers = new Map<string, ConfigProvider>()
    for (const alias of aliases) {
      const provider = await createProvider(alias, props, load, log)
      if (provider !== null) providers.set(alias, provider)
    }
    return new ConfigTransformer(providers)
  }

  /** @throws ConfigException when a provider cannot read its source */
  async transform<Config extends NullableProps>(props: Config): Promise<Config> {
    const values = await this.#lookUp(variablesIn(Object.values(props)))
    if (values.size === 0) return props
    const entries = Object.entries(props).map(([key, text]) => [key, text === null ? null : replaceVariables(text, values)])
    return Object.fromEntries(entries) as Config
  }

  close(): void {
    for (const provider of this.#providers.values()) provider.close?.()
  }

  /** One call per provider and path. */
  async #lookUp(wanted: Wanted): Promise<ReadonlyMap<string, string>> {
    const values = new Map<string, string>()
    for (const [alias, paths] of wanted) {
      const provider = this.#providers.get(alias)
      if (provider === undefined) continue
      for (const [path, keys] of paths) {
        for (const [key, value] of await provider.get(path, keys)) values.set(variableId(alias, path, key), value)
      }
    }
    return values
  }
}

/** Keys by path by provider. */
type Wanted = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>

function variablesIn(texts: readonly (string | null)[]): Wanted {
  const wanted = new Map<string, Map<string, Set<string>>>()
  for (const text of texts) {
    for (const [, alias = '', path = '', key = ''] of text?.matchAll(VARIABLE) ?? []) {
      const paths = wanted.get(alias) ?? new Map<string, Set<string>>()
      wanted.set(alias, paths.set(path, (paths.get(path) ?? new Set()).add(key)))
    }
  }
  return wanted
}

function replaceVariables(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(VARIABLE, (variable, alias: string, path: string | undefined, key: string) => {
    return values.get(variableId(alias, path ?? '', key)) ?? variable
  })
}

function variableId(alias: string, path: string, key: string): string {
  return JSON.stringify([alias, path, key])
}

async function createProvider(alias: string, props: Props, load: LoadConfigProvider, log: Logger): Promise<ConfigProvider | null> {
  const classKey = `config.providers.${alias}.class`
  const className = keyText(props, classKey)
  if (className === null) {
    log.warn(`config.providers names ${alias}, but ${classKey} is not set: \${${alias}:…} stays as it is`)
    return null
  }
  const providerClass = await load(className)
  if (providerClass === null) {
    throw ConfigException.forKey(
      classKey,
      className,
      `Class ${className} could not be found. Known providers are FileConfigProvider, DirectoryConfigProvider and EnvVarConfigProvider`,
    )
  }
  const provider = new providerClass()
  provider.configure(originalsWithPrefix(props, `config.providers.${alias}.param.`), log)
  return provider
}
