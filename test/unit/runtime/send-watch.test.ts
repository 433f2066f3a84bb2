import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Outage } from '../../../src/runtime/outage.ts'
import { SendWatch } from '../../../src/runtime/send-watch.ts'
import type { TaskCondition } from '../../../src/runtime/state.ts'
import { SubmittedRecords } from '../../../src/runtime/submitted-records.ts'
import { TaskControl } from '../../../src/runtime/task-control.ts'
import { CollectingLogger } from '../../support/fakes/collecting-logger.ts'

function watched() {
  const conditions: (TaskCondition | null)[] = []
  const control = new TaskControl('STARTED', (_state, condition) => void conditions.push(condition))
  const log = new CollectingLogger()
  const submitted = new SubmittedRecords({ recordDelivered: () => undefined, recordFailed: () => undefined })
  const watch = new SendWatch(submitted, new Outage({ control, log }), () => undefined)
  watch.start()
  return { submitted, conditions, log, watch, submit: () => submitted.submit({ f: 1 }, { n: 1 }, 't', null) }
}

describe('SendWatch', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('says RETRYING when Kafka has acknowledged nothing for 10 s, and when it does again', () => {
    const { submit, conditions, watch, log } = watched()
    const record = submit()
    submit()
    vi.advanceTimersByTime(9000)
    expect(conditions).toEqual([])
    vi.advanceTimersByTime(1000)
    expect(conditions).toMatchObject([
      { kind: 'RETRYING', because: 'Kafka has acknowledged none of 2 records for 10 s; the warnings of its producer say why' },
    ])
    record.ack()
    vi.advanceTimersByTime(1000)
    expect(conditions.at(-1)).toBeNull()
    expect(log.lines).toHaveLength(2)
    watch.stop()
  })

  it('logs a long outage once a minute', () => {
    const { submit, log, watch } = watched()
    submit()
    vi.advanceTimersByTime(10 * 60_000)
    expect(log.lines.length).toBeGreaterThanOrEqual(9)
    expect(log.lines.length).toBeLessThanOrEqual(11)
    watch.stop()
  })

  it('says nothing while records are acknowledged, however slowly, or while there are none', () => {
    const { submit, conditions, watch } = watched()
    vi.advanceTimersByTime(60_000)
    const records = Array.from({ length: 10 }, submit)
    for (const record of records) {
      vi.advanceTimersByTime(9000)
      record.ack()
    }
    vi.advanceTimersByTime(60_000)
    expect(conditions).toEqual([])
    watch.stop()
  })
})
