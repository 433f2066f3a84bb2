import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { describeConcurrentStories } from '../../support/observable/stage.ts'

const filterOut = (value: string) => ({
  transforms: 'keep',
  'transforms.keep.type': 'Script',
  'transforms.keep.expression': `value !== '${value}'`,
  'transforms.keep.result': 'filter',
})

/** The value of this record cannot be converted. */
const faultyTransformation = (value: string, extra = {}) => ({
  transforms: 'faulty',
  'transforms.faulty.type': 'test.FaultyTransformation',
  'transforms.faulty.value': value,
  'transforms.faulty.error': JSON.stringify({ type: 'DataException', message: `${value} is bad` }),
  ...extra,
})

describeConcurrentStories('records of a source', {}, (story) => {
  story('are told by commitRecord as Kafka has them: topic, partition, offset and time', async (scene) => {
    const source = await scene.source()
    source.emit({ value: 'a', timestamp: 1_700_000_000_000 }, { value: 'b', timestamp: 1_700_000_000_001 })
    await source.director.until(() => source.director.committedRecords.length === 2)
    expect(source.director.of('commitRecord').map(({ facts }) => facts.committed)).toEqual([
      { value: 'a', metadata: { topic: source.topic, partition: 0, offset: 0, timestamp: 1_700_000_000_000 } },
      { value: 'b', metadata: { topic: source.topic, partition: 0, offset: 1, timestamp: 1_700_000_000_001 } },
    ])
  })

  story('that a transformation drops are told by commitRecord without a place in Kafka', async (scene) => {
    const source = await scene.source({}, { config: filterOut('b') })
    source.emit({ value: 'a' }, { value: 'b' }, { value: 'c' })
    await source.director.until(() => source.director.committedRecords.length === 3)
    expect(Object.fromEntries(source.director.committedRecords)).toEqual({ a: 0, b: null, c: 1 })
    expect(await scene.values(source.topic, 2)).toEqual(['a', 'c'])
  })

  story('whose transformation fails fail the task when errors.tolerance is none, which says which record it was', async (scene) => {
    const source = await scene.source({}, { config: faultyTransformation('b') })
    source.emit({ value: 'a' }, { value: 'b', sourceOffset: { position: 42 } }, { value: 'c' })
    const { trace } = await source.reaches('FAILED')
    expect(trace).toContain('Tolerance exceeded in error handler')
    expect(trace).toContain('position: 42')
    expect(trace).toContain('b is bad')
    expect(await scene.values(source.topic, 1)).toEqual(['a'])
    expect(await scene.endOffset(source.topic)).toBe(1)
  })

  story('that fail are skipped with errors.tolerance=all, told by commitRecord, and the others keep their order', async (scene) => {
    const source = await scene.source({}, { config: { ...faultyTransformation('b'), 'errors.tolerance': 'all' } })
    source.emit({ value: 'a' }, { value: 'b' }, { value: 'c' })
    await source.director.until(() => source.director.committedRecords.length === 3)
    expect(Object.fromEntries(source.director.committedRecords)).toEqual({ a: 0, b: null, c: 1 })
    expect(source.status()?.state).toBe('RUNNING')
  })

  story('that no converter takes are skipped with errors.tolerance=all, and logged with stage and record on request', async (scene) => {
    const config = {
      'value.converter': 'org.apache.kafka.connect.converters.IntegerConverter',
      'errors.tolerance': 'all',
      'errors.log.enable': 'true',
      'errors.log.include.messages': 'true',
    }
    const source = await scene.source({}, { config })
    source.emit({ value: 'no integer', sourceOffset: { position: 4 } })
    await source.director.until(() => source.director.committedRecords.length === 1)
    const [line] = await source.logs('Error encountered in task', 'ERROR')
    expect(line?.message).toContain(`Executing stage 'VALUE_CONVERTER' with class 'org.apache.kafka.connect.converters.IntegerConverter'`)
    expect(line?.message).toContain('position: 4')
  })

  story('whose transformation fails for a while are tried again within errors.retry.timeout, and nothing is lost', async (scene) => {
    const error = JSON.stringify({ type: 'RetriableException', message: 'lookup is down' })
    const config = faultyTransformation('b', {
      'transforms.faulty.times': '2',
      'transforms.faulty.error': error,
      'errors.retry.timeout': '-1',
      'errors.retry.delay.max.ms': '50',
    })
    const source = await scene.source({}, { config })
    source.emit({ value: 'a' }, { value: 'b' }, { value: 'c' })
    expect(await scene.values(source.topic, 3)).toEqual(['a', 'b', 'c'])
    expect(source.status()?.state).toBe('RUNNING')
  })

  story('get the time of their sending when they have none or -1, and keep what they have', async (scene) => {
    const before = Date.now()
    const source = await scene.source()
    source.emit({ value: 'none' }, { value: 'minus one', timestamp: -1 }, { value: 'zero', timestamp: 0 })
    const [none, minusOne, zero] = (await scene.records(source.topic, 3)).map(({ timestamp }) => timestamp)
    expect(none).toBeGreaterThanOrEqual(before)
    expect(minusOne).toBeGreaterThanOrEqual(before)
    expect(zero).toBe(0)
  })

  story('with another negative time fail the task, whatever errors.tolerance says', async (scene) => {
    const source = await scene.source({}, { config: { 'errors.tolerance': 'all' } })
    source.emit({ value: 'a', timestamp: -2 })
    const { trace } = await source.reaches('FAILED')
    expect(trace).toContain('Invalid record timestamp -2')
    expect(await scene.endOffset(source.topic)).toBe(0)
  })

  story('go to the partition they name, with key, headers and tombstones as given', async (scene) => {
    const source = await scene.source({}, { partitions: 2 })
    const headers = [{ key: 'h', schema: null, value: 'v' }]
    source.emit({ value: null, key: 'k', kafkaPartition: 0, headers }, { value: 'other', kafkaPartition: 1 })
    await source.director.until(() => source.director.committedRecords.length === 2)
    const [record] = await scene.records(source.topic, 1)
    expect([record?.key?.toString(), record?.value, record?.headers]).toEqual(['k', null, [{ key: 'h', value: Buffer.from('v') }]])
  })

  story('go where a transformation sends them, with offsets and commitRecord of the original', async (scene) => {
    const elsewhere = await scene.topic()
    const config = {
      transforms: 'route',
      'transforms.route.type': 'RegexRouter',
      'transforms.route.regex': '.*',
      'transforms.route.replacement': elsewhere,
    }
    const source = await scene.source({}, { config })
    source.emit({ value: 'a' })
    await source.director.until(() => source.director.committedRecords.length === 1)
    expect(await scene.values(elsewhere, 1)).toEqual(['a'])
    expect(source.director.of('commitRecord')[0]?.facts.committed).toMatchObject({ value: 'a', metadata: { topic: elsewhere } })
  })

  story('that Kafka refuses fail the task when errors.tolerance is none; those before are stored', async (scene) => {
    const source = await scene.source({}, { config: { 'producer.override.max.request.size': '1000' } })
    source.emit({ value: 'a', sourceOffset: { position: 1 } })
    await source.director.until(() => source.director.committedRecords.length === 1)
    source.emit({ value: 'x'.repeat(2000), sourceOffset: { position: 2 } }, { value: 'c', sourceOffset: { position: 3 } })
    const { trace } = await source.reaches('FAILED')
    expect(trace).toContain('Unrecoverable exception from producer send callback')
    await source.restartTask()
    expect(await source.storedOffset({ file: 'a' })).toEqual({ position: 1 })
  })

  story('that Kafka refuses are skipped with errors.tolerance=all: told by commitRecord, their offset counts', async (scene) => {
    const source = await scene.source({}, { config: { 'producer.override.max.request.size': '1000', 'errors.tolerance': 'all' } })
    const long = 'x'.repeat(2000)
    source.emit({ value: 'a', sourceOffset: { position: 1 } }, { value: long, sourceOffset: { position: 2 } })
    await source.director.until(() => source.director.committedRecords.length === 2)
    expect(Object.fromEntries(source.director.committedRecords)).toEqual({ a: 0, [long]: null })
    await source.offsetIs({ file: 'a' }, { position: 2 })
  })

  story('that fail are kept in the dead letter topic of a source, with the reason, and their offset counts then', async (scene) => {
    const dlq = scene.name('dlq')
    const config = {
      ...faultyTransformation('b'),
      'errors.tolerance': 'all',
      'errors.deadletterqueue.topic.name': dlq,
      'errors.deadletterqueue.topic.replication.factor': '1',
      'errors.deadletterqueue.context.headers.enable': 'true',
    }
    const source = await scene.source({}, { config })
    source.emit({ value: 'b', sourceOffset: { position: 2 } })
    const [letter] = await scene.records(dlq, 1)
    expect(letter?.value?.toString()).toContain('b')
    const headers = Object.fromEntries(letter?.headers.map(({ key, value }) => [key, value?.toString()]) ?? [])
    expect(headers).toMatchObject({
      '__connect.errors.connector.name': source.name,
      '__connect.errors.stage': 'TRANSFORMATION',
      '__connect.errors.class.name': 'test.FaultyTransformation',
      '__connect.errors.exception.message': 'b is bad',
    })
    await source.offsetIs({ file: 'a' }, { position: 2 })
  })

  story('for a topic name that Kafka refuses fail the task when errors.tolerance is none, and are skipped with all', async (scene) => {
    const strict = await scene.source()
    strict.emit({ value: 'a', topic: 'no topic is called this' })
    expect((await strict.reaches('FAILED')).trace).toContain('no topic is called this')
    const tolerant = await scene.source({}, { config: { 'errors.tolerance': 'all' } })
    tolerant.emit({ value: 'a', topic: 'no topic is called this' }, { value: 'b' })
    await tolerant.director.until(() => tolerant.director.committedRecords.length === 2)
    expect(Object.fromEntries(tolerant.director.committedRecords)).toEqual({ a: null, b: 0 })
  })

  story('for a partition that is not there wait for it; the task can be stopped', async (scene) => {
    const source = await scene.source({}, { config: { 'producer.override.max.block.ms': '100' } })
    source.emit({ value: 'a', sourceOffset: { position: 1 } })
    await source.offsetIs({ file: 'a' }, { position: 1 })
    source.emit({ value: 'b', kafkaPartition: 7, sourceOffset: { position: 2 } })
    await scene.until(() => source.status()?.condition?.kind === 'RETRYING')
    expect(source.status()?.state).toBe('RUNNING')
    await source.stop()
    expect(source.logged('Graceful stop')).toEqual([])
    await source.resume()
    expect(await source.storedOffset({ file: 'a' })).toEqual({ position: 1 })
  })

  story('of one poll are all sent when the task is asked to stop meanwhile', async (scene) => {
    const topic = await scene.topic()
    const many = Array.from({ length: 5000 }, (_, index) => ({
      topic,
      value: String(index),
      sourcePartition: { file: 'a' },
      sourceOffset: { position: index + 1 },
    }))
    const source = await scene.source({ poll: ({ nth }) => (nth === 1 ? { do: 'emit', records: many } : undefined) }, { topic })
    await source.director.ended('poll')
    await source.stop()
    await source.resume()
    await source.offsetIs({ file: 'a' }, { position: 5000 })
    expect(await scene.endOffset(topic)).toBe(5000)
  })

  story('that fail are kept in the dead letter file of a source: with source partition, offset and plain JSON', async (scene) => {
    const file = join(scene.stage.dir, `${scene.name('dlq')}.jsonl`)
    const config = { ...faultyTransformation('b'), 'errors.tolerance': 'all', 'errors.deadletterqueue.file': file }
    const source = await scene.source({}, { config })
    source.emit({ value: 'b', key: 'k', sourceOffset: { position: 2 } })
    await source.offsetIs({ file: 'a' }, { position: 2 })
    const [line] = (await readFile(file, 'utf8')).trimEnd().split('\n')
    expect(JSON.parse(line!)).toMatchObject({
      connector: source.name,
      stage: 'TRANSFORMATION',
      exception: { message: 'b is bad' },
      topic: source.topic,
      sourcePartition: { file: 'a' },
      sourceOffset: { position: 2 },
      key: { text: '"k"' },
      value: { text: '"b"' },
    })
  })

  story('that fail are one too many when errors.tolerance.max.count are used up', async (scene) => {
    const config = { ...faultyTransformation('bad'), 'errors.tolerance': 'all', 'errors.tolerance.max.count': '1' }
    const source = await scene.source({}, { config })
    source.emit({ value: 'bad' }, { value: 'good' }, { value: 'bad' }, { value: 'never' })
    expect((await source.reaches('FAILED')).trace).toContain('errors.tolerance.max.count=1 is used up')
    expect(await scene.values(source.topic, 1)).toEqual(['good'])
    expect(await scene.endOffset(source.topic)).toBe(1)
  })
})
