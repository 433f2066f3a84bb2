import { getCiphers } from 'node:tls'
import { ConfigException } from '../../api/errors.ts'
import type { Logger } from '../../api/logger.ts'

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
 * `ssl.cipher.suites` in OpenSSL's words, joined as Node takes them; undefined: Node's choice.
 * Names that this Node does not have are warned about. @throws ConfigException when none is left
 */
export function opensslCiphers(suites: readonly string[], log: Logger): string | undefined {
  const wanted = suites.map((suite) => suite.trim()).filter((suite) => suite !== '')
  if (wanted.length === 0) return undefined
  const available = new Set(getCiphers())
  const names = wanted.map((suite) => opensslName(suite))
  const known = names.filter((name) => available.has(name.toLowerCase()))
  const unknown = wanted.filter((_, index) => !known.includes(names[index] ?? ''))
  if (known.length === 0) {
    const reason = 'Node.js has none of these cipher suites. Remove the key, or name suites such as TLS_AES_256_GCM_SHA384'
    throw ConfigException.forKey('ssl.cipher.suites', suites.join(','), reason)
  }
  if (unknown.length > 0) log.warn(`ssl.cipher.suites: Node.js does not have ${unknown.join(', ')}; the others are offered`)
  return [...new Set(known)].join(':')
}

/** Suites of TLS 1.3, and names that are OpenSSL's already, stay as they are. */
function opensslName(suite: string): string {
  const [, keyExchange, rest] = /^(?:TLS|SSL)_(\w+?)_WITH_(\w+)$/.exec(suite) ?? []
  const prefix = KEY_EXCHANGES.get(keyExchange ?? '')
  const cipher = CIPHERS.find(([java]) => java.test(rest ?? ''))
  if (rest === undefined || prefix === undefined || cipher === undefined) return suite
  return `${prefix}${rest.replace(cipher[0], cipher[1])}`
}
