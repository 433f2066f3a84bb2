import { createHash, timingSafeEqual } from 'node:crypto'
import { DerReader, tags } from './der-reader.ts'
import { StoreException, type Identity, type Store, type StorePasswords } from './store.ts'

export const jksMagic = 0xfeedfeed
export const jceksMagic = 0xcececece

const keyTag = 1
const certificateTag = 2
const digestLength = 20
const saltLength = 20
const jksProtector = '1.3.6.1.4.1.42.2.17.1.1'

/**
 * Reads Java's own format of stores (`keytool -storetype JKS` or `JCEKS`). Keys of JCEKS stores cannot be had, their certificates can.
 * @throws StoreException for a damaged file or a wrong password
 */
export function readJks(bytes: Buffer, passwords: StorePasswords): Store {
  if (passwords.store !== null) checkDigest(bytes, passwords.store)
  const reader = new JksReader(bytes)
  const isJks = reader.uint32() === jksMagic
  const version = reader.uint32()
  const trusted: Buffer[] = []
  let identity: Identity | null = null
  for (let entries = reader.uint32(); entries > 0; entries--) {
    const tag = reader.uint32()
    reader.text() // alias
    reader.bytes(8) // date
    if (tag === certificateTag) trusted.push(certificate(reader, version))
    else if (tag !== keyTag) throw new StoreException(`the file holds an entry of kind ${tag}, which is neither key nor certificate`)
    else identity ??= keyEntry(reader, version, isJks, passwords.key ?? passwords.store)
  }
  reader.bytes(digestLength)
  return { trusted, identity }
}

function keyEntry(reader: JksReader, version: number, isJks: boolean, password: string | null): Identity {
  const encrypted = reader.bytes(reader.uint32())
  const chain = Array.from({ length: reader.uint32() }, () => certificate(reader, version))
  if (!isJks) throw new StoreException('keys of JCEKS stores cannot be read')
  return { key: decryptedKey(encrypted, password), keyPassword: null, chain }
}

function certificate(reader: JksReader, version: number): Buffer {
  if (version > 1) reader.text() // X.509
  return reader.bytes(reader.uint32())
}

/** Sun's own cipher: a stream of SHA-1 hashes over the password, and a hash that tells whether it was the right one. */
function decryptedKey(encrypted: Buffer, password: string | null): Buffer {
  const info = new DerReader(encrypted).into(tags.sequence)
  const protector = info.into(tags.sequence).oid()
  if (protector !== jksProtector) throw new StoreException(`the key is encrypted in a way that cannot be read (${protector})`)
  const content = info.contents(tags.octets)
  const secret = utf16(password ?? '')
  const plain = Buffer.from(content.subarray(saltLength, -digestLength))
  let block = content.subarray(0, saltLength)
  for (let position = 0; position < plain.length; position += digestLength) {
    block = sha1(secret, block)
    for (let index = 0; index < digestLength && position + index < plain.length; index++) {
      plain.writeUInt8(plain.readUInt8(position + index) ^ block.readUInt8(index), position + index)
    }
  }
  if (!timingSafeEqual(sha1(secret, plain), content.subarray(-digestLength))) throw new StoreException('the password of the key is wrong')
  return plain
}

function checkDigest(bytes: Buffer, password: string): void {
  const digest = sha1(utf16(password), Buffer.from('Mighty Aphrodite'), bytes.subarray(0, -digestLength))
  if (!digest.equals(bytes.subarray(-digestLength))) throw new StoreException('the password is wrong, or the file is damaged')
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
    if (end > this.#bytes.length) throw new StoreException('the file is cut off')
    const bytes = this.#bytes.subarray(this.#position, end)
    this.#position = end
    return bytes
  }
}
