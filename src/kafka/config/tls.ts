import { createSecureContext, type ConnectionOptions, type SecureContext, type SecureContextOptions, type SecureVersion } from 'node:tls'
import { ConfigException } from '../../api/errors.ts'
import type { Logger } from '../../api/logger.ts'
import { opensslCiphers } from './tls-ciphers.ts'
import { ownIdentityOf, trustOf, type KeyStoreKeys, type TrustStoreKeys } from './tls-stores.ts'

export interface TlsKeys extends TrustStoreKeys, KeyStoreKeys {
  readonly 'ssl.protocol': string
  readonly 'ssl.enabled.protocols': readonly string[]
  readonly 'ssl.cipher.suites': readonly string[]
  readonly 'ssl.endpoint.identification.algorithm': string
}

const VERSIONS: readonly SecureVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']

/**
 * Node's options for the TLS keys of a client. Keys and passwords are in the context only, where nothing shows them.
 * @throws ConfigException for a store that cannot be read, with the command that converts it
 */
export async function tlsOptions(config: TlsKeys, log: Logger): Promise<ConnectionOptions> {
  const ciphers = opensslCiphers(config['ssl.cipher.suites'], log)
  const secureContext = contextOf({
    ...(await trustOf(config)),
    ...(await ownIdentityOf(config)),
    ...versions(config, ciphers),
    ...(ciphers === undefined ? {} : { ciphers }),
  })
  return { secureContext, ...(checksHostName(config) ? {} : { checkServerIdentity: () => undefined }) }
}

function contextOf(options: SecureContextOptions): SecureContext {
  try {
    return createSecureContext(options)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigException(`The ssl.* keys do not fit together: ${reason}. Check ssl.keystore.*, ssl.truststore.* and ssl.cipher.suites`, { cause: error })
  }
}

/** The chain is checked in any case. */
function checksHostName(config: TlsKeys): boolean {
  const algorithm = config['ssl.endpoint.identification.algorithm'].trim()
  if (algorithm === '' || algorithm.toLowerCase() === 'https') return algorithm !== ''
  const reason = 'Set https, or nothing for no check of the host name'
  throw ConfigException.forKey('ssl.endpoint.identification.algorithm', algorithm, reason)
}

/**
 * From the lowest to the highest of the enabled ones; `ssl.protocol` may lower that. Versions that no named cipher suite is for are left
 * out, since Node would add suites of its own.
 */
function versions(config: TlsKeys, ciphers: string | undefined): SecureContextOptions {
  const protocols = config['ssl.enabled.protocols']
  const highest = VERSIONS.findIndex((version) => version === config['ssl.protocol'])
  const enabled = VERSIONS.filter((version, index) => protocols.includes(version) && (highest < 0 || index <= highest))
  if (enabled.length === 0) {
    const reason = `names no protocol up to ssl.protocol=${config['ssl.protocol']}. Set some of ${VERSIONS.join(', ')}`
    throw ConfigException.forKey('ssl.enabled.protocols', protocols.join(','), reason)
  }
  const usable = enabled.filter((version) => ciphers === undefined || ciphers.split(':').some((name) => isFor(name, version)))
  const [minVersion] = usable
  const maxVersion = usable.at(-1)
  if (minVersion === undefined || maxVersion === undefined) {
    throw ConfigException.forKey('ssl.cipher.suites', config['ssl.cipher.suites'].join(','), `no suite is for ${enabled.join(' or ')}`)
  }
  return { minVersion, maxVersion }
}

/** OpenSSL keeps the standard's names for the suites of TLS 1.3, and for no others. */
function isFor(cipher: string, version: SecureVersion): boolean {
  return cipher.startsWith('TLS_') === (version === 'TLSv1.3')
}
