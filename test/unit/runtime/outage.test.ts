import { describe, expect, it } from 'vitest'
import { Outage } from '../../../src/runtime/outage.ts'
import type { TaskCondition } from '../../../src/runtime/state.ts'
import { TaskControl } from '../../../src/runtime/task-control.ts'
import { CollectingLogger } from '../../support/fakes/collecting-logger.ts'

function outageAt(start: number, random = 0.5) {
  const clock = { now: start }
  const log = new CollectingLogger()
  const reports: (TaskCondition | null)[] = []
  const control = new TaskControl('STARTED', (_, condition) => void reports.push(condition))
  const outage = new Outage({ control, log, now: () => clock.now, random: () => random })
  return { clock, log, reports, outage }
}

describe('Outage', () => {
  it('doubles the pause from 100 ms to 10 s', () => {
    const { outage } = outageAt(0)
    const pauses = Array.from({ length: 9 }, () => outage.failed('put()', new Error('down')))
    expect(pauses).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000])
  })

  it('spreads the pauses of many tasks by a quarter to both sides', () => {
    expect(outageAt(0, 0).outage.failed('put()', new Error('down'))).toBe(75)
    expect(outageAt(0, 1).outage.failed('put()', new Error('down'))).toBe(125)
  })

  it('takes the pause that was asked for', () => {
    const { outage, clock } = outageAt(1000)
    expect(outage.failed('put()', new Error('down'), 7)).toBe(7)
    expect(outage.waitMs).toBe(7)
    clock.now += 7
    expect(outage.waitMs).toBe(0)
  })

  it('reports every attempt and logs at the start, once a minute and at the end', () => {
    const { outage, clock, log, reports } = outageAt(0)
    for (; clock.now < 180_000; clock.now += 10_000) outage.failed('put() of 5 records', new Error('down'))
    outage.over()
    expect(reports.slice(0, 2)).toEqual([
      { kind: 'RETRYING', since: 0, because: 'down', attempts: 1, nextAt: 100 },
      { kind: 'RETRYING', since: 0, because: 'down', attempts: 2, nextAt: 10_200 },
    ])
    expect([reports.length, reports.at(-1)]).toEqual([19, null])
    expect(log.lines).toEqual([
      'WARN put() of 5 records is tried again until it succeeds; nothing is skipped',
      'WARN RETRYING since 1970-01-01T00:00:00.000Z: put() of 5 records, 7 attempts, because down',
      'WARN RETRYING since 1970-01-01T00:00:00.000Z: put() of 5 records, 13 attempts, because down',
      'INFO Goes on after 18 attempts since 1970-01-01T00:00:00.000Z',
    ])
  })

  it('says nothing when it is over without having begun, and begins anew', () => {
    const { outage, reports, log } = outageAt(0)
    outage.over()
    expect([reports, log.lines, outage.ongoing, outage.waitMs]).toEqual([[], [], false, 0])
    outage.failed('put()', new Error('down'))
    outage.failed('put()', new Error('down'))
    outage.over()
    expect(outage.failed('put()', new Error('down'))).toBe(100)
  })
})
