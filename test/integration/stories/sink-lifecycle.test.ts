import { expect } from 'vitest'
import { describeConcurrentStories } from '../../support/observable/stage.ts'

const failure = { do: 'throw', error: { type: 'ConnectException', message: 'no way in' } } as const

describeConcurrentStories('the life of a sink task', {}, (story) => {
  story('is initialize, start, open, puts and commits in turn, close, stop', async (scene) => {
    const sink = await scene.sink({}, { values: ['a', 'b'] })
    await sink.commits(2)
    await sink.stop()
    // a join that takes longer than a poll leaves time for a put of nothing, as in Java
    const steps = sink.director.calls.map(({ name }) => name).filter((name) => name !== 'put')
    expect(steps.slice(0, 3)).toEqual(['initialize', 'start', 'open'])
    expect(sink.director.order().slice(-3)).toEqual(['preCommit', 'close', 'stop'])
    for (const call of ['initialize', 'start', 'open', 'close', 'stop'] as const) expect(sink.director.of(call)).toHaveLength(1)
    expect(sink.director.delivered).toEqual(['a', 'b'])
  })

  story('gives start the configuration, and open the partitions of all its topics', async (scene) => {
    const other = await scene.topic(1)
    const topic = await scene.topic(2)
    const sink = await scene.sink({}, { topic, config: { topics: `${topic}, ${other}`, anything: 'else' } })
    const { facts } = await sink.director.called('open')
    const [start] = sink.director.of('start')
    expect(start?.facts.props).toMatchObject({ anything: 'else', topics: `${topic}, ${other}` })
    expect(start?.facts.props?.['task.class']).toBeUndefined()
    const opened = facts.partitions?.map(({ topic, partition }) => `${topic}-${partition}`)
    expect(new Set(opened)).toEqual(new Set([`${topic}-0`, `${topic}-1`, `${other}-0`]))
  })

  story('has puts without records while there are none, so that timed work gets done', async (scene) => {
    const sink = await scene.sink({})
    await sink.director.ended('put', 3)
    expect(sink.director.batches).toEqual([])
    await scene.produce(sink.topic, ['at last'])
    await sink.commits(1)
    expect(sink.director.delivered).toEqual(['at last'])
  })

  story('never has two calls at once', async (scene) => {
    let inside = 0
    let most = 0
    const slowly = async () => {
      most = Math.max(most, ++inside)
      await new Promise((resolve) => setTimeout(resolve, 20))
      inside--
    }
    const sink = await scene.sink({ start: slowly, open: slowly, put: slowly, preCommit: slowly, close: slowly, stop: slowly })
    for (const value of ['a', 'b', 'c']) await scene.produce(sink.topic, [value])
    await sink.commits(3)
    await sink.stop()
    expect(most).toBe(1)
  })

  story('paused, is PAUSED, stays in its group, gets no records, and goes on with them when it is resumed', async (scene) => {
    const sink = await scene.sink({}, { values: ['before'] })
    await sink.commits(1)
    await sink.pause()
    await sink.reaches('PAUSED')
    await scene.produce(sink.topic, ['meanwhile'])
    await sink.director.next('put')
    await sink.director.next('put')
    expect(sink.director.delivered).toEqual(['before'])
    const { state, members } = await scene.stage.admin.describeGroup(sink.group)
    expect([state, members.length]).toEqual(['Stable', 1])
    await sink.resume()
    await sink.reaches('RUNNING')
    await sink.commits(2)
    expect(sink.director.delivered).toEqual(['before', 'meanwhile'])
    expect(sink.director.of('open')).toHaveLength(1)
    expect(sink.director.of('stop')).toHaveLength(0)
  })

  story('created PAUSED, does not start before it is resumed', async (scene) => {
    const topic = await scene.topic()
    const sink = await scene.sink({}, { topic, values: ['a'], initialState: 'PAUSED' })
    await sink.resume()
    await sink.commits(1)
    expect(sink.director.order()[0]).toBe('initialize')
  })

  story('restarted, is a new task that goes on behind the last committed record', async (scene) => {
    const sink = await scene.sink({}, { values: ['a', 'b'] })
    await sink.director.until(() => sink.director.delivered.length === 2)
    await sink.restartTask()
    await scene.produce(sink.topic, ['c'])
    await sink.commits(3)
    expect(sink.director.delivered).toEqual(['a', 'b', 'c'])
    expect(new Set(sink.director.calls.map(({ life }) => life)).size).toBe(2)
    const secondStart = sink.director.calls.indexOf(sink.director.of('initialize')[1]!)
    expect(sink.director.calls.indexOf(sink.director.of('stop')[0]!)).toBeLessThan(secondStart)
  })

  story('goes on while its connector is restarted', async (scene) => {
    const sink = await scene.sink({}, { values: ['a'] })
    await sink.director.until(() => sink.director.delivered.length === 1)
    await scene.stage.herder.restartConnector(sink.name)
    await scene.produce(sink.topic, ['b'])
    await sink.commits(2)
    expect(sink.director.of('start')).toHaveLength(1)
  })

  story('is started anew with a changed configuration, and not with the same one', async (scene) => {
    const sink = await scene.sink({}, { values: ['a'], config: { colour: 'red' } })
    await sink.commits(1)
    await sink.reconfigure({ colour: 'blue' })
    await sink.director.ended('start', 2)
    await scene.produce(sink.topic, ['b'])
    await sink.commits(2)
    expect(sink.director.of('start').map(({ facts }) => facts.props?.['colour'])).toEqual(['red', 'blue'])
    expect(sink.director.delivered).toEqual(['a', 'b'])
  })

  story('asked to stop in the middle of put, ends the put, commits it, closes and stops', async (scene) => {
    const taken = Promise.withResolvers<void>()
    const sink = await scene.sink({ put: ({ facts }) => (facts.records?.length === 0 ? undefined : taken.promise) }, { values: ['a'] })
    await sink.director.until(() => sink.director.batches.length === 1)
    const stopped = sink.stop()
    await scene.until(() => sink.director.of('put').at(-1)?.outcome === null)
    expect(sink.director.of('close')).toHaveLength(0)
    taken.resolve()
    await stopped
    expect(sink.director.order('initialize', 'start', 'open').slice(-3)).toEqual(['preCommit', 'close', 'stop'])
    expect(await sink.committed()).toBe(1)
  })

  story('sees its signal aborted inside put when it shall stop', async (scene) => {
    const sink = await scene.sink(
      { put: ({ facts }) => (facts.records?.length === 0 ? undefined : { do: 'awaitStop' }) },
      { values: ['a'] },
    )
    await sink.director.until(() => sink.director.batches.length === 1)
    await sink.stop()
    expect(sink.director.delivered).toEqual(['a'])
    expect(await sink.committed()).toBe(1)
  })

  story('whose start throws is FAILED with the trace, and stop is called all the same', async (scene) => {
    const sink = await scene.sink({ start: () => failure }, { values: ['a'] })
    const { trace } = await sink.reaches('FAILED')
    expect(trace).toMatch(/^org\.apache\.kafka\.connect\.errors\.ConnectException: no way in\n\tat /)
    expect(sink.director.order()).toEqual(['initialize', 'start', 'stop'])
  })

  story('whose open throws is FAILED, without a record having been put', async (scene) => {
    const sink = await scene.sink({ open: () => failure }, { values: ['a'] })
    const { trace } = await sink.reaches('FAILED')
    expect(trace).toContain('no way in')
    expect(sink.director.batches).toEqual([])
    expect(sink.director.order('put', 'preCommit', 'close')).toEqual(['initialize', 'start', 'open', 'stop'])
    expect(await sink.committed()).toBeUndefined()
  })

  story('whose stop throws is stopped, and the log says what it threw', async (scene) => {
    const sink = await scene.sink({ stop: () => failure })
    await sink.director.ended('put')
    await sink.stop()
    const [line] = await sink.logs('Could not stop task', 'WARN')
    expect(String(line?.error)).toContain('no way in')
  })

  story('is one of two that share the partitions when tasks.max is 2', async (scene) => {
    const sink = await scene.sink({}, { partitions: 2, config: { 'tasks.max': '2' } })
    const opened = (task: number) => sink.director.of('open').findLast((call) => call.task === task)?.facts.partitions
    await sink.director.until(() => opened(0)?.length === 1 && opened(1)?.length === 1)
    for (const partition of [0, 1]) await scene.produce(sink.topic, [`in ${partition}`], { partition })
    await sink.commits(1, 0)
    await sink.commits(1, 1)
    const [first, second] = [0, 1].map((task) => sink.director.of('put').filter((call) => call.task === task))
    const valuesOf = (calls: typeof first) => calls?.flatMap(({ facts }) => facts.records?.map(({ value }) => value))
    expect([valuesOf(first), valuesOf(second)].flat().sort()).toEqual(['in 0', 'in 1'])
    expect(valuesOf(first)).toHaveLength(1)
  })

  story('does not come to be when the connector asks for more tasks than tasks.max', async (scene) => {
    await expect(scene.sink({}, { config: { 'observable.tasks': '2' } })).rejects.toThrow(/tasks\.max/)
  })

  story('ends with its connector, whose offsets stay for the next one of that name', async (scene) => {
    const sink = await scene.sink({}, { values: ['a'] })
    await sink.commits(1)
    await sink.delete()
    expect(scene.stage.herder.connectors()).not.toContain(sink.name)
    expect(await sink.committed()).toBe(1)
    await scene.produce(sink.topic, ['b'])
    await scene.stage.herder.putConnectorConfig(sink.name, sink.config)
    await sink.commits(2)
    expect(sink.director.delivered).toEqual(['a', 'b'])
  })

  story('survives impatience: what was asked for last is what it does', async (scene) => {
    const sink = await scene.sink({}, { values: ['a'] })
    await Promise.all([
      sink.pause(),
      sink.resume(),
      sink.restartTask(),
      sink.pause(),
      sink.resume(),
      sink.stop(),
      sink.resume(),
      sink.pause(),
      sink.resume(),
    ])
    await scene.produce(sink.topic, ['b'])
    await sink.commits(2)
    expect(new Set(sink.director.delivered)).toEqual(new Set(['a', 'b']))
    await sink.reaches('RUNNING')
  })

  story('is one more, and one less, as tasks.max says', async (scene) => {
    const sink = await scene.sink({}, { partitions: 2 })
    const opened = (task: number) => sink.director.of('open').findLast((call) => call.task === task)?.facts.partitions?.length
    await sink.director.until(() => opened(0) === 2)
    await sink.reconfigure({ 'tasks.max': '2' })
    await sink.director.until(() => opened(0) === 1 && opened(1) === 1)
    await sink.reconfigure({ 'tasks.max': '1' })
    await sink.director.until(() => opened(0) === 2)
    for (const partition of [0, 1]) await scene.produce(sink.topic, [String(partition)], { partition })
    await sink.commits(1, 0)
    await sink.commits(1, 1)
    expect(sink.status(1)).toBeUndefined()
  })

  story('whose open is slow gets no record before it has ended, and can be stopped then', async (scene) => {
    const slow = Promise.withResolvers<void>()
    const sink = await scene.sink({ open: () => slow.promise }, { values: ['a'] })
    await sink.director.called('open')
    const stopped = sink.stop()
    slow.resolve()
    await stopped
    const afterOpen = sink.director.calls.slice(sink.director.calls.findIndex(({ name }) => name === 'open'))
    expect(afterOpen[0]?.outcome).not.toBeNull()
    expect(sink.director.order().slice(-2)).toEqual(['close', 'stop'])
    expect(sink.logged('Graceful stop')).toEqual([])
  })

  story('that cannot open because its system is out opens again until it can, RETRYING meanwhile', async (scene) => {
    let isOut = true
    const down = { do: 'throw', error: { type: 'Error', message: 'connect ECONNREFUSED', code: 'ECONNREFUSED' } } as const
    const sink = await scene.sink({ open: () => (isOut ? down : undefined) }, { values: ['a'] })
    await scene.until(() => sink.status()?.condition?.kind === 'RETRYING')
    await sink.director.ended('open', 3)
    isOut = false
    await sink.commits(1)
    expect(sink.director.of('open').filter(({ outcome }) => outcome?.threw === null)).toHaveLength(1)
    expect(sink.director.of('start')).toHaveLength(1)
    await scene.until(() => sink.status()?.condition === undefined)
  })
})

