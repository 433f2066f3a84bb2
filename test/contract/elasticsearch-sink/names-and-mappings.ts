import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { SCHEMA_VALUES, ask, startSink, type RunningSink } from '../../support/elasticsearch-sink.ts'

const doc = { a: 1 }
const REGEX_ROUTER = {
  transforms: 'r',
  'transforms.r.type': 'org.apache.kafka.connect.transforms.RegexRouter',
  'transforms.r.regex': 't-(.*)',
  'transforms.r.replacement': 'r-$1',
}
const DAILY = {
  transforms: 'd',
  'transforms.d.type': 'org.apache.kafka.connect.transforms.TimestampRouter',
  'transforms.d.topic.format': '${topic}-${timestamp}',
  'transforms.d.timestamp.format': 'yyyy.MM.dd',
}

/** A record whose schema has every type that Connect knows, and one that some have a default. */
export const allTypes = {
  schema: {
    type: 'struct',
    optional: false,
    fields: [
      { field: 'i8', type: 'int8', optional: false },
      { field: 'i16', type: 'int16', optional: false },
      { field: 'i32', type: 'int32', optional: false, default: 7 },
      { field: 'i64', type: 'int64', optional: false },
      { field: 'f32', type: 'float', optional: false },
      { field: 'f64', type: 'double', optional: false },
      { field: 'bool', type: 'boolean', optional: false },
      { field: 'text', type: 'string', optional: false, default: 'none' },
      { field: 'bytes', type: 'bytes', optional: false },
      {
        field: 'decimal',
        type: 'bytes',
        optional: false,
        name: 'org.apache.kafka.connect.data.Decimal',
        version: 1,
        parameters: { scale: '2' },
      },
      { field: 'date', type: 'int32', optional: false, name: 'org.apache.kafka.connect.data.Date', version: 1 },
      { field: 'time', type: 'int32', optional: false, name: 'org.apache.kafka.connect.data.Time', version: 1 },
      { field: 'ts', type: 'int64', optional: false, name: 'org.apache.kafka.connect.data.Timestamp', version: 1 },
      { field: 'list', type: 'array', optional: false, items: { type: 'int32', optional: false } },
      { field: 'map', type: 'map', optional: false, keys: { type: 'string', optional: false }, values: { type: 'int32', optional: false } },
      { field: 'inner', type: 'struct', optional: false, fields: [{ field: 'x', type: 'string', optional: true }] },
      { field: 'maybe', type: 'int32', optional: true },
    ],
  },
  payload: {
    ...{ i8: 1, i16: 2, i32: 3, i64: 4, f32: 0.1, f64: 2, bool: true, text: 'x', bytes: 'AQI=', decimal: 'BNI=' },
    ...{ date: 19724, time: 1000, ts: 1700000000000, list: [1, 2], map: { x: 1 }, inner: { x: 'y' }, maybe: null },
  },
}

const TEXT = { type: 'text', fields: { keyword: { type: 'keyword', ignore_above: 256 } } }

