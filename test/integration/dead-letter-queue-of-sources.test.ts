import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { FileOffsetBackingStore } from '../../src/offsets/file-offset-backing-store.ts'
import { silentLogger } from '../../src/logging/logger.ts'
import { firstRecords } from '../support/kafka-records.ts'
import { loneWorker } from '../support/lone-worker.ts'
import { describeWithKafka } from '../support/services/suite.ts'
import { until } from '../support/worker-process.ts'

/** A line that is no whole number cannot be cast. */
const wholeNumbers = {
  transforms: 'cast',
  'transforms.cast.type': 'org.apache.kafka.connect.transforms.Cast$Value',
  'transforms.cast.spec': 'int32',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
}

describeWithKafka('dead letters of a source', (address) => {
  /** A file source over these lines, with a dead letter file at `letters` if the configuration names none. */
  async function sourceOver(lines: string, config: Record<string, string>) {
    const { dir, worker, start, task } = await loneWorker(address)
    const topic = `source-${randomUUID()}`
    const letters = join(dir, 'dead.jsonl')
    const input = join(dir, 'in.txt')
    await writeFile(input, lines)
    await start(topic, {
      'connector.class': 'FileStreamSource',
      file: input,
      topic,
      'errors.tolerance': 'all',
      'errors.deadletterqueue.topic.replication.factor': '1',
      'errors.deadletterqueue.context.headers.enable': 'true',
      'errors.deadletterqueue.file': letters,
      ...config,
    })
    const state = () => task(topic)?.state
    const trace = () => task(topic)?.trace ?? ''
    const offset = async () => {
      const store = new FileOffsetBackingStore(join(dir, 'offsets'), silentLogger)
      await store.start()
      const [entry] = await store.entries()
      await store.stop()
      return entry?.value === undefined || entry.value === null
        ? null
        : (JSON.parse(entry.value.toString()) as { position: number }).position
    }
    return { topic, input, letters, worker, state, trace, offset }
  }

  it('go to the topic as JSON, with headers that say from where and why, and the rest arrives', async () => {
    const dlq = `dlq-${randomUUID()}`
    const { topic, input, worker, offset } = await sourceOver('1\nx\n3\ny\n', { ...wholeNumbers, 'errors.deadletterqueue.topic.name': dlq })
    const [first, second] = await firstRecords(address, dlq, 2)
    expect([first?.value?.toString(), second?.value?.toString()]).toEqual(['"x"', '"y"'])
    const headers = Object.fromEntries(first!.headers.map(({ key, value }) => [key.replace('__connect.errors.', ''), value?.toString()]))
    expect(headers).toMatchObject({
      topic,
      'connector.name': topic,
      'task.id': '0',
      stage: 'TRANSFORMATION',
      'class.name': 'org.apache.kafka.connect.transforms.Cast$Value',
      'exception.class.name': 'org.apache.kafka.connect.errors.DataException',
      'source.partition': JSON.stringify({ filename: input }),
      'source.offset': expect.stringContaining('"position":4') as string,
    })
    expect(Object.keys(headers)).not.toContain('offset')
    expect((await firstRecords(address, topic, 2)).map(({ value }) => value?.toString())).toEqual(['1', '3'])
    await worker.stop()
    expect(await offset()).toBe(8)
  })

  it('go to a file as lines that say all, also when Kafka refuses the record', async () => {
    const large = 'x'.repeat(5000)
    const { topic, letters, input, worker, offset } = await sourceOver(`a\n${large}\nb\n`, { 'producer.override.max.request.size': '1000' })
    expect((await firstRecords(address, topic, 2)).map(({ value }) => value?.toString())).toEqual(['a', 'b'])
    await worker.stop()
    const lines = (await readFile(letters, 'utf8')).trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      {
        stage: 'KAFKA_PRODUCE',
        exception: { class: 'org.apache.kafka.common.errors.RecordTooLargeException' },
        topic,
        value: { text: JSON.stringify(large) },
        sourcePartition: { filename: input },
        sourceOffset: { position: 5003 },
      },
    ])
    expect(await offset()).toBe(5005)
  })

  it('hold offsets back while the file cannot be written, and the task goes on', async () => {
    const { topic, worker, offset, state } = await sourceOver('1\nx\n3\n', { ...wholeNumbers, 'errors.deadletterqueue.file': '/dev/full' })
    expect((await firstRecords(address, topic, 2)).map(({ value }) => value?.toString())).toEqual(['1', '3'])
    expect(state()).toBe('RUNNING')
    await worker.stop()
    expect(await offset()).toBe(2)
  })

  it('end with the task when more records are bad than it has a budget for', async () => {
    const { state, trace, letters } = await sourceOver('1\nx\ny\nz\n5\n', { ...wholeNumbers, 'errors.tolerance.max.count': '2' })
    await until(() => state() === 'FAILED')
    expect(trace()).toContain('errors.tolerance.max.count=2 is used up, 3 of 4 records were bad since the task started')
    expect(trace()).toContain('position: 8')
    expect((await readFile(letters, 'utf8')).trimEnd().split('\n')).toHaveLength(3)
  })
})
