import { expect, test } from 'vitest'
import { RetryBackoff } from '../../../src/kafka/retry-backoff.ts'

test('retries wait longer each time, to the maximum, a fifth more or less', () => {
  const middle = new RetryBackoff(100, 1000, () => 0.5)
  expect([1, 2, 3, 4, 5, 50].map((attempts) => middle.after(attempts))).toEqual([100, 200, 400, 800, 1000, 1000])
  expect(new RetryBackoff(100, 1000, () => 0).after(1)).toBeCloseTo(80)
  expect(new RetryBackoff(100, 1000, () => 1).after(1)).toBeCloseTo(120)
  expect(new RetryBackoff(500, 100, () => 0.5).after(1)).toBe(100)
})
