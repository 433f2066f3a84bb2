import { javaPattern } from '../api/config/java-pattern.ts'
import type { ConfigProvider } from '../api/config-provider.ts'
import { ConfigException } from '../api/errors.ts'
import type { Props } from '../api/props.ts'

/**
 * `${env:NAME}`: a variable of the process, as it was when the provider was configured.
 * Apache Kafka 4.3, EnvVarConfigProvider.
 */
export class EnvVarConfigProvider implements ConfigProvider {
  readonly #environment: NodeJS.ProcessEnv
  #variables: ReadonlyMap<string, string> = new Map()

  constructor(environment: NodeJS.ProcessEnv = process.env) {
    this.#environment = environment
  }

  configure(props: Props): void {
    const allowed = allowlist(props['allowlist.pattern'] ?? '.*')
    this.#variables = new Map(
      Object.entries(this.#environment).flatMap(([name, value]) => (value !== undefined && allowed.test(name) ? [[name, value]] : [])),
    )
  }

  get(path: string, keys: ReadonlySet<string>): ReadonlyMap<string, string> {
    if (path !== '') {
      throw new ConfigException(
        `Path is not supported for EnvVarConfigProvider, invalid value '${path}'. Write \${env:NAME}, without a path`,
      )
    }
    return new Map([...this.#variables].filter(([name]) => keys.has(name)))
  }
}

function allowlist(pattern: string): RegExp {
  try {
    return javaPattern(pattern)
  } catch (error) {
    throw new ConfigException(`Invalid value ${pattern} for configuration allowlist.pattern: not a regular expression`, { cause: error })
  }
}
