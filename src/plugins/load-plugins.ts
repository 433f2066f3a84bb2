import type { Logger } from '../api/logger.ts'
import { builtinPlugins } from './builtin.ts'
import { addPluginsFromPath } from './plugin-path.ts'
import { PluginRegistry } from './registry.ts'

/** All plugins that a thread can use: ours and those of `plugin.path`. */
export async function loadPlugins(path: readonly string[], log: Logger): Promise<PluginRegistry> {
  const registry = new PluginRegistry()
  for (const plugin of builtinPlugins) registry.add(plugin)
  await addPluginsFromPath(path, registry, log)
  return registry
}
