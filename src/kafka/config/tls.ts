import { createSecureContext, type ConnectionOptions, type SecureContext, type SecureContextOptions, type SecureVersion } from 'node:tls'
import { ConfigException } from '../../api/errors.ts'
import type { Logger } from '../../api/logger.ts'
import { cipherSuiteOptions, unknownCipherSuites } from '../../api/tls/cipher-suites.ts'
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
  warnOfUnknown(config['ssl.cipher.suites'], log)
  const secureContext = contextOf({
    ...(await trustOf(config)),
    ...(await ownIdentityOf(config)),
    ...cipherSuiteOptions('ssl.cipher.suites', config['ssl.cipher.suites'], enabledVersions(config)),
  })
  return { secureContext, ...(checksHostName(config) ? {} : { checkServerIdentity: () => undefined }) }
}

function warnOfUnknown(suites: readonly string[], log: Logger): void {
  const unknown = unknownCipherSuites(suites)
  if (unknown.length > 0) log.warn(`ssl.cipher.suites: Node.js does not have ${unknown.join(', ')}; the others are offered`)
}

function contextOf(options: SecureContextOptions): SecureContext {
  try {
    return createSecureContext(options)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigException(
      `The ssl.* keys do not fit together: ${reason}. Check ssl.keystore.*, ssl.truststore.* and ssl.cipher.suites`,
      { cause: error },
    )
  }
}

/** The chain is checked in any case. */
function checksHostName(config: TlsKeys): boolean {
  const algorithm = config['ssl.endpoint.identification.algorithm'].trim()
  if (algorithm === '' || algorithm.toLowerCase() === 'https') return algorithm !== ''
  const reason = 'Set https, or nothing for no check of the host name'
  throw ConfigException.forKey('ssl.endpoint.identification.algorithm', algorithm, reason)
}

/** From the lowest to the highest; `ssl.protocol` may take the highest away. */
function enabledVersions(config: TlsKeys): readonly SecureVersion[] {
  const protocols = config['ssl.enabled.protocols']
  const highest = VERSIONS.findIndex((version) => version === config['ssl.protocol'])
  const enabled = VERSIONS.filter((version, index) => protocols.includes(version) && (highest < 0 || index <= highest))
  if (enabled.length > 0) return enabled
  const reason = `names no protocol up to ssl.protocol=${config['ssl.protocol']}. Set some of ${VERSIONS.join(', ')}`
  throw ConfigException.forKey('ssl.enabled.protocols', protocols.join(','), reason)
}
