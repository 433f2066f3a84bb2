import { describe, expect, it } from 'vitest'
import { retryDelayMs } from '../../../../../connectors/elasticsearch/bulk/retry-backoff.ts'

const delay = (attempts: number, baseMs = 100, random = () => 0.5) => retryDelayMs({ baseMs, longestMs: 10_000, random }, attempts)

describe('the wait before a retry', () => {
  it('is a random part of the base times two to the power of the attempts', () => {
    expect([1, 2, 3].map((attempts) => delay(attempts))).toEqual([100, 200, 400])
    expect(delay(3, 100, () => 0)).toBe(0)
  })

  it('has a cap, which a larger base lifts', () => {
    expect(delay(1000)).toBe(5000)
    expect(delay(1000, 60_000)).toBe(30_000)
  })

  it('is none with retry.backoff.ms=0', () => {
    expect(delay(3, 0)).toBe(0)
  })
})
