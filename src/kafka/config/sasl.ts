import type { Password } from '../../api/config/password.ts'
import { ConfigException } from '../../api/errors.ts'
import { parseJaasConfig, type JaasEntry } from './jaas.ts'

/** User name and password for a mechanism that needs no more. */
export interface SaslCredentials {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
  readonly username: string
  readonly password: string
}

export interface SaslKeys {
  readonly 'sasl.mechanism': string
  readonly 'sasl.jaas.config': Password | null
}

const MECHANISMS: readonly string[] = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']

/** @throws ConfigException for a mechanism or login line that cannot be used */
export function saslCredentials(config: SaslKeys): SaslCredentials {
  const mechanism = config['sasl.mechanism'].toUpperCase()
  if (!isSupported(mechanism)) {
    const isDefault = mechanism === 'GSSAPI' ? ' (Java’s default when the key is not set)' : ''
    throw ConfigException.forKey('sasl.mechanism', config['sasl.mechanism'], `not supported${isDefault}. Set ${MECHANISMS.join(', ')}`)
  }
  const jaas = config['sasl.jaas.config']
  if (jaas === null) {
    throw new ConfigException(`sasl.mechanism is ${mechanism}, but sasl.jaas.config is not set. It holds user name and password`)
  }
  const { loginModule, options } = parseJaasConfig(jaas.value())
  if (!/(Plain|Scram)LoginModule$/.test(loginModule)) {
    throw ConfigException.forKey('sasl.jaas.config', '[hidden]', `${loginModule} is not supported. Use …PlainLoginModule or …ScramLoginModule`)
  }
  return { mechanism, username: option({ loginModule, options }, 'username'), password: option({ loginModule, options }, 'password') }
}

function isSupported(mechanism: string): mechanism is SaslCredentials['mechanism'] {
  return MECHANISMS.includes(mechanism)
}

function option({ loginModule, options }: JaasEntry, name: string): string {
  const value = options.get(name)
  if (value === undefined) throw ConfigException.forKey('sasl.jaas.config', '[hidden]', `${loginModule} needs the option ${name}="…"`)
  return value
}
