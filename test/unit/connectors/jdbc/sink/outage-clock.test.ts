import { describe, expect, it } from 'vitest'
import { SqlException } from '../../../../../connectors/jdbc/dialect/sql-exception.ts'
import { OutageClock } from '../../../../../connectors/jdbc/sink/write/outage-clock.ts'

function clockAt(time: { ms: number }, maxRetries: number | null = null) {
  return new OutageClock({ maxRetries, retryBackoffMs: 100, now: () => time.ms, random: () => 0 })
}

const fault = () => new SqlException('gone', '08006')

describe('the clock of an outage', () => {
  it('waits twice as long each time, a minute at most', () => {
    const time = { ms: 0 }
    const clock = clockAt(time)
    const waits = Array.from({ length: 12 }, () => clock.noted(fault()))
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000])
  })

  it('one fault that is seen again is one fault, and the rest of its wait', () => {
    const time = { ms: 0 }
    const clock = clockAt(time)
    const gone = fault()
    expect(clock.noted(gone)).toBe(100)
    time.ms = 60
    expect([clock.isTimeToTry(gone), clock.noted(gone)]).toEqual([false, 40])
    time.ms = 100
    expect(clock.isTimeToTry(gone)).toBe(true)
  })

  it('gives up after max.retries, counted anew after a success', () => {
    const clock = clockAt({ ms: 0 }, 1)
    clock.noted(fault())
    expect(() => clock.noted(fault())).toThrow('1 retries are used up')
    clock.over()
    expect(clock.noted(fault())).toBe(100)
  })
})
