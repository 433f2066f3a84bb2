import { DataException, type ConnectStruct, type ConnectValue } from 'standpipe/api'
import type { TextTarget, TextWriter } from './text-writer.ts'

const postgis: ReadonlySet<string> = new Set(['geometry', 'geography'])
const vectors: ReadonlySet<string> = new Set(['vector', 'halfvec'])

/** In the type of a well-known binary: the reference system follows. PostGIS, Extended WKB. */
const hasReferenceSystem = 0x20000000

/** Debezium's points, geometries and vectors, for columns of those types. Null: no such type, or no such column. */
export function debeziumShapeWriter(schemaName: string, { baseType }: TextTarget): TextWriter | null {
  if (baseType === null) return null
  switch (schemaName) {
    case 'io.debezium.data.geometry.Point':
      return baseType === 'point' ? pointText : geometryWriter(baseType)
    case 'io.debezium.data.geometry.Geometry':
    case 'io.debezium.data.geometry.Geography':
      return geometryWriter(baseType)
    case 'io.debezium.data.FloatVector':
    case 'io.debezium.data.DoubleVector':
      return vectors.has(baseType) ? (value) => `[${(value as readonly ConnectValue[]).map(Number).join(',')}]` : null
    case 'io.debezium.data.SparseVector':
      return baseType === 'sparsevec' ? sparseText : null
    default:
      return null
  }
}

function geometryWriter(baseType: string): TextWriter | null {
  return postgis.has(baseType) ? geometryText : null
}

function pointText(value: ConnectValue): string {
  const { x, y } = value as ConnectStruct
  return `(${Number(x)},${Number(y)})`
}

/** Hexadecimal, with the reference system in it where the value names one. */
function geometryText(value: ConnectValue): string {
  const { wkb, srid } = value as ConnectStruct
  if (!Buffer.isBuffer(wkb) || wkb.length < 5) throw new DataException('A geometry has no well-known binary.')
  const isLittle = wkb[0] === 1
  const type = isLittle ? wkb.readUInt32LE(1) : wkb.readUInt32BE(1)
  if (srid === null || srid === undefined || (type & hasReferenceSystem) !== 0) return wkb.toString('hex')
  const head = Buffer.alloc(9)
  head[0] = wkb[0] ?? 0
  const marked = (type | hasReferenceSystem) >>> 0
  if (isLittle) head.writeInt32LE(Number(srid), head.writeUInt32LE(marked, 1))
  else head.writeInt32BE(Number(srid), head.writeUInt32BE(marked, 1))
  return head.toString('hex') + wkb.toString('hex', 5)
}

/** As pgvector has it: indexes from 1, and the number of dimensions. */
function sparseText(value: ConnectValue): string {
  const { dimensions, vector } = value as ConnectStruct
  const members = Array.from(vector as ReadonlyMap<ConnectValue, ConnectValue>, ([index, each]) => `${Number(index)}:${Number(each)}`)
  return `{${members.join(',')}}/${Number(dimensions)}`
}