export function namesAndMappings(kafka: string, server: string): void {
  describe('index names', () => {
    const unique = () => randomUUID().slice(0, 8)
    it.each([
      [(id: string) => `UPPER${id}`, (id: string) => `upper${id}`],
      [(id: string) => `-dash${id}`, (id: string) => `dash${id}`],
      [(id: string) => `_u${id}`, (id: string) => `u${id}`],
    ])('#30 a topic name becomes an index name: %s', async (topicOf, indexOf) => {
      const id = unique()
      const sink = await startSink(kafka, server, { topic: topicOf(id), records: [{ value: doc }] })
      await sink.committed(1)
      expect(Object.keys(await sink.documents(indexOf(id)))).toEqual([`${sink.topic}+0+0`])
    })

    it.each([
      ['256 x 0', '0'.repeat(256), '0'.repeat(255)],
      ['.', '.', 'dot'],
      ['..', '..', 'dotdot'],
    ])('#30 so does a name that only a transformation can give: %s', async (_what, name, index) => {
      await ask(server, 'DELETE', `/${index}`)
      const router = { ...REGEX_ROUTER, 'transforms.r.regex': '.*', 'transforms.r.replacement': name }
      const sink = await startSink(kafka, server, { config: router, records: [{ value: doc }] })
      await sink.committed(1)
      expect(Object.keys(await sink.documents(index))).toEqual([`${name}+0+0`])
      await ask(server, 'DELETE', `/${index}`)
    })

    it('#31 the index of a topic is asked for and made once', async () => {
      const sink = await startSink(kafka, server, { records: [{ value: doc }] })
      await sink.committed(1)
      await sink.produce({ value: doc })
      await sink.committed(2)
      expect(sink.calls).toEqual([`HEAD /${sink.topic}`, `PUT /${sink.topic}`])
    })

    it('#32 an index that another has just made is taken', async () => {
      const before = async (sink: RunningSink) => {
        await ask(server, 'PUT', `/${sink.topic}`)
        sink.proxy.faults = ({ method, path }) => (method === 'HEAD' && path === `/${sink.topic}` ? { kind: 'status', status: 404 } : null)
      }
      const sink = await startSink(kafka, server, { before, records: [{ value: doc }] })
      await sink.committed(1)
      expect(sink.calls).toEqual([`HEAD /${sink.topic}`, `PUT /${sink.topic}`])
    })

    it.each(['false', 'true'])(
      '#76 RegexRouter: the index is the new name, offsets are of the old topic (flush.synchronously=%s)',
      async (sync) => {
        const config = { ...REGEX_ROUTER, 'flush.synchronously': sync }
        const sink = await startSink(kafka, server, { config, records: [{ value: doc }] })
        await sink.committed(1)
        const routed = sink.topic.replace('t-', 'r-')
        expect(Object.keys(await sink.documents(routed))).toEqual([`${routed}+0+0`])
      },
    )

    it('#77 TimestampRouter: an index a day, each made once', async () => {
      const days = [Date.UTC(2024, 0, 1), Date.UTC(2024, 0, 2)]
      const records = [0, 1, 0, 1].map((day) => ({ value: doc, timestamp: days[day]! }))
      const sink = await startSink(kafka, server, { config: DAILY, records })
      await sink.committed(4)
      expect(Object.keys(await sink.documents(`${sink.topic}-2024.01.01`))).toHaveLength(2)
      expect(Object.keys(await sink.documents(`${sink.topic}-2024.01.02`))).toHaveLength(2)
      expect(sink.calls.filter((call) => call.startsWith('PUT'))).toEqual([
        `PUT /${sink.topic}-2024.01.01`,
        `PUT /${sink.topic}-2024.01.02`,
      ])
    })

    it('#33 an external index is written to under its own name and never made', async () => {
      const index = `external-${unique()}`
      await ask(server, 'PUT', `/${index}`)
      const config = { 'external.resource.usage': 'index', 'topic.to.external.resource.mapping': `<topic>:${index}` }
      const sink = await startSink(kafka, server, { config, records: [{ value: doc }] })
      await sink.committed(1)
      expect(sink.calls.filter((call) => !call.startsWith('HEAD'))).toEqual([])
      expect(Object.keys(await sink.documents(index))).toHaveLength(1)
    })

    it('#33 an alias is written to in the case of its name', async () => {
      const index = `external-${unique()}`
      const alias = `Idx-${unique()}`
      await ask(server, 'PUT', `/${index}`, { aliases: { [alias]: {} } })
      const config = { 'external.resource.usage': 'Alias_Index', 'topic.to.external.resource.mapping': `<topic>:${alias}` }
      const sink = await startSink(kafka, server, { config, records: [{ value: doc }] })
      await sink.committed(1)
      expect(sink.actions[0]!.index!._index).toBe(alias)
      expect(Object.keys(await sink.documents(index))).toEqual([`${sink.topic}+0+0`])
    })

    it('#33 an external index that is not there is told when the connector is created', async () => {
      const index = `external-${unique()}`
      const config = { 'external.resource.usage': 'index', 'topic.to.external.resource.mapping': `<topic>:${index}` }
      await expect(startSink(kafka, server, { config })).rejects.toThrow(`index '${index}' does not exist in Elasticsearch`)
    })

    it('#33 where nobody could ask at the creation, the task fails of it, and nobody makes the index', async () => {
      const index = `external-${unique()}`
      const config = { 'external.resource.usage': 'index', 'topic.to.external.resource.mapping': `<topic>:${index}` }
      const before = async (sink: RunningSink) => {
        sink.proxy.faults = () => (sink.proxy.requests.length === 1 ? { kind: 'status', status: 503 } : null)
      }
      const sink = await startSink(kafka, server, { config, before, records: [{ value: doc }] })
      expect(await sink.failed()).toContain(`index '${index}' does not exist in Elasticsearch`)
      expect(sink.proxy.bulkLines).toEqual([])
      expect((await ask(server, 'GET', `/${index}/_mapping`)).status).toBe(404)
    })

    it('writes through an alias that stands for the topic, and makes no index', async () => {
      const before = async (sink: RunningSink) => {
        await ask(server, 'PUT', `/${sink.topic}-000001`, { aliases: { [sink.topic]: {} } })
      }
      const sink = await startSink(kafka, server, { before, records: [{ value: doc }] })
      await sink.committed(1)
      expect(sink.calls).toEqual([`HEAD /${sink.topic}`])
      expect(Object.keys(await sink.documents(`${sink.topic}-000001`))).toHaveLength(1)
    })

    it('#94 three tasks on three partitions make the index once, without an error', async () => {
      const records = [0, 1, 2].flatMap((partition) => [{ value: doc, partition }])
      const sink = await startSink(kafka, server, { config: { 'tasks.max': '3' }, partitions: 3, records })
      for (const partition of [0, 1, 2]) await sink.committed(1, partition)
      expect(sink.tasks.map(({ state }) => state)).toEqual(['RUNNING', 'RUNNING', 'RUNNING'])
      expect(Object.keys(await sink.documents())).toHaveLength(3)
      expect(sink.log.lines.filter((line) => line.includes(`Created index ${sink.topic}`))).toHaveLength(1)
      expect(sink.log.lines.filter((line) => line.startsWith('ERROR'))).toEqual([])
    })
  })

  describe('mappings', () => {
    it('#37 #42 the mapping is made from the schema, once, and documents fit it', async () => {
      const records = [
        { key: 'a', value: allTypes },
        { key: 'b', value: allTypes },
      ]
      const sink = await startSink(kafka, server, { config: SCHEMA_VALUES, records })
      await sink.committed(2)
      expect(sink.calls).toEqual([
        ...[`HEAD /${sink.topic}`, `PUT /${sink.topic}`],
        ...[`GET /${sink.topic}/_mapping`, `PUT /${sink.topic}/_mapping`],
      ])
      const order = sink.proxy.requests.map(({ method, path }) => `${method} ${path}`)
      expect(order.indexOf(`PUT /${sink.topic}/_mapping`)).toBeLessThan(order.indexOf('POST /_bulk'))
      const { body } = await ask(server, 'GET', `/${sink.topic}/_mapping`)
      const { properties } = (body as Record<string, { mappings: { properties: Record<string, unknown> } }>)[sink.topic]!.mappings
      expect(properties).toEqual({
        ...{ i8: { type: 'byte' }, i16: { type: 'short' }, i32: { type: 'integer', null_value: 7 }, i64: { type: 'long' } },
        ...{ f32: { type: 'float' }, f64: { type: 'double' }, bool: { type: 'boolean' }, text: TEXT, bytes: { type: 'binary' } },
        ...{ decimal: { type: 'double' }, date: { type: 'date' }, time: { type: 'date' }, ts: { type: 'date' }, list: { type: 'integer' } },
        ...{
          // x is of the documents: the server's own finding
          map: { properties: { key: TEXT, value: { type: 'integer' }, x: { type: 'long' } } },
          inner: { properties: { x: TEXT } },
          maybe: { type: 'integer' },
        },
      })
      expect(sink.proxy.bulkLines[1]).toContain('"f32":0.1,"f64":2.0,')
    })

    it('#38 a mapping that is there is left alone', async () => {
      const before = async (sink: RunningSink) => {
        await ask(server, 'PUT', `/${sink.topic}`, { mappings: { properties: { i8: { type: 'long' } } } })
      }
      const sink = await startSink(kafka, server, { config: SCHEMA_VALUES, before, records: [{ value: allTypes }] })
      await sink.committed(1)
      expect(sink.calls).toEqual([`HEAD /${sink.topic}`, `GET /${sink.topic}/_mapping`])
    })

    it('#39 a record without a schema cannot make a mapping', async () => {
      const config = { 'schema.ignore': 'false' }
      const sink = await startSink(kafka, server, { config, records: [{ value: doc }] })
      expect(await sink.failed()).toContain('Cannot infer mapping without schema')
    })
  })
}
