import { describe, expect, it, onTestFinished } from 'vitest'
import { forBulks, isBulk, refusal, tooManyRequests, type Fault } from '../../support/fake-elasticsearch/faults.ts'
import { ask, DEAD_LETTERS, startSink, type RunningSink } from '../../support/elasticsearch-sink.ts'
import { until } from '../../support/worker-process.ts'

const GIVEN_UP_AFTER_2 = { 'max.retries': '2' }
const doc = { a: 1 }
const docs = (count: number, size = 0) =>
  Array.from({ length: count }, (_, n) => ({ key: `k${n}`, value: { n, ...(size === 0 ? {} : { text: 'x'.repeat(size) }) } }))

const failingWith = (faults: RunningSink['proxy']['faults']) => async (sink: RunningSink) => {
  sink.proxy.faults = faults
}

export function refusals(kafka: string, server: string): void {
  describe('a server in trouble', () => {
    it('#61 takes the same request again when it is back', async () => {
      const before = failingWith(forBulks(refusal(503, 'x', 'y'), refusal(503, 'x', 'y')))
      const sink = await startSink(kafka, server, { config: GIVEN_UP_AFTER_2, before, records: docs(4) })
      await sink.committed(4)
      expect(Object.keys(await sink.documents())).toHaveLength(4)
      expect(sink.proxy.bulkRequests).toHaveLength(3)
      expect(new Set(sink.proxy.bulkRequests.map(({ body }) => body)).size).toBe(1)
    })

    it('#62 fails the task when max.retries is over, saying how often it tried', async () => {
      const before = failingWith((request) => (isBulk(request) ? refusal(503, 'x', 'y') : null))
      const sink = await startSink(kafka, server, { config: GIVEN_UP_AFTER_2, before, records: [{ value: doc }] })
      expect(await sink.failed()).toContain('after 3 attempt(s)')
      expect(sink.proxy.bulkRequests).toHaveLength(3)
      expect(await sink.offsets()).toEqual({})
    })

    it('#63 takes only the items again that it had no room for', async () => {
      const busy: Fault = { kind: 'items', outcomeOf: (position) => (position % 2 === 1 ? tooManyRequests : null) }
      const config = { ...GIVEN_UP_AFTER_2, ...DEAD_LETTERS, 'key.ignore': 'false' }
      const sink = await startSink(kafka, server, {
        config: { ...config, 'linger.ms': '200' },
        before: failingWith(forBulks(busy)),
        records: docs(4),
      })
      await sink.committed(4)
      expect(sink.actions.map((action) => action.index!._id)).toEqual(['k0', 'k1', 'k2', 'k3', 'k1', 'k3'])
      expect(Object.keys(await sink.documents())).toHaveLength(4)
      expect(await sink.deadLetterCount()).toBe(0)
    })

    it.each([
      ['#64 429 with Retry-After', { ...refusal(429, 'es_rejected_execution_exception', 'full'), headers: { 'retry-after': '1' } }],
      ['502 of a proxy', refusal(502, 'x', 'y')],
      ['504', refusal(504, 'x', 'y')],
      ['#68 a connection that breaks before the work', { kind: 'reset', done: false }],
      ['#68 a connection that breaks behind the work', { kind: 'reset', done: true }],
      ['an answer that is no JSON', { kind: 'answer', text: '<html>' }],
      ['an answer with fewer items than operations', { kind: 'answer', text: '{"errors":false,"items":[]}' }],
      ['no answer within read.timeout.ms', { kind: 'hang', done: true }],
    ] satisfies [string, Fault][])('%s: what was sent is sent again, and nothing is lost or double', async (_name, fault) => {
      const config = { 'key.ignore': 'false', 'read.timeout.ms': '2000', ...DEAD_LETTERS }
      const sink = await startSink(kafka, server, { config, before: failingWith(forBulks(fault, fault)), records: docs(20) })
      await sink.committed(20)
      const documents = await sink.documents()
      for (let n = 0; n < 20; n++) expect(documents[`k${n}`]).toEqual({ version: n, source: { n } })
      expect(await sink.deadLetterCount()).toBe(0)
    })

    it('#64 429 with Retry-After: no request comes before that time is over', async () => {
      const at: number[] = []
      const asked = { ...refusal(429, 'es_rejected_execution_exception', 'full'), headers: { 'retry-after': '1' } }
      const before = failingWith((request) => (isBulk(request) && at.push(performance.now()) === 1 ? asked : null))
      const sink = await startSink(kafka, server, { before, records: docs(1) })
      await until(() => at.length > 0)
      await sink.produce(...docs(20).slice(1))
      await sink.committed(20)
      // a lower bound, which no slow machine comes below
      for (const later of at.slice(1)) expect(later - at[0]!).toBeGreaterThanOrEqual(1000)
      expect(at.length).toBeGreaterThan(1)
    })

    it('#65 401: fails at once, without a storm of requests', async () => {
      const before = failingWith((request) => (isBulk(request) ? refusal(401, 'security_exception', 'who are you') : null))
      const sink = await startSink(kafka, server, { before, records: [{ value: doc }] })
      expect(await sink.failed()).toContain('401')
      expect(sink.proxy.bulkRequests.length).toBeLessThanOrEqual(2)
    })

    it('#69 an index that has gone meanwhile is made again, and the documents for it are written', async () => {
      const sink = await startSink(kafka, server, { records: docs(3) })
      await sink.committed(3)
      await refuseToMake(sink.topic)
      await ask(server, 'DELETE', `/${sink.topic}`)
      await sink.produce(...docs(2))
      await sink.committed(5)
      expect(Object.keys(await sink.documents()).sort()).toEqual([`${sink.topic}+0+3`, `${sink.topic}+0+4`])
      expect(sink.calls.at(-1)).toBe(`PUT /${sink.topic}`)
    })

    /** The server makes this index only when it is asked to, not with the first document. */
    const refuseToMake = async (index: string) => {
      const settings = (value: string | null) => ({ persistent: { 'action.auto_create_index': value } })
      onTestFinished(async () => void (await ask(server, 'PUT', '/_cluster/settings', settings(null))))
      await ask(server, 'PUT', '/_cluster/settings', settings(`-${index},+*`))
    }

    it('waits for one that is not there at the start', async () => {
      const sink = await startSink(kafka, server, { before: failingWith(() => ({ kind: 'reset', done: false })), records: docs(3) })
      await until(() => sink.proxy.requests.length > 2)
      expect(sink.task?.state).toBe('RUNNING')
      sink.proxy.faults = () => null
      await sink.committed(3)
    })

    it('waits for one that has gone before the first record', async () => {
      const sink = await startSink(kafka, server)
      sink.proxy.faults = () => ({ kind: 'reset', done: false })
      await sink.produce(...docs(3))
      await until(() => sink.proxy.requests.filter(({ path }) => path === `/${sink.topic}`).length > 2)
      expect(sink.task?.state).toBe('RUNNING')
      sink.proxy.faults = () => null
      await sink.committed(3)
    })
  })

  describe('sizes', () => {
    const upTo = (bytes: number) =>
      failingWith((request) => (isBulk(request) && request.body.length > bytes ? { kind: 'status', status: 413 } : null))

    it('#66 413: halves the request until it is taken', async () => {
      const sink = await startSink(kafka, server, { config: { 'key.ignore': 'false' }, before: upTo(2500), records: docs(8, 800) })
      await sink.committed(8)
      expect(Object.keys(await sink.documents())).toHaveLength(8)
    })

    it('#66 413: the halves keep the order of each document', async () => {
      const config = { 'key.ignore': 'false', 'write.method': 'upsert', 'linger.ms': '200' }
      const records = docs(8, 800).map(({ value }, n) => ({ key: `k${n % 2}`, value }))
      const sink = await startSink(kafka, server, { config, before: upTo(2500), records })
      await sink.committed(8)
      const documents = await sink.documents()
      expect([documents.k0?.source, documents.k1?.source]).toMatchObject([{ n: 6 }, { n: 7 }])
      expect(sink.proxy.bulkRequests.some(({ body }) => body.length > 2500)).toBe(true)
    })

    it('#67 413 for a single document: that one is reported', async () => {
      const config = { ...DEAD_LETTERS, 'key.ignore': 'false', 'behavior.on.malformed.documents': 'ignore' }
      const records = [...docs(3), { key: 'large', value: { text: 'x'.repeat(5000) } }, ...docs(2)]
      const sink = await startSink(kafka, server, { config, before: upTo(2500), records })
      await sink.committed(6)
      expect(Object.keys(await sink.documents()).sort()).toEqual(['k0', 'k1', 'k2'])
      expect((await sink.deadLetters(1))[0]!.key!.toString()).toBe('large')
    })

    it('#70 batch.size: bulks of two, the last one at the commit', async () => {
      const config = { 'batch.size': '2', 'linger.ms': '60000', 'max.in.flight.requests': '1' }
      const sink = await startSink(kafka, server, { config, records: docs(5) })
      await sink.committed(5)
      expect(sink.proxy.bulkRequests.map(({ body }) => body.split('\n').length >> 1)).toEqual([2, 2, 1])
    })

    it('#71 bulk.size.bytes bounds a bulk', async () => {
      const config = { 'bulk.size.bytes': '1000', 'linger.ms': '60000' }
      const sink = await startSink(kafka, server, { config, records: docs(20, 300) })
      await sink.committed(20)
      expect(Math.max(...sink.proxy.bulkRequests.map(({ body }) => body.length))).toBeLessThan(1800)
      const unbounded = await startSink(kafka, server, { config: { ...config, 'bulk.size.bytes': '-1' }, records: docs(20, 300) })
      await unbounded.committed(20)
      expect(unbounded.proxy.bulkRequests).toHaveLength(1)
    })

    it('#72 max.in.flight.requests is reached and never passed', async () => {
      const config = { 'max.in.flight.requests': '4', 'batch.size': '1' }
      const before = failingWith(() => ({ kind: 'slow', ms: 20 }))
      const sink = await startSink(kafka, server, { config, before, records: docs(60) })
      await sink.committed(60)
      expect(sink.proxy.mostConcurrentBulks).toBe(4)
    })

    it('#74 commits up to the first request without an answer, and all when it has come', async () => {
      const config = { 'batch.size': '2', 'max.in.flight.requests': '2', 'linger.ms': '60000', 'read.timeout.ms': '60000' }
      const before = failingWith(forBulks(null, { kind: 'hang', done: true }, null))
      const sink = await startSink(kafka, server, { config, before, records: docs(6) })
      await sink.committed(2)
      await until(async () => Object.keys(await sink.documents()).length === 6)
      expect(await sink.offsets()).toEqual({ 0: 2 })
      sink.proxy.release()
      await sink.committed(6)
    })

    it('#73 a server that does not answer makes the sink stop reading, not fill the memory', async () => {
      const config = {
        'max.buffered.records': '10',
        'batch.size': '5',
        'read.timeout.ms': '60000',
        'consumer.override.max.poll.records': '5',
      }
      const before = failingWith((request) => (isBulk(request) ? { kind: 'hang', done: true } : null))
      const sink = await startSink(kafka, server, { config: { ...config, 'max.in.flight.requests': '2' }, before, records: docs(200) })
      await until(() => sink.task?.condition?.because.includes('max.buffered.records') === true && sink.proxy.bulkRequests.length >= 2)
      expect(sink.proxy.bulkRequests).toHaveLength(2)
      expect(sink.actions).toHaveLength(10)
      expect(sink.task?.state).toBe('RUNNING')
      sink.proxy.faults = () => null
      sink.proxy.release()
      await sink.committed(200)
      expect(Object.keys(await sink.documents())).toHaveLength(200)
    })

    it('#78 flush.synchronously: a commit is everything or nothing', async () => {
      const config = { 'flush.synchronously': 'true', 'key.ignore': 'false' }
      const before = failingWith(forBulks(refusal(503, 'x', 'y')))
      const sink = await startSink(kafka, server, { config, before, records: docs(10) })
      await sink.committed(10)
      expect(Object.keys(await sink.documents())).toHaveLength(10)
    })

    it('#79 stop: what is under way is waited for', async () => {
      const config = { 'linger.ms': '60000', 'batch.size': '10', 'read.timeout.ms': '60000' }
      const sink = await startSink(kafka, server, { config, before: failingWith(forBulks({ kind: 'slow', ms: 500 })), records: docs(10) })
      await until(() => sink.proxy.bulkRequests.length > 0)
      await sink.stop()
      expect(await sink.offsets()).toEqual({ 0: 10 })
    })

    it('#79 stop: what takes longer than flush.timeout.ms is given up, and the log says so', async () => {
      const config = { 'flush.timeout.ms': '1000', 'read.timeout.ms': '0' }
      const before = failingWith((request) => (isBulk(request) ? { kind: 'hang', done: false } : null))
      const sink = await startSink(kafka, server, { config, before, records: docs(3) })
      await until(() => sink.proxy.bulkRequests.length > 0)
      await sink.stop()
      expect([...sink.log.lines, ...sink.log.errors].join('\n')).toContain('Failed to process outstanding requests in time')
      expect(await sink.offsets()).toEqual({})
    })

    it('#83 connection.compression compresses', async () => {
      const sink = await startSink(kafka, server, { config: { 'connection.compression': 'true' }, records: docs(10) })
      await sink.committed(10)
      expect(sink.proxy.bulkRequests[0]!.headers['content-encoding']).toBe('gzip')
      expect(sink.proxy.bulkLines).toHaveLength(20)
      expect(Object.keys(await sink.documents())).toHaveLength(10)
    })
  })
}
