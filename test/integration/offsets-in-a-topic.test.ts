import { randomUUID } from 'node:crypto'
import { appendFile, readFile, stat, writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { fileToFile } from '../support/file-to-file.ts'
import { kcat } from '../support/services/kcat.ts'
import { describeWithKafka } from '../support/services/suite.ts'
import { until, WorkerProcess } from '../support/worker-process.ts'

const sizeOf = (path: string) =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  )

describeWithKafka('offset.storage.topic', (address) => {
  it('lets another worker, on another machine, go on where a killed one was, with offsets a distributed Connect could read', async () => {
    const topic = `offsets-${randomUUID()}`
    const store = {
      'offset.storage.class': 'KafkaOffsetBackingStore',
      'offset.storage.topic': topic,
      'offset.storage.partitions': '2',
      'offset.storage.replication.factor': '1',
      'offset.flush.interval.ms': '100',
    }
    const sink = { 'consumer.override.session.timeout.ms': '6000', 'consumer.override.heartbeat.interval.ms': '500' }
    const { input, output, files } = await fileToFile(address, { worker: store, sink })
    await writeFile(input, 'a\nb\n')
    const first = new WorkerProcess(files)
    const stored = async () => (await kcat(address, ['-C', '-t', topic, '-e', '-q', '-o', 'beginning', '-f', '%k=%s\n'])).toString()
    await until(async () => (await sizeOf(output)) === 4 && (await stored()).includes('"position":4'))
    await first.kill()
    // a flush between the two acknowledgements stores that of the first line before
    const last = (await stored()).trim().split('\n').at(-1)
    expect(last).toBe(`["local-file-source",{"filename":"${input}"}]={"position":4}`)
    await appendFile(input, 'c\n')
    const second = new WorkerProcess(files)
    await until(async () => (await readFile(output, 'utf8')).endsWith('c\n')) // what the first one had not committed comes before it
    await second.stop()
    expect((await readFile(output, 'utf8')).replace(/^(a\nb\n)+/, 'a\nb\n')).toBe('a\nb\nc\n')
  })
})
