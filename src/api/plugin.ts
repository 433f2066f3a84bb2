import type { ConfigProvider } from './config-provider.ts'
import type { Connector } from './connector.ts'
import type { Converter, HeaderConverter } from './converter.ts'
import type { Predicate, Transformation } from './transformation.ts'

/** What a class of each kind makes. */
export interface PluginKinds {
  source: Connector
  sink: Connector
  converter: Converter
  header_converter: HeaderConverter
  transformation: Transformation
  predicate: Predicate
  config_provider: ConfigProvider
}

/** The kinds of plugins, as REST answers name them. */
export type PluginKind = keyof PluginKinds
/** A class that makes plugins of one kind; its constructor takes nothing. */
export type PluginClass<K extends PluginKind> = new () => PluginKinds[K]

/**
 * One class a plugin module offers. A module named by `"standpipe": {"plugins": "./plugins.js"}` in the package.json of a folder on
 * `plugin.path` exports a list of these as `plugins`.
 */
export type Plugin = {
  readonly [K in PluginKind]: {
    readonly kind: K
    /** The class name that configurations use, such as `com.example.FancySinkConnector`; simple name and alias follow from it. */
    readonly className: string
    readonly version: string
    /** True: it does not answer to simple name and alias, which are another class's. */
    readonly onlyFullName?: true
    /** Called when the class is first needed, so that a client library is loaded only where it is used. */
    readonly load: () => Promise<PluginClass<K>>
  }
}[PluginKind]
