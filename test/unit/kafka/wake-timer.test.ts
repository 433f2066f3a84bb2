import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { MAX_TIMER_MS } from '../../../src/kafka/timer.ts'
import { WakeTimer } from '../../../src/kafka/wake-timer.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function newTimer(): { timer: WakeTimer; fired: number[] } {
  const fired: number[] = []
  return {
    timer: new WakeTimer(
      () => Date.now(),
      () => fired.push(Date.now()),
    ),
    fired,
  }
}

test('the earliest of several dates fires, once', () => {
  const { timer, fired } = newTimer()
  const start = Date.now()
  timer.atLatest(start + 50)
  timer.atLatest(start + 20)
  timer.atLatest(start + 80)
  vi.advanceTimersByTime(200)
  expect(fired).toEqual([start + 20])
})

test('a date beyond what setTimeout can do does not fire at once', () => {
  const { timer, fired } = newTimer()
  timer.set(Date.now() + 9223372036854775807)
  vi.advanceTimersByTime(MAX_TIMER_MS - 1)
  expect(fired).toEqual([])
  timer.set(Infinity)
  expect(vi.getTimerCount()).toBe(0)
})

test('clear forgets the date', () => {
  const { timer, fired } = newTimer()
  timer.set(Date.now() + 10)
  timer.clear()
  vi.advanceTimersByTime(100)
  expect(fired).toEqual([])
})
