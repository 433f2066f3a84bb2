import type { Reader } from '../../kafka/protocol/reader.ts'
import type { Writer } from '../../kafka/protocol/writer.ts'
import type { FieldType } from './layout.ts'

/** Reads and writes one type in one version. */
export interface ValueCodec {
  readonly read: (reader: Reader) => unknown
  readonly write: (writer: Writer, value: unknown) => void
}

const UUID_BYTES = 16

/** @param isNullable whether this version can say null in place of the value */
export function scalarCodec(type: Exclude<FieldType, 'struct'>, isFlexible: boolean, isNullable: boolean): ValueCodec {
  switch (type) {
    case 'bool':
      return { read: (reader) => reader.boolean(), write: (writer, value) => writer.boolean(value as boolean) }
    case 'int8':
      return { read: (reader) => reader.int8(), write: (writer, value) => writer.int8(value as number) }
    case 'int16':
      return { read: (reader) => reader.int16(), write: (writer, value) => writer.int16(value as number) }
    case 'uint16':
      return { read: (reader) => reader.uint16(), write: (writer, value) => writer.uint16(value as number) }
    case 'int32':
      return { read: (reader) => reader.int32(), write: (writer, value) => writer.int32(value as number) }
    case 'uint32':
      return { read: (reader) => reader.uint32(), write: (writer, value) => writer.uint32(value as number) }
    case 'int64':
      return { read: (reader) => reader.int64(), write: (writer, value) => writer.int64(value as number) }
    case 'float64':
      return { read: (reader) => reader.float64(), write: (writer, value) => writer.float64(value as number) }
    case 'uuid':
      return {
        read: (reader) => reader.view(UUID_BYTES).toString('base64url'),
        write: (writer, value) => writer.raw(Buffer.from(value as string, 'base64url')),
      }
    case 'string':
      return lengthCodec(isFlexible ? 'compact' : 'int16', isNullable, TEXT)
    case 'bytes':
      return lengthCodec(isFlexible ? 'compact' : 'int32', isNullable, BYTES)
    case 'records':
      return lengthCodec(isFlexible ? 'compact' : 'int32', true, RECORDS)
  }
}

/** What follows a length. */
interface Sized<T> {
  readonly lengthOf: (value: T) => number
  readonly read: (reader: Reader, length: number) => T
  readonly write: (writer: Writer, value: T, length: number) => void
}

const TEXT: Sized<string> = {
  lengthOf: (value) => Buffer.byteLength(value),
  read: (reader, length) => reader.text(length),
  write: (writer, value, length) => writer.text(value, length),
}

const BYTES: Sized<Buffer> = {
  lengthOf: (value) => value.length,
  read: (reader, length) => reader.view(length),
  write: (writer, value) => writer.raw(value),
}

const RECORDS: Sized<Buffer> = { ...BYTES, write: (writer, value) => writer.attach(value) }

/** Compact lengths are one higher, so that 0 is null; the others say null as -1. */
function lengthCodec<T>(length: 'compact' | 'int16' | 'int32', isNullable: boolean, sized: Sized<T>): ValueCodec {
  const readLength = {
    compact: (reader: Reader) => reader.uvarint() - 1,
    int16: (reader: Reader) => reader.int16(),
    int32: (reader: Reader) => reader.int32(),
  }
  const writeLength = {
    compact: (writer: Writer, value: number) => writer.uvarint(value + 1),
    int16: (writer: Writer, value: number) => writer.int16(value),
    int32: (writer: Writer, value: number) => writer.int32(value),
  }
  const read = readLength[length]
  const write = writeLength[length]
  return {
    read(reader) {
      const bytes = read(reader)
      if (bytes >= 0) return sized.read(reader, bytes)
      if (isNullable) return null
      throw new RangeError(`Null in place of a value at position ${reader.position}`)
    },
    write(writer, value) {
      if (value === null) return void write(writer, -1)
      const bytes = sized.lengthOf(value as T)
      write(writer, bytes)
      sized.write(writer, value as T, bytes)
    },
  }
}
