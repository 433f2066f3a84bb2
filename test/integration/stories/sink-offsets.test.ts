import { expect } from 'vitest'
import type { TopicPartitionOffset } from '../../../src/api/index.ts'
import type { Step } from '../../support/observable/dialogue.ts'
import type { Call, Part } from '../../support/observable/director.ts'
import { describeConcurrentStories } from '../../support/observable/stage.ts'

const only = (...offsets: readonly TopicPartitionOffset[]): Step => ({ do: 'commitOnly', offsets })
const offsetOf = ({ facts }: Call) => facts.offsets?.find(({ partition }) => partition === 0)
const failed: Step = { do: 'throw', error: { type: 'ConnectException', message: 'could not flush' } }

/** Returns the current offsets, changed. */
const changed =
  (change: (offset: TopicPartitionOffset) => TopicPartitionOffset): Part =>
  ({ facts }) =>
    only(...(facts.offsets ?? []).map(change))

describeConcurrentStories('offsets of a sink', {}, (story) => {
  story('are, for preCommit, the next ones behind what was put, of each partition', async (scene) => {
    const sink = await scene.sink({}, { partitions: 2, values: ['a', 'b'] })
    await scene.produce(sink.topic, ['c'], { partition: 1 })
    await sink.commits(2, 0)
    await sink.commits(1, 1)
    const { facts } = sink.director.of('preCommit').at(-1)!
    const { topic } = sink
    expect(facts.offsets).toHaveLength(2)
    expect(facts.offsets).toEqual(
      expect.arrayContaining([
        { topic, partition: 0, offset: 2 },
        { topic, partition: 1, offset: 1 },
      ]),
    )
  })

  story('are committed as far as preCommit says, where that is less', async (scene) => {
    let limit = 1
    const below: Part = ({ facts }) => only(...(facts.offsets ?? []).map((each) => ({ ...each, offset: Math.min(each.offset, limit) })))
    const sink = await scene.sink({ preCommit: below }, { values: ['a', 'b', 'c'] })
    await sink.commits(1)
    expect(sink.director.delivered).toEqual(['a', 'b', 'c'])
    limit = 2
    await sink.commits(2)
    expect(sink.director.batches).toEqual([['a', 'b', 'c']])
  })

  story('left below by preCommit at stop are read again from there', async (scene) => {
    const sink = await scene.sink(
      { preCommit: ({ facts }) => only(...(facts.offsets ?? []).map((each) => ({ ...each, offset: Math.min(each.offset, 1) }))) },
      { values: ['a', 'b'] },
    )
    await sink.director.until(() => sink.director.delivered.length === 2)
    await sink.stop()
    await sink.resume()
    await sink.director.until(() => sink.director.delivered.length === 3)
    expect(sink.director.delivered).toEqual(['a', 'b', 'b'])
  })

  story('beyond what was put are ignored, and the log says so', async (scene) => {
    const sink = await scene.sink({ preCommit: changed((each) => ({ ...each, offset: each.offset + 5 })) }, { values: ['a'] })
    await sink.director.until(() => sink.director.of('preCommit').some((call) => offsetOf(call)?.offset === 1 && call.outcome !== null))
    await sink.director.next('preCommit')
    expect(await sink.committed()).toBeUndefined()
    await sink.logs(/Ignoring invalid task provided offset/, 'WARN')
    expect(sink.status()?.state).toBe('RUNNING')
  })

  story('of partitions that are not the task’s are ignored; the others count', async (scene) => {
    const sink = await scene.sink(
      { preCommit: ({ facts }) => only(...(facts.offsets ?? []), { topic: 'of-somebody-else', partition: 3, offset: 1 }) },
      { values: ['a'] },
    )
    await sink.commits(1)
    await sink.logs('of-somebody-else', 'WARN')
    expect(await scene.stage.admin.groupOffsets(sink.group)).toHaveLength(1)
  })

  story('are not committed while preCommit returns none', async (scene) => {
    let none = true
    const sink = await scene.sink({ preCommit: () => (none ? only() : undefined) }, { values: ['a'] })
    await sink.director.until(() => sink.director.of('preCommit').filter((call) => offsetOf(call)?.offset === 1).length >= 3)
    expect(await sink.committed()).toBeUndefined()
    none = false
    await sink.commits(1)
  })

  story('are rewound to the last committed ones when preCommit throws: its records come again', async (scene) => {
    let fails = 1
    const sink = await scene.sink(
      { preCommit: (call) => (offsetOf(call)?.offset === 2 && fails-- > 0 ? failed : undefined) },
      { values: ['a'] },
    )
    await sink.commits(1)
    await scene.produce(sink.topic, ['b'])
    await sink.commits(2)
    expect(sink.director.delivered).toEqual(['a', 'b', 'b'])
    expect(await sink.logs('preCommit()', 'ERROR')).toHaveLength(1)
    expect(sink.status()?.state).toBe('RUNNING')
  })

  story('are not committed at stop when preCommit throws then; close and stop are called all the same', async (scene) => {
    const sink = await scene.sink({ preCommit: () => failed }, { values: ['a'] })
    await sink.director.until(() => sink.director.delivered.length >= 1)
    await sink.stop()
    expect(sink.director.order().slice(-3)).toEqual(['preCommit', 'close', 'stop'])
    expect(await sink.committed()).toBeUndefined()
  })

  story('are committed once: unchanged ones are not committed again', async (scene) => {
    const sink = await scene.sink({}, { values: ['a'] })
    await sink.commits(1)
    await scene.stage.admin.alterGroupOffsets(sink.group, [{ topic: sink.topic, partition: 0, offset: 0 }]).catch(() => null) // refused: it has members
    await sink.director.next('preCommit')
    await sink.director.next('preCommit')
    expect(await sink.committed()).toBe(1)
    expect(sink.director.delivered).toEqual(['a'])
  })

  story('go back when the task asks by offset(): records are put again from there, and later ones once', async (scene) => {
    let asked = false
    const sink = await scene.sink(
      {
        put: ({ facts }) => {
          if (asked || facts.records?.length !== 3) return
          asked = true
          return { do: 'seek', offsets: [{ topic: facts.records[0]!.topic, partition: 0, offset: 1 }] }
        },
      },
      { values: ['a', 'b', 'c'] },
    )
    await sink.director.until(() => sink.director.delivered.length === 5)
    await scene.produce(sink.topic, ['d'])
    await sink.commits(4)
    expect(sink.director.delivered).toEqual(['a', 'b', 'c', 'b', 'c', 'd'])
  })

  story('go where open() asks by offset(), for tasks that keep offsets in the target', async (scene) => {
    const sink = await scene.sink(
      { open: ({ facts }) => ({ do: 'seek', offsets: (facts.partitions ?? []).map((partition) => ({ ...partition, offset: 2 })) }) },
      { values: ['a', 'b', 'c'] },
    )
    await sink.commits(3)
    expect(sink.director.delivered).toEqual(['c'])
  })

  story('of records that a transformation drops are committed, though put never saw them', async (scene) => {
    const config = {
      transforms: 'keep',
      'transforms.keep.type': 'Script',
      'transforms.keep.expression': `value !== 'b'`,
      'transforms.keep.result': 'filter',
    }
    const sink = await scene.sink({}, { values: ['a', 'b'], config })
    await sink.commits(2)
    expect(sink.director.delivered).toEqual(['a'])
  })

  story('advance even when all records are dropped', async (scene) => {
    const config = { transforms: 'drop', 'transforms.drop.type': 'Filter' }
    const sink = await scene.sink({}, { values: ['a', 'b', 'c'], config })
    await sink.commits(3)
    expect(sink.director.batches).toEqual([])
  })

  story('are those of the topic read, when a transformation sends records to another', async (scene) => {
    const config = {
      transforms: 'route',
      'transforms.route.type': 'RegexRouter',
      'transforms.route.regex': '.*',
      'transforms.route.replacement': 'elsewhere',
    }
    const sink = await scene.sink({}, { values: ['a'], config })
    await sink.commits(1)
    const [record] = sink.director.records
    expect([record?.topic, record?.original]).toEqual(['elsewhere', { topic: sink.topic, partition: 0, offset: 0 }])
    expect(sink.director.of('preCommit').at(-1)?.facts.offsets).toEqual([{ topic: sink.topic, partition: 0, offset: 1 }])
  })

  story('start at the end where consumer.override.auto.offset.reset says latest', async (scene) => {
    const sink = await scene.sink({}, { values: ['old'], config: { 'consumer.override.auto.offset.reset': 'latest' } })
    await sink.director.called('open')
    await sink.director.ended('put', 1)
    await scene.produce(sink.topic, ['new'])
    await sink.commits(2)
    expect(sink.director.delivered).toEqual(['new'])
  })

  story('go back in the middle of a redelivery: the kept batch gives way to what is read from there', async (scene) => {
    let puts = 0
    const sink = await scene.sink(
      {
        put: ({ facts }) => {
          if (facts.records?.length !== 3 || ++puts > 1) return
          const offsets = [{ topic: facts.records[0]!.topic, partition: 0, offset: 1 }]
          return [
            { do: 'seek', offsets },
            { do: 'throw', error: { type: 'RetriableException', message: 'from the second on, please' } },
          ]
        },
      },
      { values: ['a', 'b', 'c'] },
    )
    await sink.commits(3)
    expect(sink.director.delivered).toEqual(['b', 'c'])
  })

  story('beyond the end are reset as auto.offset.reset says', async (scene) => {
    let asked = false
    const sink = await scene.sink(
      {
        put: ({ facts }) => {
          if (asked || facts.records?.length === 0) return
          asked = true
          return { do: 'seek', offsets: [{ topic: facts.records![0]!.topic, partition: 0, offset: 30 }] }
        },
      },
      { values: ['a'] },
    )
    await sink.director.until(() => sink.director.delivered.length === 2)
    await scene.produce(sink.topic, ['b'])
    await sink.commits(2)
    expect(sink.director.delivered).toEqual(['a', 'a', 'b'])
  })

  story('of partitions that are not the task’s are not sought; the task goes on', async (scene) => {
    const sink = await scene.sink(
      { open: () => ({ do: 'seek', offsets: [{ topic: 'of-somebody-else', partition: 0, offset: 1 }] }) },
      { values: ['a'] },
    )
    await sink.commits(1)
    expect(await sink.logs('of-somebody-else', 'WARN')).toHaveLength(1)
  })

  story('are committed while preCommit takes its time, without a put beside it', async (scene) => {
    const slow = Promise.withResolvers<void>()
    const sink = await scene.sink(
      { preCommit: ({ facts }) => (facts.offsets?.[0]?.offset === 1 ? slow.promise : undefined) },
      { values: ['a'] },
    )
    await sink.director.until(() => sink.director.of('preCommit').at(-1)?.facts.offsets?.[0]?.offset === 1)
    await scene.produce(sink.topic, ['b'])
    const stopped = sink.stop()
    expect(sink.director.calls.at(-1)?.name).toBe('preCommit')
    slow.resolve()
    await stopped
    expect((await sink.committed())!).toBeGreaterThanOrEqual(1)
    expect(sink.director.order().slice(-2)).toEqual(['close', 'stop'])
  })
})

