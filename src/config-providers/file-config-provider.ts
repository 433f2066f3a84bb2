import { readFile } from 'node:fs/promises'
import type { ConfigProvider } from '../api/config-provider.ts'
import { ConfigException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'
import type { Props } from '../api/props.ts'
import { parseProperties } from '../properties/parse-properties.ts'
import { AllowedPaths } from './allowed-paths.ts'

/** `${file:/path/to/secrets.properties:key}`: a key of a UTF-8 properties file. Apache Kafka 4.3, FileConfigProvider. */
export class FileConfigProvider implements ConfigProvider {
  #paths = new AllowedPaths(undefined)
  #log: Logger | null = null

  configure(props: Props, log: Logger): void {
    this.#paths = new AllowedPaths(props['allowed.paths'])
    this.#log = log
  }

  async get(path: string, keys: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
    if (path === '') return new Map()
    const file = this.#paths.resolve(path)
    if (file === null) {
      this.#log?.warn(`The path ${path} is not allowed to be accessed. Add its directory to allowed.paths of the file provider`)
      return new Map()
    }
    const values = await propertiesOf(file, path)
    return new Map([...keys].flatMap((key) => (Object.hasOwn(values, key) ? [[key, values[key] ?? '']] : [])))
  }
}

async function propertiesOf(file: string, path: string): Promise<Props> {
  try {
    return parseProperties(await readFile(file, 'utf8'), path).props
  } catch (error) {
    // Only the first line of a syntax error: the lines after it show the text, and here every text is a secret.
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n', 1)
    throw new ConfigException(`Could not read properties from file ${path}: ${reason ?? ''}`)
  }
}
