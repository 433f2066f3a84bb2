import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Standalone } from '../../../src/standalone.ts'
import { createLogger } from '../../../src/logging/logger.ts'
import { DEAD_LETTERS, SINK_CLASS, startSink } from '../../support/elasticsearch-sink.ts'
import { produceAll, withAdmin } from '../../support/kafka-records.ts'
import { scratchDir, until } from '../../support/worker-process.ts'

const BYKEY = { 'key.ignore': 'false' }
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
    const config = { ...BYKEY, 'external.version.header': 'v' }

    it.each([
      ['#17 that is no number', [{ key: 'v', value: Buffer.from('abc') }]],
      ['#18 that is missing', []],
      ['#18 that is null', [{ key: 'v', value: null }]],
      ['that is negative', [{ key: 'v', value: Buffer.from('-5') }]],
    ])('%s: the record is named, not the value', async (_name, headers) => {
      const sink = await startSink(kafka, server, { config, records: [{ key: 'k', value: doc, headers }] })
      const trace = await sink.failed()
      for (const named of ['v', sink.topic, '0']) expect(trace).toContain(named)
      expect(trace).not.toContain('abc')
      expect(sink.proxy.bulkLines).toEqual([])
    })

    it('do not hold up the records beside them when invalid ones are dropped', async () => {
      const dropping = { ...config, ...DEAD_LETTERS, 'drop.invalid.message': 'true' }
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
    it('#86 #87 type.name, topic.index.map and the rest: the sink starts, says so, and writes to the topic’s index', async () => {
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

  it('#92 the log at its finest shows no key, value, header or password', async () => {
    const lines: string[] = []
    const log = createLogger({ level: 'trace', format: 'text', write: (line) => lines.push(line) })
    const topic = `t-${randomUUID()}`
    const standalone = await Standalone.create({
      props: {
        'bootstrap.servers': kafka,
        'key.converter': 'StringConverter',
        'value.converter': 'JsonConverter',
        'value.converter.schemas.enable': 'false',
        'offset.storage.file.filename': `${await scratchDir()}/offsets`,
        'offset.flush.interval.ms': '100',
        'task.restart.max.attempts': '0',
        'task.isolation': 'inline',
      },
      log,
    })
    await standalone.start()
    await withAdmin(kafka, (admin) => admin.createTopics([{ name: topic, partitions: 1, replicationFactor: 1 }]))
    const headers = [{ key: 'v', value: Buffer.from('header-secret') }]
    await produceAll(kafka, topic, [
      { key: 'key-secret', value: { price: 'value-secret' } },
      { key: 'key-secret', value: { price: 'value-secret' }, headers },
    ])
    await standalone.herder.putConnectorConfig(topic, {
      ...{ name: topic, topics: topic, 'connector.class': SINK_CLASS, 'connection.url': server, 'schema.ignore': 'true' },
      ...{ 'connection.username': 'user', 'connection.password': 'password-secret', 'external.version.header': 'v' },
    })
    await until(() => standalone.herder.connectorStatus(topic).tasks[0]?.state === 'FAILED')
    await standalone.stop()
    expect(lines.length).toBeGreaterThan(5)
    expect(lines.join('\n')).not.toMatch(/(key|value|header|password)-secret/)
  })
}
