import { createHash, timingSafeEqual } from 'node:crypto'
import { DerReader, TAGS } from './der-reader.ts'
import { identityOf } from './identity.ts'
import { KeyStoreException, type KeyEntry, type KeyStore, type KeyStoreIdentity, type KeyStorePasswords } from './key-store.ts'
import { certificate } from './pem.ts'

export const JKS_MAGIC = 0xfeedfeed
export const JCEKS_MAGIC = 0xcececece

const KEY_TAG = 1
const CERTIFICATE_TAG = 2
const DIGEST_BYTES = 20
const SALT_BYTES = 20
const SUN_PROTECTOR = '1.3.6.1.4.1.42.2.17.1.1'

/**
 * Reads Java's own format of stores (`keytool -storetype JKS` or `JCEKS`). Keys of JCEKS stores cannot be had, their certificates can.
 * @throws KeyStoreException for a damaged file or a wrong password
 */
export function readJks(bytes: Buffer, passwords: KeyStorePasswords): KeyStore {
  if (passwords.store !== null) checkDigest(bytes, passwords.store)
  const reader = new JksReader(bytes)
  const isJks = reader.uint32() === JKS_MAGIC
  const version = reader.uint32()
  const trusted: string[] = []
  const entries: KeyEntry[] = []
  for (let left = reader.uint32(); left > 0; left--) {
    const tag = reader.uint32()
    reader.text() // alias
    reader.bytes(8) // date
    if (tag === CERTIFICATE_TAG) trusted.push(readCertificate(reader, version))
    else if (tag === KEY_TAG) entries.push(readKeyEntry(reader, version, isJks, passwords.key ?? passwords.store))
    else throw new KeyStoreException(`the file holds an entry of kind ${tag}, which is neither key nor certificate`)
  }
  reader.bytes(DIGEST_BYTES)
  return { trusted, keyEntry: entries[0] ?? null }
}

function readKeyEntry(reader: JksReader, version: number, isJks: boolean, password: string | null): KeyEntry {
  const encrypted = reader.bytes(reader.uint32())
  const chain = Array.from({ length: reader.uint32() }, () => readCertificate(reader, version))
  const open = (): KeyStoreIdentity => {
    if (!isJks) throw new KeyStoreException('the key of a JCEKS store cannot be read')
    return identityOf(decryptedKey(encrypted, password), null, chain)
  }
  return { chain, open }
}

function readCertificate(reader: JksReader, version: number): string {
  if (version > 1) reader.text() // X.509
  return certificate(reader.bytes(reader.uint32())).toString()
}

/** Sun's own cipher: a stream of SHA-1 hashes over the password, and a hash that tells whether it was the right one. */
function decryptedKey(encrypted: Buffer, password: string | null): Buffer {
  const info = new DerReader(encrypted).into(TAGS.sequence)
  const protector = info.into(TAGS.sequence).oid()
  if (protector !== SUN_PROTECTOR) throw new KeyStoreException(`the key is encrypted in a way that cannot be read (${protector})`)
  const content = info.contents(TAGS.octets)
  if (password === null) throw new KeyStoreException('the key is encrypted, and its password is not given')
  const secret = utf16(password)
  const plain = Buffer.from(content.subarray(SALT_BYTES, -DIGEST_BYTES))
  let block = content.subarray(0, SALT_BYTES)
  for (let position = 0; position < plain.length; position += DIGEST_BYTES) {
    block = sha1(secret, block)
    for (let index = 0; index < DIGEST_BYTES && position + index < plain.length; index++) {
      plain.writeUInt8(plain.readUInt8(position + index) ^ block.readUInt8(index), position + index)
    }
  }
  if (!timingSafeEqual(sha1(secret, plain), content.subarray(-DIGEST_BYTES)))
    throw new KeyStoreException('the password of the key is wrong')
  return plain
}

function checkDigest(bytes: Buffer, password: string): void {
  const digest = sha1(utf16(password), Buffer.from('Mighty Aphrodite'), bytes.subarray(0, -DIGEST_BYTES))
  if (!digest.equals(bytes.subarray(-DIGEST_BYTES))) throw new KeyStoreException('the password is wrong, or the file is damaged')
}

function utf16(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16()
}

function sha1(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha1')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

class JksReader {
  readonly #bytes: Buffer
  #position = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  uint32(): number {
    return this.bytes(4).readUInt32BE()
  }

  text(): string {
    return this.bytes(this.bytes(2).readUInt16BE()).toString()
  }

  bytes(length: number): Buffer {
    const end = this.#position + length
    if (end > this.#bytes.length) throw new KeyStoreException('the file is cut off')
    const bytes = this.#bytes.subarray(this.#position, end)
    this.#position = end
    return bytes
  }
}
