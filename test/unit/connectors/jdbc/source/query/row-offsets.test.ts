import { describe, expect, it } from 'vitest'
import { nowhere, type Position } from '../../../../../../connectors/jdbc/source/query/position.ts'
import { RowOffsets, type PlacedRow } from '../../../../../../connectors/jdbc/source/query/row-offsets.ts'

const at = (ms: number): Position => ({ id: null, time: { ms, micros: 0 } })
const positionOf = ([time]: readonly (string | null)[]) => at(Number(time))

function placed(offsets: RowOffsets, rows: readonly string[]): PlacedRow[] {
  return [...rows.map((row) => offsets.next([row])), offsets.last()].filter((row) => row !== null)
}

describe('offsets of rows', () => {
  it('T10: rows of times 1, 1, 2, 2, 3 after 0 carry 0, 1, 1, 2, 3', () => {
    const rows = placed(new RowOffsets('timestamp', at(0), positionOf), ['1', '1', '2', '2', '3'])
    expect(rows.map(({ offset }) => offset?.['timestamp'])).toEqual([0, 1, 1, 2, 3])
    expect(rows.map(({ row }) => row[0])).toEqual(['1', '1', '2', '2', '3'])
  })

  it('T10: where nothing was stored, the first group carries an empty offset', () => {
    const rows = placed(new RowOffsets('timestamp', nowhere, positionOf), ['1', '1', '2'])
    expect(rows.map(({ offset }) => JSON.stringify(offset))).toEqual([
      '{}',
      '{"timestamp_nanos":1000000,"timestamp":1}',
      '{"timestamp_nanos":2000000,"timestamp":2}',
    ])
  })

  it('by number each row carries its own', () => {
    const offsets = new RowOffsets('incrementing', nowhere, ([id]) => ({ id: id ?? null, time: null }))
    expect(placed(offsets, ['1', '2']).map(({ offset }) => offset)).toEqual([{ incrementing: 1 }, { incrementing: 2 }])
  })

  it('in bulk there are none', () => {
    const offsets = new RowOffsets('bulk', nowhere, positionOf)
    expect(placed(offsets, ['1', '2']).map(({ offset }) => offset)).toEqual([null, null])
  })
})
