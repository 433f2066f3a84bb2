import { execFile } from 'node:child_process'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { startBroker } from '../../src/testing.ts'
import { endOffset, firstRecords, produceAll, withAdmin } from '../support/kafka-records.ts'
import { scratchDir } from '../support/worker-process.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')

describe('startBroker of standpipe/testing', () => {
  it('is what the README shows', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8')
    const [, example = ''] = /<!-- example:testing -->\s*```ts\n([\s\S]*?)```/.exec(readme) ?? []
    expect(example).toContain("from 'standpipe/testing'")
    const dir = await scratchDir()
    await mkdir(join(dir, 'node_modules'))
    await symlink(root, join(dir, 'node_modules', 'standpipe'))
    await writeFile(join(dir, 'example.mts'), example)
    const { stdout } = await run(process.execPath, ['example.mts'], { cwd: dir })
    expect(stdout).toMatch(/^127\.0\.0\.1:\d+\n$/)
  })

  it('has the topics that were asked for, and Kafka’s keys', async () => {
    await using broker = await startBroker({
      topics: ['plain', { name: 'compacted', partitions: 2, configs: { 'cleanup.policy': 'compact' } }],
      properties: { 'auto.create.topics.enable': 'false', 'num.partitions': '3' },
    })
    const topics = await withAdmin(broker.address, (admin) => admin.describeTopics(['plain', 'compacted']))
    expect(JSON.stringify([...topics.values()])).toContain('plain')
    await expect(startBroker({ topics: [{ name: 'x', configs: { nope: '1' } }] })).rejects.toThrow(
      'Topic x cannot be created: Unknown topic config name: nope',
    )
    await expect(startBroker({ properties: { 'num.partitions': '0' } })).rejects.toThrow('Value must be at least 1')
  })

  it('serves kafkajs: a producer and a group', async () => {
    await using broker = await startBroker({ topics: ['greetings'] })
    const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING })
    const producer = kafka.producer()
    await producer.connect()
    await producer.send({ topic: 'greetings', messages: [{ key: 'k', value: 'hello', headers: { h: 'v' } }] })
    await producer.disconnect()
    const consumer = kafka.consumer({ groupId: 'readers' })
    await consumer.connect()
    await consumer.subscribe({ topic: 'greetings', fromBeginning: true })
    const { promise, resolve: received } = Promise.withResolvers<string>()
    await consumer.run({ eachMessage: ({ message }) => Promise.resolve(received(String(message.value))) })
    expect(await promise).toBe('hello')
    await consumer.disconnect()
  })

  it('has its records again in a folder, and frees its port', async () => {
    const dir = await scratchDir()
    const first = await startBroker({ dir, topics: ['kept'] })
    await produceAll(first.address, 'kept', [{ value: 'one' }])
    await first.stop()
    await first.stop()
    await using second = await startBroker({ dir, topics: ['kept'], properties: { listeners: `PLAINTEXT://${first.address}` } })
    expect(second.address).toBe(first.address)
    const [record] = await firstRecords(second.address, 'kept', 1)
    expect(String(record?.value)).toBe('one')
  })

  it('gives a producer an id that none before its start had: what it writes is no duplicate of theirs', async () => {
    const dir = await scratchDir()
    for (const [index, value] of ['one', 'two', 'three'].entries()) {
      await using broker = await startBroker({ dir, topics: ['kept'] })
      await produceAll(broker.address, 'kept', [{ value }])
      expect(await endOffset(broker.address, 'kept', 0)).toBe(index + 1)
    }
  })

  it('does not share its memory with the next one', async () => {
    await using first = await startBroker({ topics: ['t'] })
    await produceAll(first.address, 't', [{ value: 'one' }])
    await using second = await startBroker({ topics: ['t'] })
    expect([await endOffset(first.address, 't', 0), await endOffset(second.address, 't', 0)]).toEqual([1, 0])
  })
})
