import type { Plugin, PluginClass, PluginKind } from '../api/plugin.ts'

/** What the runtime asks of the plugin registry. */
export interface Plugins {
  /** The one that answers to a full class name, simple name or alias; null: none does. */
  find<K extends PluginKind>(kind: K, name: string): Extract<Plugin, { readonly kind: K }> | null
  /** Its class, loaded. */
  load<K extends PluginKind>(kind: K, name: string): Promise<PluginClass<K> | null>
  list<K extends PluginKind>(kind: K): readonly Extract<Plugin, { readonly kind: K }>[]
}
