import { getCiphers } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { opensslCiphers } from '../../../../src/kafka/config/tls-ciphers.ts'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'

const names = (...suites: readonly string[]): string | undefined => opensslCiphers(suites, new CollectingLogger())

describe('ssl.cipher.suites', () => {
  it.each([
    ['TLS_AES_256_GCM_SHA384', 'TLS_AES_256_GCM_SHA384'],
    ['TLS_CHACHA20_POLY1305_SHA256', 'TLS_CHACHA20_POLY1305_SHA256'],
    ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
    ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
    ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-RSA-CHACHA20-POLY1305'],
    ['TLS_DHE_RSA_WITH_AES_256_CBC_SHA256', 'DHE-RSA-AES256-SHA256'],
    ['TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384', 'ECDHE-RSA-AES256-SHA384'],
    ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', 'ECDHE-ECDSA-AES128-SHA'],
    ['TLS_RSA_WITH_AES_128_GCM_SHA256', 'AES128-GCM-SHA256'],
    ['TLS_RSA_WITH_AES_256_CBC_SHA', 'AES256-SHA'],
    ['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ])('%s is OpenSSL’s %s', (java, openssl) => {
    expect(names(java)).toBe(openssl)
    expect(getCiphers()).toContain(openssl.toLowerCase())
  })

  it('keeps the order, and each once', () => {
    expect(names('TLS_RSA_WITH_AES_256_CBC_SHA', ' TLS_AES_128_GCM_SHA256 ', 'AES256-SHA')).toBe('AES256-SHA:TLS_AES_128_GCM_SHA256')
  })

  it('empty is Node’s choice', () => {
    expect(names()).toBeUndefined()
    expect(names('')).toBeUndefined()
  })

  it('warns about names that Node does not have, and goes on with the others', () => {
    const log = new CollectingLogger()
    expect(opensslCiphers(['SSL_RSA_WITH_RC4_128_MD5', 'TLS_AES_128_GCM_SHA256', 'TLS_NO_SUCH'], log)).toBe('TLS_AES_128_GCM_SHA256')
    expect(log.lines).toEqual(['WARN ssl.cipher.suites: Node.js does not have SSL_RSA_WITH_RC4_128_MD5, TLS_NO_SUCH; the others are offered'])
  })

  it('refuses a list of which nothing is left', () => {
    expect(() => names('SSL_RSA_WITH_RC4_128_MD5')).toThrow('Invalid value SSL_RSA_WITH_RC4_128_MD5 for configuration ssl.cipher.suites: Node.js has none')
  })
})
