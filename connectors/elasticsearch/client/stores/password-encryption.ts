import { createDecipheriv, createHash, pbkdf2Sync } from 'node:crypto'
import { DerReader, tags } from './der-reader.ts'
import { StoreException } from './store.ts'

const pbes2 = '1.2.840.113549.1.5.13'
const pbkdf2 = '1.2.840.113549.1.5.12'
const tripleDesWithSha1 = '1.2.840.113549.1.12.1.3'

/** With the length of the key. */
const ciphers = new Map<string, readonly [name: string, keyBytes: number]>([
  ['2.16.840.1.101.3.4.1.2', ['aes-128-cbc', 16]],
  ['2.16.840.1.101.3.4.1.22', ['aes-192-cbc', 24]],
  ['2.16.840.1.101.3.4.1.42', ['aes-256-cbc', 32]],
  ['1.2.840.113549.3.7', ['des-ede3-cbc', 24]],
])
const hashes = new Map([
  ['1.2.840.113549.2.7', 'sha1'],
  ['1.2.840.113549.2.9', 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
])

/**
 * Decrypts what a password protects, as today's tools write it (PBES2, RFC 8018) or those of some years ago did (triple DES).
 * @param algorithm what is in the AlgorithmIdentifier
 * @throws StoreException for a wrong password or a cipher that is not had here
 */
export function decrypted(algorithm: DerReader, content: Buffer, password: string): Buffer {
  const name = algorithm.oid()
  const parameters = algorithm.into(tags.sequence)
  if (name === pbes2) return byPbes2(parameters, content, password)
  if (name === tripleDesWithSha1) return byTripleDes(parameters, content, password)
  throw unreadable(name)
}

function byPbes2(parameters: DerReader, content: Buffer, password: string): Buffer {
  const derivation = parameters.into(tags.sequence)
  const derivationName = derivation.oid()
  if (derivationName !== pbkdf2) throw unreadable(derivationName)
  const values = derivation.into(tags.sequence)
  const salt = values.contents(tags.octets)
  const iterations = values.integer()
  if (values.nextTag === tags.integer) values.skip() // length of the key, which the cipher tells too
  const hash = values.hasMore ? values.into(tags.sequence).oid() : '1.2.840.113549.2.7'
  const scheme = parameters.into(tags.sequence)
  const schemeName = scheme.oid()
  const cipher = ciphers.get(schemeName)
  const hashName = hashes.get(hash)
  if (cipher === undefined || hashName === undefined) throw unreadable(cipher === undefined ? schemeName : hash)
  const [cipherName, keyBytes] = cipher
  return deciphered(cipherName, pbkdf2Sync(password, salt, iterations, keyBytes, hashName), scheme.contents(tags.octets), content)
}

function byTripleDes(parameters: DerReader, content: Buffer, password: string): Buffer {
  const salt = parameters.contents(tags.octets)
  const iterations = parameters.integer()
  const derive = (purpose: number, length: number) => pkcs12Bytes({ password, salt, iterations, purpose, length })
  return deciphered('des-ede3-cbc', derive(1, 24), derive(2, 8), content)
}

function deciphered(cipher: string, key: Buffer, iv: Buffer, content: Buffer): Buffer {
  try {
    const decipher = createDecipheriv(cipher, key, iv)
    return Buffer.concat([decipher.update(content), decipher.final()])
  } catch (error) {
    throw new StoreException('the password is wrong', { cause: error })
  }
}

interface Derivation {
  readonly password: string
  readonly salt: Buffer
  readonly iterations: number
  /** 1: key; 2: initial vector. */
  readonly purpose: number
  readonly length: number
}

/** The way of RFC 7292, appendix B, with SHA-1; 64 bytes a block. */
function pkcs12Bytes({ password, salt, iterations, purpose, length }: Derivation): Buffer {
  const block = 64
  const diversifier = Buffer.alloc(block, purpose)
  const input = Buffer.concat([filled(salt, block), filled(Buffer.from(`${password}\0`, 'utf16le').swap16(), block)])
  const parts: Buffer[] = []
  for (let bytes = 0; bytes < length; bytes += 20) {
    let hash = sha1(Buffer.concat([diversifier, input]))
    for (let round = 1; round < iterations; round++) hash = sha1(hash)
    parts.push(hash)
    for (let at = 0; at < input.length; at += block) addOnePlus(input.subarray(at, at + block), filled(hash, block))
  }
  return Buffer.concat(parts).subarray(0, length)
}

/** Repeated up to a whole number of blocks. */
function filled(bytes: Buffer, block: number): Buffer {
  return bytes.length === 0 ? bytes : Buffer.alloc(Math.ceil(bytes.length / block) * block, bytes)
}

/** target + other + 1, as numbers of that many bytes. */
function addOnePlus(target: Buffer, other: Buffer): void {
  let carry = 1
  for (let index = target.length - 1; index >= 0; index--) {
    const sum = target.readUInt8(index) + other.readUInt8(index) + carry
    target.writeUInt8(sum & 0xff, index)
    carry = sum >> 8
  }
}

function sha1(bytes: Buffer): Buffer {
  return createHash('sha1').update(bytes).digest()
}

function unreadable(algorithm: string): StoreException {
  return new StoreException(`it is encrypted in a way that cannot be read (${algorithm})`)
}
