import { readFile } from 'node:fs/promises'
import { ConfigException } from '../../api/errors.ts'
import type { Props } from '../../api/props.ts'
import { parseProperties } from '../../properties/parse-properties.ts'
import type { ListenerOptions, TlsOptions } from '../network/listener.ts'
import type { SaslMechanism, SaslOptions } from '../network/sasl/sasl-session.ts'
import { SaslUsers } from '../network/sasl/sasl-users.ts'
import { parseBrokerSettings, type BrokerSettings } from './broker-config.ts'
import type { ConfiguredListener } from './listeners.ts'

const MECHANISMS: readonly string[] = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']

/** What the network needs of a listener. Files are read here. @throws ConfigException for keys and certificates that cannot be used */
export async function listenerOptions(listener: ConfiguredListener, props: Props): Promise<ListenerOptions> {
  const { name, protocol, host, port } = listener
  if (!protocol.endsWith('SSL')) return { name, protocol, host, port }
  return { name, protocol, host, port, tls: await tlsOptions(settingsOf(listener, props)) }
}

/** Keys of one listener, such as `listener.name.external.ssl.client.auth`, before those of all. */
function settingsOf({ name }: ConfiguredListener, props: Props): BrokerSettings {
  const prefix = `listener.name.${name.toLowerCase()}.`
  const own = Object.entries(props).flatMap(([key, value]) => (key.startsWith(prefix) ? [[key.slice(prefix.length), value] as const] : []))
  return parseBrokerSettings({ ...props, ...Object.fromEntries(own) })
}

async function tlsOptions(settings: BrokerSettings): Promise<TlsOptions> {
  const location = settings['ssl.keystore.location']
  const key = settings['ssl.keystore.key']?.value() ?? null
  const chain = settings['ssl.keystore.certificate.chain']?.value() ?? null
  const store = location === null ? null : await pem('ssl.keystore.location', location)
  const trustStore = settings['ssl.truststore.location']
  const trusted =
    settings['ssl.truststore.certificates']?.value() ?? (trustStore === null ? null : await pem('ssl.truststore.location', trustStore))
  if ((key ?? store) === null || (chain ?? store) === null)
    throw new ConfigException('A listener with TLS needs a key and certificates: set ssl.keystore.location to a PEM file that holds both')
  const keyPassword = settings['ssl.key.password']?.value()
  return {
    key: key ?? store ?? '',
    certificateChain: chain ?? store ?? '',
    clientAuth: settings['ssl.client.auth'] as NonNullable<TlsOptions['clientAuth']>, // checked when it was parsed
    ...(keyPassword === undefined ? {} : { keyPassword }),
    ...(trusted === null ? {} : { trusted }),
  }
}

async function pem(key: string, path: string): Promise<string> {
  const text = await readText(key, path)
  if (text.includes('-----BEGIN ')) return text
  throw ConfigException.forKey(
    key,
    path,
    'The embedded broker reads PEM only. Convert a key store with keytool -importkeystore -deststoretype PKCS12 and openssl pkcs12 -nodes',
  )
}

async function readText(key: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'latin1')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw ConfigException.forKey(key, path, `The file cannot be read: ${reason}`)
  }
}

/** Who may connect to SASL listeners. Undefined: there is no such listener. @throws ConfigException */
export async function saslOptions(
  listeners: readonly ConfiguredListener[],
  settings: BrokerSettings,
  props: Props,
): Promise<SaslOptions | undefined> {
  const withSasl = listeners.filter(({ protocol }) => protocol.startsWith('SASL'))
  if (withSasl.length === 0) return undefined
  const mechanisms = new Set(withSasl.flatMap((listener) => settingsOf(listener, props)['sasl.enabled.mechanisms']))
  const users = new SaslUsers(await passwords(settings, props))
  if (users.names.length === 0)
    throw new ConfigException(
      'A listener with SASL needs users: set sasl.users.file to a file of user=password lines, or listener.name.NAME.plain.sasl.jaas.config as in Kafka',
    )
  return { mechanisms: [...mechanisms].map(mechanism), users, maxReauthMs: settings['connections.max.reauth.ms'] }
}

function mechanism(name: string): SaslMechanism {
  if (isMechanism(name)) return name
  throw ConfigException.forKey('sasl.enabled.mechanisms', name, `The embedded broker has ${MECHANISMS.join(', ')}`)
}

function isMechanism(name: string): name is SaslMechanism {
  return MECHANISMS.includes(name)
}

/** Of the users' file, and of `user_NAME="password"` in JAAS configurations. */
async function passwords(settings: BrokerSettings, props: Props): Promise<ReadonlyMap<string, string>> {
  const users = new Map<string, string>()
  for (const [key, value] of Object.entries(props))
    if (key.endsWith('sasl.jaas.config')) for (const [user, password] of jaasUsers(value)) users.set(user, password)
  const file = settings['sasl.users.file']
  if (file === null) return users
  for (const [user, password] of Object.entries(parseProperties(await readText('sasl.users.file', file), file).props))
    users.set(user, password)
  return users
}

function jaasUsers(jaas: string): (readonly [string, string])[] {
  const options = jaas.matchAll(/(?:^|\s)user_([^=\s]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/g)
  return Array.from(options, ([, user = '', quoted, bare = '']) => [user, quoted?.replaceAll(/\\(.)/g, '$1') ?? bare])
}
