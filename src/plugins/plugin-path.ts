import { readdir, readFile } from 'node:fs/promises'
import { registerHooks } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Logger } from '../api/logger.ts'
import type { Plugin, PluginKind } from '../api/plugin.ts'
import type { PluginRegistry } from './registry.ts'

/**
 * Adds the plugins found on `plugin.path`: each element is a package folder, or a folder of such. A package names its module in
 * package.json, `"standpipe": {"plugins": "./dist/plugins.js"}`; the module exports a list `plugins`.
 * What holds no plugin of ours (Java archives) or cannot be loaded is logged and passed over, as in Connect.
 */
export async function addPluginsFromPath(path: readonly string[], registry: PluginRegistry, log: Logger): Promise<void> {
  if (path.length > 0) shareApi()
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
    const checked = plugins.map(pluginOf)
    for (const plugin of checked) registry.add(plugin)
    log.info(`Loaded ${plugins.length} plugins from ${modulePath}`)
  } catch (error) {
    log.error(`Plugins of ${modulePath} could not be loaded`, error)
  }
}

const kinds: Readonly<Record<PluginKind, true>> = {
  source: true,
  sink: true,
  converter: true,
  header_converter: true,
  transformation: true,
  predicate: true,
  config_provider: true,
}

/** @throws Error saying what is wrong with the entry; a package is used as a whole or not at all */
function pluginOf(entry: unknown, index: number): Plugin {
  const plugin = (typeof entry === 'object' ? entry : null) as Partial<Record<keyof Plugin, unknown>> | null
  const where = `plugins[${index}]`
  if (plugin === null) throw new Error(`${where} is no object; see Plugin in standpipe/api`)
  if (typeof plugin.kind !== 'string' || !Object.hasOwn(kinds, plugin.kind)) {
    throw new Error(`${where} has kind ${String(plugin.kind)}; use one of ${Object.keys(kinds).join(', ')}`)
  }
  if (typeof plugin.className !== 'string' || plugin.className === '') throw new Error(`${where} has no className`)
  if (typeof plugin.load !== 'function') throw new Error(`${where} (${plugin.className}) has no function load`)
  return entry as Plugin
}

let apiIsShared = false

/**
 * Wherever a plugin finds the package, or if it finds none: `standpipe/api` is this program's, so that its classes are the ones the
 * runtime knows and `instanceof` holds.
 */
function shareApi(): void {
  if (apiIsShared) return
  apiIsShared = true
  const url = import.meta.resolve('standpipe/api')
  registerHooks({
    resolve: (specifier, context, next) => (specifier === 'standpipe/api' ? { url, shortCircuit: true } : next(specifier, context)),
  })
}
