import type { NullableProps } from '../api/config/prefix.ts'
import { ConfigException } from '../api/errors.ts'
import type { Plugin } from '../api/plugin.ts'
import { keyText } from './key-text.ts'
import type { Plugins } from './plugins.ts'

export type ConnectorPlugin = Extract<Plugin, { readonly kind: 'source' | 'sink' }>

/** The plugin that `connector.class` names. @throws ConfigException in Connect's words when it is missing or unknown */
export function findConnector(props: NullableProps, plugins: Plugins): ConnectorPlugin {
  const name = keyText(props, 'connector.class')
  if (name === null) throw new ConfigException(`Connector config ${shown(props)} contains no connector type`)
  const plugin = plugins.find('source', name) ?? plugins.find('sink', name)
  if (plugin === null) throw new ConfigException(noSuchConnector(name, plugins))
  return plugin
}

/** Java's text of a map, without what might be a secret. */
function shown(props: NullableProps): string {
  const secret = /password|secret|jaas|token|credential|user\.info|\.key$/i
  const entries = Object.entries(props).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, value]) => `${key}=${secret.test(key) ? '[hidden]' : String(value)}`).join(', ')}}`
}

function noSuchConnector(name: string, plugins: Plugins): string {
  const known = [...plugins.list('sink'), ...plugins.list('source')].map(({ className }) => className)
  return (
    `Failed to find any class that implements Connector and which name matches ${name}, available connectors are: ${known.join(', ')}. ` +
    'Check connector.class for a typing error, or add the folder of the plugin to plugin.path of the worker.'
  )
}
