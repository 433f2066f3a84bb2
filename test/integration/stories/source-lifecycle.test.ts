import { expect } from 'vitest'
import type { Step } from '../../support/observable/dialogue.ts'
import { describeConcurrentStories } from '../../support/observable/stage.ts'

const failure = { do: 'throw', error: { type: 'ConnectException', message: 'no way in' } } as const

describeConcurrentStories('the life of a source task', {}, (story) => {
  story('is initialize, start, polls and commits in turn, stop', async (scene) => {
    const source = await scene.source()
    source.emit({ value: 'a' }, { value: 'b' })
    expect(await scene.values(source.topic, 2)).toEqual(['a', 'b'])
    await source.director.ended('commit')
    await source.stop()
    expect(source.director.order('commitRecord', 'commit')).toEqual(['initialize', 'start', 'poll', 'stop'])
    for (const call of ['initialize', 'start', 'stop'] as const) expect(source.director.of(call)).toHaveLength(1)
  })

  story('gives start the configuration', async (scene) => {
    const source = await scene.source({}, { config: { anything: 'else' } })
    const { facts } = await source.director.ended('start')
    expect(facts.props).toMatchObject({ anything: 'else', name: source.name })
  })

  story('keeps the order of records within and across polls', async (scene) => {
    const source = await scene.source()
    const values = Array.from({ length: 300 }, (_, index) => String(index))
    for (let at = 0; at < values.length; at += 30) source.emit(...values.slice(at, at + 30).map((value) => ({ value })))
    expect(await scene.values(source.topic, 300)).toEqual(values)
  })

  story('paused, sends what it has polled, is PAUSED, polls no more, and goes on when it is resumed', async (scene) => {
    const given = Promise.withResolvers<void>()
    const topic = await scene.topic()
    const records = (value: string): Step => ({
      do: 'emit',
      records: [{ topic, value, sourcePartition: { file: 'a' }, sourceOffset: { position: 1 } }],
    })
    const source = await scene.source(
      {
        poll: async ({ nth }) => {
          if (nth === 1) await given.promise
          return nth <= 2 ? records(String(nth)) : undefined
        },
      },
      { topic },
    )
    await source.director.called('poll')
    await source.pause()
    given.resolve()
    await source.reaches('PAUSED')
    expect(await scene.values(topic, 1)).toEqual(['1'])
    expect(source.director.of('poll')).toHaveLength(1)
    await source.resume()
    await source.reaches('RUNNING')
    expect(await scene.values(topic, 2)).toEqual(['1', '2'])
    expect(source.director.of('start')).toHaveLength(1)
  })

  story('stores offsets while it is paused', async (scene) => {
    const source = await scene.source()
    source.emit({ value: 'a', sourceOffset: { position: 7 } })
    await source.director.until(() => source.director.committedRecords.length === 1)
    await source.pause()
    await source.reaches('PAUSED')
    await source.restartTask()
    await source.resume()
    expect(await source.storedOffset({ file: 'a' })).toEqual({ position: 7 })
  })

  story('created PAUSED, does not start before it is resumed', async (scene) => {
    const source = await scene.source({}, { initialState: 'PAUSED' })
    source.emit({ value: 'a' })
    await source.resume()
    expect(await scene.values(source.topic, 1)).toEqual(['a'])
    expect(source.director.order()[0]).toBe('initialize')
  })

  story('sees its signal aborted inside poll when it shall stop', async (scene) => {
    const source = await scene.source({ poll: () => ({ do: 'awaitStop' }) })
    await source.director.called('poll')
    await source.stop()
    expect(source.logged('Graceful stop')).toEqual([])
    expect(source.director.order('commit')).toEqual(['initialize', 'start', 'poll', 'stop'])
  })

  story('asked to stop in the middle of poll, still sends what that poll gives', async (scene) => {
    const given = Promise.withResolvers<void>()
    const topic = await scene.topic()
    const last = { topic, value: 'last', sourcePartition: { file: 'a' }, sourceOffset: { position: 9 } }
    let isFirst = true
    const source = await scene.source(
      {
        poll: async ({ nth }) => {
          if (nth > 1) return
          isFirst = false
          await given.promise
          return { do: 'emit', records: [last] }
        },
      },
      { topic },
    )
    await scene.until(() => !isFirst)
    const stopped = source.stop()
    given.resolve()
    await stopped
    expect(await scene.endOffset(topic)).toBe(1)
    await source.resume()
    expect(await source.storedOffset({ file: 'a' })).toEqual({ position: 9 })
  })

  story('restarted, is a new task that reads back where the old one was', async (scene) => {
    const source = await scene.source()
    source.emit({ value: 'a', sourceOffset: { position: 1, name: 'x', rate: 0.5, done: true, none: null } })
    await source.director.until(() => source.director.committedRecords.length === 1)
    await source.restartTask()
    const stored = await source.storedOffset({ file: 'a' })
    expect(stored).toEqual({ position: 1, name: 'x', rate: 0.5, done: true, none: null })
    expect(new Set(source.director.calls.map(({ life }) => life)).size).toBe(2)
  })

  story('goes on while its connector is restarted', async (scene) => {
    const source = await scene.source()
    await source.director.ended('poll')
    await scene.stage.herder.restartConnector(source.name)
    source.emit({ value: 'a' })
    expect(await scene.values(source.topic, 1)).toEqual(['a'])
    expect(source.director.of('start')).toHaveLength(1)
  })

  story('is started anew with a changed configuration', async (scene) => {
    const source = await scene.source({}, { config: { colour: 'red' } })
    await source.director.ended('poll')
    await source.reconfigure({ colour: 'blue' })
    await source.director.ended('start', 2)
    expect(source.director.of('start').map(({ facts }) => facts.props?.['colour'])).toEqual(['red', 'blue'])
  })

  story('whose start throws is FAILED with the trace, and stop is called all the same', async (scene) => {
    const source = await scene.source({ start: () => failure })
    const { trace } = await source.reaches('FAILED')
    expect(trace).toMatch(/^org\.apache\.kafka\.connect\.errors\.ConnectException: no way in\n\tat /)
    expect(source.director.order()).toEqual(['initialize', 'start', 'stop'])
  })

  story('whose stop throws is stopped, and the log says what it threw', async (scene) => {
    const source = await scene.source({ stop: () => failure })
    await source.director.ended('poll')
    await source.stop()
    const [line] = await source.logs('Could not stop task', 'WARN')
    expect(String(line?.error)).toContain('no way in')
  })

  story('is one of several, each with its own configuration and offsets', async (scene) => {
    const topic = await scene.topic()
    const given = new Set<number>()
    const source = await scene.source(
      {
        poll: ({ task }) => {
          if (given.has(task)) return
          given.add(task)
          return { do: 'emit', records: [{ topic, value: `of ${task}`, sourcePartition: { task }, sourceOffset: { position: task } }] }
        },
      },
      { topic, config: { 'tasks.max': '3' } },
    )
    expect([...(await scene.values(topic, 3))].sort()).toEqual(['of 0', 'of 1', 'of 2'])
    const tasks = source.director.of('start').map(({ facts }) => facts.props?.['task'])
    expect(tasks.sort()).toEqual(['0', '1', '2'])
  })

  story('ends with its connector, whose offsets stay for the next one of that name', async (scene) => {
    const source = await scene.source()
    source.emit({ value: 'a', sourceOffset: { position: 3 } })
    await source.director.until(() => source.director.committedRecords.length === 1)
    await source.delete()
    await scene.stage.herder.putConnectorConfig(source.name, source.config)
    expect(await source.storedOffset({ file: 'a' })).toEqual({ position: 3 })
  })

  story('survives impatience: what was asked for last is what it does', async (scene) => {
    const source = await scene.source()
    await Promise.all([
      source.pause(),
      source.resume(),
      source.restartTask(),
      source.pause(),
      source.resume(),
      source.stop(),
      source.resume(),
    ])
    source.emit({ value: 'a' })
    expect(await scene.values(source.topic, 1)).toEqual(['a'])
    await source.reaches('RUNNING')
  })

  story('paused inside poll for long stays PAUSED-to-be without a second poll, and its record is not lost', async (scene) => {
    const source = await scene.source()
    await source.director.ended('poll')
    source.emit({ value: 'a', sourceOffset: { position: 1 } })
    await source.pause()
    await source.reaches('PAUSED')
    await source.resume()
    expect(await scene.values(source.topic, 1)).toEqual(['a'])
    await source.offsetIs({ file: 'a' }, { position: 1 })
  })
})

describeConcurrentStories(
  'a source task that misses task.shutdown.graceful.timeout.ms',
  { 'task.shutdown.graceful.timeout.ms': '200' },
  (story) => {
    story('is cancelled: what its poll gives later is not sent, and nothing more is stored or reported', async (scene) => {
      const stuck = Promise.withResolvers<void>()
      const topic = await scene.topic()
      const late = { topic, value: 'too late', sourcePartition: { file: 'a' }, sourceOffset: { position: 99 } }
      const source = await scene.source(
        {
          poll: async ({ nth }) => {
            if (nth > 1) return
            await stuck.promise
            return { do: 'emit', records: [late] }
          },
        },
        { topic },
      )
      await source.director.called('poll')
      await source.stop()
      expect(await source.logs('Graceful stop of task', 'ERROR')).toHaveLength(1)
      stuck.resolve()
      await source.resume()
      expect(await source.storedOffset({ file: 'a' })).toBeNull()
      await source.reaches('RUNNING')
      expect(await scene.endOffset(topic)).toBe(0)
    })
  },
)
