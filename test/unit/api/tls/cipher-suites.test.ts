import { getCiphers, type SecureVersion } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { cipherSuiteOptions, unknownCipherSuites } from '../../../../src/api/tls/cipher-suites.ts'

const BOTH: readonly SecureVersion[] = ['TLSv1.2', 'TLSv1.3']
const options = (suites: readonly string[], versions = BOTH) => cipherSuiteOptions('ssl.cipher.suites', suites, versions)
const names = (...suites: readonly string[]) => options(suites).ciphers

describe('cipher suites', () => {
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

  it('keep their order, each once', () => {
    expect(names('TLS_RSA_WITH_AES_256_CBC_SHA', ' TLS_AES_128_GCM_SHA256 ', 'AES256-SHA')).toBe('AES256-SHA:TLS_AES_128_GCM_SHA256')
  })

  it.each([[[]], [['']]])('%j are Node’s choice', (suites) => {
    expect(options(suites)).toEqual({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' })
  })

  it.each([
    [['TLS_RSA_WITH_AES_256_CBC_SHA'], 'TLSv1.2', 'TLSv1.2'],
    [['TLS_AES_128_GCM_SHA256'], 'TLSv1.3', 'TLSv1.3'],
    [['TLS_AES_128_GCM_SHA256', 'TLS_RSA_WITH_AES_256_CBC_SHA'], 'TLSv1.2', 'TLSv1.3'],
  ])('%j are offered from %s to %s, and no suites of Node beside them', (suites, minVersion, maxVersion) => {
    expect(options(suites)).toMatchObject({ minVersion, maxVersion })
  })

  it('that Node does not have are told, and the others are offered', () => {
    const suites = ['SSL_RSA_WITH_RC4_128_MD5', 'TLS_AES_128_GCM_SHA256', 'TLS_NO_SUCH', '']
    expect(unknownCipherSuites(suites)).toEqual(['SSL_RSA_WITH_RC4_128_MD5', 'TLS_NO_SUCH'])
    expect(names(...suites)).toBe('TLS_AES_128_GCM_SHA256')
  })

  it('of which Node has none are refused', () => {
    const reason = 'Invalid value SSL_RSA_WITH_RC4_128_MD5 for configuration ssl.cipher.suites: Node.js has none'
    expect(() => names('SSL_RSA_WITH_RC4_128_MD5')).toThrow(reason)
  })

  it('that are for no enabled version are refused', () => {
    expect(() => options(['TLS_AES_128_GCM_SHA256'], ['TLSv1.1', 'TLSv1.2'])).toThrow('no suite is for TLSv1.1 or TLSv1.2')
  })
})
