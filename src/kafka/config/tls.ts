import { readFile } from 'node:fs/promises'
import type { ConnectionOptions, SecureVersion } from 'node:tls'
import type { Password } from '../../api/config/password.ts'
import { ConfigException } from '../../api/errors.ts'
import type { Logger } from '../../api/logger.ts'

export interface TlsKeys {
  readonly 'ssl.truststore.location': string | null
  readonly 'ssl.truststore.certificates': Password | null
  readonly 'ssl.keystore.location': string | null
  readonly 'ssl.keystore.password': Password | null
  readonly 'ssl.keystore.key': Password | null
  readonly 'ssl.keystore.certificate.chain': Password | null
  readonly 'ssl.key.password': Password | null
  readonly 'ssl.enabled.protocols': readonly string[]
  readonly 'ssl.endpoint.identification.algorithm': string
}

const PEM = '-----BEGIN '
const VERSIONS: readonly SecureVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']
const PEM_OF_TRUST_STORE = 'Convert it: keytool -exportcert -rfc -keystore FILE -alias NAME > ca.pem'
const PEM_OF_KEY_STORE = 'Convert it: keytool -importkeystore -srckeystore FILE -destkeystore key.p12 -deststoretype PKCS12'

/**
 * Node's options for the TLS keys of a client. The content of a store decides its format, not the declared type.
 * @throws ConfigException for a store that cannot be read, with the command that converts it
 */
export async function tlsOptions(config: TlsKeys, _log: Logger): Promise<ConnectionOptions> {
  return {
    ...(await trusted(config)),
    ...(await ownCertificate(config)),
    ...versions(config['ssl.enabled.protocols']),
    ...(config['ssl.endpoint.identification.algorithm'] === '' ? { checkServerIdentity: () => undefined } : {}),
  }
}

async function trusted(config: TlsKeys): Promise<ConnectionOptions> {
  const inline = config['ssl.truststore.certificates']
  if (inline !== null) return { ca: inline.value() }
  const path = config['ssl.truststore.location']
  if (path === null) return {}
  const content = await readStore('ssl.truststore.location', path)
  if (!isPem(content)) throw unreadable('ssl.truststore.location', path, PEM_OF_TRUST_STORE)
  return { ca: content }
}

async function ownCertificate(config: TlsKeys): Promise<ConnectionOptions> {
  const key = config['ssl.keystore.key']
  const chain = config['ssl.keystore.certificate.chain']
  const passphrase = (config['ssl.key.password'] ?? config['ssl.keystore.password'])?.value()
  const secret = passphrase === undefined ? {} : { passphrase }
  if (key !== null && chain !== null) return { key: key.value(), cert: chain.value(), ...secret }
  if (key !== null || chain !== null) {
    throw new ConfigException('ssl.keystore.key and ssl.keystore.certificate.chain belong together: set both or neither')
  }
  const path = config['ssl.keystore.location']
  if (path === null) return {}
  const content = await readStore('ssl.keystore.location', path)
  if (isPem(content)) return { key: content, cert: content, ...secret }
  if (content[0] === 0x30) return { pfx: content, ...secret }
  throw unreadable('ssl.keystore.location', path, PEM_OF_KEY_STORE)
}

function isPem(content: Buffer): boolean {
  return content.includes(PEM)
}

async function readStore(key: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigException(`Invalid value ${path} for configuration ${key}: ${reason}. Check the path and its permissions`, { cause: error })
  }
}

function unreadable(key: string, path: string, advice: string): ConfigException {
  return ConfigException.forKey(key, path, `this format of a store cannot be read, only PEM. ${advice.replace('FILE', path)}`)
}

function versions(protocols: readonly string[]): ConnectionOptions {
  const enabled = VERSIONS.filter((version) => protocols.includes(version))
  const [minVersion] = enabled
  const maxVersion = enabled.at(-1)
  if (minVersion === undefined || maxVersion === undefined) {
    throw ConfigException.forKey('ssl.enabled.protocols', protocols.join(','), `names no protocol. Set some of ${VERSIONS.join(', ')}`)
  }
  return { minVersion, maxVersion }
}
