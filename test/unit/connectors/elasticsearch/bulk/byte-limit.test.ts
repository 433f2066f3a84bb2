import { describe, expect, it } from 'vitest'
import { ByteLimit } from '../../../../../connectors/elasticsearch/bulk/byte-limit.ts'

const MIB = 1024 * 1024

describe('the size a server takes', () => {
  it('is not known before it refuses one, and half of that then', () => {
    const limit = new ByteLimit()
    expect(limit.bytes).toBe(Number.POSITIVE_INFINITY)
    limit.refused(4 * MIB)
    expect(limit.bytes).toBe(2 * MIB)
  })

  it('never falls below what goes through everywhere, whatever strays in', () => {
    const limit = new ByteLimit()
    for (let times = 0; times < 50; times++) limit.refused(100_000)
    expect(limit.bytes).toBe(64 * 1024)
  })

  it('grows again as requests are taken', () => {
    const limit = new ByteLimit()
    limit.refused(4 * MIB)
    for (let times = 0; times < 20; times++) limit.accepted(MIB)
    expect(limit.bytes).toBe(2.5 * MIB)
    expect(limit.largestAccepted).toBe(MIB)
  })
})
