import { describe, expect, it } from 'vitest'
import { RetriableException } from '../../../src/api/errors.ts'
import { Outage } from '../../../src/runtime/outage.ts'
import { SourceOffsetCommitter, type OffsetWriter } from '../../../src/runtime/source-offset-committer.ts'
import type { TaskCondition } from '../../../src/runtime/state.ts'
import { TaskControl } from '../../../src/runtime/task-control.ts'
import { CollectingLogger } from '../../support/fakes/collecting-logger.ts'

function committerOver(doFlush: () => Promise<void>) {
  const conditions: (TaskCondition | null)[] = []
  const control = new TaskControl('STARTED', (_state, condition) => void conditions.push(condition))
  const log = new CollectingLogger()
  const calls: string[] = []
  const writer: OffsetWriter = {
    offset: () => undefined,
    beginFlush: () => true,
    doFlush,
    cancelFlush: () => void calls.push('cancelFlush'),
  }
  const outage = new Outage({ control, log })
  const committer = new SourceOffsetCommitter({ writer, intervalMs: 60_000, timeoutMs: 10, log, metrics: control.metrics, outage })
  return { committer, conditions, log, calls, metrics: control.metrics }
}

describe('SourceOffsetCommitter', () => {
  it('keeps offsets that could not be stored, says why, and that the store is out until a commit succeeds', async () => {
    let isOut = true
    const { committer, conditions, log, calls } = committerOver(() =>
      isOut ? Promise.reject(new RetriableException('no leader')) : Promise.resolve(),
    )
    expect(await committer.commitNow()).toBe(false)
    expect(calls).toEqual(['cancelFlush'])
    expect(log.lines[0]).toBe('ERROR Failed to commit offsets: they are kept and written at the next commit')
    expect(conditions).toMatchObject([{ kind: 'RETRYING', because: 'no leader' }])
    isOut = false
    expect(await committer.commitNow()).toBe(true)
    expect(conditions.at(-1)).toBeNull()
  })

  it('gives a flush up that takes too long', async () => {
    const { committer, conditions, metrics } = committerOver(() => new Promise(() => undefined))
    expect(await committer.commitNow()).toBe(false)
    expect(conditions).toMatchObject([{ kind: 'RETRYING', because: 'flush took longer than offset.flush.timeout.ms=10' }])
    expect(metrics.get('commit-time-ms-total')).toBeGreaterThan(0)
  })

  it('does not call offsets that can never be stored an outage', async () => {
    const { committer, conditions } = committerOver(() => Promise.reject(new Error('Offsets must be primitive')))
    expect(await committer.commitNow()).toBe(false)
    expect(conditions).toEqual([])
  })
})
