import { describe, expect, it } from 'vitest'
import { changePositionOf, isBehind, offsetOfChange } from '../../../../../../connectors/jdbc/source/cdc/change-position.ts'
import { DurableChanges } from '../../../../../../connectors/jdbc/source/cdc/durable-changes.ts'
import { lsnText, parseLsn } from '../../../../../../connectors/jdbc/source/cdc/lsn.ts'

const at = (lsn: bigint, sequence: number) => ({ lsn, transaction: 7, sequence, isSnapshot: false })

describe('places of changes', () => {
  it.for(['0/0', '16/B374D848', 'FFFFFFFF/FFFFFFFF'])('%s is read and written', (text) => {
    expect(lsnText(parseLsn(text)!)).toBe(text)
  })

  it('T60: are compared by commit, then by their number in it', () => {
    expect([isBehind(at(5n, 3), 5n, 3), isBehind(at(5n, 3), 5n, 4), isBehind(at(5n, 3), 6n, 1), isBehind(at(5n, 3), 4n, 9)]).toEqual([
      false,
      true,
      true,
      false,
    ])
  })

  it('T59: are stored as lsn, txId and seq; those of a snapshot that is not over say so', () => {
    expect(JSON.stringify(offsetOfChange(at(0x16b374d848n, 3)))).toBe('{"lsn":"16/B374D848","txId":7,"seq":3}')
    const inSnapshot = { ...at(5n, 0), isSnapshot: true }
    expect(changePositionOf(offsetOfChange(inSnapshot))).toEqual(inSnapshot)
    expect(() => changePositionOf({ incrementing: 5 })).toThrow('names no place in the log')
  })
})

describe('what the server may forget', () => {
  it('is what lies before the first change that is not stored', () => {
    const changes = new DurableChanges()
    changes.read(10n, 11n, 2)
    changes.read(20n, 21n, 1)
    expect(changes.lsn).toBe(0n)
    changes.stored(at(10n, 1))
    expect(changes.lsn).toBe(0n)
    changes.stored(at(10n, 2))
    expect(changes.lsn).toBe(11n)
    changes.stored(at(20n, 1))
    expect(changes.lsn).toBe(21n)
  })

  it('is everything that was read while nothing of ours is on its way', () => {
    const changes = new DurableChanges()
    changes.read(10n, 11n, 0)
    changes.readTo(50n)
    expect(changes.lsn).toBe(50n)
    changes.read(60n, 61n, 1)
    changes.readTo(70n)
    expect(changes.lsn).toBe(50n)
    changes.stored(at(60n, 1))
    expect(changes.lsn).toBe(70n)
  })
})
