import { randomUUID } from 'node:crypto'
import { appendFile, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { fileToFile } from '../support/file-to-file.ts'
import { endOffset, withAdmin } from '../support/kafka-records.ts'
import { newTransactionalProducer, write } from '../support/kafka-transactions.ts'
import { numberedLine, writeNumberedLines } from '../support/numbered-lines.ts'
import { javaTool } from '../support/services/java-tools.ts'
import { kcat, kcatOrNothing } from '../support/services/kcat.ts'
import { describeWithKafka } from '../support/services/suite.ts'
import { until, WorkerProcess } from '../support/worker-process.ts'

/** In the suite small; `STANDPIPE_CRASH_LINES=1000000 STANDPIPE_CRASH_KILLS=30` is the whole thing. */
const lines = Number(process.env['STANDPIPE_CRASH_LINES'] ?? 100_000)
const kills = Number(process.env['STANDPIPE_CRASH_KILLS'] ?? 5)
const timeoutMs = 600_000 + kills * 10_000 + lines / 5

const exactly = {
  'exactly.once.source.support': 'enabled',
  'offset.storage.file.filename': '',
  'offset.storage.class': 'KafkaOffsetBackingStore',
  'offset.storage.replication.factor': '1',
  'offset.storage.partitions': '1',
  'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
}

const sourceOf = (address: string) =>
  fileToFile(address, {
    worker: { ...exactly, 'offset.storage.topic': `offsets-${randomUUID()}` },
    source: { name: `lines-${randomUUID()}`, 'exactly.once.support': 'required', 'batch.size': '500' },
  })

describeWithKafka('a source that delivers exactly once', (address) => {
  it(
    `killed ${kills} times at random moments, the worker brings each of ${lines} lines once and in order to whoever reads committed records`,
    { timeout: timeoutMs },
    async () => {
      const { input, topic, worker: workerFile, source } = await sourceOf(address)
      await writeNumberedLines(input, lines)
      for (let killed = 0; killed < kills; killed++) {
        const worker = new WorkerProcess([workerFile, source])
        if (killed % 5 === 4)
          await delay(Math.random() * 600) // some while it starts
        else await until(async () => (await endOffset(address, topic, 0)) >= ((killed + Math.random()) / (kills + 1)) * lines, 5)
        await worker.kill()
      }
      const last = new WorkerProcess([workerFile, source])
      await until(async () => (await committed(address, topic)) >= lines, 1000)
      expect(await last.stop()).toBe(143)
      const expected = Array.from({ length: lines }, (_, index) => `${numberedLine(index)}\n`).join('')
      const seenByKcat = (await kcat(address, [...readCommitted(topic), '-X', 'check.crcs=true'])).toString()
      expect(seenByKcat === expected).toBe(true)
      const seenByJava = await javaTool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
        ...['--bootstrap-server', address, '--topic', topic, '--from-beginning', '--isolation-level', 'read_committed'],
        ...['--max-messages', String(lines), '--timeout-ms', '60000'],
      ])
      expect(seenByJava === expected).toBe(true)
      console.log(
        `${kills} kills, ${lines} lines: kcat and Java each read exactly those, in order; ${await endOffset(address, topic, 0)} offsets used`,
      )
    },
  )

  it('fences the older of two workers with a connector of one name, which says so and is not restarted by itself', async () => {
    const { input, topic, worker: workerFile, source } = await sourceOf(address)
    await writeNumberedLines(input, 1000)
    const older = new WorkerProcess([workerFile, source])
    await until(async () => (await committed(address, topic)) >= 1000, 100)
    const newer = new WorkerProcess([workerFile, source])
    await newer.says('Task is running')
    await appendFile(input, `${numberedLine(1000)}\n`)
    await older.says(
      /Another producer has taken over the transactional id connect-standalone-lines-.*-0, so this task is fenced: most likely a second worker/,
    )
    await until(async () => (await committed(address, topic)) >= 1001, 100)
    await appendFile(input, `${numberedLine(1001)}\n`)
    await until(async () => (await committed(address, topic)) >= 1002, 100)
    expect(older.output).not.toContain('Task is restarted by itself')
    expect(newer.output).not.toContain('fenced')
  })

  it('fences all that an older worker ran under the connector’s name before its first task starts, however many, and nobody else', async () => {
    const { input, topic, worker: workerFile, source } = await sourceOf(address)
    const name = /^name=(.*)$/m.exec(await readFile(source, 'utf8'))?.[1]
    await writeNumberedLines(input, 10)
    await withAdmin(address, (admin) => admin.createTopics([{ name: topic, partitions: 1, replicationFactor: 1 }]))
    const [first, third, others] = await Promise.all(
      ['0', '7', '1-0'].map(async (task) => {
        const producer = await newTransactionalProducer(address, `connect-standalone-${name}-${task}`)
        producer.beginTransaction()
        await write(producer, topic, [numberedLine(99)])
        return producer
      }),
    )
    const worker = new WorkerProcess([workerFile, source])
    await until(async () => (await endOffset(address, topic, 0)) >= 13, 50)
    await expect(first!.commitTransaction()).rejects.toMatchObject({ fenced: true })
    await expect(third!.commitTransaction()).rejects.toMatchObject({ fenced: true })
    await others!.commitTransaction()
    await until(async () => (await committed(address, topic)) === 11, 50)
    expect(await worker.stop()).toBe(143)
  })
})

const readCommitted = (topic: string) => [
  '-C',
  '-t',
  topic,
  '-o',
  'beginning',
  '-e',
  '-q',
  '-X',
  'isolation.level=read_committed',
  '-f',
  '%s\\n',
]

/** Records that a read_committed consumer sees now. */
async function committed(address: string, topic: string): Promise<number> {
  const text = await kcatOrNothing(address, readCommitted(topic))
  return text.length / (numberedLine(0).length + 1)
}
