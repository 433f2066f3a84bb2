import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ConfigProvider } from '../api/config-provider.ts'
import { ConfigException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'
import type { Props } from '../api/props.ts'
import { AllowedPaths } from './allowed-paths.ts'

/**
 * `${directory:/run/secrets:password}`: the whole content of a file, by its name, a final line end included.
 * Apache Kafka 4.3, DirectoryConfigProvider.
 */
export class DirectoryConfigProvider implements ConfigProvider {
  #paths = new AllowedPaths(undefined)
  #log: Logger | null = null

  configure(props: Props, log: Logger): void {
    this.#paths = new AllowedPaths(props['allowed.paths'])
    this.#log = log
  }

  async get(path: string, keys: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
    if (path === '') return new Map()
    const directory = this.#paths.resolve(path)
    if (directory === null) {
      this.#log?.warn(`The path ${path} is not allowed to be accessed. Add it to allowed.paths of the directory provider`)
      return new Map()
    }
    if (!(await isDirectory(directory))) {
      this.#log?.warn(`The path ${path} is not a directory`)
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
