import { createHmac, createPrivateKey, pbkdf2Sync, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readKeyStore, readPemIdentity, readTrustStore } from '../../../../src/api/key-stores/read-key-store.ts'

const bytes = (name: string): Buffer => readFileSync(new URL(`../../../support/key-stores/${name}`, import.meta.url))
const subjects = (certificates: readonly string[]): string[] => certificates.map((pem) => new X509Certificate(pem).subject)
const AUTHORITY = 'CN=test authority'

describe('a trust store', () => {
  it.for(['ca.pem', 'trust.p12', 'trust-openssl.p12', 'trust.jks', 'trust.jceks'])('%s gives its authority', (name) => {
    expect(subjects(readTrustStore(bytes(name), 'changeit'))).toEqual([AUTHORITY])
  })

  it.for(['trust.jks', 'trust.jceks', 'trust-open.p12'])('%s, whose content is not encrypted, is read without a password', (name) => {
    expect(subjects(readTrustStore(bytes(name), null))).toEqual([AUTHORITY])
  })

  it('in PKCS12 that is encrypted asks for its password', () => {
    expect(() => readTrustStore(bytes('trust.p12'), null)).toThrow('it is encrypted, and its password is not given')
  })

  it.for(['trust.p12', 'trust-openssl.p12', 'trust.jks'])('%s does not open with another password', (name) => {
    expect(() => readTrustStore(bytes(name), 'geheim')).toThrow('the password is wrong')
  })

  it.for(['trust.p12', 'trust-openssl.p12', 'trust.jks', 'client.jks'])('%s that was changed anywhere is not trusted', (name) => {
    const original = bytes(name)
    for (let at = 0; at < original.length; at += name.endsWith('p12') ? 53 : 7) {
      const changed = Buffer.from(original)
      changed.writeUInt8(changed.readUInt8(at) ^ 0x01, at)
      expect(() => readTrustStore(changed, 'changeit'), `byte ${at}`).toThrow()
    }
  })

  it.for(['trust.p12', 'trust.jks', 'client.p12', 'client.jks'])('%s cut off anywhere is an error', (name) => {
    const whole = bytes(name)
    for (let end = 0; end < whole.length; end += 37) {
      expect(() => readTrustStore(whole.subarray(0, end), name.endsWith('jks') ? null : 'changeit'), `${end} bytes`).toThrow()
    }
  })

  it('with RC2-40, as Java 8 wrote them, is refused by name', () => {
    expect(() => readTrustStore(bytes('trust-rc2.p12'), 'changeit')).toThrow('it is encrypted with RC2-40, which is too weak')
  })

  it('with a key trusts what is marked as trusted, and the key’s own certificate', () => {
    const found = subjects(readTrustStore(bytes('mixed.p12'), 'changeit')).sort()
    expect(found).toEqual(['CN=authority of the expired', 'CN=the client'])
  })

  it('with several entries gives them all', () => {
    const found = subjects(readTrustStore(bytes('two-keys.jks'), 'changeit'))
    expect(found).toContain(AUTHORITY)
    expect(found).toContain('CN=second')
  })

  it('in PEM may be in one line, have several certificates and text around them', () => {
    const oneLine = `${String(bytes('ca.pem')).replaceAll('\n', ' ')} # and ${String(bytes('expired-ca.pem'))}`
    expect(subjects(readTrustStore(Buffer.from(oneLine), null))).toEqual([AUTHORITY, 'CN=authority of the expired'])
  })

  it.for([
    ['what is this?', 'it is neither PEM nor PKCS12 nor JKS'],
    ['', 'it is neither PEM nor PKCS12 nor JKS'],
    ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', 'a certificate in it is damaged'],
    ['-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----', 'there is no certificate in it'],
    ['-----BEGIN CERTIFICATE-----\nAAAA\n', 'there is no certificate in it'],
  ] as const)('%j is refused', ([content, reason]) => {
    expect(() => readTrustStore(Buffer.from(content), null)).toThrow(reason)
  })

  it('in BER with unknown lengths is refused in words', () => {
    expect(() => readTrustStore(Buffer.from('3080020103', 'hex'), null)).toThrow('pieces of unknown length (BER)')
  })

  it('is checked by PBMAC1 too, which the newest tools write', () => {
    expect(subjects(readTrustStore(withPbmac1(bytes('trust.p12'), 'changeit'), 'changeit'))).toEqual([AUTHORITY])
    expect(() => readTrustStore(withPbmac1(bytes('trust.p12'), 'other'), 'changeit')).toThrow(
      'the password is wrong, or the file is damaged',
    )
  })
})

