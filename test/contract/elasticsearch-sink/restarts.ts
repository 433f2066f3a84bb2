import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { documentsOf, SINK_CLASS, startSink } from '../../support/elasticsearch-sink.ts'
import { produceAll } from '../../support/kafka-records.ts'
import { propertiesFile, scratchDir, until, WorkerProcess } from '../../support/worker-process.ts'

const KEYED = {
  'key.ignore': 'false',
  'schema.ignore': 'true',
  'consumer.override.session.timeout.ms': '6000',
  'consumer.override.heartbeat.interval.ms': '500',
}

const byKey = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => ({ key: `k${from + n}`, value: { n: from + n } }))

export function restarts(kafka: string, server: string): void {
  describe('restarts', () => {
    it('goes on behind what the sink before it has committed, and writes nothing again', async () => {
      const config = { 'key.ignore': 'false' }
      const first = await startSink(kafka, server, { config, records: byKey(0, 5) })
      await first.committed(5)
      await first.stop()
      const second = await startSink(kafka, server, { config, topic: first.topic, name: first.name, records: byKey(5, 8) })
      await second.committed(8)
      expect(second.actions.map((action) => action.index!._id)).toEqual(['k5', 'k6', 'k7'])
      expect(Object.keys(await second.documents())).toHaveLength(8)
    })

    it('a worker killed with no last word writes some records again, which changes no document', async () => {
      const { topic, files } = await mission(kafka, server, { ...KEYED, 'key.converter': 'StringConverter' })
      await produceAll(kafka, topic, byKey(0, 3000))
      const killed = new WorkerProcess(files)
      await until(async () => Object.keys(await documentsOf(server, topic.toLowerCase())).length > 0, 5)
      await killed.kill()
      await produceAll(kafka, topic, byKey(3000, 3100))
      const last = new WorkerProcess(files)
      await until(async () => Object.keys(await documentsOf(server, topic.toLowerCase())).length === 3100, 50)
      const documents = await documentsOf(server, topic.toLowerCase())
      expect(await last.stop()).toBe(143)
      for (let n = 0; n < 3100; n++) expect(documents[`k${n}`]).toEqual({ version: n, source: { n } })
    })
  })

  describe("the mission's two files", () => {
    it('#87 run as they are but for host and paths: documents of a JSON topic are in the index', async () => {
      const { topic, files } = await mission(kafka, server)
      const index = topic.toLowerCase()
      await produceAll(kafka, topic, [{ key: '"a"', value: { title: 'one' } }, { value: { title: 'two' } }])
      const worker = new WorkerProcess(files)
      await until(async () => Object.keys(await documentsOf(server, index)).length === 2, 50)
      expect(await documentsOf(server, index)).toMatchObject({
        [`${topic}+0+0`]: { source: { title: 'one' } },
        [`${topic}+0+1`]: { source: { title: 'two' } },
      })
      expect(worker.output).toMatch(/plugin\.path/)
      expect(worker.output).toMatch(/type\.name/)
      expect(worker.output).not.toMatch(/ERROR/)
      expect(await worker.stop()).toBe(143)
    })
  })
}

/** The worker and sink files people have, with a topic, an offset file, a plugin folder and a name of this test alone. */
async function mission(kafka: string, server: string, extra: Readonly<Record<string, string>> = {}) {
  const dir = await scratchDir()
  const topic = `myTopic-${randomUUID()}`
  const worker = await propertiesFile(dir, 'worker.properties', {
    'bootstrap.servers': kafka,
    'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'key.converter.schemas.enable': 'false',
    'value.converter.schemas.enable': 'false',
    'offset.storage.file.filename': `${dir}/connect.offsets`,
    'plugin.path': `${dir}/confluentinc-kafka-connect-elasticsearch-14.0.3`,
    ...(Object.keys(extra).length === 0 ? {} : { 'offset.flush.interval.ms': '200' }),
  })
  const sink = await propertiesFile(dir, 'es-sink.properties', {
    name: `elasticsearch-connector-${randomUUID()}`,
    'connector.class': SINK_CLASS,
    'tasks.max': '1',
    topics: topic,
    'key.ignore': 'true',
    'connection.url': server,
    'type.name': 'kafka-connect',
    ...extra,
  })
  return { topic, files: [worker, sink] }
}
