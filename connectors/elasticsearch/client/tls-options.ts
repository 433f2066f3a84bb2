import type { ConnectionOptions, SecureVersion } from 'node:tls'
import { ConfigException } from 'standpipe/api'
import type { SslSettings } from '../config/settings.ts'
import { ownIdentityOf, trustOf } from './tls-stores.ts'

const VERSIONS: readonly SecureVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']

/**
 * Node's TLS options for the `elastic.https` keys.
 * @throws ConfigException for a store that cannot be read
 */
export async function tlsOptions(ssl: SslSettings): Promise<ConnectionOptions> {
  return {
    ...(await trustOf(ssl)),
    ...(await ownIdentityOf(ssl)),
    ...versions(ssl.protocols),
    ...(ssl.cipherSuites.length === 0 ? {} : { ciphers: ssl.cipherSuites.join(':') }),
    ...verification(ssl),
  }
}

function versions(protocols: readonly string[]): ConnectionOptions {
  const enabled = VERSIONS.filter((version) => protocols.includes(version))
  const [minVersion] = enabled
  const maxVersion = enabled.at(-1)
  if (minVersion === undefined || maxVersion === undefined) {
    throw ConfigException.forKey(
      'elastic.https.ssl.enabled.protocols',
      protocols.join(','),
      `names no protocol. Set some of ${VERSIONS.join(', ')}`,
    )
  }
  return { minVersion, maxVersion }
}

/** A fingerprint says which authority to trust, where none is given by a store. */
function verification({ verification: mode, caFingerprint, truststore, trustedCertificates }: SslSettings): ConnectionOptions {
  const isPinned = caFingerprint !== null && truststore === null && trustedCertificates === null
  if (mode === 'none' || isPinned) return { rejectUnauthorized: false }
  return mode === 'certificate' ? { checkServerIdentity: () => undefined } : {}
}
