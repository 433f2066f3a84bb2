import { ConnectException } from '../api/errors.ts'
import type { OffsetEntry } from './offset-backing-store.ts'

/**
 * The offset file of Java's standalone worker: Java object serialisation of one `HashMap<byte[], byte[]>`
 * (Apache Kafka 4.3, FileOffsetBackingStore; Java Object Serialization Specification, chapter 6). Big-endian; objects are numbered from
 * 0x7E0000 as they come and may be referred to by number.
 */

const STREAM_MAGIC = 0xaced
const STREAM_VERSION = 5
const FIRST_HANDLE = 0x7e0000
const TC_NULL = 0x70
const TC_REFERENCE = 0x71
const TC_CLASSDESC = 0x72
const TC_OBJECT = 0x73
const TC_STRING = 0x74
const TC_ARRAY = 0x75
const TC_BLOCKDATA = 0x77
const TC_ENDBLOCKDATA = 0x78
const TC_BLOCKDATALONG = 0x7a
const SC_WRITE_METHOD = 0x01
const SC_SERIALIZABLE = 0x02

interface JavaField {
  readonly type: string
  readonly name: string
}

interface JavaClass {
  readonly name: string
  readonly fields: readonly JavaField[]
  readonly parent: JavaClass | null
}

/** What a handle may lead to here. */
type JavaObject = JavaClass | Buffer | 'other' | null

/** Whether a file begins as Java's does, be it cut off after one byte. */
export function isJavaOffsetFile(bytes: Buffer): boolean {
  return bytes[0] === STREAM_MAGIC >> 8 && (bytes.length === 1 || bytes[1] === (STREAM_MAGIC & 0xff))
}

/**
 * Reads Java's offset file. Unlike Java, which takes most truncated files for empty ones and so loses all offsets, it refuses them.
 * @param file its name, for messages
 * What follows the map is ignored, as in Java.
 * @throws ConnectException when the bytes do not hold one such map
 */
export function readJavaOffsetFile(bytes: Buffer, file: string): OffsetEntry[] {
  return new JavaOffsetFileReader(bytes, file).entries()
}

class JavaOffsetFileReader {
  readonly #bytes: Buffer
  readonly #file: string
  #at = 0
  readonly #handles: JavaObject[] = []

  constructor(bytes: Buffer, file: string) {
    this.#bytes = bytes
    this.#file = file
  }

  entries(): OffsetEntry[] {
    const magic = this.#take(4)
    if (magic.readUInt16BE(0) !== STREAM_MAGIC || magic.readUInt16BE(2) !== STREAM_VERSION) {
      throw this.#corrupt(`invalid stream header: ${magic.toString('hex').toUpperCase()}`)
    }
    this.#readHashMapHeader()
    return this.#readEntries()
  }

  #readHashMapHeader(): void {
    const tag = this.#byte()
    if (tag !== TC_OBJECT) throw this.#notAHashMap(nameOfRoot(tag))
    const rootClass = this.#readClass()
    const mapClass = oldestOf(rootClass)
    if (mapClass?.name !== 'java.util.HashMap') throw this.#notAHashMap(`class ${rootClass?.name ?? 'null'}`)
    this.#handles.push('other')
    for (const field of mapClass.fields) this.#take(sizeOfField(field))
  }

  #readEntries(): OffsetEntry[] {
    const blockTag = this.#byte()
    const size = blockTag === TC_BLOCKDATALONG ? this.#int() : blockTag === TC_BLOCKDATA ? this.#byte() : -1
    if (size !== 8) throw this.#corrupt('the size of the map is missing')
    const count = this.#block(8).readInt32BE(4)
    if (count < 0) throw this.#corrupt(`Illegal mappings count: ${count}`)
    const entries: OffsetEntry[] = []
    for (let index = 0; index < count; index++) entries.push({ key: this.#readBytes(), value: this.#readBytes() })
    if (this.#byte() !== TC_ENDBLOCKDATA) throw this.#corrupt(`the map does not end after its ${count} entries`)
    return entries
  }

  /** A byte array, null, or a reference to an array read before. */
  #readBytes(): Buffer | null {
    const tag = this.#byte()
    if (tag === TC_NULL) return null
    if (tag === TC_REFERENCE) return this.#referredBytes()
    if (tag !== TC_ARRAY) throw this.#corrupt(`a key or value is not a byte array (tag 0x${tag.toString(16)})`)
    const arrayClass = this.#readClass()
    if (arrayClass?.name !== '[B') throw this.#corrupt(`a key or value is an array of ${arrayClass?.name ?? 'null'}, not of bytes`)
    const handle = this.#handles.push(null) - 1
    const length = this.#int()
    if (length < 0) throw this.#corrupt(`a byte array has the length ${length}`)
    const bytes = this.#take(length)
    this.#handles[handle] = bytes
    return bytes
  }

  #referredBytes(): Buffer {
    const referred = this.#referred()
    if (Buffer.isBuffer(referred)) return referred
    throw this.#corrupt('a key or value refers to something that is not a byte array')
  }

  #referred(): JavaObject {
    const index = this.#int() - FIRST_HANDLE
    const referred = this.#handles[index]
    if (referred === undefined) throw this.#corrupt(`there is no object with the handle ${index}`)
    return referred
  }

  #readClass(): JavaClass | null {
    const tag = this.#byte()
    if (tag === TC_NULL) return null
    if (tag === TC_REFERENCE) {
      const referred = this.#referred()
      if (isClass(referred)) return referred
      throw this.#corrupt('a class refers to something that is not a class')
    }
    if (tag !== TC_CLASSDESC) throw this.#corrupt(`a class description is missing (tag 0x${tag.toString(16)})`)
    const name = this.#utf()
    this.#take(8) // serialVersionUID
    const handle = this.#handles.push(null) - 1
    this.#take(1) // flags
    const fields = Array.from({ length: this.#take(2).readUInt16BE() }, () => this.#readField())
    if (this.#byte() !== TC_ENDBLOCKDATA) throw this.#corrupt(`class ${name} carries annotations`)
    const described: JavaClass = { name, fields, parent: this.#readClass() }
    this.#handles[handle] = described
    return described
  }

  #readField(): JavaField {
    const type = String.fromCharCode(this.#byte())
    const name = this.#utf()
    if (type === 'L' || type === '[') this.#skipTypeName()
    return { type, name }
  }

  /** The type of a field that holds an object. No map of ours has one, but the message about another class shall name it. */
  #skipTypeName(): void {
    if (this.#byte() === TC_REFERENCE) {
      this.#referred()
      return
    }
    this.#utf()
    this.#handles.push('other')
  }

  #utf(): string {
    return this.#take(this.#take(2).readUInt16BE()).toString()
  }

  #byte(): number {
    return this.#take(1).readUInt8()
  }

  #int(): number {
    return this.#take(4).readInt32BE()
  }

  #take(count: number): Buffer {
    if (this.#at + count > this.#bytes.length) throw this.#truncated()
    return this.#bytes.subarray(this.#at, (this.#at += count))
  }

  /** Java's reader tells an end inside block data from other ends. */
  #block(count: number): Buffer {
    if (this.#at + count > this.#bytes.length) throw this.#corrupt('unexpected EOF in middle of data block')
    return this.#take(count)
  }

  #truncated(): ConnectException {
    const sentence = `${this.#file} is a Java offset file that ends too early, after ${this.#bytes.length} bytes`
    return new ConnectException(`${sentence}: it was not written to its end. ${advice}`)
  }

  #corrupt(reason: string): ConnectException {
    return new ConnectException(
      `java.io.StreamCorruptedException: ${reason}. ${this.#file} is not a usable Java offset file, as byte ${this.#at} shows. ${advice}`,
    )
  }

  #notAHashMap(found: string): ConnectException {
    return new ConnectException(`Expected HashMap but found ${found}. ${this.#file} is not an offset file of Kafka Connect. ${advice}`)
  }
}

