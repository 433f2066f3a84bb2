import { hash as hashOnce } from 'node:crypto'

export interface Pkcs12Derivation {
  /** OpenSSL's name of the hash. */
  readonly hash: string
  readonly password: string
  readonly salt: Buffer
  readonly iterations: number
  /** 1: key of a cipher; 2: initial vector; 3: key of a MAC. */
  readonly purpose: number
  /** Bytes wanted. */
  readonly length: number
}

/** A key from a password in the way of RFC 7292, appendix B. */
export function pkcs12Key({ hash, password, salt, iterations, purpose, length }: Pkcs12Derivation): Buffer {
  const block = hash === 'sha384' || hash === 'sha512' ? 128 : 64
  const digest = (bytes: Buffer): Buffer => hashOnce(hash, bytes, 'buffer')
  const diversifier = Buffer.alloc(block, purpose)
  const input = Buffer.concat([filled(salt, block), filled(Buffer.from(`${password}\0`, 'utf16le').swap16(), block)])
  const parts: Buffer[] = []
  for (let bytes = 0; bytes < length;) {
    let part = digest(Buffer.concat([diversifier, input]))
    for (let round = 1; round < iterations; round++) part = digest(part)
    parts.push(part)
    bytes += part.length
    for (let at = 0; at < input.length; at += block) addOnePlus(input.subarray(at, at + block), filled(part, block))
  }
  return Buffer.concat(parts).subarray(0, length)
}

/** Repeated up to a whole number of blocks. */
function filled(bytes: Buffer, block: number): Buffer {
  if (bytes.length === 0) return bytes
  return Buffer.alloc(Math.ceil(bytes.length / block) * block, bytes)
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
