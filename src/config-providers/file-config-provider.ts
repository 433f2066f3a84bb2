import { readFile } from 'node:fs/promises'
import { ConfigException } from '../api/errors.ts'
import type { Props } from '../api/props.ts'
import { parseProperties } from '../properties/parse-properties.ts'
import { PathConfigProvider } from './path-config-provider.ts'

/** `${file:/path/to/secrets.properties:key}`: a key of a UTF-8 properties file. Apache Kafka 4.3, FileConfigProvider. */
export class FileConfigProvider extends PathConfigProvider {
  protected async valuesAt(file: string, keys: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
    const values = await propertiesOf(file)
    return new Map([...keys].flatMap((key) => (Object.hasOwn(values, key) ? [[key, values[key] ?? '']] : [])))
  }
}

async function propertiesOf(file: string): Promise<Props> {
  try {
    return parseProperties(await readFile(file, 'utf8'), file).props
  } catch (error) {
    // Only the first line of a syntax error: the lines after it show the text, and here every text is a secret.
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n', 1)
    throw new ConfigException(`Could not read properties from file ${file}: ${reason ?? ''}`)
  }
}