const advice =
  'Restore it from a backup, or move it away to start without offsets (sources then begin anew); offset.storage.file.filename names the file'

/** A subclass such as LinkedHashMap is a HashMap too; the parent's data come first. */
function oldestOf(javaClass: JavaClass | null): JavaClass | null {
  return javaClass === null || javaClass.parent === null ? javaClass : oldestOf(javaClass.parent)
}

function isClass(object: JavaObject): object is JavaClass {
  return object !== null && typeof object === 'object' && 'fields' in object
}

function nameOfRoot(tag: number): string {
  if (tag === TC_STRING) return 'class java.lang.String'
  if (tag === TC_ARRAY) return 'class [B'
  return tag === TC_NULL ? 'null' : `something else (tag 0x${tag.toString(16)})`
}

function sizeOfField({ type }: JavaField): number {
  return 'BZ'.includes(type) ? 1 : 'CS'.includes(type) ? 2 : 'IF'.includes(type) ? 4 : 8
}

const mapHeader = Buffer.concat([
  Buffer.from([0xac, 0xed, 0x00, 0x05, TC_OBJECT, TC_CLASSDESC]),
  utf('java.util.HashMap'),
  Buffer.from('0507dac1c31660d1', 'hex'),
  Buffer.from([SC_WRITE_METHOD | SC_SERIALIZABLE, 0, 2, 0x46]),
  utf('loadFactor'),
  Buffer.from([0x49]),
  utf('threshold'),
  Buffer.from([TC_ENDBLOCKDATA, TC_NULL]),
  Buffer.from('3f400000', 'hex'), // load factor 0.75
])
const firstArrayHeader = Buffer.concat([
  Buffer.from([TC_ARRAY, TC_CLASSDESC]),
  utf('[B'),
  Buffer.from('acf317f8060854e0', 'hex'),
  Buffer.from([SC_SERIALIZABLE, 0, 0, TC_ENDBLOCKDATA, TC_NULL]),
])
/** `[B` is the third object of the stream, after HashMap's class and the map. */
const laterArrayHeader = Buffer.from([TC_ARRAY, TC_REFERENCE, 0x00, 0x7e, 0x00, 0x02])

/** Writes the file Java reads, byte for byte as Java 17 does but for the order of entries, which is Java's hash order there. */
export function writeJavaOffsetFile(entries: readonly OffsetEntry[]): Buffer {
  const capacity = capacityOf(entries.length)
  const parts = [
    mapHeader,
    int(entries.length === 0 ? 0 : capacity * 0.75),
    Buffer.from([TC_BLOCKDATA, 8]),
    int(capacity),
    int(entries.length),
  ]
  let header = firstArrayHeader
  for (const bytes of entries.flatMap(({ key, value }) => [key, value])) {
    if (bytes === null) {
      parts.push(Buffer.from([TC_NULL]))
      continue
    }
    parts.push(header, int(bytes.length), bytes)
    header = laterArrayHeader
  }
  return Buffer.concat([...parts, Buffer.from([TC_ENDBLOCKDATA])])
}

function capacityOf(count: number): number {
  let capacity = 16
  while (capacity * 0.75 < count) capacity *= 2
  return capacity
}

function utf(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([Buffer.from([0, bytes.length]), bytes])
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
