import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { ErrorSpec, Step } from '../../support/observable/dialogue.ts'
import type { Part } from '../../support/observable/director.ts'
import { describeConcurrentStories } from '../../support/observable/stage.ts'

const bad: ErrorSpec = { type: 'DataException', message: 'no such column' }

const faulty = (value: string, extra: Record<string, string> = {}) => ({
  transforms: 'faulty',
  'transforms.faulty.type': 'test.FaultyTransformation',
  'transforms.faulty.value': value,
  'transforms.faulty.error': JSON.stringify({ type: 'DataException', message: `${value} is bad` }),
  ...extra,
})
const json = { 'value.converter': 'org.apache.kafka.connect.json.JsonConverter', 'value.converter.schemas.enable': 'false' }
const toDlq = (dlq: string) => ({
  'errors.deadletterqueue.topic.name': dlq,
  'errors.deadletterqueue.context.headers.enable': 'true',
})
const skipping = { 'errors.tolerance': 'all' }

/** Reports these once each, whenever they come. */
const reporting =
  (values: readonly string[], how: Partial<Extract<Step, { do: 'report' }>> = {}): Part =>
  ({ facts }) =>
    facts.records?.some(({ value }) => values.includes(String(value))) === true ? { do: 'report', values, error: bad, ...how } : undefined

const headersOf = (letter: { readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[] } | undefined) =>
  Object.fromEntries(letter?.headers.map(({ key, value }) => [key.replace('__connect.errors.', ''), value?.toString()]) ?? [])

