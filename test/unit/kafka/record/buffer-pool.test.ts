import { expect, it } from 'vitest'
import { BufferPool } from '../../../../src/kafka/record/buffer-pool.ts'

it('hands a returned buffer out again for the same size class', () => {
  const pool = new BufferPool(1024 * 1024)
  const buffer = pool.take(20_000)
  expect(buffer.length).toBe(32 * 1024)
  pool.give(buffer)
  expect(pool.take(16_000)).not.toBe(buffer)
  expect(pool.take(30_000)).toBe(buffer)
})

it('starts at 16 KiB', () => {
  expect(new BufferPool(0).take(1).length).toBe(16 * 1024)
})

it('keeps no more than its limit', () => {
  const pool = new BufferPool(40_000)
  const [first, second] = [pool.take(30_000), pool.take(30_000)]
  pool.give(first)
  pool.give(second)
  expect(pool.take(30_000)).toBe(first)
  expect(pool.take(30_000)).not.toBe(second)
})
