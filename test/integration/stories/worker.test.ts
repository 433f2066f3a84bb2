import { expect } from 'vitest'
import type { Call } from '../../support/observable/director.ts'
import type { ObservedConnector } from '../../support/observable/observed-connector.ts'
import { describeConcurrentStories, describeStories } from '../../support/observable/stage.ts'

const failure = { do: 'throw', error: { type: 'ConnectException', message: 'no way in' } } as const
const hasRecords = ({ facts }: Call) => (facts.records?.length ?? 0) > 0
const livesOf = ({ director }: ObservedConnector) => new Set(director.calls.map(({ life }) => life)).size

describeConcurrentStories('a failed task, with task.restart.max.attempts=0', {}, (story) => {
  story('stays FAILED until somebody restarts it', async (scene) => {
    let fails = true
    const sink = await scene.sink({ put: (call) => (fails && hasRecords(call) ? failure : undefined) }, { values: ['a'] })
    const status = await sink.reaches('FAILED')
    expect(status.condition).toBeUndefined()
    expect(await sink.logs(/stays FAILED until somebody restarts it/, 'ERROR')).toHaveLength(1)
    fails = false
    await sink.restartTask()
    await sink.commits(1)
    expect(sink.status()).toEqual({ id: { connector: sink.name, task: 0 }, state: 'RUNNING' })
    expect(livesOf(sink)).toBe(2)
  })

  story('leaves its neighbour of the same connector running', async (scene) => {
    const sink = await scene.sink(
      { put: (call) => (call.task === 0 ? failure : undefined) },
      { partitions: 2, config: { 'tasks.max': '2' } },
    )
    await sink.reaches('FAILED', 0)
    for (const partition of [0, 1]) await scene.produce(sink.topic, [String(partition)], { partition })
    await sink.commits(1, 0)
    await sink.commits(1, 1)
    expect(sink.status(1)?.state).toBe('RUNNING')
    expect([...sink.director.delivered].sort()).toEqual(['0', '1'])
  })

  story('does not keep its connector from being paused, resumed, stopped and deleted', async (scene) => {
    const sink = await scene.sink({ start: () => failure })
    await sink.reaches('FAILED')
    await sink.pause()
    await sink.resume()
    expect(sink.status()?.state).toBe('FAILED')
    await sink.stop()
    expect(sink.status()).toBeUndefined()
    await sink.delete()
  })
})

describeConcurrentStories(
  'a failed task, with a limit of restarts in a row',
  {
    'task.restart.max.attempts': '2',
    'task.restart.backoff.initial.ms': '10',
    'task.restart.backoff.max.ms': '20',
    'task.restart.healthy.ms': '100',
  },
  (story) => {
    story('stays FAILED when they are used up', async (scene) => {
      const sink = await scene.sink({ start: () => failure })
      await scene.until(() => sink.logged(/task\.restart\.max\.attempts=2 times in a row/, 'ERROR').length === 1)
      expect(livesOf(sink)).toBe(3)
      expect(sink.status()).toMatchObject({ state: 'FAILED' })
      expect(sink.status()?.condition).toBeUndefined()
    })

    story('has them all again when it ran well for task.restart.healthy.ms', async (scene) => {
      const firstPuts = new Map<string, number>()
      const sink = await scene.sink({
        put: ({ life }) => {
          const firstPut = firstPuts.get(life) ?? Date.now()
          firstPuts.set(life, firstPut)
          return firstPuts.size <= 5 && Date.now() - firstPut > 600 ? failure : undefined
        },
      })
      await scene.until(() => livesOf(sink) === 6)
      await sink.reaches('RUNNING')
      expect(sink.logged(/attempt 2 of 2/)).toEqual([])
    })

    story('has them all again when somebody restarts it', async (scene) => {
      let fails = true
      const sink = await scene.sink({ start: () => (fails ? failure : undefined) }, { values: ['a'] })
      await scene.until(() => sink.logged(/stays FAILED/, 'ERROR').length === 1)
      await sink.restartTask()
      await scene.until(() => sink.logged(/stays FAILED/, 'ERROR').length === 2)
      expect(livesOf(sink)).toBe(6)
      fails = false
      await sink.restartTask()
      await sink.commits(1)
    })
  },
)

describeStories(
  'a failed task that waits for its restart',
  { 'task.restart.max.attempts': '-1', 'task.restart.backoff.initial.ms': '600000', 'task.restart.backoff.max.ms': '600000' },
  (story, host) => {
    story('is FAILED, with condition RESTARTING: since when, which attempt, when and why', async (scene) => {
      const sink = await scene.sink({ start: () => failure })
      const { condition } = await sink.reaches('FAILED')
      expect(condition).toMatchObject({
        kind: 'RESTARTING',
        attempts: 1,
        because: 'org.apache.kafka.connect.errors.ConnectException: no way in',
      })
    })

    story('is restarted at once by somebody who cannot wait', async (scene) => {
      let fails = true
      const sink = await scene.sink({ start: () => (fails ? failure : undefined) }, { values: ['a'] })
      await sink.reaches('FAILED')
      fails = false
      await sink.restartTask()
      await sink.commits(1)
      expect(sink.status()?.condition).toBeUndefined()
    })

    story('is restarted at once by a new configuration', async (scene) => {
      const sink = await scene.sink(
        { start: ({ facts }) => (facts.props?.['password'] === 'right' ? undefined : failure) },
        { values: ['a'], config: { password: 'wrong' } },
      )
      await sink.reaches('FAILED')
      await sink.reconfigure({ password: 'right' })
      await sink.commits(1)
    })

    if (host === 'thread') {
      story('because a neighbour in its lane threw what nobody caught is told so; the lane is replaced when it starts', async (scene) => {
        const sink = await scene.sink(
          { put: (call) => (hasRecords(call) && livesOf(sink) === 1 ? { do: 'crash', message: 'nobody catches this' } : undefined) },
          { values: ['a'], config: { 'consumer.override.session.timeout.ms': '6000' } },
        )
        const { trace, condition } = await sink.reaches('FAILED')
        expect(trace).toMatch(/Lane lane-\d ended because of an error that nobody caught/)
        expect(trace).toContain('nobody catches this')
        expect(condition?.kind).toBe('RESTARTING')
        await sink.restartTask()
        await sink.commits(1)
      })
    }
  },
)