describeConcurrentStories('a bad record', {}, (story) => {
  story('in a transformation fails the task when errors.tolerance is none, which names transformation and place', async (scene) => {
    const sink = await scene.sink({}, { values: ['a', 'b', 'c'], config: faulty('b') })
    const { trace } = await sink.reaches('FAILED')
    expect(trace).toContain('Tolerance exceeded in error handler')
    expect(trace).toContain('TRANSFORMATION with test.FaultyTransformation')
    expect(trace).toContain(`topic ${sink.topic}, partition 0, offset 1`)
    expect(trace).toContain('Caused by: org.apache.kafka.connect.errors.DataException: b is bad')
    expect(sink.director.delivered).not.toContain('c')
    expect((await sink.committed()) ?? 0).toBeLessThanOrEqual(1)
  })

  story('with errors.tolerance none is in the dead letter queue all the same, before the task fails', async (scene) => {
    const dlq = scene.name('dlq')
    const sink = await scene.sink({}, { values: ['b'], config: { ...faulty('b'), ...toDlq(dlq) } })
    await sink.reaches('FAILED')
    expect(await scene.values(dlq, 1)).toEqual(['b'])
    await sink.restartTask()
    expect(await scene.values(dlq, 2)).toEqual(['b', 'b'])
  })

  story('is skipped with errors.tolerance=all: its offset counts, its neighbours arrive', async (scene) => {
    const sink = await scene.sink({}, { values: ['a', 'b', 'c'], config: { ...faulty('b'), ...skipping } })
    await sink.commits(3)
    expect(sink.director.delivered).toEqual(['a', 'c'])
    expect(sink.log.filter(({ level }) => level === 'ERROR')).toEqual([])
  })

  story('no converter can read is dead with its bytes as they were, and headers that say where, what and why', async (scene) => {
    const dlq = scene.name('dlq')
    const sink = await scene.sink({}, { config: { ...json, ...skipping, ...toDlq(dlq) } })
    await scene.produce(sink.topic, ['{"a":1}', '{"a":'], { key: 'k', headers: [{ key: 'own', value: Buffer.from('kept') }] })
    await sink.commits(2)
    const [letter] = await scene.records(dlq, 1)
    expect([letter?.key?.toString(), letter?.value?.toString()]).toEqual(['k', '{"a":'])
    expect(letter?.headers[0]).toEqual({ key: 'own', value: Buffer.from('kept') })
    expect(headersOf(letter)).toMatchObject({
      topic: sink.topic,
      partition: '0',
      offset: '1',
      'connector.name': sink.name,
      'task.id': '0',
      stage: 'VALUE_CONVERTER',
      'class.name': 'org.apache.kafka.connect.json.JsonConverter',
      'exception.class.name': 'org.apache.kafka.connect.errors.DataException',
    })
    expect(sink.director.delivered).toHaveLength(1)
  })

  story('has no extra headers in the dead letter queue unless they are asked for', async (scene) => {
    const dlq = scene.name('dlq')
    const config = { ...faulty('b'), ...skipping, 'errors.deadletterqueue.topic.name': dlq }
    await scene.sink({}, { values: ['b'], config })
    const [letter] = await scene.records(dlq, 1)
    expect(letter?.headers).toEqual([])
  })

  story('in a key is told by its stage', async (scene) => {
    const dlq = scene.name('dlq')
    const config = { 'key.converter': 'org.apache.kafka.connect.converters.IntegerConverter', ...skipping, ...toDlq(dlq) }
    const sink = await scene.sink({}, { config })
    await scene.produce(sink.topic, ['a'], { key: 'no integer' })
    const [letter] = await scene.records(dlq, 1)
    expect(headersOf(letter)).toMatchObject({
      stage: 'KEY_CONVERTER',
      'class.name': 'org.apache.kafka.connect.converters.IntegerConverter',
    })
  })

  story('is logged on request with stage and class; with errors.log.include.messages its place too, never its value', async (scene) => {
    const config = { ...faulty('secret'), ...skipping, 'errors.log.enable': 'true', 'errors.log.include.messages': 'true' }
    const sink = await scene.sink({}, { values: ['secret'], config })
    await sink.commits(1)
    const [line, ...more] = await sink.logs('Error encountered in task', 'ERROR')
    expect(more).toEqual([])
    expect(line?.message).toContain(
      `Error encountered in task ${sink.name}-0. Executing stage 'TRANSFORMATION' with class 'test.FaultyTransformation'`,
    )
    expect(line?.message).toContain(`, where consumed record is {topic='${sink.topic}', partition=0, offset=0`)
    expect(line?.message).not.toContain('secret')
  })

  story('that fails for a while is tried again within errors.retry.timeout, in its place', async (scene) => {
    const extra = {
      'transforms.faulty.times': '2',
      'transforms.faulty.error': JSON.stringify({ type: 'RetriableException', message: 'lookup is down' }),
      'errors.retry.timeout': '-1',
      'errors.retry.delay.max.ms': '50',
    }
    const sink = await scene.sink({}, { values: ['a', 'b', 'c'], config: faulty('b', extra) })
    await sink.commits(3)
    expect(sink.director.delivered).toEqual(['a', 'b', 'c'])
  })

  story(
    'goes to a file where errors.deadletterqueue.file names one: a line of JSON with all that is needed to replay it',
    async (scene) => {
      const file = join(scene.stage.dir, `${scene.name('dlq')}.jsonl`)
      const sink = await scene.sink({}, { config: { ...faulty('b'), ...skipping, 'errors.deadletterqueue.file': file } })
      await scene.produce(sink.topic, ['a', 'b', 'c'], { key: 'k', headers: [{ key: 'h', value: Buffer.from([255]) }] })
      await sink.commits(3)
      const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
      expect(lines).toHaveLength(1)
      expect(JSON.parse(lines[0]!)).toMatchObject({
        connector: sink.name,
        task: 0,
        stage: 'TRANSFORMATION',
        class: 'test.FaultyTransformation',
        exception: { class: 'org.apache.kafka.connect.errors.DataException', message: 'b is bad' },
        topic: sink.topic,
        partition: 0,
        offset: 1,
        key: { text: 'k', base64: 'aw==' },
        value: { text: 'b', base64: 'Yg==' },
        headers: [{ key: 'h', value: { base64: '/w==' } }],
      })
    },
  )

  story('is one too many when errors.tolerance.max.count are used up: the task fails and says so', async (scene) => {
    const dlq = scene.name('dlq')
    const config = { ...json, ...skipping, ...toDlq(dlq), 'errors.tolerance.max.count': '2' }
    const sink = await scene.sink({}, { values: ['{', '1', '{', '2', '{', '3'], config })
    const { trace } = await sink.reaches('FAILED')
    expect(trace).toContain('errors.tolerance.max.count=2 is used up')
    expect(trace).toContain('offset 4')
    expect(await scene.endOffset(dlq)).toBe(3)
    expect(sink.director.delivered).not.toContain(3)
  })

  story('is one too many when more than errors.tolerance.max.ratio of the last ones were bad', async (scene) => {
    const config = { ...json, ...skipping, 'errors.tolerance.max.ratio': '0.25', 'errors.tolerance.ratio.window': '8' }
    const sink = await scene.sink({}, { values: ['{', '1', '{', '2', '3', '4', '5', '6', '7', '8'], config })
    await sink.commits(10)
    expect(sink.status()?.state).toBe('RUNNING')
    await scene.produce(sink.topic, ['{', '{', '{'])
    expect((await sink.reaches('FAILED')).trace).toContain('errors.tolerance.max.ratio=0.25')
  })
})

