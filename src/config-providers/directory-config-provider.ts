import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigException } from '../api/errors.ts'
import { PathConfigProvider } from './path-config-provider.ts'

/**
 * `${directory:/run/secrets:password}`: the whole content of a file, by its name, a final line end included.
 * Apache Kafka 4.3, DirectoryConfigProvider.
 */
export class DirectoryConfigProvider extends PathConfigProvider {
  protected async valuesAt(directory: string, keys: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
    if (!(await isDirectory(directory))) {
      this.warn(`The path ${directory} is not a directory`)
      return new Map()
    }
    const names = (await namesIn(directory)).filter((name) => keys.has(name))
    const values = new Map<string, string>()
    for (const name of names) if (await isFile(join(directory, name))) values.set(name, await contentOf(directory, name))
    return values
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false
}

/** A link that leads nowhere is no file. */
async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() ?? false
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    throw new ConfigException(`Could not list directory ${directory}: ${messageOf(error)}`, { cause: error })
  }
}

async function contentOf(directory: string, name: string): Promise<string> {
  try {
    return await readFile(join(directory, name), 'utf8')
  } catch (error) {
    throw new ConfigException(`Could not read file ${join(directory, name)} for property ${name}: ${messageOf(error)}`, { cause: error })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
