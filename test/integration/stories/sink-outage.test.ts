import { expect } from 'vitest'
import type { ErrorSpec, Step } from '../../support/observable/dialogue.ts'
import type { Call } from '../../support/observable/director.ts'
import type { ObservedConnector } from '../../support/observable/observed-connector.ts'
import { describeConcurrentStories } from '../../support/observable/stage.ts'

const refused: ErrorSpec = { type: 'Error', message: 'connect ECONNREFUSED 10.0.0.1:9200', code: 'ECONNREFUSED' }
const down: Step = { do: 'throw', error: refused }
const hasRecords = ({ facts }: Call) => (facts.records ?? []).length > 0
const retryingOf = (sink: ObservedConnector) => {
  const condition = sink.status()?.condition
  return condition?.kind === 'RETRYING' ? condition : null
}

describeConcurrentStories('while the system of a sink is out', {}, (story) => {
  story('the batch is kept and put again until it is taken; nothing is dead, whatever errors.tolerance says', async (scene) => {
    let failures = 3
    const dlq = scene.name('dlq')
    const config = { 'errors.tolerance': 'all', 'errors.deadletterqueue.topic.name': dlq }
    const sink = await scene.sink(
      { put: (call) => (hasRecords(call) && failures-- > 0 ? down : undefined) },
      { values: ['a', 'b'], config },
    )
    await sink.commits(2)
    expect(sink.director.batches).toEqual(Array.from({ length: 4 }, () => ['a', 'b']))
    expect(await scene.endOffset(dlq)).toBe(0)
    expect(sink.director.of('start')).toHaveLength(1)
  })

  story(
    'its task is RUNNING, with condition RETRYING since when, how often, until when and why; it goes with the outage',
    async (scene) => {
      let isOut = true
      const sink = await scene.sink({ put: (call) => (isOut && hasRecords(call) ? down : undefined) }, { values: ['a'] })
      await scene.until(() => (retryingOf(sink)?.attempts ?? 0) >= 3)
      const { state, condition } = sink.status()!
      expect([state, condition?.kind, condition?.because]).toEqual(['RUNNING', 'RETRYING', refused.message])
      const { since, nextAt } = retryingOf(sink)!
      expect(nextAt).toBeGreaterThan(since)
      expect(await sink.committed()).toBeUndefined()
      isOut = false
      await sink.commits(1)
      await scene.until(() => sink.status()?.condition === undefined)
      expect(sink.status()?.state).toBe('RUNNING')
    },
  )

  story('the log says so once, and once when it is over', async (scene) => {
    let failures = 4
    const sink = await scene.sink({ put: (call) => (hasRecords(call) && failures-- > 0 ? down : undefined) }, { values: ['a'] })
    await sink.commits(1)
    expect(sink.logged('is tried again until it succeeds', 'WARN')).toHaveLength(1)
    expect(sink.logged(/RETRYING/)).toEqual([])
    expect(await sink.logs(/4 attempts/, 'INFO')).toHaveLength(1)
  })

  story('an error of the sink’s own that was caused by the outage counts as the outage', async (scene) => {
    let failures = 1
    const wrapped: Step = { do: 'throw', error: { type: 'ConnectException', message: 'bulk request failed', cause: refused } }
    const sink = await scene.sink({ put: (call) => (hasRecords(call) && failures-- > 0 ? wrapped : undefined) }, { values: ['a'] })
    await sink.commits(1)
    expect(sink.director.of('start')).toHaveLength(1)
  })

  story('a record that is reported as bad because of it is not: it is put again', async (scene) => {
    let failures = 1
    const dlq = scene.name('dlq')
    const config = { 'errors.tolerance': 'all', 'errors.deadletterqueue.topic.name': dlq }
    const sink = await scene.sink(
      { put: (call) => (hasRecords(call) && failures-- > 0 ? { do: 'report', values: ['b'], error: refused, swallow: true } : undefined) },
      { values: ['a', 'b'], config },
    )
    await sink.commits(2)
    expect(sink.director.batches.at(-1)).toContain('b')
    expect(await scene.endOffset(dlq)).toBe(0)
  })

  story('newer records wait in Kafka and come in order after it', async (scene) => {
    let isOut = true
    const sink = await scene.sink({ put: (call) => (isOut && hasRecords(call) ? down : undefined) }, { values: ['0'] })
    await sink.director.until(() => sink.director.batches.length > 0)
    for (let next = 1; next <= 5; next++) await scene.produce(sink.topic, [String(next)])
    expect(sink.director.batches.flat().every((value) => value === '0')).toBe(true)
    isOut = false
    await sink.commits(6)
    expect(sink.director.delivered).toEqual(['0', '1', '2', '3', '4', '5'])
  })

  story('its task can be stopped; the batch is read again after the next start', async (scene) => {
    let isOut = true
    const sink = await scene.sink({ put: (call) => (isOut && hasRecords(call) ? down : undefined) }, { values: ['a'] })
    await scene.until(() => (retryingOf(sink)?.attempts ?? 0) >= 3)
    await sink.stop()
    expect(sink.logged('Graceful stop')).toEqual([])
    expect(sink.status()).toBeUndefined()
    isOut = false
    await sink.resume()
    await sink.commits(1)
    expect(sink.director.delivered).toEqual(['a'])
  })

  story('its task keeps its partitions, through a rebalance too', async (scene) => {
    let isOut = true
    const sink = await scene.sink({ put: (call) => (isOut && hasRecords(call) ? down : undefined) }, { partitions: 2, values: ['a'] })
    await scene.until(() => retryingOf(sink) !== null)
    const rival = await scene.rival(sink)
    await scene.until(() => rival.assigned().length === 1)
    await sink.director.ended('open', 2)
    await rival.leave()
    await sink.director.ended('open', 3)
    isOut = false
    await sink.commits(1)
    expect(sink.director.delivered).toEqual(['a'])
  })

  story('a flush that fails because of it commits nothing, and its records are put again', async (scene) => {
    let failures = 2
    const sink = await scene.sink(
      { preCommit: ({ facts }) => (facts.offsets?.[0]?.offset === 1 && failures-- > 0 ? down : undefined) },
      { values: ['a'] },
    )
    await sink.commits(1)
    expect(sink.director.delivered).toEqual(['a', 'a', 'a'])
    expect(sink.status()?.state).toBe('RUNNING')
  })
})
