import type { Reader } from '../../kafka/protocol/reader.ts'
import { Writer } from '../../kafka/protocol/writer.ts'
import type { FieldLayout } from './layout.ts'
import { scalarCodec, type ValueCodec } from './value-codec.ts'

interface FieldCodec extends ValueCodec {
  readonly name: string
  /** A value of its own each time. */
  readonly initial: () => unknown
}

interface TaggedCodec extends FieldCodec {
  readonly tag: number
}

type Values = Record<string, unknown>

/** The plan for a struct in one version. Objects come out with all fields in the order of the layout, whatever the version has. */
export function structCodec(layouts: readonly FieldLayout[], version: number, isFlexible: boolean): ValueCodec {
  const present: FieldCodec[] = []
  const tagged: TaggedCodec[] = []
  const order = layouts.map((layout) => {
    const codec = fieldCodec(layout, version, isFlexible)
    if (isTagged(layout, version)) tagged.push({ ...codec, tag: layout.tag ?? 0 })
    else if (isPresent(layout, version)) present.push(codec)
    return { ...codec, isRead: isPresent(layout, version) && !isTagged(layout, version) }
  })
  tagged.sort((left, right) => left.tag - right.tag)
  return {
    read(reader) {
      const values: Values = {}
      for (const { name, isRead, read, initial } of order) values[name] = isRead ? read(reader) : initial()
      if (isFlexible) readTags(reader, tagged, values)
      return values
    },
    write(writer, value) {
      const values = value as Values
      for (const { name, write, initial } of present) write(writer, values[name] === undefined ? initial() : values[name])
      if (isFlexible) writeTags(writer, tagged, values)
    },
  }
}

function isPresent({ from = 0, to = Infinity }: FieldLayout, version: number): boolean {
  return version >= from && version <= to
}

function isTagged(layout: FieldLayout, version: number): boolean {
  return layout.tagFrom !== undefined && version >= layout.tagFrom && isPresent(layout, version)
}

function fieldCodec(layout: FieldLayout, version: number, isFlexible: boolean): FieldCodec {
  return { name: layout.name, ...valueCodec(layout, version, isFlexible), initial: initialValue(layout, version, isFlexible) }
}

function initialValue(layout: FieldLayout, version: number, isFlexible: boolean): () => unknown {
  const { type, array, fields = [], default: given } = layout
  if (given !== undefined) return () => given
  if (array === true) return () => []
  if (type === 'struct') {
    const initials = fields.map((field) => [field.name, initialValue(field, version, isFlexible)] as const)
    return () => Object.fromEntries(initials.map(([name, initial]) => [name, initial()]))
  }
  const simple = type in SIMPLE_INITIALS ? SIMPLE_INITIALS[type] : 0
  return () => simple
}

const SIMPLE_INITIALS: Readonly<Record<string, unknown>> = {
  bool: false,
  string: '',
  uuid: 'AAAAAAAAAAAAAAAAAAAAAA',
  bytes: Buffer.alloc(0),
  records: null,
}

/** Tags that are not in the layout are passed over, as every implementation must. */
function readTags(reader: Reader, tagged: readonly TaggedCodec[], values: Values): void {
  for (let count = reader.uvarint(); count > 0; count--) {
    const tag = reader.uvarint()
    const end = reader.uvarint() + reader.position
    const field = tagged.find((codec) => codec.tag === tag)
    if (field !== undefined) values[field.name] = field.read(reader)
    if (end > reader.buffer.length || reader.position > end)
      throw new RangeError(`Tagged field ${tag} ends at ${end} of ${reader.buffer.length}`)
    reader.position = end
  }
}

/** What was left out is not sent: the other side has the same default. */
function writeTags(writer: Writer, tagged: readonly TaggedCodec[], values: Values): void {
  const given = tagged.filter(({ name }) => values[name] !== undefined)
  writer.uvarint(given.length)
  for (const { tag, name, write } of given) {
    const field = new Writer()
    write(field, values[name])
    const bytes = Buffer.concat(field.finish())
    writer.uvarint(tag).uvarint(bytes.length).raw(bytes)
  }
}

/** The codec of a field: of its type, or of an array of it, with null where the version allows it. */
function valueCodec(layout: FieldLayout, version: number, isFlexible: boolean): ValueCodec {
  const isNullable = layout.nullableFrom !== undefined && version >= layout.nullableFrom
  if (layout.array === true) return arrayCodec(itemCodec(layout, version, isFlexible), isNullable, isFlexible)
  if (layout.type === 'struct') return isNullable ? nullableStruct(layout, version, isFlexible) : itemCodec(layout, version, isFlexible)
  return scalarCodec(layout.type, isFlexible, isNullable)
}

function itemCodec({ type, fields = [] }: FieldLayout, version: number, isFlexible: boolean): ValueCodec {
  return type === 'struct' ? structCodec(fields, version, isFlexible) : scalarCodec(type, isFlexible, false)
}

/** A byte says whether there is one: 1, or -1 for null. */
function nullableStruct(layout: FieldLayout, version: number, isFlexible: boolean): ValueCodec {
  const struct = itemCodec(layout, version, isFlexible)
  return {
    read: (reader) => (reader.int8() < 0 ? null : struct.read(reader)),
    write: (writer, value) => (value === null ? writer.int8(-1) : struct.write(writer.int8(1), value)),
  }
}

function arrayCodec(item: ValueCodec, isNullable: boolean, isFlexible: boolean): ValueCodec {
  return {
    read(reader) {
      const items = isFlexible ? reader.compactNullableArray(item.read) : reader.nullableArray(item.read)
      if (items === null && !isNullable) throw new RangeError(`Null in place of an array at position ${reader.position}`)
      return items
    },
    write(writer, value) {
      const items = value as readonly unknown[] | null
      if (isFlexible) writer.compactArray(items, item.write)
      else writer.array(items, item.write)
    },
  }
}
