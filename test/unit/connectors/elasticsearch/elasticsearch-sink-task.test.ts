import { RetriableException, SinkRecord, type SinkRecordInit } from 'standpipe/api'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ElasticsearchSinkTask } from '../../../../connectors/elasticsearch/elasticsearch-sink-task.ts'
import { FakeElasticsearch } from '../../../support/fake-elasticsearch/fake-elasticsearch.ts'
import { forBulks, isBulk, refusal } from '../../../support/fake-elasticsearch/faults.ts'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'
import { RecordingSinkTaskContext } from '../../../support/fakes/sink-task-context.ts'

const base = { topics: 't', 'schema.ignore': 'true', 'key.ignore': 'true', 'linger.ms': '1', 'retry.backoff.ms': '1' }
const t0 = { topic: 't', partition: 0 }

async function start(keys: Readonly<Record<string, string>> = {}, reporter: 'takes all' | 'throws' | 'rejects' | null = 'takes all') {
  const server = await FakeElasticsearch.start()
  onTestFinished(() => server.stop())
  const log = new CollectingLogger()
  const context = new RecordingSinkTaskContext(log, reporter)
  const task = new ElasticsearchSinkTask()
  task.initialize(context)
  await task.start({ ...base, 'connection.url': server.url, ...keys })
  onTestFinished(async () => {
    context.stopping.abort()
    server.faults = () => null
    server.release()
    await task.stop()
  })
  const committed = async (offset: number) =>
    (await task.preCommit([{ ...t0, offset }])).find(({ partition }) => partition === 0)?.offset ?? null
  return { server, log, context, task, committed }
}

function record(offset: number, changes: Partial<SinkRecordInit> = {}): SinkRecord {
  const init = {
    topic: 't',
    kafkaPartition: 0,
    kafkaOffset: offset,
    timestampType: 'CreateTime',
    key: `k${offset}`,
    value: { n: offset },
  } as const
  return new SinkRecord({ ...init, ...changes })
}

const records = (count: number, from = 0): SinkRecord[] => Array.from({ length: count }, (_, index) => record(from + index))
const reportedOffsets = (context: RecordingSinkTaskContext) => context.reported.map(({ record: { kafkaOffset } }) => kafkaOffset)
const down = () => refusal(503, 'unavailable', 'for the test')