describeConcurrentStories('offsets of a sink with a long interval', { 'offset.flush.interval.ms': '600000' }, (story) => {
  story('are committed at once when the task asks by requestCommit()', async (scene) => {
    const sink = await scene.sink(
      { put: ({ facts }) => (facts.records?.length === 0 ? undefined : { do: 'requestCommit' }) },
      { values: ['a'] },
    )
    await scene.produce(sink.topic, ['b']) // the commit is made before the next poll, which this one ends
    await scene.until(async () => ((await sink.committed()) ?? 0) >= 1)
    expect(sink.director.of('close')).toHaveLength(0)
  })

  story('are committed when the connector is paused, of all that was put', async (scene) => {
    const sink = await scene.sink({}, { values: ['a', 'b'] })
    await sink.director.until(() => sink.director.delivered.length === 2)
    await sink.pause()
    await sink.commits(2)
    expect(sink.director.of('close')).toHaveLength(0)
  })

  story(
    'are not committed at stop when close throws: its last records may not be safe; the task leaves its group and stops',
    async (scene) => {
      const sink = await scene.sink({ close: () => failed }, { values: ['a'] })
      await sink.director.until(() => sink.director.delivered.length === 1)
      await sink.stop()
      expect(sink.director.order().slice(-3)).toEqual(['preCommit', 'close', 'stop'])
      expect(await sink.committed()).toBeUndefined()
      expect(await scene.stage.admin.describeGroup(sink.group)).toMatchObject({ members: [] })
    },
  )

  story('are committed at stop, of all that was put', async (scene) => {
    const sink = await scene.sink({}, { values: ['a', 'b'] })
    await sink.director.until(() => sink.director.delivered.length === 2)
    expect(await sink.committed()).toBeUndefined()
    await sink.stop()
    expect(await sink.committed()).toBe(2)
    expect(sink.director.of('preCommit')).toHaveLength(1)
  })

  story('do not wait for the interval to put a kept batch again', async (scene) => {
    let refused = 3
    const sink = await scene.sink(
      {
        put: ({ facts }) =>
          facts.records?.length !== 0 && refused-- > 0
            ? { do: 'throw', error: { type: 'RetriableException', message: 'not yet' } }
            : undefined,
      },
      { values: ['a'] },
    )
    await sink.director.until(() => sink.director.delivered.length === 1)
    await sink.stop()
    expect(await sink.committed()).toBe(1)
  })
})
