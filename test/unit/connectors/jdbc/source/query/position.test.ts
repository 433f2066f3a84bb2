import { describe, expect, it } from 'vitest'
import { isLater, microsOf, nowhere, offsetOf, positionOf } from '../../../../../../connectors/jdbc/source/query/position.ts'

describe('positions and offsets', () => {
  it('T17: the members of an offset stand in the order of Java’s map', () => {
    const position = { id: '42', time: { ms: 1704067200123, micros: 0 } }
    expect(JSON.stringify(offsetOf(position))).toBe('{"timestamp_nanos":123000000,"incrementing":42,"timestamp":1704067200123}')
  })

  it('T18: microseconds are in the nanoseconds within the second', () => {
    const time = { ms: 1704067200123, micros: 456 }
    expect(JSON.stringify(offsetOf({ id: null, time }))).toBe('{"timestamp_nanos":123456000,"timestamp":1704067200123}')
    expect(positionOf({ timestamp_nanos: 123456000, timestamp: 1704067200123 })).toEqual({ id: null, time })
  })

  it('a time before 1970 comes back as it was', () => {
    const time = { ms: -1500, micros: 123 }
    expect(positionOf(offsetOf({ id: null, time }))).toEqual({ id: null, time })
    expect(microsOf(time)).toBe(-1499877n)
  })

  it('without nanoseconds the milliseconds count', () => {
    expect(positionOf({ timestamp: 1704067201123 })).toEqual({ id: null, time: { ms: 1704067201123, micros: 0 } })
  })

  it('numbers beyond 2^53 are kept exactly', () => {
    expect(positionOf({ incrementing: 9007199254740993n })).toEqual({ id: '9007199254740993', time: null })
    expect(offsetOf({ id: '9007199254740993', time: null })).toEqual({ incrementing: 9007199254740993n })
  })

  it('a position that says nothing is an empty offset, and the other way round', () => {
    expect(offsetOf(nowhere)).toEqual({})
    expect(positionOf({})).toEqual(nowhere)
  })

  it('an offset that holds no number is refused with its text', () => {
    expect(() => positionOf({ incrementing: 'x' })).toThrow('{"incrementing":"x"}')
  })

  it('microseconds decide between equal milliseconds', () => {
    expect(isLater({ ms: 1, micros: 2 }, { ms: 1, micros: 1 })).toBe(true)
    expect(isLater({ ms: 1, micros: 1 }, { ms: 1, micros: 1 })).toBe(false)
    expect(isLater({ ms: 0, micros: 9 }, { ms: 1, micros: 1 })).toBe(false)
  })
})
