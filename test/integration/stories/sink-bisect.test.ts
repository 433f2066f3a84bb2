import { expect } from 'vitest'
import type { Step } from '../../support/observable/dialogue.ts'
import type { Part } from '../../support/observable/director.ts'
import { describeConcurrentStories } from '../../support/observable/stage.ts'

const badData: Step = { do: 'throw', error: { type: 'DataException', message: 'mapper_parsing_exception' } }
const values = Array.from({ length: 16 }, (_, index) => String(index))
const rest = (...bad: readonly string[]) => values.filter((value) => !bad.includes(value))

/** Refuses every batch with one of these in it, as a whole. */
const refusing =
  (...bad: readonly string[]): Part =>
  ({ facts }) =>
    facts.records?.some(({ value }) => bad.includes(String(value))) === true ? badData : undefined

const withDlq = (dlq: string) => ({
  'errors.tolerance': 'all',
  'errors.deadletterqueue.topic.name': dlq,
  'errors.deadletterqueue.context.headers.enable': 'true',
})

describeConcurrentStories('a put that refuses its batch by DataException', {}, (story) => {
  story.each([
    ['first', ['0']],
    ['last', ['15']],
    ['middle', ['7']],
    ['two neighbours', ['7', '8']],
    ['two far apart', ['0', '15']],
    ['every second', values.filter((_, index) => index % 2 === 1)],
  ] as const)('has it searched for the %s: only those are dead, all others are taken once and in order', async (scene, bad) => {
    const dlq = scene.name('dlq')
    const sink = await scene.sink({ put: refusing(...bad) }, { values, config: withDlq(dlq) })
    await sink.commits(16)
    expect(sink.director.delivered).toEqual(rest(...bad))
    expect(await scene.values(dlq, bad.length)).toEqual(bad)
    expect(await scene.endOffset(dlq)).toBe(bad.length)
    expect(sink.status()).toMatchObject({ state: 'RUNNING' })
  })

  story('has all of them dead when it refuses them all, and goes on', async (scene) => {
    const dlq = scene.name('dlq')
    const sink = await scene.sink({ put: refusing(...values) }, { values, config: withDlq(dlq) })
    await sink.commits(16)
    expect(await scene.values(dlq, 16)).toEqual(values)
    await scene.produce(sink.topic, ['good'])
    await sink.commits(17)
    expect(sink.director.delivered).toEqual(['good'])
  })

  story('finds one record of 512 in at most 20 puts', async (scene) => {
    const many = Array.from({ length: 512 }, (_, index) => String(index))
    const config = { 'errors.tolerance': 'all', 'consumer.override.max.poll.records': '512' }
    const sink = await scene.sink({ put: refusing('300') }, { values: many, config })
    await sink.commits(512)
    expect(sink.director.batches.length).toBeLessThanOrEqual(20)
    expect(sink.director.delivered).toEqual(many.filter((value) => value !== '300'))
  })

  story('says in the dead letter’s headers which record it was, that put refused it, and why', async (scene) => {
    const dlq = scene.name('dlq')
    const sink = await scene.sink({ put: refusing('3') }, { values, config: withDlq(dlq) })
    const [letter] = await scene.records(dlq, 1)
    const headers = Object.fromEntries(letter?.headers.map(({ key, value }) => [key, value?.toString()]) ?? [])
    expect(headers).toMatchObject({
      '__connect.errors.topic': sink.topic,
      '__connect.errors.partition': '0',
      '__connect.errors.offset': '3',
      '__connect.errors.connector.name': sink.name,
      '__connect.errors.task.id': '0',
      '__connect.errors.stage': 'TASK_PUT',
      '__connect.errors.class.name': 'org.apache.kafka.connect.sink.SinkTask',
      '__connect.errors.exception.class.name': 'org.apache.kafka.connect.errors.DataException',
      '__connect.errors.exception.message': 'mapper_parsing_exception',
    })
  })

  story('fails the task over the culprit alone when errors.tolerance is none; what is before it is committed', async (scene) => {
    const sink = await scene.sink({ put: refusing('5') }, { values })
    const { trace } = await sink.reaches('FAILED')
    expect(trace).toContain('Tolerance exceeded in error handler')
    expect(trace).toContain(`topic ${sink.topic}, partition 0, offset 5`)
    expect(trace).toContain('mapper_parsing_exception')
    expect(sink.director.delivered).toEqual(['0', '1', '2', '3', '4'])
    expect(await sink.committed()).toBe(5)
  })

  story('fails the task with the whole batch when errors.put.bisect is false', async (scene) => {
    const config = { 'errors.tolerance': 'all', 'errors.put.bisect': 'false' }
    const sink = await scene.sink({ put: refusing('5') }, { values, config })
    const { trace } = await sink.reaches('FAILED')
    expect(trace).toContain('mapper_parsing_exception')
    expect(sink.director.batches).toEqual([values])
    expect(await sink.committed()).toBeUndefined()
  })

  story('is not searched when the task named the record itself: the others are put again without it', async (scene) => {
    const dlq = scene.name('dlq')
    let isFirst = true
    const sink = await scene.sink(
      {
        put: ({ facts }) => {
          if (facts.records?.length === 0 || !isFirst) return
          isFirst = false
          return [{ do: 'report', values: ['5'], error: { type: 'DataException', message: 'bad' } }, badData]
        },
      },
      { values, config: withDlq(dlq) },
    )
    await sink.commits(16)
    expect(sink.director.batches).toEqual([values, rest('5')])
    expect(await scene.values(dlq, 1)).toEqual(['5'])
    expect(await scene.endOffset(dlq)).toBe(1)
  })

  story('is searched through an outage in the middle of it, and nothing good is dead', async (scene) => {
    const dlq = scene.name('dlq')
    let puts = 0
    const down: Step = { do: 'throw', error: { type: 'RetriableException', message: 'out' } }
    const sink = await scene.sink(
      { put: (call) => (call.facts.records?.length !== 0 && ++puts % 3 === 2 ? [{ do: 'timeout', ms: 1 }, down] : refusing('5')(call)) },
      { values, config: withDlq(dlq) },
    )
    await sink.commits(16)
    expect(sink.director.delivered).toEqual(rest('5'))
    expect(await scene.endOffset(dlq)).toBe(1)
  })

  story('is searched in batches of several partitions, whose order and offsets are kept', async (scene) => {
    const dlq = scene.name('dlq')
    const sink = await scene.sink({ put: refusing('1/3') }, { partitions: 2, config: withDlq(dlq), initialState: 'PAUSED' })
    for (const partition of [0, 1])
      await scene.produce(
        sink.topic,
        values.map((value) => `${partition}/${value}`),
        { partition },
      )
    await sink.resume()
    await sink.commits(16, 0)
    await sink.commits(16, 1)
    for (const partition of [0, 1])
      expect(sink.director.records.filter((record) => record.partition === partition).map(({ value }) => value)).toEqual(
        values.map((value) => `${partition}/${value}`).filter((value) => value !== '1/3'),
      )
    expect(await scene.values(dlq, 1)).toEqual(['1/3'])
  })

  story('can be stopped in the middle of its search: what was taken is committed, the rest is read again', async (scene) => {
    let isFirst = true
    const sink = await scene.sink(
      {
        put: (call) => {
          if (call.facts.records?.length !== 8 || !isFirst) return refusing('15')(call)
          isFirst = false
          return { do: 'awaitStop' }
        },
      },
      { values, config: { 'errors.tolerance': 'all' } },
    )
    await sink.director.until(() => sink.director.batches.length === 2)
    await sink.stop()
    expect(await sink.committed()).toBe(8)
    await sink.resume()
    await sink.commits(16)
    expect(sink.director.delivered).toEqual(rest('15'))
  })
})
