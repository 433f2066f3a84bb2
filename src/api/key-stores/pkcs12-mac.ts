import { createHmac, timingSafeEqual } from 'node:crypto'
import { type DerReader, TAGS } from './der-reader.ts'
import { KeyStoreException } from './key-store.ts'
import { hashOfHmac, pbkdf2Key, unreadable } from './pbkdf2-key.ts'
import { pkcs12Key } from './pkcs12-key.ts'

const PBMAC1 = '1.2.840.113549.1.5.14'
/** With the length of the digest, which is the key's too. */
const HASHES = new Map<string, readonly [name: string, bytes: number]>([
  ['1.3.14.3.2.26', ['sha1', 20]],
  ['2.16.840.1.101.3.4.2.1', ['sha256', 32]],
  ['2.16.840.1.101.3.4.2.2', ['sha384', 48]],
  ['2.16.840.1.101.3.4.2.3', ['sha512', 64]],
])

/**
 * Checks a PKCS #12 file's MAC, in the way of RFC 7292 or of RFC 9579 (PBMAC1).
 * @param macData what is in the MacData
 * @throws KeyStoreException when the password is not the one it was made with, or the file was changed
 */
export function checkMac(macData: DerReader, content: Buffer, password: string): void {
  const info = macData.into(TAGS.sequence)
  const algorithm = info.into(TAGS.sequence)
  const expected = info.contents(TAGS.octets)
  const name = algorithm.oid()
  const actual = name === PBMAC1 ? byPbmac1(algorithm.into(TAGS.sequence), content, password) : byHash(name, macData, content, password)
  if (actual.length === expected.length && timingSafeEqual(actual, expected)) return
  throw new KeyStoreException('the password is wrong, or the file is damaged')
}

function byHash(oid: string, macData: DerReader, content: Buffer, password: string): Buffer {
  const hash = HASHES.get(oid)
  if (hash === undefined) throw unreadable(oid)
  const [name, bytes] = hash
  const salt = macData.contents(TAGS.octets)
  const iterations = macData.hasMore ? macData.integer() : 1
  return createHmac(name, pkcs12Key({ hash: name, password, salt, iterations, purpose: 3, length: bytes }))
    .update(content)
    .digest()
}

function byPbmac1(parameters: DerReader, content: Buffer, password: string): Buffer {
  const derivation = parameters.into(TAGS.sequence)
  const hash = hashOfHmac(parameters.into(TAGS.sequence).oid())
  const bytes = [...HASHES.values()].find(([name]) => name === hash)?.[1] ?? 0
  return createHmac(hash, pbkdf2Key(derivation, password, bytes))
    .update(content)
    .digest()
}
