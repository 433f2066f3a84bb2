import { expect } from 'vitest'
import type { Call } from '../../support/observable/director.ts'
import { describeConcurrentStories } from '../../support/observable/stage.ts'
import { kcat } from '../../support/services/kcat.ts'

const valueIn = (call: Call, value: string) => call.facts.records?.some((record) => record.value === value) === true
const notYet = { do: 'throw', error: { type: 'RetriableException', message: 'not yet' } } as const

describeConcurrentStories('partitions of a sink', {}, (story) => {
  story('that the task pauses deliver nothing until it resumes them, while others do', async (scene) => {
    const topic = await scene.topic(2)
    const first = { topic, partition: 0 }
    const sink = await scene.sink(
      {
        open: () => ({ do: 'pause', partitions: [first] }),
        put: (call) => (valueIn(call, 'go on') ? { do: 'resume', partitions: [first] } : undefined),
      },
      { topic },
    )
    await scene.produce(topic, ['held'], { partition: 0 })
    await scene.produce(topic, ['passes'], { partition: 1 })
    await sink.commits(1, 1)
    await sink.director.next('put')
    expect(sink.director.delivered).toEqual(['passes'])
    await scene.produce(topic, ['go on'], { partition: 1 })
    await sink.commits(1, 0)
    expect(sink.director.delivered).toEqual(['passes', 'go on', 'held'])
  })

  story('paused by the task stay paused when the connector is paused and resumed', async (scene) => {
    const topic = await scene.topic(2)
    const sink = await scene.sink({ open: () => ({ do: 'pause', partitions: [{ topic, partition: 0 }] }) }, { topic })
    await sink.director.ended('put')
    await sink.pause()
    await sink.reaches('PAUSED')
    await scene.produce(topic, ['held'], { partition: 0 })
    await scene.produce(topic, ['passes'], { partition: 1 })
    await sink.resume()
    await sink.commits(1, 1)
    await sink.director.next('put')
    expect(sink.director.delivered).toEqual(['passes'])
  })

  story('paused by the task stay paused after a redelivery', async (scene) => {
    const topic = await scene.topic(2)
    let refused = 2
    const sink = await scene.sink(
      {
        open: () => ({ do: 'pause', partitions: [{ topic, partition: 0 }] }),
        put: (call) => (valueIn(call, 'passes') && refused-- > 0 ? notYet : undefined),
      },
      { topic },
    )
    await scene.produce(topic, ['held'], { partition: 0 })
    await scene.produce(topic, ['passes'], { partition: 1 })
    await sink.commits(1, 1)
    await scene.produce(topic, ['more'], { partition: 1 })
    await sink.commits(2, 1)
    expect(sink.director.delivered).toEqual(['passes', 'more'])
  })

  story('resumed by the task while its connector is paused deliver only when that is resumed', async (scene) => {
    const topic = await scene.topic()
    const partitions = [{ topic, partition: 0 }]
    let resumeNow = false
    const sink = await scene.sink(
      { open: () => ({ do: 'pause', partitions }), put: () => (resumeNow ? { do: 'resume', partitions } : undefined) },
      { topic, values: ['a'] },
    )
    await sink.director.ended('put')
    await sink.pause()
    await sink.reaches('PAUSED')
    resumeNow = true
    await sink.director.next('put')
    await sink.director.next('put')
    expect(sink.director.batches).toEqual([])
    await sink.resume()
    await sink.commits(1)
  })

  story('that are not the task’s cannot be paused: IllegalWorkerStateException', async (scene) => {
    const sink = await scene.sink({ put: () => ({ do: 'pause', partitions: [{ topic: 'of-somebody-else', partition: 0 }] }) })
    const { trace } = await sink.reaches('FAILED')
    expect(trace).toContain('org.apache.kafka.connect.errors.IllegalWorkerStateException: SinkTasks may not pause partitions')
    expect(trace).toContain('of-somebody-else-0')
  })

  story('taken away in the middle of put are given up when put has ended: committed, closed, and read by nobody twice', async (scene) => {
    const taken = Promise.withResolvers<void>()
    const sink = await scene.sink({ put: (call) => (valueIn(call, 'a') ? taken.promise : undefined) }, { partitions: 2, values: ['a'] })
    await sink.director.until(() => sink.director.batches.length === 1)
    const rival = await scene.rival(sink)
    await scene.until(async () => (await scene.stage.admin.describeGroup(sink.group)).state === 'PreparingRebalance')
    expect(sink.director.of('close')).toHaveLength(0)
    taken.resolve()
    await scene.until(() => rival.assigned().length === 1)
    await sink.director.ended('open', 2)
    const names = sink.director.calls.map(({ name }) => name)
    expect(names[names.indexOf('close') - 1]).toBe('preCommit')
    expect(sink.director.of('open')[1]?.facts.partitions).toHaveLength(1)
    expect(await sink.committed()).toBe(1)
    expect(sink.director.delivered).toEqual(['a'])
  })

  story('come back when the other member leaves, and go on where it left them', async (scene) => {
    const sink = await scene.sink({}, { partitions: 2 })
    await sink.director.ended('open')
    const rival = await scene.rival(sink)
    await scene.until(() => rival.assigned().length === 1)
    await sink.director.ended('open', 2)
    await rival.leave()
    await sink.director.ended('open', 3)
    for (const partition of [0, 1]) await scene.produce(sink.topic, [`in ${partition}`], { partition })
    await sink.commits(1, 0)
    await sink.commits(1, 1)
    expect([...sink.director.delivered].sort()).toEqual(['in 0', 'in 1'])
  })

  story('taken away in a redelivery take their records out of the kept batch; whoever has them then reads them', async (scene) => {
    let refusing = true
    const sink = await scene.sink({ put: (call) => (refusing && call.facts.records?.length !== 0 ? notYet : undefined) }, { partitions: 2 })
    for (const partition of [0, 1]) await scene.produce(sink.topic, [`in ${partition}`], { partition })
    await sink.director.until(() => sink.director.batches.some(({ length }) => length > 0))
    const rival = await scene.rival(sink)
    await scene.until(() => rival.assigned().length === 1)
    await sink.director.ended('open', 2)
    refusing = false
    const [mine] = sink.director.of('open').at(-1)?.facts.partitions ?? []
    await sink.commits(1, mine!.partition)
    expect(sink.director.delivered).toEqual([`in ${mine!.partition}`])
    expect(await sink.committed(1 - mine!.partition)).toBeUndefined()
  })

  story('of a new topic that matches topics.regex are read from their start', async (scene) => {
    const prefix = scene.name('regex')
    const before = await scene.topic(1, {}, `${prefix}.a`)
    await scene.produce(before, ['one'])
    const sink = await scene.sink(
      {},
      { topic: before, config: { 'topics.regex': `${prefix}\\.[a-z]`, 'consumer.override.metadata.max.age.ms': '200' } },
    )
    await sink.commits(1, 0, before)
    const after = await scene.topic(1, {}, `${prefix}.b`)
    const strange = await scene.topic(1, {}, `${prefix}.b2`)
    await scene.produce(after, ['two'])
    await scene.produce(strange, ['never'])
    await sink.commits(1, 0, after)
    expect(sink.director.delivered).toEqual(['one', 'two'])
  })

  story('keep their order, each', async (scene) => {
    const sink = await scene.sink({}, { partitions: 3 })
    const values = Array.from({ length: 60 }, (_, index) => String(index))
    await Promise.all([0, 1, 2].map((partition) => scene.produce(sink.topic, values, { partition })))
    for (const partition of [0, 1, 2]) await sink.commits(60, partition)
    for (const partition of [0, 1, 2])
      expect(sink.director.records.filter((record) => record.partition === partition).map(({ value }) => value)).toEqual(values)
  })

  story('that come in a rebalance while the connector is paused wait for its resumption', async (scene) => {
    const sink = await scene.sink({}, { partitions: 2 })
    await sink.director.ended('open')
    const rival = await scene.rival(sink)
    await scene.until(() => rival.assigned().length === 1)
    await sink.director.ended('open', 2)
    await sink.pause()
    await sink.reaches('PAUSED')
    await rival.leave()
    await sink.director.ended('open', 3)
    for (const partition of [0, 1]) await scene.produce(sink.topic, [`in ${partition}`], { partition })
    await sink.director.next('put')
    await sink.director.next('put')
    expect(sink.director.batches).toEqual([])
    await sink.resume()
    await sink.commits(1, 0)
    await sink.commits(1, 1)
  })

  story('taken away in the search for a bad record are put by whoever has them then, and nothing good is dead', async (scene) => {
    const dlq = scene.name('dlq')
    const held = Promise.withResolvers<void>()
    const badData = { do: 'throw', error: { type: 'DataException', message: 'bad' } } as const
    const sink = await scene.sink(
      {
        put: async (call) => {
          if (call.facts.records?.length === 2) await held.promise // in the middle of the search
          return valueIn(call, '0/1') ? badData : undefined
        },
      },
      {
        partitions: 2,
        initialState: 'PAUSED',
        config: { 'errors.tolerance': 'all', 'errors.deadletterqueue.topic.name': dlq },
      },
    )
    for (const partition of [0, 1])
      await scene.produce(
        sink.topic,
        [0, 1, 2, 3].map((number) => `${partition}/${number}`),
        { partition },
      )
    await sink.resume()
    await sink.director.until(() => sink.director.batches.some(({ length }) => length === 2))
    const rival = await scene.rival(sink)
    await scene.until(async () => (await scene.stage.admin.describeGroup(sink.group)).state === 'PreparingRebalance')
    held.resolve()
    await scene.until(() => rival.assigned().length === 1)
    await rival.leave()
    await sink.commits(4, 0)
    await sink.commits(4, 1)
    const good = ['0/0', '0/2', '0/3', '1/0', '1/1', '1/2', '1/3']
    expect([...new Set(sink.director.delivered)].sort()).toEqual(good)
    expect(new Set(await scene.values(dlq, 1))).toEqual(new Set(['0/1']))
  })

  story('keep their order and lose nothing in a storm of rebalances', async (scene) => {
    const sink = await scene.sink({}, { partitions: 2 })
    await sink.director.ended('open')
    const numbers = Array.from({ length: 40 }, (_, index) => String(index))
    const flow = (async () => {
      for (const number of numbers) for (const partition of [0, 1]) await scene.produce(sink.topic, [number], { partition })
    })()
    for (let storm = 0; storm < 3; storm++) {
      const rival = await scene.rival(sink)
      await scene.until(() => rival.assigned().length === 1)
      await sink.director.ended('open', 2 + 2 * storm)
      await rival.leave() // it has committed nothing
      await sink.director.ended('open', 3 + 2 * storm)
    }
    await flow
    await sink.commits(40, 0)
    await sink.commits(40, 1)
    for (const partition of [0, 1]) {
      const values = sink.director.records.filter((record) => record.partition === partition).map(({ value }) => value)
      expect([...new Set(values)]).toEqual(numbers)
    }
  })

  story('of a topic that is deleted are given up; those of other topics go on and are committed', async (scene) => {
    const [doomed, kept] = [await scene.topic(), await scene.topic()]
    const config = {
      topics: `${doomed},${kept}`,
      'consumer.override.metadata.max.age.ms': '200',
      'consumer.override.allow.auto.create.topics': 'false',
    }
    const sink = await scene.sink({}, { topic: kept, config })
    await kcat(scene.stage.address, ['-P', '-t', doomed], 'a') // a producer that stays would have the topic created again
    await sink.commits(1, 0, doomed)
    await scene.stage.admin.deleteTopics([doomed])
    await sink.director.until(() => sink.director.of('open').length > 1)
    await scene.produce(kept, ['b', 'c'])
    await sink.commits(2)
    expect(sink.status()?.state).toBe('RUNNING')
    expect(sink.director.delivered).toEqual(['a', 'b', 'c'])
  })

  story('whose records were deleted before they were read go on at the first that is left', async (scene) => {
    const sink = await scene.sink({}, { values: ['a', 'b', 'c'], initialState: 'PAUSED' })
    await scene.stage.admin.deleteRecords([{ topic: sink.topic, partition: 0, offset: 2 }])
    await sink.resume()
    await sink.commits(3)
    expect(sink.director.delivered).toEqual(['c'])
  })
})
