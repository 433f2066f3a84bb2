import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { cached, cacheDir, download } from './download.ts'

const root = resolve(import.meta.dirname, '../../..')

/** The oldest Node that package.json promises to run on, from npm. @returns the path of its program */
export async function oldestNode(): Promise<string> {
  const { engines } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { engines: { node: string } }
  const version = `${engines.node.replace('>=', '')}.0`
  const folder = join(cacheDir, `node-${version}`)
  await cached(`Node ${version}`, folder, async (scratch) => {
    await download('npm', 'install', '--no-save', '--prefix', scratch, `node@${version}`)
    return join(scratch, 'node_modules')
  })
  return join(folder, 'node', 'bin', 'node')
}
