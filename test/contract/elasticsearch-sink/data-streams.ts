import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { ask, DEAD_LETTERS, documentsOf, startSink, type RunningSink, type SinkOptions } from '../../support/elasticsearch-sink.ts'

/**
 * Only for servers that have data streams: OpenSearch's test build, and the fake one.
 * @param takesAliases whether an alias can stand for a data stream; not in OpenSearch
 */
export function dataStreams(kafka: string, server: string, takesAliases: boolean): void {
  describe('data streams', () => {
    beforeAll(async () => {
      for (const type of ['logs', 'traces'])
        await ask(server, 'PUT', `/_index_template/${type}-of-tests`, { index_patterns: [`${type}-*-*`], data_stream: {} })
    })

    /** A sink on a data set of its own. */
    const start = async (options: SinkOptions) => {
      const dataset = `ds${randomUUID().slice(0, 8)}`
      const config = { 'data.stream.type': 'LOGS', 'data.stream.dataset': dataset, ...options.config }
      const sink = await startSink(kafka, server, { ...options, config })
      return { sink, stream: `logs-${dataset}-${sink.topic.toLowerCase()}`, dataset }
    }
    const AT = 1700000000000

    it('#19 is made, gets creates, and each document its time', async () => {
      const { sink, stream } = await start({ records: [{ value: { a: 1 }, timestamp: AT }] })
      await sink.committed(1)
      expect(sink.calls).toEqual([`HEAD /${stream}`, `PUT /_data_stream/${stream}`])
      expect(sink.actions).toEqual([{ create: { _index: stream, _id: `${sink.topic}+0+0` } }])
      expect(JSON.parse(sink.proxy.bulkLines[1]!)).toEqual({ a: 1, '@timestamp': AT })
      expect(Object.keys(await documentsOf(server, stream))).toEqual([`${sink.topic}+0+0`])
    })

    it('#20 ids from keys, without versions; #60 a record that comes again is no error', async () => {
      const config = { ...DEAD_LETTERS, 'key.ignore': 'false' }
      const records = [1, 2].map((n) => ({ key: 'k', value: { n }, timestamp: AT }))
      const { sink, stream } = await start({ config, records })
      await sink.committed(2)
      expect(sink.actions[0]).toEqual({ create: { _index: stream, _id: 'k' } })
      expect((await documentsOf(server, stream)).k!.source).toMatchObject({ n: 1 })
      expect(await sink.deadLetterCount()).toBe(0)
      expect(sink.task?.state).toBe('RUNNING')
    })

    it('#20 of many records of one key the first stays, over many bulks that take different times', async () => {
      const records = Array.from({ length: 100 }, (_, n) => ({ key: 'k', value: { n }, timestamp: AT }))
      const before = async (sink: RunningSink) => {
        sink.proxy.faults = () => ({ kind: 'hang', done: false, ms: Math.random() * 30 })
      }
      const { sink, stream } = await start({ config: { 'key.ignore': 'false', 'batch.size': '5' }, before, records })
      await sink.committed(100)
      expect((await documentsOf(server, stream)).k!.source).toMatchObject({ n: 0 })
    })

    it('#21 #22 the time of a field; a document without one goes as it is and is refused', async () => {
      const config = { ...DEAD_LETTERS, 'data.stream.timestamp.field': 'one, two', 'behavior.on.malformed.documents': 'ignore' }
      const records = [{ value: { two: '2021-05-14T11:11:22.000Z', x: 1 } }, { value: { x: 1 } }]
      const { sink } = await start({ config, records })
      await sink.committed(2)
      expect(JSON.parse(sink.proxy.bulkLines[1]!)).toMatchObject({ '@timestamp': '2021-05-14T11:11:22.000Z' })
      expect(JSON.parse(sink.proxy.bulkLines[3]!)).toEqual({ x: 1 })
      expect(await sink.deadLetterCount()).toBe(1)
    })

    it('#23 a time that is there already gives way to the record’s', async () => {
      const { sink } = await start({ records: [{ value: { '@timestamp': 'old' }, timestamp: AT }] })
      await sink.committed(1)
      expect(JSON.parse(sink.proxy.bulkLines[1]!)).toEqual({ '@timestamp': AT })
    })

    it('#24 what is no object has no time', async () => {
      const { sink } = await start({ records: [{ value: ['a'] }] })
      expect(await sink.failed()).toMatch(/JSON object/i)
    })

    it('#25 #26 a namespace of its own, and any type', async () => {
      const config = { 'data.stream.type': 'traces', 'data.stream.namespace': 'pre_${topic}' }
      const { sink, dataset } = await start({ config, topic: `T-${randomUUID()}`, records: [{ value: { a: 1 }, timestamp: AT }] })
      await sink.committed(1)
      expect(sink.actions[0]!.create!._index).toBe(`traces-${dataset}-pre_${sink.topic.toLowerCase()}`)
    })

    it.each(takesAliases ? ['datastream', 'alias_datastream'] : ['datastream'])(
      '#36 one that is there already, as %s, gets creates with the time',
      async (usage) => {
        const stream = `logs-own-${randomUUID()}`
        await ask(server, 'PUT', `/_data_stream/${stream}`)
        const name = usage === 'datastream' ? stream : `alias-${stream}`
        if (name !== stream)
          await ask(server, 'POST', '/_aliases', { actions: [{ add: { index: stream, alias: name, is_write_index: true } }] })
        const config = { 'external.resource.usage': usage, 'topic.to.external.resource.mapping': `<topic>:${name}` }
        const sink = await startSink(kafka, server, { config, records: [{ value: { a: 1 }, timestamp: AT }] })
        await sink.committed(1)
        expect(sink.calls.filter((call) => call !== `HEAD /${name}`)).toEqual([])
        expect(sink.actions).toEqual([{ create: { _index: name, _id: `${sink.topic}+0+0` } }])
        expect(Object.values(await documentsOf(server, stream))).toMatchObject([{ source: { a: 1, '@timestamp': AT } }])
      },
    )

    describe('#36 one that should be there already and is not', () => {
      const missing = () => {
        const name = `logs-missing-${randomUUID()}`
        return { name, config: { 'external.resource.usage': 'datastream', 'topic.to.external.resource.mapping': `<topic>:${name}` } }
      }

      it('is told when the connector is created', async () => {
        const { name, config } = missing()
        await expect(startSink(kafka, server, { config })).rejects.toThrow(`datastream '${name}' does not exist in Elasticsearch`)
      })

      it('fails the task where nobody could ask before, and is not made, although a template would', async () => {
        const { name, config } = missing()
        const before = async (sink: RunningSink) => {
          sink.proxy.faults = () => (sink.proxy.requests.length === 1 ? { kind: 'status', status: 503 } : null)
        }
        const sink = await startSink(kafka, server, { config, before, records: [{ value: { a: 1 }, timestamp: AT }] })
        expect(await sink.failed()).toContain(`datastream '${name}' does not exist in Elasticsearch`)
        expect(sink.proxy.bulkLines).toEqual([])
        expect((await ask(server, 'GET', `/${name}/_mapping`)).status).toBe(404)
      })
    })
  })
}
