import { describe, expect, it } from 'vitest'
import { TroubleLog } from '../../../../../connectors/elasticsearch/bulk/trouble-log.ts'
import { CollectingLogger } from '../../../../support/fakes/collecting-logger.ts'

function stage() {
  const log = new CollectingLogger()
  const clock = { now: 0 }
  return { log, clock, trouble: new TroubleLog(log, () => clock.now) }
}

describe('the log of trouble', () => {
  it('has a line at the first time, then one a minute with a count, and one when it is over', () => {
    const { log, clock, trouble } = stage()
    for (; clock.now < 130_000; clock.now += 10_000) trouble.trouble('the server is down')
    expect(trouble.current).toBe('the server is down')
    trouble.over('the server answers')
    trouble.over('the server answers')
    expect(log.lines).toEqual([
      'WARN the server is down',
      'WARN the server is down (6 times since 1970-01-01T00:00:10.000Z)',
      'WARN the server is down (6 times since 1970-01-01T00:01:10.000Z)',
      'INFO the server answers',
    ])
    expect(trouble.current).toBeNull()
  })

  it('has no more lines when it comes and goes', () => {
    const { log, clock, trouble } = stage()
    for (; clock.now < 60_000; clock.now += 1000) {
      trouble.trouble('refused')
      trouble.over('taken')
    }
    expect(log.lines).toEqual(['WARN refused', 'INFO taken'])
    trouble.trouble('refused')
    expect(log.lines.at(-1)).toBe('WARN refused (60 times since 1970-01-01T00:00:01.000Z)')
  })
})
