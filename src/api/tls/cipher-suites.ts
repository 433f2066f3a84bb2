import { getCiphers, type SecureContextOptions, type SecureVersion } from 'node:tls'
import { ConfigException } from '../errors.ts'

const KEY_EXCHANGES = new Map([
  ['RSA', ''],
  ['ECDHE_RSA', 'ECDHE-RSA-'],
  ['ECDHE_ECDSA', 'ECDHE-ECDSA-'],
  ['DHE_RSA', 'DHE-RSA-'],
  ['DHE_DSS', 'DHE-DSS-'],
])
/** Of the part between `_WITH_` and the hash. Those with authentication of their own have no hash in OpenSSL's name but GCM. */
const CIPHERS: readonly (readonly [java: RegExp, openssl: string])[] = [
  [/^AES_(128|256)_GCM_(SHA256|SHA384)$/, 'AES$1-GCM-$2'],
  [/^AES_(128|256)_CBC_(SHA|SHA256|SHA384)$/, 'AES$1-$2'],
  [/^AES_(128|256)_CCM(?:_SHA256)?$/, 'AES$1-CCM'],
  [/^AES_(128|256)_CCM_8(?:_SHA256)?$/, 'AES$1-CCM8'],
  [/^CHACHA20_POLY1305_SHA256$/, 'CHACHA20-POLY1305'],
  [/^CAMELLIA_(128|256)_CBC_(SHA|SHA256)$/, 'CAMELLIA$1-$2'],
  [/^3DES_EDE_CBC_SHA$/, 'DES-CBC3-SHA'],
]

/**
 * Node's options for a list of cipher suites by their Java or OpenSSL names, of which nothing else is offered: versions that no suite of
 * the list is for are left out, since Node would add suites of its own. Suites that this Node does not have are passed over.
 * @param key the list's, for errors
 * @param suites empty: Node's choice
 * @param versions that may be spoken, from the lowest to the highest, at least one
 * @throws ConfigException when Node has none of the suites, or none of them is for these versions
 */
export function cipherSuiteOptions(key: string, suites: readonly string[], versions: readonly SecureVersion[]): SecureContextOptions {
  const named = namesOf(suites)
  const ciphers = [...new Set(named.map(opensslName).filter(isAvailable))]
  if (named.length === 0) return rangeOf(versions)
  if (ciphers.length === 0) {
    const reason = 'Node.js has none of these cipher suites. Remove the key, or name suites such as TLS_AES_256_GCM_SHA384'
    throw ConfigException.forKey(key, suites.join(','), reason)
  }
  const usable = versions.filter((version) => ciphers.some((cipher) => isFor(cipher, version)))
  if (usable.length === 0) throw ConfigException.forKey(key, suites.join(','), `no suite is for ${versions.join(' or ')}`)
  return { ...rangeOf(usable), ciphers: ciphers.join(':') }
}

/** Those of a list that this Node does not have, as they stand in it. For a warning. */
export function unknownCipherSuites(suites: readonly string[]): readonly string[] {
  return namesOf(suites).filter((suite) => !isAvailable(opensslName(suite)))
}

function namesOf(suites: readonly string[]): readonly string[] {
  return suites.map((suite) => suite.trim()).filter((suite) => suite !== '')
}

function rangeOf(versions: readonly SecureVersion[]): SecureContextOptions {
  return { minVersion: versions[0], maxVersion: versions.at(-1) }
}

function isAvailable(cipher: string): boolean {
  return getCiphers().includes(cipher.toLowerCase())
}

/** OpenSSL keeps the standard's names for the suites of TLS 1.3, and for no others. */
function isFor(cipher: string, version: SecureVersion): boolean {
  return cipher.startsWith('TLS_') === (version === 'TLSv1.3')
}

/** Suites of TLS 1.3, and names that are OpenSSL's already, stay as they are. */
function opensslName(suite: string): string {
  const [, keyExchange, rest] = /^(?:TLS|SSL)_(\w+?)_WITH_(\w+)$/.exec(suite) ?? []
  const prefix = KEY_EXCHANGES.get(keyExchange ?? '')
  const cipher = CIPHERS.find(([java]) => java.test(rest ?? ''))
  if (rest === undefined || prefix === undefined || cipher === undefined) return suite
  return `${prefix}${rest.replace(cipher[0], cipher[1])}`
}
