import { Password } from '../../api/config/password.ts'
import { ConfigException } from '../../api/errors.ts'
import type { Logger } from '../../api/logger.ts'
import { parseJaasConfig, type JaasEntry } from './jaas.ts'
import { oauthTokens, type OAuthKeys } from './oauth-login.ts'
import type { TokenSource } from './oauth-token.ts'

/** User name and password for a mechanism that needs no more. */
export interface PasswordCredentials {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
  readonly username: string
  readonly password: Password
  /** The name is a delegation token's id, the password its HMAC (`tokenauth=true`). */
  readonly isDelegationToken: boolean
}

export interface TokenCredentials {
  readonly mechanism: 'OAUTHBEARER'
  readonly tokens: TokenSource
  /** Sent with the token; brokers see them as `extension_…` options. */
  readonly extensions: ReadonlyMap<string, string>
}

export type SaslCredentials = PasswordCredentials | TokenCredentials

export interface SaslKeys extends OAuthKeys {
  readonly 'sasl.mechanism': string
  readonly 'sasl.jaas.config': Password | null
}

/** Of each mechanism: the class of its login line, without package, and how such a line looks. */
const LOGIN_MODULES = {
  PLAIN: ['PlainLoginModule', 'org.apache.kafka.common.security.plain.PlainLoginModule required username="…" password="…";'],
  'SCRAM-SHA-256': ['ScramLoginModule', 'org.apache.kafka.common.security.scram.ScramLoginModule required username="…" password="…";'],
  'SCRAM-SHA-512': ['ScramLoginModule', 'org.apache.kafka.common.security.scram.ScramLoginModule required username="…" password="…";'],
  OAUTHBEARER: [
    'OAuthBearerLoginModule',
    'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required clientId="…" clientSecret="…";',
  ],
} as const
type Mechanism = keyof typeof LOGIN_MODULES

/** What Kafka services are known by that need a mechanism of their own, and what to use there. */
const ADVICE: Readonly<Record<string, string>> = {
  GSSAPI: 'Kerberos is not supported (it is Java’s default when the key is not set)',
  AWS_MSK_IAM: 'it needs Amazon’s Java library; MSK takes SCRAM-SHA-512 too',
}

/** @throws ConfigException for a mechanism or login line that cannot be used */
export async function saslCredentials(config: SaslKeys, log: Logger): Promise<SaslCredentials> {
  const mechanism = config['sasl.mechanism'].trim().toUpperCase()
  if (!isSupported(mechanism)) {
    const reason = ADVICE[mechanism] ?? 'not supported'
    throw ConfigException.forKey('sasl.mechanism', config['sasl.mechanism'], `${reason}. Set ${Object.keys(LOGIN_MODULES).join(', ')}`)
  }
  const entry = loginOf(mechanism, config['sasl.jaas.config'])
  if (mechanism === 'OAUTHBEARER') return { mechanism, tokens: await oauthTokens(config, entry, log), extensions: extensionsOf(entry) }
  return {
    mechanism,
    username: option(entry, 'username'),
    password: new Password(option(entry, 'password')),
    isDelegationToken: entry.options.get('tokenauth')?.toLowerCase() === 'true',
  }
}

function isSupported(mechanism: string): mechanism is Mechanism {
  return Object.hasOwn(LOGIN_MODULES, mechanism)
}

/** Vendors ship the classes under package names of their own; the last part tells. */
function loginOf(mechanism: Mechanism, jaas: Password | null): JaasEntry {
  const [className, example] = LOGIN_MODULES[mechanism]
  if (jaas === null) throw new ConfigException(`sasl.mechanism is ${mechanism}, but sasl.jaas.config is not set. Write ${example}`)
  const entry = parseJaasConfig(jaas.value())
  if (entry.loginModule === className || entry.loginModule.endsWith(`.${className}`)) return entry
  throw ConfigException.forKey(
    'sasl.jaas.config',
    '[hidden]',
    `${entry.loginModule} is not the login module of ${mechanism}. Write ${example}`,
  )
}

function option({ loginModule, options }: JaasEntry, name: string): string {
  const value = options.get(name)
  if (value === undefined) throw ConfigException.forKey('sasl.jaas.config', '[hidden]', `${loginModule} needs the option ${name}="…"`)
  return value
}

const EXTENSION = /^(?:extension_|unsecuredLoginExtension_)(.+)$/

/** RFC 7628: names are letters, values printable. */
function extensionsOf({ options }: JaasEntry): ReadonlyMap<string, string> {
  const extensions = new Map<string, string>()
  for (const [name, value] of options) {
    const extension = EXTENSION.exec(name)?.[1]
    if (extension === undefined) continue
    if (!/^[A-Za-z]+$/.test(extension) || extension === 'auth' || !/^[\x21-\x7e \t\r\n]+$/.test(value)) {
      throw ConfigException.forKey(
        'sasl.jaas.config',
        '[hidden]',
        `${name} cannot be sent: a name has letters only and is not auth, a value is printable`,
      )
    }
    extensions.set(extension, value)
  }
  return extensions
}
