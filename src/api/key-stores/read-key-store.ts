import { X509Certificate } from 'node:crypto'
import { identityOf } from './identity.ts'
import { JCEKS_MAGIC, JKS_MAGIC, readJks } from './jks.ts'
import { KeyStoreException, type KeyStore, type KeyStoreIdentity, type KeyStorePasswords } from './key-store.ts'
import { pemBlocks, pemCertificates } from './pem.ts'
import { readPkcs12 } from './pkcs12.ts'

const DER_SEQUENCE = 0x30

/**
 * Certificates of a trust store: PEM, PKCS #12 or JKS. The content tells which, as Java's tools write PKCS #12 into files called `.jks`.
 * Of a key the own certificate is trusted, as Java does.
 * @param password null: the store is read as far as that goes without one, and its integrity is not checked
 * @returns PEM, one certificate each
 * @throws KeyStoreException that says why it cannot be read
 */
export function readTrustStore(content: Buffer, password: string | null): readonly string[] {
  const { trusted, keyEntry } = parse(content, { store: password, key: null })
  const certificates = [...new Set([...trusted, ...ownCertificates(keyEntry?.chain ?? [])])]
  if (certificates.length === 0) throw new KeyStoreException('there is no certificate in it')
  return certificates
}

/**
 * The private key of a key store and its certificates; of several keys the first.
 * @throws KeyStoreException that says why it cannot be read
 */
export function readKeyStore(content: Buffer, passwords: KeyStorePasswords): KeyStoreIdentity {
  const { keyEntry } = parse(content, passwords)
  if (keyEntry === null) throw new KeyStoreException('there is no private key in it')
  return keyEntry.open()
}

/** @param key in PEM @param chain certificates in PEM @throws KeyStoreException that says what is wrong with them */
export function readPemIdentity(key: string, chain: string, password: string | null): KeyStoreIdentity {
  const { keyEntry } = readPem(`${key}\n${chain}`, { store: null, key: password })
  if (keyEntry === null) throw new KeyStoreException('there is no private key in it')
  return keyEntry.open()
}

function parse(content: Buffer, passwords: KeyStorePasswords): KeyStore {
  if (content.includes('-----BEGIN ')) return readPem(content.toString(), passwords)
  const magic = content.length < 4 ? 0 : content.readUInt32BE()
  if (magic === JKS_MAGIC || magic === JCEKS_MAGIC) return readJks(content, passwords)
  if (content[0] === DER_SEQUENCE) return readPkcs12(content, passwords)
  throw new KeyStoreException('it is neither PEM nor PKCS12 nor JKS')
}

function readPem(text: string, passwords: KeyStorePasswords): KeyStore {
  const trusted = pemCertificates(text)
  const keys = pemBlocks(text, /PRIVATE KEY$/)
  if (keys.length > 1) throw new KeyStoreException(`there are ${keys.length} private keys in it, and one is expected`)
  const [key] = keys
  const open = (): KeyStoreIdentity => identityOf(key ?? '', passwords.key ?? passwords.store, trusted)
  return { trusted, keyEntry: key === undefined ? null : { chain: trusted, open } }
}

/** Those of a chain that signed no other in it. */
function ownCertificates(chain: readonly string[]): string[] {
  const issuers = new Set(
    chain.map((pem) => new X509Certificate(pem)).flatMap(({ issuer, subject }) => (issuer === subject ? [] : [issuer])),
  )
  return chain.filter((pem) => !issuers.has(new X509Certificate(pem).subject))
}