describeConcurrentStories(
  'a sink task that misses task.shutdown.graceful.timeout.ms',
  { 'task.shutdown.graceful.timeout.ms': '200', 'offset.flush.interval.ms': '600000' },
  (story) => {
    story('is cancelled: the log says so, nothing is committed or reported, and the next task reads its batch again', async (scene) => {
      const stuck = Promise.withResolvers<void>()
      let isFirst = true
      const sink = await scene.sink(
        {
          put: ({ facts }) => {
            if (facts.records?.length === 0 || !isFirst) return
            isFirst = false
            return stuck.promise
          },
        },
        { values: ['a'] },
      )
      await sink.director.until(() => sink.director.batches.length === 1)
      await sink.stop()
      await sink.logs('Graceful stop of task', 'ERROR')
      const resumed = sink.resume()
      stuck.resolve()
      await resumed
      await sink.director.until(() => sink.director.delivered.length === 2)
      expect(sink.director.batches).toEqual([['a'], ['a']])
      expect(sink.director.of('preCommit')).toEqual([])
      expect(await sink.committed()).toBeUndefined()
      expect(sink.status()?.state).toBe('RUNNING')
    })

    story('inside start is cancelled too, and the next one starts', async (scene) => {
      const stuck = Promise.withResolvers<void>()
      const sink = await scene.sink({ start: ({ nth }) => (nth === 1 ? stuck.promise : undefined) }, { values: ['a'] })
      await sink.director.called('start')
      await sink.stop()
      await sink.logs('Graceful stop of task', 'ERROR')
      await sink.resume()
      await sink.director.until(() => sink.director.delivered.length === 1)
      stuck.resolve()
      await scene.until(() => sink.director.of('stop').length === 1)
      expect(sink.director.of('open')).toHaveLength(1)
      expect(sink.status()?.state).toBe('RUNNING')
    })

    story('inside close is cancelled too: the next one starts beside it and loses nothing', async (scene) => {
      const stuck = Promise.withResolvers<void>()
      const sink = await scene.sink({ close: ({ nth }) => (nth === 1 ? stuck.promise : undefined) }, { values: ['a'] })
      await sink.director.until(() => sink.director.delivered.length === 1)
      await sink.stop()
      await sink.logs('Graceful stop of task', 'ERROR')
      await sink.resume()
      await scene.produce(sink.topic, ['b'])
      stuck.resolve()
      await sink.director.until(() => sink.director.delivered.includes('b'))
      expect(new Set(sink.director.delivered)).toEqual(new Set(['a', 'b']))
      expect(sink.status()).toEqual({ id: { connector: sink.name, task: 0 }, state: 'RUNNING' })
    })
  },
)
