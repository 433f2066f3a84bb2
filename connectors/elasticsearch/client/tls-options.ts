import type { ConnectionOptions, SecureVersion } from 'node:tls'
import { ConfigException, cipherSuiteOptions } from 'standpipe/api'
import type { SslSettings } from '../config/settings.ts'
import { ownIdentityOf, trustOf } from './tls-stores.ts'

const VERSIONS: readonly SecureVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']

/**
 * Node's TLS options for the `elastic.https` keys.
 * @throws ConfigException for a store that cannot be read, and for versions and cipher suites of which none is left
 */
export async function tlsOptions(ssl: SslSettings): Promise<ConnectionOptions> {
  return {
    ...(await trustOf(ssl)),
    ...(await ownIdentityOf(ssl)),
    ...cipherSuiteOptions('elastic.https.ssl.cipher.suites', ssl.cipherSuites, enabledVersions(ssl.protocols)),
    ...verification(ssl),
  }
}

function enabledVersions(protocols: readonly string[]): readonly SecureVersion[] {
  const enabled = VERSIONS.filter((version) => protocols.includes(version))
  if (enabled.length > 0) return enabled
  const reason = `names no protocol. Set some of ${VERSIONS.join(', ')}`
  throw ConfigException.forKey('elastic.https.ssl.enabled.protocols', protocols.join(','), reason)
}

/** A fingerprint says which authority to trust, where none is given by a store. */
function verification({ verification: mode, caFingerprint, truststore, trustedCertificates }: SslSettings): ConnectionOptions {
  const isPinned = caFingerprint !== null && truststore === null && trustedCertificates === null
  if (mode === 'none' || isPinned) return { rejectUnauthorized: false }
  return mode === 'certificate' ? { checkServerIdentity: () => undefined } : {}
}
