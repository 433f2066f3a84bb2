import { expect } from 'vitest'
import type { ErrorSpec, Step } from '../../support/observable/dialogue.ts'
import type { Call, Part } from '../../support/observable/director.ts'
import { describeConcurrentStories } from '../../support/observable/stage.ts'

const failing = (error: ErrorSpec): Step => ({ do: 'throw', error })
const notYet = failing({ type: 'RetriableException', message: 'not yet' })
const hasRecords = ({ facts }: Call) => (facts.records ?? []).length > 0

/** Does this for the first puts that have records, and takes what comes then. */
function atFirst(times: number, ...steps: readonly Step[]): Part {
  let left = times
  return (call) => (hasRecords(call) && left-- > 0 ? steps : undefined)
}

/** Does this for puts with records until it is told otherwise. */
function until(): { readonly part: Part; steps: readonly Step[] } {
  const switched = {
    steps: [] as readonly Step[],
    part: (call: Call) => (hasRecords(call) ? switched.steps : undefined),
  }
  return switched
}

describeConcurrentStories('put', {}, (story) => {
  story('that throws RetriableException gets the same batch again, in order, until it takes it', async (scene) => {
    const sink = await scene.sink({ put: atFirst(3, notYet) }, { values: ['a', 'b', 'c'] })
    await sink.commits(3)
    expect(sink.director.batches).toEqual(Array.from({ length: 4 }, () => ['a', 'b', 'c']))
    expect(sink.director.delivered).toEqual(['a', 'b', 'c'])
  })

  story('gets a kept batch as it was: not converted and not transformed again', async (scene) => {
    const config = { transforms: 'mark', 'transforms.mark.type': 'Script', 'transforms.mark.expression': 'value + Math.random()' }
    const sink = await scene.sink({ put: atFirst(2, notYet) }, { values: ['a', 'b'], config })
    await sink.commits(2)
    const [first, second, third] = sink.director.batches
    expect(first).not.toEqual(['a', 'b'])
    expect([second, third]).toEqual([first, first])
  })

  story('gets nothing newer before the batch it did not take', async (scene) => {
    const put = until()
    put.steps = [{ do: 'timeout', ms: 10 }, notYet]
    const sink = await scene.sink({ put: put.part }, { values: ['a'] })
    await sink.director.until(() => sink.director.batches.length >= 2)
    await scene.produce(sink.topic, ['b'])
    const soFar = sink.director.batches.length
    await sink.director.until(() => sink.director.batches.length >= soFar + 5)
    put.steps = []
    await sink.commits(2)
    expect(sink.director.delivered).toEqual(['a', 'b'])
    expect(sink.director.batches.slice(0, soFar + 5)).toEqual(Array.from({ length: soFar + 5 }, () => ['a']))
  })

  story('is repeated as soon as the task has asked for by timeout()', async (scene) => {
    const sink = await scene.sink({ put: atFirst(15, { do: 'timeout', ms: 1 }, notYet) }, { values: ['a'] })
    await sink.commits(1) // with growing pauses it would take more than a minute
    expect(sink.director.batches).toHaveLength(16)
  })

  story('with no batch at hand comes as soon as the task has asked for by timeout()', async (scene) => {
    const sink = await scene.sink({ put: () => ({ do: 'timeout', ms: 1 }) })
    await sink.director.ended('put', 500) // the interval alone would take 100 s
    expect(sink.director.batches).toEqual([])
  })

  story('that does not take its batch keeps the member in its group, and its offset uncommitted', async (scene) => {
    const put = until()
    put.steps = [notYet]
    const config = { 'consumer.override.max.poll.interval.ms': '3000' }
    const sink = await scene.sink({ put: put.part }, { values: ['a'], config })
    await sink.director.until(() => sink.director.batches.length >= 7) // more than max.poll.interval.ms
    expect(await scene.stage.admin.describeGroup(sink.group)).toMatchObject({ state: 'Stable', members: [{}] })
    expect(await sink.committed()).toBeUndefined()
    put.steps = []
    await sink.commits(1)
    expect(sink.director.of('open')).toHaveLength(1)
  })

  story('may take longer than max.poll.interval.ms: the member keeps its partitions', async (scene) => {
    const config = { 'consumer.override.max.poll.interval.ms': '3000' }
    const slow = (call: Call) => (hasRecords(call) ? new Promise<void>((resolve) => setTimeout(resolve, 5000)) : undefined)
    const sink = await scene.sink({ put: slow }, { values: ['a'], config })
    await sink.commits(1)
    expect(sink.director.of('open')).toHaveLength(1)
    expect(sink.director.of('close')).toHaveLength(0)
    expect(sink.director.delivered).toEqual(['a'])
  })

  story('that asks for a retry is told of once in the log, and once more when it goes on', async (scene) => {
    const sink = await scene.sink({ put: atFirst(5, { do: 'timeout', ms: 1 }, notYet) }, { values: ['a'] })
    await sink.commits(1)
    expect(sink.logged('is tried again until it succeeds', 'WARN')).toHaveLength(1)
    expect(sink.logged(/RETRYING/)).toEqual([])
    expect(sink.log.filter(({ level }) => level === 'ERROR')).toHaveLength(0)
    await scene.until(() => sink.logged(/6 attempts|5 retries|5 attempts/, 'INFO').length === 1)
  })

  story('while its task is paused in a redelivery goes on with the kept batch, and with newer records after resume', async (scene) => {
    const put = until()
    put.steps = [{ do: 'timeout', ms: 10 }, notYet]
    const sink = await scene.sink({ put: put.part }, { values: ['a'] })
    await sink.director.until(() => sink.director.batches.length >= 2)
    await sink.pause()
    await sink.reaches('PAUSED')
    await scene.produce(sink.topic, ['b'])
    put.steps = []
    await sink.director.next('put')
    await sink.director.next('put')
    expect(sink.director.delivered).not.toContain('b')
    await sink.resume()
    await sink.commits(2)
    expect(sink.director.delivered).toEqual(['a', 'b'])
  })

  story('in a redelivery does not keep the task from stopping; its batch is read again by the next one', async (scene) => {
    const put = until()
    put.steps = [notYet]
    const sink = await scene.sink({ put: put.part }, { values: ['a'] })
    await sink.director.until(() => sink.director.batches.length >= 3)
    await sink.stop()
    expect(sink.logged('Graceful stop')).toEqual([])
    expect(await sink.committed()).toBeUndefined()
    put.steps = []
    await sink.resume()
    await sink.commits(1)
    expect(sink.director.delivered).toEqual(['a'])
  })

  story('without records may ask for a retry too', async (scene) => {
    let asked = 0
    const sink = await scene.sink({ put: (call) => (hasRecords(call) || ++asked > 3 ? undefined : notYet) })
    await sink.director.ended('put', 3)
    await scene.produce(sink.topic, ['a'])
    await sink.commits(1)
    expect(sink.status()?.state).toBe('RUNNING')
  })

  story('that throws anything else fails the task with its trace; what was put before is committed, the batch is not', async (scene) => {
    const broken = failing({ type: 'Error', message: 'no such table', cause: { type: 'Error', message: 'it was dropped' } })
    const sink = await scene.sink(
      { put: ({ facts }) => (facts.records?.some(({ value }) => value === 'b') ? broken : undefined) },
      { values: ['a'] },
    )
    await sink.director.until(() => sink.director.delivered.length === 1)
    await scene.produce(sink.topic, ['b'])
    const { trace } = await sink.reaches('FAILED')
    expect(trace).toContain('Exiting WorkerSinkTask due to unrecoverable exception')
    expect(trace).toContain('no such table')
    expect(trace).toContain('it was dropped')
    expect(sink.director.order().slice(-3)).toEqual(['preCommit', 'close', 'stop'])
    expect(await sink.committed()).toBe(1)
    await sink.restartTask()
    await sink.director.until(() => sink.director.batches.length >= 3)
    expect(sink.director.batches).toEqual([['a'], ['b'], ['b']])
  })

  story('that throws anything else fails the task with errors.tolerance=all as well: it says nothing about a record', async (scene) => {
    const dlq = scene.name('dlq')
    const config = { 'errors.tolerance': 'all', 'errors.deadletterqueue.topic.name': dlq }
    const sink = await scene.sink(
      { put: atFirst(1, failing({ type: 'ConnectException', message: 'wrong password' })) },
      { values: ['a'], config },
    )
    await sink.reaches('FAILED')
    expect(await scene.endOffset(dlq)).toBe(0)
    expect(await sink.committed()).toBeUndefined()
  })

  story('without records that throws fails the task', async (scene) => {
    const sink = await scene.sink({ put: () => failing({ type: 'Error', message: 'timed work failed' }) })
    expect((await sink.reaches('FAILED')).trace).toContain('timed work failed')
  })

  story('gets key, headers, timestamp and a tombstone as Kafka has them', async (scene) => {
    const sink = await scene.sink({})
    await scene.produce(sink.topic, [null, 'b'], { key: 'k', headers: [{ key: 'h', value: Buffer.from('v') }] })
    await sink.commits(2)
    const at = { topic: sink.topic, partition: 0 }
    const common = { ...at, key: 'k', headers: [{ key: 'h', value: 'v' }], timestamp: expect.any(Number) as number }
    expect(sink.director.records).toEqual([
      { ...common, value: null, offset: 0, original: { ...at, offset: 0 } },
      { ...common, value: 'b', offset: 1, original: { ...at, offset: 1 } },
    ])
  })

  story('gets at most max.poll.records at once', async (scene) => {
    const values = Array.from({ length: 10 }, (_, index) => String(index))
    const sink = await scene.sink({}, { values, config: { 'consumer.override.max.poll.records': '4' } })
    await sink.commits(10)
    expect(sink.director.batches.map(({ length }) => length)).toEqual([4, 4, 2])
    expect(sink.director.delivered).toEqual(values)
  })
})
