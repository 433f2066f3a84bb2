import { describe, expect, it } from 'vitest'
import { createLogger } from '../../../src/logging/logger.ts'
import { ask, DEAD_LETTERS, startSink, type RunningSink } from '../../support/elasticsearch-sink.ts'
import { until } from '../../support/worker-process.ts'

const BYKEY = { 'key.ignore': 'false' }
const VERSIONED = { ...BYKEY, 'external.version.header': 'v' }
const TYPED_KEYS = { ...BYKEY, 'key.converter': 'org.apache.kafka.connect.json.JsonConverter', 'key.converter.schemas.enable': 'true' }
const doc = { a: 1 }
const typed = (type: string, payload: unknown, rest: object = {}) => JSON.stringify({ schema: { type, optional: false, ...rest }, payload })
const struct = { fields: [{ field: 'f', type: 'int32', optional: false }] }

export function oddRecords(kafka: string, server: string): void {
  describe('keys', () => {
    it('#7 an empty one is no id', async () => {
      const sink = await startSink(kafka, server, { config: BYKEY, records: [{ key: '', value: doc }] })
      expect(await sink.failed()).toContain('can not be empty')
    })

    it('#8 a number beyond 2^53 is an id with all its digits', async () => {
      const key = typed('int64', 0).replace('"payload":0', '"payload":9007199254740993')
      const sink = await startSink(kafka, server, { config: TYPED_KEYS, records: [{ key, value: doc }] })
      await sink.committed(1)
      expect(Object.keys(await sink.documents())).toEqual(['9007199254740993'])
    })

    it.each([
      ['STRUCT', typed('struct', { f: 1 }, struct)],
      ['BOOLEAN', typed('boolean', true)],
      ['BYTES', typed('bytes', 'AQI=')],
    ])('#9 a key of type %s is no id', async (type, key) => {
      const sink = await startSink(kafka, server, { config: TYPED_KEYS, records: [{ key, value: doc }] })
      expect(await sink.failed()).toContain(`${type} is not supported as the document id.`)
    })
  })

  describe('versions from a header', () => {
    it.each([
      ['#17 that is no number', [{ key: 'v', value: Buffer.from('secret') }]],
      ['#18 that is missing', []],
      ['#18 that is null', [{ key: 'v', value: null }]],
      ['that is negative', [{ key: 'v', value: Buffer.from('-5') }]],
    ])('%s: the record is named, not the value', async (_name, headers) => {
      const sink = await startSink(kafka, server, { config: VERSIONED, records: [{ key: 'k', value: doc, headers }] })
      const trace = await sink.failed()
      expect(trace).toContain(`external version header 'v' to long for record from topic=${sink.topic} partition=0 offset=0`)
      expect(trace + sink.log.lines.join()).not.toContain('secret')
      expect(sink.proxy.bulkLines).toEqual([])
    })

    it('do not hold up the records beside them when invalid ones are dropped', async () => {
      const dropping = { ...VERSIONED, ...DEAD_LETTERS, 'drop.invalid.message': 'true' }
      const good = [{ key: 'v', value: Buffer.from('7') }]
      const sink = await startSink(kafka, server, {
        config: dropping,
        records: [
          { key: 'k', value: doc },
          { key: 'l', value: doc, headers: good },
        ],
      })
      await sink.committed(2)
      expect(await sink.documents()).toEqual({ l: { version: 7, source: doc } })
      expect(await sink.deadLetterCount()).toBe(1)
    })
  })

  describe('files of former versions', () => {
    it('#86 type.name, topic.index.map and the rest: the sink starts, says so, and writes to the topic’s index', async () => {
      const former = {
        'type.name': '_doc',
        'topic.index.map': '<topic>:x',
        'auto.create.indices.at.start': 'false',
        'log.sensitive.data': 'true',
      }
      const sink = await startSink(kafka, server, { config: former, records: [{ value: doc }] })
      await sink.committed(1)
      expect(Object.keys(await sink.documents())).toHaveLength(1)
      for (const key of Object.keys(former)) expect(sink.log.lines.join('\n')).toContain(key)
      expect(sink.proxy.bulkLines.join()).not.toContain('_type')
    })
  })

  describe('partitions', () => {
    it('#75 that go to another worker: each record is written once or again, none is left out', async () => {
      const records = Array.from({ length: 400 }, (_, n) => ({ key: `k${n}`, value: { n }, partition: n % 2 }))
      const first = await startSink(kafka, server, {
        config: { ...BYKEY, 'batch.size': '5' },
        partitions: 2,
        records: records.slice(0, 200),
      })
      await until(() => first.proxy.bulkRequests.length > 2)
      const second = await startSink(kafka, server, { config: BYKEY, topic: first.topic, name: first.name })
      await first.produce(...records.slice(200))
      await until(async () => {
        const offsets = await first.offsets()
        return offsets[0] === 200 && offsets[1] === 200
      })
      expect(Object.keys(await first.documents())).toHaveLength(400)
      expect(second.task?.state).toBe('RUNNING')
    })
  })

  describe('the log at its finest', () => {
    const secret = { key: 'key-secret', value: { price: 'value-secret' } }
    const login = { 'connection.username': 'user', 'connection.password': 'password-secret' }
    const pricesAreNumbers = async (sink: RunningSink) => {
      await ask(server, 'PUT', `/${sink.topic}`, { mappings: { properties: { price: { type: 'integer' } } } })
    }

    it.each([
      ['#5 a record has no key', { ...secret, key: null }, BYKEY, 'FAILED'],
      ['#17 a version is none', { ...secret, headers: [{ key: 'v', value: Buffer.from('header-secret') }] }, VERSIONED, 'FAILED'],
      ['#54 a document is refused', secret, { ...BYKEY, 'behavior.on.malformed.documents': 'warn' }, 'RUNNING'],
      ['#56 a document is refused and fails the task', secret, BYKEY, 'FAILED'],
    ])('#92 shows no key, value, header or password when %s', async (_what, record, config, state) => {
      const lines: string[] = []
      const log = createLogger({ level: 'trace', format: 'text', write: (line) => lines.push(line) })
      const sink = await startSink(kafka, server, { log, config: { ...login, ...config }, before: pricesAreNumbers, records: [record] })
      if (state === 'RUNNING') await sink.committed(1)
      else await sink.failed()
      await sink.stop()
      expect(lines.join('\n')).toContain(sink.name)
      expect(lines.join('\n')).not.toMatch(/(key|value|header|password)-secret/)
    })
  })
}
