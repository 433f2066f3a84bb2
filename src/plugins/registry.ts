import type { Plugin, PluginClass, PluginKind } from '../api/plugin.ts'

type PluginOf<K extends PluginKind> = Extract<Plugin, { readonly kind: K }>

/** Suffixes that an alias may leave out, per kind (Apache Kafka 4.3, PluginUtils#prunedName). */
const suffixes: { readonly [K in PluginKind]: readonly string[] } = {
  source: ['Connector', 'SourceConnector'],
  sink: ['Connector', 'SinkConnector'],
  converter: ['Converter'],
  header_converter: ['HeaderConverter', 'Converter'],
  transformation: ['Transformation'],
  predicate: ['Predicate'],
  config_provider: ['ConfigProvider'],
}

/**
 * Finds plugin classes by the names configurations use: full class name, simple name, or simple name without its type.
 * Knows no plugin itself; `builtin.ts` lists ours, `plugin-path.ts` brings others. A name that two classes claim is nobody's,
 * only their full names work; one class under several full names is the first of them.
 */
export class PluginRegistry {
  readonly #plugins: Plugin[] = []

  add(plugin: Plugin): void {
    this.#plugins.push(plugin)
  }

  /** Null: no class of that kind answers to the name. */
  find<K extends PluginKind>(kind: K, name: string): PluginOf<K> | null {
    const ofKind = this.list(kind)
    const exact = ofKind.find((plugin) => plugin.className === name)
    if (exact !== undefined) return exact
    const [first = null, ...others] = ofKind.filter((plugin) => aliases(plugin).includes(name))
    return others.every(({ load }) => load === first?.load) ? first : null
  }

  /** The class, loaded; null when no class of that kind answers to the name. */
  async load<K extends PluginKind>(kind: K, name: string): Promise<PluginClass<K> | null> {
    const plugin = this.find(kind, name)
    return plugin === null ? null : ((await plugin.load()) as PluginClass<K>)
  }

  list<K extends PluginKind>(kind: K): readonly PluginOf<K>[] {
    return this.#plugins.filter((plugin): plugin is PluginOf<K> => plugin.kind === kind)
  }
}

function aliases({ kind, className, onlyFullName }: Plugin): readonly string[] {
  if (onlyFullName === true) return []
  const simple = className.slice(className.lastIndexOf('.') + 1)
  const nested = simple.slice(simple.lastIndexOf('$') + 1)
  const pruned = suffixes[kind]
    .filter((suffix) => nested.endsWith(suffix) && nested !== suffix)
    .map((suffix) => nested.slice(0, -suffix.length))
  return [nested, ...pruned]
}
