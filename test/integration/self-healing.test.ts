import { expect } from 'vitest'
import type { Call } from '../support/observable/director.ts'
import type { ObservedConnector } from '../support/observable/observed-connector.ts'
import { describeStories } from '../support/observable/stage.ts'

const failure = { do: 'throw', error: { type: 'ConnectException', message: 'no way in' } } as const
const soon = { 'task.restart.max.attempts': '-1', 'task.restart.backoff.initial.ms': '20', 'task.restart.backoff.max.ms': '100' }

const hasRecords = ({ facts }: Call) => (facts.records?.length ?? 0) > 0
/** Lives of the task so far. */
const livesOf = ({ director }: ObservedConnector) => new Set(director.calls.map(({ life }) => life)).size
const conditionOf = (connector: ObservedConnector) => connector.status()?.condition

describeStories('a task that failed', soon, (story, host) => {
  story('as a sink is started again, and gets the batch it did not take', async (scene) => {
    const sink = await scene.sink(
      { put: (call) => (hasRecords(call) && livesOf(sink) < 3 ? failure : undefined) },
      { values: ['a', 'b', 'c'] },
    )
    await sink.commits(3)
    expect(sink.director.delivered).toEqual(['a', 'b', 'c'])
    expect(livesOf(sink)).toBe(3)
    expect(sink.logged(/^Task is restarted by itself at .* \(attempt 2\), because it failed with .*no way in/, 'WARN')).toHaveLength(1)
    expect(sink.status()).toMatchObject({ state: 'RUNNING' })
    expect(conditionOf(sink)).toBeUndefined()
  })

  story('as a source is started again, from its stored offsets', async (scene) => {
    let [fails, isSecondGiven] = [true, false]
    const emit = (position: number) => ({
      do: 'emit' as const,
      records: [{ topic: source.topic, sourcePartition: { file: 'a' }, sourceOffset: { position }, value: `${position}` }],
    })
    const source = await scene.source({
      start: () => ({ do: 'readOffsets', partitions: [{ file: 'a' }] }),
      poll: ({ nth }) => {
        if (nth === 1) return emit(1)
        if (fails) {
          fails = false
          return failure
        }
        if (isSecondGiven) return // an acknowledgement may be long in coming
        isSecondGiven = true
        return emit(2)
      },
    })
    expect(await scene.values(source.topic, 2)).toEqual(['1', '2'])
    expect(source.director.of('start').map(({ outcome }) => outcome?.stored)).toEqual([[null], [{ position: 1 }]])
    await source.reaches('RUNNING')
  })

  story('over a poison record fails again and again, says so, and goes on once it is told to skip such records', async (scene) => {
    const json = { 'value.converter': 'JsonConverter', 'value.converter.schemas.enable': 'false' }
    const sink = await scene.sink({}, { values: ['1', '{"a":', '3'], config: json })
    await scene.until(() => livesOf(sink) > 3)
    await scene.until(() => {
      const condition = conditionOf(sink)
      return condition?.kind === 'RESTARTING' && condition.attempts > 2 && condition.because.includes('Tolerance exceeded')
    })
    expect(sink.status()?.trace).toContain('Caused by')
    await sink.reconfigure({ 'errors.tolerance': 'all' })
    await sink.commits(3)
    expect(sink.director.delivered.slice(-2)).toEqual([1, 3])
  })

  story('stays away once its connector is stopped', async (scene) => {
    const sink = await scene.sink({ start: () => failure })
    await scene.until(() => livesOf(sink) > 1)
    await sink.stop()
    const lives = livesOf(sink)
    const other = await scene.sink({}, { values: ['a'] })
    await other.commits(1)
    expect(livesOf(sink)).toBe(lives)
    expect(sink.status()).toBeUndefined()
  })

  if (host === 'thread') {
    story('with its lane starts again in a new one, and tasks of other lanes go on', async (scene) => {
      const other = await scene.sink({})
      const crashing = await scene.sink(
        { put: (call) => (hasRecords(call) && livesOf(crashing) === 1 ? { do: 'crash', message: 'nobody catches this' } : undefined) },
        { config: { 'consumer.override.session.timeout.ms': '6000' } }, // a dead member stays so long in its group
      )
      await Promise.all([other, crashing].map(({ director }) => director.called('open')))
      await scene.produce(crashing.topic, ['boom'])
      await crashing.commits(1)
      expect(livesOf(crashing)).toBe(2)
      expect(crashing.logged(/^Task failed with its lane lane-\d$/, 'ERROR')).toHaveLength(1)
      await scene.produce(other.topic, ['a', 'b'])
      await other.commits(2)
      expect(other.director.delivered).toEqual(['a', 'b'])
      expect(livesOf(other)).toBe(1)
    })
  }
})

