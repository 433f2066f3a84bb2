import { describe, expect, it } from 'vitest'
import { debeziumShapeWriter } from '../../../../../../connectors/jdbc/sink/record/debezium-shapes.ts'

const into = (baseType: string | null) => ({ baseType, category: 'U', elementType: null })
const point = 'io.debezium.data.geometry.Point'
/** POINT(1 2), in either order of bytes. */
const little = Buffer.from('0101000000000000000000f03f0000000000000040', 'hex')
const big = Buffer.from('00000000013ff00000000000004000000000000000', 'hex')

describe('shapes of Debezium', () => {
  it('of PostGIS have their reference system in their binary', () => {
    const write = debeziumShapeWriter('io.debezium.data.geometry.Geometry', into('geometry'))!
    expect(write({ wkb: little, srid: null })).toBe(little.toString('hex'))
    expect(write({ wkb: little, srid: 4326 })).toBe('0101000020e6100000000000000000f03f0000000000000040')
    expect(write({ wkb: big, srid: 4326 })).toBe('0020000001000010e63ff00000000000004000000000000000')
    const extended = Buffer.from('0101000020e6100000000000000000f03f0000000000000040', 'hex')
    expect(write({ wkb: extended, srid: 4326 })).toBe(extended.toString('hex'))
    expect(() => write({ wkb: null, srid: null })).toThrow('no well-known binary')
  })

  it('are points where the column is one, geometries where PostGIS is', () => {
    expect(debeziumShapeWriter(point, into('point'))!({ x: 1, y: 2.5, wkb: little, srid: null })).toBe('(1,2.5)')
    expect(debeziumShapeWriter(point, into('geography'))!({ x: 1, y: 2, wkb: little, srid: null })).toBe(little.toString('hex'))
    expect(debeziumShapeWriter(point, into('text'))).toBeNull()
    expect(debeziumShapeWriter(point, into(null))).toBeNull()
  })

  it('are vectors of pgvector', () => {
    expect(debeziumShapeWriter('io.debezium.data.FloatVector', into('halfvec'))!([1, 2.5])).toBe('[1,2.5]')
    expect(debeziumShapeWriter('io.debezium.data.DoubleVector', into('vector'))!([1])).toBe('[1]')
    const sparse = {
      dimensions: 5,
      vector: new Map([
        [1, 1.5],
        [3, 2],
      ]),
    }
    expect(debeziumShapeWriter('io.debezium.data.SparseVector', into('sparsevec'))!(sparse)).toBe('{1:1.5,3:2}/5')
    expect(debeziumShapeWriter('io.debezium.data.SparseVector', into('jsonb'))).toBeNull()
  })
})
