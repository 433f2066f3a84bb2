import { KeyStoreException } from './key-store.ts'

/** Tags of ASN.1 as they stand in key stores. */
export const TAGS = {
  integer: 0x02,
  octets: 0x04,
  oid: 0x06,
  sequence: 0x30,
  set: 0x31,
  explicit0: 0xa0,
  octets0: 0x80,
  octetsOf0: 0xa0,
} as const

/** Reads the elements of one DER structure, one after the other. */
export class DerReader {
  readonly #bytes: Buffer
  #position = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get hasMore(): boolean {
    return this.#position < this.#bytes.length
  }

  /** The tag of the next element; -1: there is none. */
  get nextTag(): number {
    return this.#bytes[this.#position] ?? -1
  }

  /** Contents of the next element, which has to be of this kind. */
  contents(tag: number): Buffer {
    const found = this.nextTag
    const contents = this.skip()
    if (found !== tag) throw new KeyStoreException(`the file is damaged: element ${found} in place of ${tag}`)
    return contents
  }

  /** A reader of what is in the next element. */
  into(tag: number): DerReader {
    return new DerReader(this.contents(tag))
  }

  oid(): string {
    return oidText(this.contents(TAGS.oid))
  }

  integer(): number {
    return this.contents(TAGS.integer).reduce((value, byte) => value * 256 + byte, 0)
  }

  /** The next element whole, header included. */
  whole(): Buffer {
    const start = this.#position
    this.skip()
    return this.#bytes.subarray(start, this.#position)
  }

  /** Passes the next element by. @returns its contents */
  skip(): Buffer {
    this.#position++
    const length = this.#length()
    const end = this.#position + length
    if (end > this.#bytes.length) throw new KeyStoreException('the file is cut off')
    const contents = this.#bytes.subarray(this.#position, end)
    this.#position = end
    return contents
  }

  #length(): number {
    const first = this.#byte()
    if (first < 0x80) return first
    if (first === 0x80) throw new KeyStoreException('the file is written in pieces of unknown length (BER), not in DER')
    let length = 0
    for (let count = first & 0x7f; count > 0; count--) length = length * 256 + this.#byte()
    return length
  }

  #byte(): number {
    const byte = this.#bytes[this.#position++]
    if (byte === undefined) throw new KeyStoreException('the file is cut off')
    return byte
  }
}

function oidText(bytes: Buffer): string {
  const [first = 0, ...rest] = bytes
  const parts = [Math.floor(first / 40), first % 40]
  let part = 0
  for (const byte of rest) {
    part = part * 128 + (byte & 0x7f)
    if (byte >= 0x80) continue
    parts.push(part)
    part = 0
  }
  return parts.join('.')
}
