import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { propertiesFile, scratchDir } from './worker-process.ts'

/** Tests look at what a stop has committed, which a broker that stands still for a moment must not make less of. */
export const PATIENT_STOP = { 'offset.flush.timeout.ms': '60000', 'task.shutdown.graceful.timeout.ms': '60000' }

/** Worker, source and sink files in Apache's form, for random topic, files and offsets. */
export async function fileToFile(
  address: string,
  extra: { worker?: Record<string, string>; source?: Record<string, string>; sink?: Record<string, string> } = {},
) {
  const dir = await scratchDir()
  const topic = `lines-${randomUUID()}`
  const input = join(dir, 'in.txt')
  const output = join(dir, 'out.txt')
  const converter = 'org.apache.kafka.connect.json.JsonConverter'
  const worker = await propertiesFile(dir, 'connect-standalone.properties', {
    'bootstrap.servers': address,
    'key.converter': converter,
    'value.converter': converter,
    'key.converter.schemas.enable': 'true',
    'value.converter.schemas.enable': 'true',
    'offset.storage.file.filename': join(dir, 'connect.offsets'),
    'offset.flush.interval.ms': '200',
    ...PATIENT_STOP,
    ...extra.worker,
  })
  const source = await propertiesFile(dir, 'connect-file-source.properties', {
    name: 'local-file-source',
    'connector.class': 'FileStreamSource',
    'tasks.max': '1',
    file: input,
    topic,
    ...extra.source,
  })
  const sink = await propertiesFile(dir, 'connect-file-sink.properties', {
    name: `local-file-sink-${topic}`,
    'connector.class': 'FileStreamSink',
    'tasks.max': '1',
    file: output,
    topics: topic,
    ...extra.sink,
  })
  return { dir, topic, input, output, worker, source, sink, files: [worker, source, sink] }
}
