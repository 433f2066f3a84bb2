import type { ConfigProvider } from '../api/config-provider.ts'
import type { Logger } from '../api/logger.ts'
import type { Props } from '../api/props.ts'
import { AllowedPaths } from './allowed-paths.ts'

/** A provider whose paths are those of the file system, as far as `allowed.paths` lets it read them. */
export abstract class PathConfigProvider implements ConfigProvider {
  #paths = new AllowedPaths(undefined)
  #log: Logger | null = null

  configure(props: Props, log: Logger): void {
    this.#paths = new AllowedPaths(props['allowed.paths'])
    this.#log = log
  }

  async get(path: string, keys: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
    if (path === '') return NOTHING
    const allowed = this.#paths.resolve(path)
    if (allowed !== null) return this.valuesAt(allowed, keys)
    this.#log?.warn(`The path ${path} is not allowed to be accessed. Add it, or a directory above it, to allowed.paths of the provider`)
    return NOTHING
  }

  /** The keys that are there. @param path may be read */
  protected abstract valuesAt(path: string, keys: ReadonlySet<string>): Promise<ReadonlyMap<string, string>>

  protected warn(text: string): void {
    this.#log?.warn(text)
  }
}

const NOTHING: ReadonlyMap<string, string> = new Map()
