import { describe, expect, it } from 'vitest'
import { TroubleLog } from '../../../../../connectors/elasticsearch/bulk/trouble-log.ts'
import { CollectingLogger } from '../../../../support/fakes/collecting-logger.ts'

describe('the log of trouble', () => {
  it('has a line at the first time, then one a minute with a count, and one when it is over', () => {
    const log = new CollectingLogger()
    let now = 0
    const trouble = new TroubleLog(log, () => now)
    for (; now < 130_000; now += 10_000) trouble.trouble('the server is down')
    expect(trouble.current).toBe('the server is down')
    trouble.over('The server answers')
    trouble.over('The server answers')
    expect(log.lines).toEqual([
      'WARN the server is down',
      'WARN the server is down (7 times since 1970-01-01T00:00:00.000Z)',
      'WARN the server is down (13 times since 1970-01-01T00:00:00.000Z)',
      'INFO The server answers after 13 failed attempts since 1970-01-01T00:00:00.000Z',
    ])
    expect(trouble.current).toBeNull()
  })

  it('begins anew after that', () => {
    const log = new CollectingLogger()
    const trouble = new TroubleLog(log, () => 0)
    trouble.trouble('a')
    trouble.over('well')
    trouble.trouble('b')
    expect(log.lines.at(-1)).toBe('WARN b')
  })
})
