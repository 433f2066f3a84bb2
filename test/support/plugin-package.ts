import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..', '..')

/**
 * Writes a package as a third party would: its plugins are written against `standpipe/api`, which it finds through its node_modules.
 * @param module source of its plugin module
 * @returns its folder, for `plugin.path`
 */
export async function pluginPackage(dir: string, name: string, module: string): Promise<string> {
  const folder = join(dir, name)
  await mkdir(join(folder, 'node_modules'), { recursive: true })
  await symlink(root, join(folder, 'node_modules', 'standpipe'))
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name, type: 'module', standpipe: { plugins: './plugins.js' } }))
  await writeFile(join(folder, 'plugins.js'), module)
  return folder
}