describeStories('a task that gets nowhere', { 'task.stalled.after.ms': '1500' }, (story, host) => {
  story('inside put is STALLED, with where its time goes, until put ends', async (scene) => {
    const held = Promise.withResolvers<void>()
    const sink = await scene.sink({ put: (call) => (hasRecords(call) ? held.promise : undefined) }, { values: ['a', 'b', 'c'] })
    // a broker or a machine that stands still before is told of too
    await scene.until(() => conditionOf(sink)?.because.startsWith('put() took no record') === true)
    const { because } = conditionOf(sink)!
    expect(because).toMatch(/^put\(\) took no record for \d+ s, although \d+ wait in Kafka and 3 are read and not committed\. /)
    expect(because).toMatch(/The task is in put\(\) of the task since .*; since the last progress it spent \d+ % in put\(\) of the task/)
    expect(sink.status()?.state).toBe('RUNNING')
    expect(await sink.logs(/^STALLED since \S+: put\(\) took no record/, 'WARN')).toHaveLength(1)
    held.resolve()
    await sink.commits(3)
    await scene.until(() => conditionOf(sink) === undefined)
    expect((await sink.logs(/^Gets on again after \d+ s without progress$/, 'INFO')).length).toBeGreaterThan(0)
  })

  story('because another system is out is RETRYING, not STALLED', async (scene) => {
    let isOut = true
    const outage = { do: 'throw', error: { type: 'RetriableException', message: 'out' } } as const
    const sink = await scene.sink({ put: (call) => (isOut && hasRecords(call) ? outage : undefined) }, { values: ['a'] })
    const seen = new Set<string | undefined>()
    await scene.until(() => {
      seen.add(conditionOf(sink)?.kind)
      return sink.director.batches.length > 4
    })
    expect([...seen].filter((kind) => kind !== undefined)).toEqual(['RETRYING'])
    isOut = false
    await sink.commits(1)
    await scene.until(() => conditionOf(sink) === undefined)
    expect(sink.logged('STALLED')).toEqual([])
  })

  story('has no condition while it has nothing to do', async (scene) => {
    const sink = await scene.sink({}, { values: ['a'] })
    await sink.commits(1)
    await sink.director.next('put')
    await scene.until(() => sink.director.of('put').length > 12)
    expect(conditionOf(sink)).toBeUndefined()
    expect(sink.logged('STALLED')).toEqual([])
  })

  if (host === 'thread') {
    story('because its thread is blocked is STALLED too, and says that', async (scene) => {
      const sink = await scene.sink({ put: (call) => (hasRecords(call) ? { do: 'block', ms: 6000 } : undefined) })
      const isSeen = () =>
        /Its thread has not answered since .*: something there works without ever waiting/.test(conditionOf(sink)?.because ?? '')
      let blocks = 0
      do {
        await scene.produce(sink.topic, ['a'])
        blocks++
        // one that this thread stood still for is seen by nobody
        await scene.until(() => isSeen() || sink.director.delivered.length === blocks)
      } while (!isSeen())
      await sink.commits(blocks)
    })
  }
})
