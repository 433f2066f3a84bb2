import { randomUUID } from 'node:crypto'
import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import { silentLogger } from '../../src/logging/logger.ts'
import { firstRecords, produceAll } from '../support/kafka-records.ts'
import { loneWorker } from '../support/lone-worker.ts'
import { describeWithKafka } from '../support/services/suite.ts'
import { until } from '../support/worker-process.ts'

interface Letter {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly task: number
  readonly key: { readonly base64: string } | null
  readonly value: { readonly base64: string; readonly text?: string } | null
}

const contentOf = (path: string) => readFile(path, 'utf8').catch(() => '')
const lettersIn = (text: string) => text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Letter) // prettier-ignore

describeWithKafka('errors.deadletterqueue.file of a sink', (address) => {
  /** A file sink that reads JSON. */
  async function sinkOf(topic: string, config: Record<string, string> = {}, props: Record<string, string> = {}) {
    const { dir, worker, start, task } = await loneWorker(address, props)
    const output = join(dir, 'out.txt')
    const letters = join(dir, 'dead.jsonl')
    await start(topic, {
      'connector.class': 'FileStreamSink',
      file: output,
      topics: topic,
      'value.converter': 'JsonConverter',
      'value.converter.schemas.enable': 'false',
      'errors.tolerance': 'all',
      'errors.deadletterqueue.file': letters,
      ...config,
    })
    const committed = async () => {
      const admin = await createKafkaClients().admin({ 'bootstrap.servers': address }, silentLogger)
      const offsets = await admin.groupOffsets(`connect-${topic}`)
      await admin.close()
      return offsets.map(({ offset }) => offset)
    }
    return { output, letters, worker, committed, status: () => task(topic) }
  }

  it('gets each bad record once, with what is needed to produce it again, and the rest arrives', async () => {
    const topic = `file-${randomUUID()}`
    const headers = [{ key: 'h', value: Buffer.from('v') }]
    await produceAll(address, topic, [{ value: '1' }, { key: 'k', value: '{bad', headers, timestamp: 1_700_000_000_000 }, { value: '2' }])
    const { output, letters, worker, committed } = await sinkOf(topic)
    await until(async () => (await contentOf(output)) === '1\n2\n')
    await worker.stop()
    expect(lettersIn(await contentOf(letters))).toMatchObject([
      {
        connector: topic,
        task: 0,
        stage: 'VALUE_CONVERTER',
        class: 'org.apache.kafka.connect.json.JsonConverter',
        topic,
        partition: 0,
        offset: 1,
        timestamp: 1_700_000_000_000,
        timestampType: 'CreateTime',
        key: { text: 'k' },
        value: { base64: Buffer.from('{bad').toString('base64'), text: '{bad' },
        headers: [{ key: 'h', value: { text: 'v' } }],
      },
    ])
    expect(await committed()).toEqual([3])
  })

  it.each(['inline', 'thread'])('is appended to by all tasks of the connector, whole lines only, %s', async (isolation) => {
    const topic = `file-${randomUUID()}`
    const admin = await createKafkaClients().admin({ 'bootstrap.servers': address }, silentLogger)
    await admin.createTopics([{ name: topic, partitions: 4, replicationFactor: 1 }])
    await admin.close()
    const bad = Array.from({ length: 2000 }, (_, n) => ({ value: `{${n}${'x'.repeat(500)}`, partition: n % 4 }))
    await produceAll(address, topic, bad)
    const { letters, worker, committed } = await sinkOf(topic, { 'tasks.max': '4' }, { 'task.isolation': isolation })
    const places = async () => {
      const text = await contentOf(letters)
      return lettersIn(text.slice(0, text.lastIndexOf('\n') + 1)).map(({ partition, offset }) => `${partition}@${offset}`)
    }
    await until(async () => new Set(await places()).size === 2000, 100)
    await worker.stop()
    expect(await contentOf(letters)).toMatch(/\}\n$/)
    expect(await committed()).toEqual([500, 500, 500, 500])
  })

  it('commits nothing while the file cannot be written; the records are read again and their letters are there then', async () => {
    const topic = `file-${randomUUID()}`
    await produceAll(address, topic, [{ value: '1' }, { value: '{bad' }, { value: '2' }])
    const full = await sinkOf(topic, { 'errors.deadletterqueue.file': '/dev/full' })
    await until(() => full.status()?.condition?.kind === 'RETRYING')
    expect(full.status()).toMatchObject({ state: 'RUNNING', condition: { because: expect.stringContaining('ENOSPC') as string } })
    await full.worker.stop()
    expect(await full.committed()).not.toContain(3)
    const { letters, worker, committed } = await sinkOf(topic)
    await until(async () => (await contentOf(letters)).endsWith('\n'))
    await worker.stop()
    expect(lettersIn(await contentOf(letters))).toMatchObject([{ offset: 1 }])
    expect(await committed()).toEqual([3])
  })

  it('is created anew after it was renamed', async () => {
    const topic = `file-${randomUUID()}`
    await produceAll(address, topic, [{ value: '{1' }])
    const { letters } = await sinkOf(topic)
    await until(async () => (await contentOf(letters)).endsWith('\n'))
    await rename(letters, `${letters}.1`)
    await produceAll(address, topic, [{ value: '{2' }])
    await until(async () => (await contentOf(letters)).endsWith('\n'))
    expect(lettersIn(await contentOf(`${letters}.1`))).toMatchObject([{ offset: 0 }])
    expect(lettersIn(await contentOf(letters))).toMatchObject([{ offset: 1 }])
  })

  it('gets what the topic gets when both are set', async () => {
    const topic = `file-${randomUUID()}`
    await produceAll(address, topic, [{ value: '{bad' }])
    const dlq = { 'errors.deadletterqueue.topic.name': `${topic}-dlq`, 'errors.deadletterqueue.topic.replication.factor': '1' }
    const { letters } = await sinkOf(topic, dlq)
    const [letter] = await firstRecords(address, `${topic}-dlq`, 1)
    expect(letter?.value?.toString()).toBe('{bad')
    await until(async () => (await contentOf(letters)).endsWith('\n'))
  })

  it('fails the task at its start, saying what to do, when its folder does not exist', async () => {
    const topic = `file-${randomUUID()}`
    await produceAll(address, topic, [{ value: '1' }])
    const { status } = await sinkOf(topic, { 'errors.deadletterqueue.file': '/nowhere/dead.jsonl' })
    await until(() => status()?.state === 'FAILED')
    expect(status()?.trace).toContain('could not be written to the dead letter queue file /nowhere/dead.jsonl')
    expect(status()?.trace).toContain('errors.deadletterqueue.file')
  })
})
