import { createDecipheriv } from 'node:crypto'
import { type DerReader, TAGS } from './der-reader.ts'
import { KeyStoreException } from './key-store.ts'
import { pbkdf2Key, unreadable } from './pbkdf2-key.ts'
import { pkcs12Key } from './pkcs12-key.ts'

const PBES2 = '1.2.840.113549.1.5.13'
const TRIPLE_DES_WITH_SHA1 = '1.2.840.113549.1.12.1.3'
/** What OpenSSL 3, and so Node.js, has given up. */
const LEGACY = new Map([
  ['1.2.840.113549.1.12.1.1', 'RC4-128'],
  ['1.2.840.113549.1.12.1.2', 'RC4-40'],
  ['1.2.840.113549.1.12.1.5', 'RC2-128'],
  ['1.2.840.113549.1.12.1.6', 'RC2-40'],
])

/** With the length of the key. */
const CIPHERS = new Map<string, readonly [name: string, keyBytes: number]>([
  ['2.16.840.1.101.3.4.1.2', ['aes-128-cbc', 16]],
  ['2.16.840.1.101.3.4.1.22', ['aes-192-cbc', 24]],
  ['2.16.840.1.101.3.4.1.42', ['aes-256-cbc', 32]],
  ['1.2.840.113549.3.7', ['des-ede3-cbc', 24]],
])

/**
 * Decrypts what a password protects, as today's tools write it (PBES2, RFC 8018) or those of some years ago did (triple DES).
 * @param algorithm what is in the AlgorithmIdentifier
 * @throws KeyStoreException for a wrong password or a cipher that is not had here
 */
export function decrypted(algorithm: DerReader, content: Buffer, password: string): Buffer {
  const name = algorithm.oid()
  const legacy = LEGACY.get(name)
  if (legacy !== undefined) throw new KeyStoreException(`it is encrypted with ${legacy}, which is too weak to be supported any more`)
  const parameters = algorithm.into(TAGS.sequence)
  if (name === PBES2) return byPbes2(parameters, content, password)
  if (name === TRIPLE_DES_WITH_SHA1) return byTripleDes(parameters, content, password)
  throw unreadable(name)
}

function byPbes2(parameters: DerReader, content: Buffer, password: string): Buffer {
  const derivation = parameters.into(TAGS.sequence)
  const scheme = parameters.into(TAGS.sequence)
  const schemeName = scheme.oid()
  const cipher = CIPHERS.get(schemeName)
  if (cipher === undefined) throw unreadable(schemeName)
  const [cipherName, keyBytes] = cipher
  return deciphered(cipherName, pbkdf2Key(derivation, password, keyBytes), scheme.contents(TAGS.octets), content)
}

function byTripleDes(parameters: DerReader, content: Buffer, password: string): Buffer {
  const salt = parameters.contents(TAGS.octets)
  const iterations = parameters.integer()
  const derive = (purpose: number, length: number): Buffer => pkcs12Key({ hash: 'sha1', password, salt, iterations, purpose, length })
  return deciphered('des-ede3-cbc', derive(1, 24), derive(2, 8), content)
}

function deciphered(cipher: string, key: Buffer, iv: Buffer, content: Buffer): Buffer {
  try {
    const decipher = createDecipheriv(cipher, key, iv)
    return Buffer.concat([decipher.update(content), decipher.final()])
  } catch (error) {
    throw new KeyStoreException('the password is wrong', { cause: error })
  }
}
