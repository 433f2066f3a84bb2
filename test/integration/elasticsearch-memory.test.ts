import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { expect, it, onTestFinished } from 'vitest'
import { NullElasticsearch } from '../support/elasticsearch-null-server.ts'
import { SINK_CLASS } from '../support/elasticsearch-sink.ts'
import { produceAll, withAdmin, type TestInput } from '../support/kafka-records.ts'
import { describeWithKafka } from '../support/services/suite.ts'
import { propertiesFile, scratchDir, until, WorkerProcess } from '../support/worker-process.ts'

const DOCUMENTS = 1_000_000
const BYTES_OF_ONE = 500
/** Of the worker, all in all: far below what the topic holds. */
const MOST_MB = 400

describeWithKafka('the memory of the Elasticsearch sink', (kafka) => {
  it(`#93 stays below ${MOST_MB} MB: ${DOCUMENTS} documents of ${BYTES_OF_ONE} bytes, first into a server that does not answer`, async () => {
    const server = await NullElasticsearch.start()
    onTestFinished(() => server.stop())
    const topic = `memory-${randomUUID()}`
    await withAdmin(kafka, (admin) => admin.createTopics([{ name: topic, partitions: 1, replicationFactor: 1 }]))
    await produceAll(kafka, topic, documents())
    server.hold()
    const worker = new WorkerProcess(await propertyFiles(kafka, topic, server.url))

    await worker.says(/as many wait as max\.buffered\.records allows/)
    const [held, heldMb] = [server.heldBytes, await peakMb(worker)]
    expect(held).toBeLessThan(20_000 * (BYTES_OF_ONE + 100))
    const releasedAt = performance.now()
    server.release()
    await until(() => server.documents >= DOCUMENTS)
    const seconds = (performance.now() - releasedAt) / 1000
    const mb = await peakMb(worker)
    expect(await worker.stop()).toBe(143)

    expect(server.documents).toBe(DOCUMENTS)
    console.log(`#93: ${Math.round(DOCUMENTS / seconds)} documents/s; peak ${heldMb} MB with no answer, ${mb} MB in the end`)
    expect(mb).toBeLessThan(MOST_MB)
  })
})

function* documents(): Generator<TestInput> {
  const rest = 'x'.repeat(BYTES_OF_ONE - 30)
  for (let n = 0; n < DOCUMENTS; n++) yield { value: `{"n":${String(n).padStart(9, '1')},"text":"${rest}"}` }
}

async function propertyFiles(kafka: string, topic: string, url: string): Promise<string[]> {
  const dir = await scratchDir()
  const worker = await propertiesFile(dir, 'worker.properties', {
    'bootstrap.servers': kafka,
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'false',
    'offset.storage.file.filename': `${dir}/connect.offsets`,
  })
  const sink = await propertiesFile(dir, 'sink.properties', {
    name: `memory-${randomUUID()}`,
    'connector.class': SINK_CLASS,
    topics: topic,
    'connection.url': url,
    'key.ignore': 'true',
    'schema.ignore': 'true',
    'read.timeout.ms': '0',
  })
  return [worker, sink]
}

/** The most that the worker's process has had in memory at one time. */
async function peakMb(worker: WorkerProcess): Promise<number> {
  const status = await readFile(`/proc/${worker.pid}/status`, 'utf8')
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024)
}