describe('a key store', () => {
  it.for([
    ['client.p12', null],
    ['client-3des.p12', null],
    ['mixed.p12', null],
    ['client.pem', null],
    ['client-encrypted.pem', 'key-secret'],
    ['client.jks', 'key-secret'],
  ] as const)('%s gives the key, and its certificate before the others', ([name, key]) => {
    const identity = readKeyStore(bytes(name), { store: 'changeit', key })
    const own = new X509Certificate(identity.chain[0]!)
    expect(own.subject).toBe('CN=the client')
    expect(own.checkPrivateKey(createPrivateKey(identity.key))).toBe(true)
  })

  it.for([
    ['client.jks', 'geheim', 'the password of the key is wrong'],
    ['client-encrypted.pem', 'geheim', 'the password of the key is wrong'],
    ['client-encrypted.pem', null, 'the key is encrypted, and its password is not given'],
    ['client.p12', 'geheim', 'the password of the key is wrong'],
  ] as const)('%s does not give the key for the password %s', ([name, key, reason]) => {
    const open = () => readKeyStore(bytes(name), { store: name.endsWith('pem') ? null : 'changeit', key })
    expect(open).toThrow(reason)
    expect(open).not.toThrow('geheim')
  })

  it('with several keys gives one of them', () => {
    expect(subjects(readKeyStore(bytes('two-keys.jks'), { store: 'changeit', key: 'key-secret' }).chain)).toHaveLength(1)
  })

  it('without a key is refused', () => {
    expect(() => readKeyStore(bytes('trust.p12'), { store: 'changeit', key: null })).toThrow('there is no private key in it')
  })

  it('whose certificate is another key’s is refused', () => {
    const [key] = /-----BEGIN PRIVATE KEY[\s\S]+PRIVATE KEY-----/.exec(String(bytes('client.pem')))!
    expect(() => readPemIdentity(key, String(bytes('ca.pem')), null)).toThrow('no certificate in it belongs to the key')
  })
})

/** A PKCS12 file with the MAC of RFC 9579 in place of its own. */
function withPbmac1(original: Buffer, password: string): Buffer {
  const [version, safe] = children(original) as [Buffer, Buffer]
  const content = children(children(children(safe)[1]!)[0]!, true)[0]!
  const salt = Buffer.from('saltsalt')
  const hmac = der(0x30, oid('2a864886f70d0209'))
  const kdf = der(
    0x30,
    oid('2a864886f70d01050c'),
    der(0x30, der(0x04, salt), der(0x02, Buffer.from([8, 0])), der(0x02, Buffer.from([32])), hmac),
  )
  const mac = createHmac('sha256', pbkdf2Sync(password, salt, 2048, 32, 'sha256'))
    .update(content)
    .digest()
  const info = der(0x30, der(0x30, oid('2a864886f70d01050e'), der(0x30, kdf, hmac)), der(0x04, mac))
  return der(0x30, version, safe, der(0x30, info, der(0x04, salt), der(0x02, Buffer.from([1]))))
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  const header = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(header), content])
}

/** Elements in an element. @param isContent their contents only, of the element itself */
function children(element: Buffer, isContent = false): Buffer[] {
  const [start, end] = contentRange(element, 0)
  if (isContent) return [element.subarray(start, end)]
  const found: Buffer[] = []
  for (let at = start; at < end;) {
    const [, childEnd] = contentRange(element, at)
    found.push(element.subarray(at, childEnd))
    at = childEnd
  }
  return found
}

function contentRange(bytesOf: Buffer, at: number): [number, number] {
  const first = bytesOf.readUInt8(at + 1)
  if (first < 0x80) return [at + 2, at + 2 + first]
  const count = first & 0x7f
  const start = at + 2 + count
  return [start, start + bytesOf.readUIntBE(at + 2, count)]
}