describeConcurrentStories('a record that the task reports', {}, (story) => {
  story('goes to the dead letter queue as it was consumed, whatever transformations made of it, and the others count', async (scene) => {
    const dlq = scene.name('dlq')
    const config = {
      ...skipping,
      ...toDlq(dlq),
      transforms: 'loud',
      'transforms.loud.type': 'Script',
      'transforms.loud.expression': 'value.toUpperCase()',
    }
    const sink = await scene.sink({ put: reporting(['B']) }, { values: ['a', 'b', 'c'], config })
    await sink.commits(3)
    const [letter] = await scene.records(dlq, 1)
    expect(letter?.value?.toString()).toBe('b')
    expect(headersOf(letter)).toMatchObject({
      stage: 'TASK_PUT',
      'class.name': 'org.apache.kafka.connect.sink.SinkTask',
      'exception.message': 'no such column',
      offset: '1',
    })
    expect(sink.director.delivered).toEqual(['A', 'B', 'C'])
  })

  story('is safe when the task waits for its report inside put', async (scene) => {
    const dlq = scene.name('dlq')
    const sink = await scene.sink({ put: reporting(['a'], { await: true }) }, { values: ['a'], config: { ...skipping, ...toDlq(dlq) } })
    await sink.director.until(() => sink.director.delivered.length === 1)
    expect(await scene.endOffset(dlq)).toBe(1)
  })

  story('keeps its offset from being committed until its report is safe, and fails the task when that cannot be', async (scene) => {
    const dlq = scene.name('dlq')
    const config = { ...skipping, ...toDlq(dlq), 'producer.override.max.request.size': '1000' }
    const long = 'x'.repeat(2000)
    const sink = await scene.sink({ put: reporting([long]) }, { values: [long], config })
    const { trace } = await sink.reaches('FAILED')
    expect(trace).toContain(
      `Could not write the record at topic ${sink.topic}, partition 0, offset 0 to the dead letter queue topic ${dlq}`,
    )
    expect(await sink.committed()).toBeUndefined()
  })

  story('fails the task when errors.tolerance is none, though the task swallows what the reporter throws', async (scene) => {
    const dlq = scene.name('dlq')
    const sink = await scene.sink({ put: reporting(['b'], { swallow: true }) }, { values: ['a', 'b'], config: toDlq(dlq) })
    const { trace } = await sink.reaches('FAILED')
    expect(trace).toContain('Tolerance exceeded in error handler')
    expect(trace).toContain('no such column')
    expect(await scene.values(dlq, 1)).toEqual(['b'])
    expect(await sink.committed()).toBeUndefined()
  })

  story('finds no reporter where neither queue nor log is configured', async (scene) => {
    const sink = await scene.sink({ put: reporting(['a']) }, { values: ['a'], config: skipping })
    await sink.commits(1)
    expect(sink.director.of('put').find(({ outcome }) => outcome?.reporter !== undefined)?.outcome?.reporter).toBe(false)
  })

  story('finds a reporter where only the log is configured', async (scene) => {
    const sink = await scene.sink({ put: reporting(['a']) }, { values: ['a'], config: { ...skipping, 'errors.log.enable': 'true' } })
    await sink.commits(1)
    expect(await sink.logs(/Executing stage 'TASK_PUT' with class 'org\.apache\.kafka\.connect\.sink\.SinkTask'/, 'ERROR')).toHaveLength(1)
  })

  story('may be one that the task made itself: it is serialised by the converters', async (scene) => {
    const dlq = scene.name('dlq')
    const sink = await scene.sink(
      { put: ({ facts }) => (facts.records?.length === 0 ? undefined : { do: 'reportOwn', value: 'of my own', error: bad }) },
      { values: ['a'], config: { ...skipping, ...toDlq(dlq) } },
    )
    await sink.commits(1)
    expect(await scene.values(dlq, 1)).toEqual(['of my own'])
  })

  story('and a batch that is then asked for again: it comes again without being reported twice by the runtime', async (scene) => {
    const dlq = scene.name('dlq')
    let isFirst = true
    const sink = await scene.sink(
      {
        put: ({ facts }) => {
          if (facts.records?.length === 0 || !isFirst) return
          isFirst = false
          return [
            { do: 'report', values: ['b'], error: bad },
            { do: 'throw', error: { type: 'RetriableException', message: 'the others not yet' } },
          ]
        },
      },
      { values: ['a', 'b', 'c'], config: { ...skipping, ...toDlq(dlq) } },
    )
    await sink.commits(3)
    expect(await scene.endOffset(dlq)).toBe(1)
    expect(sink.director.delivered).toEqual(expect.arrayContaining(['a', 'c']))
  })

  story('may be reported after its put, in preCommit: its offset is committed when the report is safe', async (scene) => {
    const dlq = scene.name('dlq')
    let reported = false
    const sink = await scene.sink(
      {
        preCommit: ({ facts }) => {
          if (reported || facts.offsets?.[0]?.offset !== 2) return
          reported = true
          return { do: 'report', values: ['a'], error: bad }
        },
      },
      { values: ['a', 'b'], config: { ...skipping, ...toDlq(dlq) } },
    )
    await sink.commits(2)
    expect(await scene.endOffset(dlq)).toBe(1)
    expect(headersOf((await scene.records(dlq, 1))[0])).toMatchObject({ stage: 'TASK_PUT', offset: '0' })
  })

  story('after its put fails the task as well when errors.tolerance is none', async (scene) => {
    const sink = await scene.sink(
      {
        preCommit: ({ facts }) =>
          facts.offsets?.[0]?.offset === 1 ? { do: 'report', values: ['a'], error: bad, swallow: true } : undefined,
      },
      { values: ['a'], config: { 'errors.log.enable': 'true' } },
    )
    expect((await sink.reaches('FAILED')).trace).toContain('no such column')
    expect(await sink.committed()).toBeUndefined()
  })
})
