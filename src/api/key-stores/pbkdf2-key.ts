import { pbkdf2Sync } from 'node:crypto'
import { type DerReader, TAGS } from './der-reader.ts'
import { KeyStoreException } from './key-store.ts'

const PBKDF2 = '1.2.840.113549.1.5.12'
const HMAC_SHA1 = '1.2.840.113549.2.7'
/** HMAC algorithms, by OpenSSL's name of the hash. */
const HMACS = new Map([
  [HMAC_SHA1, 'sha1'],
  ['1.2.840.113549.2.9', 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
])

/** OpenSSL's name of the hash of an HMAC. @throws KeyStoreException for one that is not had here */
export function hashOfHmac(oid: string): string {
  const hash = HMACS.get(oid)
  if (hash === undefined) throw unreadable(oid)
  return hash
}

/** A key from a password as a PBKDF2 AlgorithmIdentifier says (RFC 8018). @param bytes of the key */
export function pbkdf2Key(algorithm: DerReader, password: string, bytes: number): Buffer {
  const name = algorithm.oid()
  if (name !== PBKDF2) throw unreadable(name)
  const values = algorithm.into(TAGS.sequence)
  const salt = values.contents(TAGS.octets)
  const iterations = values.integer()
  if (values.nextTag === TAGS.integer) values.skip() // length of the key, which the cipher tells too
  const hash = hashOfHmac(values.hasMore ? values.into(TAGS.sequence).oid() : HMAC_SHA1)
  return pbkdf2Sync(password, salt, iterations, bytes, hash)
}

export function unreadable(algorithm: string): KeyStoreException {
  return new KeyStoreException(`it is protected in a way that cannot be read (${algorithm})`)
}