describe('the sink task', () => {
  it('takes records at once and commits them when they are written', async () => {
    const { task, server, committed } = await start()
    await task.put(records(10))
    await expect.poll(() => committed(10)).toBe(10)
    expect(server.documents('t').size).toBe(10)
  })

  it('commits nothing before anything is written', async () => {
    const { task, server, committed } = await start()
    server.faults = (request) => (isBulk(request) ? { kind: 'hang', done: false } : null)
    await task.put(records(10))
    expect(await committed(10)).toBeNull()
  })

  it('asks to be called soon while something is under way, and not when nothing is', async () => {
    const { task, context, committed } = await start()
    await task.put(records(1))
    expect(context.timeoutMs).toBe(500)
    await expect.poll(() => committed(1)).toBe(1)
    context.timeoutMs = null
    await task.put([])
    expect(context.timeoutMs).toBeNull()
  })

  it('waits for a server that is down, with no end where max.retries is not set', async () => {
    const { task, server, committed, context } = await start()
    server.faults = forBulks(...Array.from({ length: 12 }, down))
    await task.put(records(3))
    await expect.poll(() => committed(3)).toBe(3)
    expect(context.reported).toEqual([])
  })

  it('asks to come again when its buffer is full, says why, and takes nothing', async () => {
    const { task, server, committed } = await start({ 'max.buffered.records': '2', 'batch.size': '1' })
    let isDown = true
    server.faults = (request) => (isBulk(request) && isDown ? down() : null)
    await task.put(records(2))
    await expect.poll(() => server.bulkRequests.length).toBeGreaterThan(1)
    const refused = await task.put(records(2, 2)).then(
      () => null,
      (error: unknown) => error,
    )
    expect(refused).toBeInstanceOf(RetriableException)
    expect((refused as Error).message).toContain('HTTP 503 unavailable: for the test')
    isDown = false
    await expect.poll(() => committed(2)).toBe(2)
    await task.put(records(2, 2))
    await expect.poll(() => committed(4)).toBe(4)
    expect(server.documents('t').size).toBe(4)
  })

  it('waits for a server that is down before the first index is there', async () => {
    const { task, server, committed } = await start()
    server.faults = () => down()
    await expect(task.put(records(2))).rejects.toThrow(RetriableException)
    server.faults = () => null
    await task.put(records(2))
    await expect.poll(() => committed(2)).toBe(2)
  })

  it.for([
    ['HEAD', ['HEAD /t', 'HEAD /t', 'PUT /t']],
    ['PUT', ['HEAD /t', 'PUT /t', 'HEAD /t']],
  ] as const)('asks for its index a second time only where %s was not answered within read.timeout.ms', async ([method, calls]) => {
    const { task, server, committed } = await start({ 'read.timeout.ms': '4000' })
    let late = 0
    server.faults = (request) => (request.method === method && late++ === 0 ? { kind: 'hang', done: true } : null)
    await expect(task.put(records(1))).rejects.toThrow(`${method} ${server.url}/t`)
    await task.put(records(1))
    await task.put(records(1, 1))
    await expect.poll(() => committed(2)).toBe(2)
    expect(server.requests.filter((request) => !isBulk(request)).map(({ method, path }) => `${method} ${path}`)).toEqual(calls)
  })

  it('#6 leaves out what cannot become a document, where that is allowed, and reports it', async () => {
    const { task, context, committed, server } = await start({ 'key.ignore': 'false', 'drop.invalid.message': 'true' })
    await task.put([record(0), record(1, { key: null }), record(2)])
    await expect.poll(() => committed(3)).toBe(3)
    expect([reportedOffsets(context), server.documents('t').size]).toEqual([[1], 2])
  })

  it('fails at it where not; what came before is written, and nothing behind it is committed', async () => {
    const { task, context, committed } = await start({ 'key.ignore': 'false' })
    const failed = await task.put([record(0), record(1, { key: null }), record(2)]).then(
      () => null,
      (error: unknown) => error,
    )
    expect(failed).toMatchObject({
      javaName: 'org.apache.kafka.connect.errors.DataException',
      message: 'Key is used as document id and can not be null.',
    })
    await expect.poll(() => committed(3)).toBe(1)
    expect(reportedOffsets(context)).toEqual([1])
  })

  it('lets errors.tolerance=all decide where drop.invalid.message and behavior.on.malformed.documents are not set', async () => {
    const { task, context, committed, server } = await start({ 'key.ignore': 'false', 'errors.tolerance': 'all' })
    await task.put([record(0)])
    await expect.poll(() => committed(1)).toBe(1)
    await task.put([record(1, { key: null }), record(2, { value: { n: 'no number' } }), record(3)])
    await expect.poll(() => committed(4)).toBe(4)
    expect([reportedOffsets(context), server.documents('t').size]).toEqual([[1, 2], 2])
  })

  it('takes those keys at their word beside errors.tolerance=all', async () => {
    const { task } = await start({ 'key.ignore': 'false', 'errors.tolerance': 'all', 'drop.invalid.message': 'false' })
    await expect(task.put([record(0, { key: null })])).rejects.toThrow('can not be null')
  })

  it('#39 a record that no mapping can be made from is left out where that is allowed', async () => {
    const { task, context, committed } = await start({ 'schema.ignore': 'false', 'drop.invalid.message': 'true' })
    await task.put(records(2))
    await expect.poll(() => committed(2)).toBe(2)
    expect(context.reported.map(({ error }) => error.message)).toEqual(Array(2).fill('Cannot infer mapping without schema.'))
  })

  it('#48 passes over tombstones without any request, and commits', async () => {
    const { task, context, committed, server } = await start({ 'behavior.on.null.values': 'ignore', 'max.buffered.records': '10' })
    for (let offset = 0; offset < 200_000; offset += 1000) {
      await task.put(Array.from({ length: 1000 }, (_, index) => record(offset + index, { value: null })))
    }
    await task.put([record(200_000, { value: null })])
    expect(await committed(200_001)).toBe(200_001)
    expect([context.reported.length, server.requests.length, context.timeoutMs]).toEqual([200_001, 0, null])
  })

  it('#48 reports all tombstones for one reason, whose stack is made once', async () => {
    const { task, context } = await start({ 'behavior.on.null.values': 'ignore' })
    await task.put([record(0, { value: null }), record(1, { value: null })])
    await task.put([record(2, { value: null })])
    const errors = context.reported.map(({ error }) => error)
    expect(errors).toHaveLength(3)
    expect(new Set(errors)).toMatchObject(new Set([{ message: 'Cannot write null valued record.' }]))
  })

  it('#75 drops what a revoked partition has under way, and keeps the rest', async () => {
    const { task, server, committed } = await start()
    server.faults = (request) => (isBulk(request) ? down() : null)
    await task.put([record(0), record(0, { kafkaPartition: 1 }), record(1)])
    await expect.poll(() => server.bulkRequests.length).toBeGreaterThan(1)
    await task.close([{ topic: 't', partition: 1 }])
    await expect.poll(() => server.bulkRequests.at(-1)?.body.includes('t+1+0')).toBe(false)
    server.faults = () => null
    await expect.poll(() => committed(2)).toBe(2)
    expect([...server.documents('t').keys()].toSorted()).toEqual(['t+0+0', 't+0+1'])
  })

  it('#75 does not keep a rebalance waiting for a server that gets into trouble meanwhile', async () => {
    const { task, server } = await start({ 'read.timeout.ms': '1000' })
    server.faults = (request) => (isBulk(request) ? { kind: 'hang', done: false } : null)
    await task.put(records(2))
    await expect.poll(() => server.bulkRequests.length).toBe(1)
    await task.close([t0])
    expect(server.documents('t').size).toBe(0)
  })

  it('#78 commits all or nothing with flush.synchronously', async () => {
    const { task, server, committed } = await start({ 'flush.synchronously': 'true', 'max.retries': '0' })
    await task.put(records(3))
    expect(await committed(3)).toBe(3)
    server.faults = (request) => (isBulk(request) ? down() : null)
    await task.put(records(3, 3))
    expect(await committed(6)).toBeNull()
    await expect(task.put([])).rejects.toThrow('Bulk request failed')
  })

  it('#79 waits at the end for what is under way, and commits it', async () => {
    const { task, server, context, committed } = await start()
    server.faults = forBulks({ kind: 'slow', ms: 50 })
    await task.put(records(3))
    context.stopping.abort()
    expect(await committed(3)).toBe(3)
  })

  it('#79 does not wait at the end for a server that is down', async () => {
    const { task, server, context, committed } = await start({ 'retry.backoff.ms': '60000' })
    server.faults = (request) => (isBulk(request) ? down() : null)
    await task.put(records(3))
    await expect.poll(() => server.bulkRequests.length).toBe(1)
    context.stopping.abort()
    expect(await committed(3)).toBeNull()
  })

  it('#79 says so when what is under way takes too long at the end', async () => {
    const { task, server } = await start({ 'flush.timeout.ms': '1000', 'read.timeout.ms': '0' })
    server.faults = (request) => (isBulk(request) ? { kind: 'hang', done: false } : null)
    await task.put(records(3))
    await expect(task.stop()).rejects.toThrow('Failed to process outstanding requests in time while closing the ElasticsearchClient.')
  })

  it('a report that is not tolerated fails the task', async () => {
    const { task } = await start({ 'key.ignore': 'false', 'drop.invalid.message': 'true' }, 'throws')
    await expect(task.put([record(0, { key: null })])).rejects.toThrow('Tolerance exceeded in error handler')
  })

  it('a report that fails later fails the task, too', async () => {
    const { task } = await start({ 'key.ignore': 'false', 'drop.invalid.message': 'true' }, 'rejects')
    await expect(task.put([record(0, { key: null })])).rejects.toThrow('no dead letter')
  })

  it('#75 a partition that comes back begins anew: nothing is committed before there is progress', async () => {
    const { task, server, committed } = await start()
    await task.put([record(0)])
    await expect.poll(() => committed(1)).toBe(1)
    await task.close([t0])
    server.faults = (request) => (isBulk(request) ? { kind: 'hang', done: false } : null)
    await task.put([record(5)])
    expect(await committed(6)).toBeNull()
  })

  it('stops although it never started', async () => {
    const task = new ElasticsearchSinkTask()
    task.initialize(new RecordingSinkTaskContext(new CollectingLogger()))
    await expect(task.start({})).rejects.toThrow('connection.url')
    expect(await task.preCommit([{ ...t0, offset: 1 }])).toEqual([])
    await task.stop()
  })
})
