import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Logger } from '../api/logger.ts'
import type { Plugin } from '../api/plugin.ts'
import type { PluginRegistry } from './registry.ts'

/**
 * Adds the plugins found on `plugin.path`: each element is a package folder, or a folder of such. A package names its module in
 * package.json, `"standpipe": {"plugins": "./dist/plugins.js"}`; the module exports a list `plugins`.
 * What holds no plugin of ours (Java archives) or cannot be loaded is logged and passed over, as in Connect.
 */
export async function addPluginsFromPath(path: readonly string[], registry: PluginRegistry, log: Logger): Promise<void> {
  for (const element of path) {
    const folder = resolve(element)
    const packages = await packageFolders(folder, log)
    if (packages.length === 0)
      log.warn(`plugin.path ${element} holds no plugins for standpipe (Java archives are not used); the built-in ones are always there`)
    for (const { modulePath } of packages) await addPlugins(modulePath, registry, log)
  }
}

interface PackageFolder {
  readonly modulePath: string
}

async function packageFolders(folder: string, log: Logger): Promise<PackageFolder[]> {
  const own = await pluginPackage(folder, log)
  if (own !== null) return [own]
  const children = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    log.warn(`plugin.path ${folder} cannot be read`, error)
    return []
  })
  const found = await Promise.all(
    children.filter((child) => child.isDirectory()).map((child) => pluginPackage(join(folder, child.name), log)),
  )
  return found.filter((each) => each !== null)
}

async function pluginPackage(folder: string, log: Logger): Promise<PackageFolder | null> {
  const file = join(folder, 'package.json')
  const text = await readFile(file, 'utf8').catch(() => null) // no package here
  if (text === null) return null
  try {
    const { standpipe } = JSON.parse(text) as { standpipe?: { plugins?: unknown } }
    return typeof standpipe?.plugins === 'string' ? { modulePath: join(folder, standpipe.plugins) } : null
  } catch (error) {
    log.warn(`${file} is not JSON; its plugins are not loaded`, error)
    return null
  }
}

async function addPlugins(modulePath: string, registry: PluginRegistry, log: Logger): Promise<void> {
  try {
    const { plugins } = (await import(pathToFileURL(modulePath).href)) as { plugins?: unknown }
    if (!Array.isArray(plugins)) throw new Error('it must export an array `plugins`; see Plugin in standpipe/api')
    for (const plugin of plugins as Plugin[]) registry.add(plugin)
    log.info(`Loaded ${plugins.length} plugins from ${modulePath}`)
  } catch (error) {
    log.error(`Plugins of ${modulePath} could not be loaded`, error)
  }
}
