import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { disconnectException, requestTimedOut } from '../../src/kafka/errors.ts'
import type { TopicPartition } from '../../src/kafka/ports.ts'
import { CollectingLogger } from '../support/fakes/collecting-logger.ts'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import {
  aborted,
  committed,
  END,
  newAdmin,
  newReader,
  newTransactionalProducer,
  readAll,
  readByJava,
  readByKcat,
  write,
} from '../support/kafka-transactions.ts'
import { aroundChannel, aroundProduce, newProducer } from '../support/real-producer.ts'
import { javaTool } from '../support/services/java-tools.ts'
import { describeWithKafka } from '../support/services/suite.ts'

const nobody = { generationId: -1, memberId: '', groupInstanceId: null }

describeWithKafka('transactions on Apache Kafka', (address) => {
  let topic = ''
  let id = ''

  beforeEach(async () => {
    topic = `tx-${randomUUID()}`
    id = `id-${randomUUID()}`
    const admin = await newAdmin(address)
    await admin.createTopics([{ name: topic, partitions: 3, replicationFactor: 1 }])
  })

  test('K18 what is committed is seen, what is aborted is not: by us, kcat and Java', async () => {
    const producer = await newTransactionalProducer(address, id)
    await committed(producer, topic, ['a', 'b'])
    await aborted(producer, topic, ['never', 'ever'])
    await committed(producer, topic, ['c', END])

    await expectRead(address, topic, ['a', 'b', 'c', END], ['a', 'b', 'never', 'ever', 'c', END])
  })

  test('K18 several partitions and topics become visible together', async () => {
    const other = `${topic}-other`
    const producer = await newTransactionalProducer(address, id)
    producer.beginTransaction()
    await write(producer, topic, ['x'], 0)
    await write(producer, topic, ['y'], 2)
    await write(producer, other, ['z'], 0)
    expect(await readAll(address, topic, 'read_committed', {}, 2)).toEqual([])
    await producer.commitTransaction()

    await expect.poll(() => readAll(address, topic, 'read_committed', {}, 0)).toEqual(['x'])
    await expect.poll(() => readAll(address, topic, 'read_committed', {}, 2)).toEqual(['y'])
    await expect.poll(() => readAll(address, other, 'read_committed', {}, 0)).toEqual(['z'])
  })

  test('K18 offsets are the group’s when, and only when, the transaction is committed', async () => {
    const producer = await newTransactionalProducer(address, id)
    const admin = await newAdmin(address)
    const group = { ...nobody, groupId: id }
    const offset = (next: number) => [{ topic, partition: 0, offset: next }]

    producer.beginTransaction()
    await write(producer, topic, ['a'])
    await producer.sendOffsetsToTransaction(offset(5), group)
    expect(await admin.groupOffsets(id)).toEqual([])
    await producer.commitTransaction()
    await expect.poll(() => admin.groupOffsets(id)).toEqual(offset(5))

    producer.beginTransaction()
    await producer.sendOffsetsToTransaction(offset(9), group)
    await producer.abortTransaction()
    producer.beginTransaction()
    await producer.sendOffsetsToTransaction(offset(6), group)
    await producer.commitTransaction()
    await expect.poll(() => admin.groupOffsets(id)).toEqual(offset(6))
  })

  test('K18 a member that lost its partitions cannot commit their offsets, and its transaction only aborts', async () => {
    const producer = await newTransactionalProducer(address, id)
    await committed(producer, topic, ['a'])
    const consumer = await subscribed(id)
    const stale = consumer.groupMetadata()
    expect(stale.generationId).toBeGreaterThan(0)

    producer.beginTransaction()
    await producer.sendOffsetsToTransaction([{ topic, partition: 0, offset: 1 }], stale)
    await producer.commitTransaction()
    await expect.poll(async () => (await consumer.committed([{ topic, partition: 0 }]))[0]?.offset).toBe(1)

    await consumer.close()
    await subscribed(id)
    producer.beginTransaction()
    await write(producer, topic, ['never'])
    const late = producer.sendOffsetsToTransaction([{ topic, partition: 0, offset: 2 }], stale)
    await expect(late).rejects.toMatchObject({ code: 'COMMIT_FAILED', abortable: true })
    await expect(producer.commitTransaction()).rejects.toThrow('Cannot execute transactional method because we are in an error state')
    await producer.abortTransaction()
    await committed(producer, topic, [END])
    await expectRead(address, topic, ['a', END], ['a', 'never', END])
  })

  test('K18 SIGKILL after the records and before the commit: nothing is seen, and the next producer of the id goes on', async () => {
    const process = await startTransactions(0)
    await process.said((line) => line === 'committed 3')
    await process.kill()

    const next = await newTransactionalProducer(address, id)
    const seen = await wholeTransactions()
    await committed(next, topic, [END])
    await expect
      .poll(() => readAll(address, topic, 'read_committed'))
      .toEqual([...seen.flatMap((number) => Array<string>(100).fill(number)), END])
    expect(seen.slice(0, 4)).toEqual(['0', '1', '2', '3'])
  })

  test('K18 killed at ten random moments: of every transaction all or nothing is seen, offsets included', async () => {
    const admin = await newAdmin(address)
    for (let round = 0, first = 0; round < 10; round++) {
      const process = await startTransactions(first)
      const from = first
      await process.said((line) => line === `committed ${from + 1}`)
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 60))
      await process.kill()
      const successor = await newTransactionalProducer(address, id)
      await successor.close()

      const seen = await wholeTransactions()
      expect(seen).toEqual(seen.map((_, index) => String(index)))
      expect(await admin.groupOffsets(id)).toEqual([{ topic, partition: 0, offset: seen.length }])
      expect(process.failures()).toEqual([])
      first = seen.length
    }
  })

  test('K18 every codec in transactions: by us, kcat and Java', async () => {
    for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
      const producer = await newTransactionalProducer(address, `${id}-${codec}`, { 'compression.type': codec })
      await committed(producer, topic, [`${codec} ${'x'.repeat(200)}`])
      await aborted(producer, topic, [`never ${codec}`])
      await producer.close()
    }
    await committed(await newTransactionalProducer(address, id), topic, [END])

    const want = ['none', 'gzip', 'snappy', 'lz4', 'zstd'].map((codec) => `${codec} ${'x'.repeat(200)}`)
    await expect.poll(() => readAll(address, topic, 'read_committed')).toEqual([...want, END])
    expect(await readByKcat(address, topic, 'read_committed')).toEqual([...want, END])
    expect(await readByJava(address, topic, 'read_committed', 6)).toEqual([...want, END])
  })

  test('K18 we read what Java’s producer wrote in transactions', async () => {
    await javaTool('org.apache.kafka.tools.ProducerPerformance', [
      ...['--topic', topic, '--num-records', '3000', '--record-size', '20', '--throughput', '-1', '--transactional-id', id],
      ...['--transaction-duration-ms', '50', '--producer-props', `bootstrap.servers=${address}`],
    ])

    const parts = [0, 1, 2].map((partition) => readAll(address, topic, 'read_committed', {}, partition))
    expect((await Promise.all(parts)).flat()).toHaveLength(3000)
  })

  test('K18 every second answer of the coordinators is lost after it took effect: nothing twice, nothing missing', async () => {
    let count = 0
    const losing = aroundChannel('coordinator', async (send) => {
      const answer = await send()
      if (count++ % 2 === 0) throw disconnectException('the answer was lost')
      return answer
    })
    const { producer } = newProducer(address, { 'transactional.id': id, 'linger.ms': '0' }, { transport: losing })
    const admin = await newAdmin(address)
    await producer.initTransactions()
    const want: string[] = []
    for (let number = 0; number < 8; number++) {
      producer.beginTransaction()
      await write(producer, topic, [`${number}`])
      await producer.sendOffsetsToTransaction([{ topic, partition: 0, offset: number }], { ...nobody, groupId: id })
      await (number % 2 === 0 ? producer.commitTransaction() : producer.abortTransaction())
      if (number % 2 === 0) want.push(`${number}`)
    }

    await expect.poll(() => readAll(address, topic, 'read_committed')).toEqual(want)
    expect(await readByKcat(address, topic, 'read_committed')).toEqual(want)
    expect(await admin.groupOffsets(id)).toEqual([{ topic, partition: 0, offset: 6 }])
  })

  test('K18 a batch that expires unsent costs its transaction; the abort takes a new epoch, also when that answer is lost', async () => {
    let [isBlocked, refused, aheadMs, isLosing] = [false, 0, 0, false]
    const refusing = aroundProduce((send) => (isBlocked && ++refused > 0 ? Promise.reject(requestTimedOut('nobody answered')) : send()))
    const losing = aroundChannel('coordinator', async (send) => {
      const answer = await send()
      if (isLosing && (answer as { producerEpoch?: number }).producerEpoch === 1) {
        isLosing = false
        throw disconnectException('the answer was lost')
      }
      return answer
    })
    const clock = () => performance.now() + aheadMs
    const props = { 'transactional.id': id, 'linger.ms': '0' }
    const { producer, log } = newProducer(address, props, { transport: (inner) => losing(refusing(inner)), clock })
    await producer.initTransactions()
    await committed(producer, topic, ['first'])

    isBlocked = true
    producer.beginTransaction()
    const written = write(producer, topic, ['lost'])
    await expect.poll(() => refused).toBeGreaterThan(0)
    aheadMs = 130_000 // past delivery.timeout.ms, which a broker that stands still is far from
    await written
    await expect(producer.commitTransaction()).rejects.toMatchObject({ abortable: true, retriable: false })
    isBlocked = false
    isLosing = true
    await producer.abortTransaction()
    await committed(producer, topic, ['last', END])

    expect(isLosing).toBe(false)
    expect(log.lines.filter((line) => line.includes('ProducerId set')).map((line) => /epoch (\d+)/.exec(line)?.[1])).toEqual(['0', '1'])
    await expectRead(address, topic, ['first', 'last', END], ['first', 'last', END])
  })

  test('K18 close aborts the open transaction', async () => {
    const producer = await newTransactionalProducer(address, id)
    producer.beginTransaction()
    await write(producer, topic, ['never'])
    await producer.close()

    await committed(await newTransactionalProducer(address, `${id}-2`), topic, [END])
    await expectRead(address, topic, [END], ['never', END])
  })

  test('K19 a second producer of the id: the first one’s next call rejects as fenced, and the second works', async () => {
    const first = await newTransactionalProducer(address, id)
    first.beginTransaction()
    await write(first, topic, ['first'])

    const second = await newTransactionalProducer(address, id)
    await expect(first.commitTransaction()).rejects.toMatchObject({ fenced: true, abortable: false, code: 'PRODUCER_FENCED' })
    expect(() => first.beginTransaction()).toThrow('has been fenced by another producer with the same transactionalId')
    await committed(second, topic, ['second', END])

    await expectRead(address, topic, ['second', END], ['first', 'second', END])
  })

  test('K19 the first one’s records are refused too: it is fenced as soon as it asks the coordinator', async () => {
    const first = await newTransactionalProducer(address, id)
    await committed(first, topic, ['first'])
    await newTransactionalProducer(address, id)

    first.beginTransaction()
    await write(first, topic, ['late'])
    await expect(first.commitTransaction()).rejects.toMatchObject({ fenced: true })
    await expect(first.abortTransaction()).rejects.toMatchObject({ fenced: true })
    await expect.poll(() => readAll(address, topic, 'read_committed')).toEqual(['first'])
  })

  test('K19 in the middle of a transaction: Produce tells an old epoch, the abort tells fenced', async () => {
    const first = await newTransactionalProducer(address, id)
    first.beginTransaction()
    await write(first, topic, ['never'])
    await newTransactionalProducer(address, id)
    await write(first, topic, ['late'])

    await expect(first.commitTransaction()).rejects.toMatchObject({ fenced: false, abortable: true })
    await expect(first.abortTransaction()).rejects.toMatchObject({ fenced: true, abortable: false })
  })

  test('K19 fenceProducers ends the transaction of a zombie', async () => {
    const zombie = await newTransactionalProducer(address, id)
    zombie.beginTransaction()
    await write(zombie, topic, ['never'])
    const admin = await newAdmin(address)

    await admin.fenceProducers([id, `${id}-never-used`])

    await expect(zombie.commitTransaction()).rejects.toMatchObject({ fenced: true })
    await expect.poll(() => endOf('read_committed')).toBe(2)
    expect(await readAll(address, topic, 'read_committed')).toEqual([])
  })

  test('listTransactions names the ids that begin so, open or not, and no others', async () => {
    await newTransactionalProducer(address, `${id}.a-0`)
    const open = await newTransactionalProducer(address, `${id}.a-1`)
    open.beginTransaction()
    await write(open, topic, ['never'])
    await newTransactionalProducer(address, `${id}Xa-2`)
    const listed = await (await newAdmin(address)).listTransactions(`${id}.a-`)
    expect([...listed].toSorted()).toEqual([`${id}.a-0`, `${id}.a-1`])
  })

  test('K19 a transaction open for longer than transaction.timeout.ms is aborted by the coordinator, and its producer fenced', async () => {
    const slow = await newTransactionalProducer(address, id, { 'transaction.timeout.ms': '10000' })
    slow.beginTransaction()
    await write(slow, topic, ['never'])
    await expect.poll(() => endOf('read_committed'), { timeout: 60_000, interval: 200 }).toBe(2)

    await expect(slow.commitTransaction()).rejects.toMatchObject({ fenced: true, abortable: false })
  })

  test('K20 2,000 aborted records of 1 kB over several fetches', async () => {
    const producer = await newTransactionalProducer(address, id, { 'batch.size': '16384' })
    await committed(producer, topic, ['before'])
    await aborted(
      producer,
      topic,
      Array.from({ length: 2000 }, (_, index) => `never ${index} `.padEnd(1000, 'x')),
    )
    await committed(producer, topic, ['after', END])

    const small = { 'max.partition.fetch.bytes': '100000', 'fetch.max.bytes': '100000' }
    await expect.poll(() => readAll(address, topic, 'read_committed', small), { timeout: 60_000 }).toEqual(['before', 'after', END])
    expect(await readAll(address, topic, 'read_uncommitted', small)).toHaveLength(2003)
    expect(await readByKcat(address, topic, 'read_committed')).toEqual(['before', 'after', END])
    expect(await readByJava(address, topic, 'read_committed', 3)).toEqual(['before', 'after', END])
  })

  test('K20 two aborted transactions of one producer in one fetch, with a committed one between', async () => {
    const producer = await newTransactionalProducer(address, id)
    await aborted(producer, topic, ['never 1'])
    await committed(producer, topic, ['a'])
    await aborted(producer, topic, ['never 2', 'never 3'])
    await committed(producer, topic, ['b', END])

    await expectRead(address, topic, ['a', 'b', END], ['never 1', 'a', 'never 2', 'never 3', 'b', END])
  })

  test('K20 interleaved producers: one aborts, one commits, one has no transactions', async () => {
    const [good, bad] = [await newTransactionalProducer(address, `${id}-good`), await newTransactionalProducer(address, `${id}-bad`)]
    const plain = await createKafkaClients().producer({ 'bootstrap.servers': address, 'linger.ms': '0' }, new CollectingLogger())
    onTestFinished(() => plain.close(2000))
    const [seen, all]: [string[], string[]] = [[], []]
    for (let round = 0; round < 20; round++) {
      for (const producer of [good, bad]) producer.beginTransaction()
      for (let index = 0; index < 6; index++) {
        const writer = [good, bad, plain][index % 3]!
        const value = `${round} ${index} ${['good', 'bad', 'plain'][index % 3]}`
        await write(writer, topic, [value])
        all.push(value)
        if (writer !== bad) seen.push(value)
      }
      await Promise.all(
        round % 2 === 0 ? [bad.abortTransaction(), good.commitTransaction()] : [good.commitTransaction(), bad.abortTransaction()],
      )
    }
    await committed(good, topic, [END])

    await expectRead(address, topic, [...seen, END], [...all, END])
  })

  test('K21 an open transaction: readers stop at the last stable offset, endOffsets says so, and they go on after the commit', async () => {
    // open while other programs start and read
    const slow = await newTransactionalProducer(address, `${id}-slow`, { 'transaction.timeout.ms': '600000' })
    const quick = await newTransactionalProducer(address, `${id}-quick`)
    await committed(quick, topic, ['first'])
    await expect.poll(() => endOf('read_committed')).toBe(2)
    slow.beginTransaction()
    await write(slow, topic, ['slow'])
    await committed(quick, topic, ['quick'])
    const reader = await newReader(address, 'read_committed')
    const tp: TopicPartition = { topic, partition: 0 }
    reader.assign([tp])
    const seen: string[] = []
    const readUntil = async (offset: number) => {
      while ((await reader.position(tp)) < offset) {
        for (const { records } of await reader.poll(100)) seen.push(...records.map(({ value }) => String(value)))
      }
    }

    // first, its marker; then the open transaction's record
    await expect.poll(() => endOf('read_uncommitted')).toBe(5)
    expect(await endOf('read_committed')).toBe(2)
    expect(await reader.endOffsets([tp])).toEqual([2])
    await readUntil(2)
    expect(await reader.poll(500)).toEqual([])
    expect(seen).toEqual(['first'])
    expect(reader.lag()).toBe(0)
    expect(await readByKcat(address, topic, 'read_committed')).toEqual(['first'])
    expect(await readByJava(address, topic, 'read_committed', 1)).toEqual(['first'])

    await slow.commitTransaction()
    await expect.poll(() => endOf('read_committed')).toBe(6)
    await readUntil(6)
    expect(seen).toEqual(['first', 'slow', 'quick'])
    await committed(quick, topic, [END])
    await expectRead(address, topic, ['first', 'slow', 'quick', END], ['first', 'slow', 'quick', END])
  })

  test('K21 a reader that waits goes on behind an aborted transaction without seeing it', async () => {
    const producer = await newTransactionalProducer(address, id)
    const reader = await newReader(address, 'read_committed')
    const tp = { topic, partition: 0 }
    reader.assign([tp])
    producer.beginTransaction()
    await write(producer, topic, ['never'])
    expect(await reader.poll(300)).toEqual([])

    await producer.abortTransaction()
    while ((await reader.position(tp)) < 2) expect(await reader.poll(100)).toEqual([])
    await committed(producer, topic, ['next'])
    const seen: string[] = []
    while (seen.length === 0) for (const { records } of await reader.poll(100)) seen.push(...records.map(({ value }) => String(value)))
    expect(seen).toEqual(['next'])
  })

  async function endOf(isolation: 'read_committed' | 'read_uncommitted'): Promise<number | null | undefined> {
    const admin = await newAdmin(address)
    const [end] = await admin.listOffsets([{ topic, partition: 0, spec: 'latest' }], isolation)
    await admin.close()
    return end
  }

  async function subscribed(group: string) {
    const consumer = await newReader(address, 'read_committed', { 'group.id': group, 'heartbeat.interval.ms': '300' })
    const nothing = async (): Promise<void> => undefined
    consumer.subscribe([topic], { onPartitionsAssigned: nothing, onPartitionsRevoked: nothing, onPartitionsLost: nothing })
    while (consumer.assignment().length < 3) await consumer.poll(100)
    return consumer
  }

  /** Numbers of the transactions that are seen, each of which is whole on all partitions. */
  async function wholeTransactions(): Promise<string[]> {
    const parts = await Promise.all([0, 1, 2].map((partition) => readAll(address, topic, 'read_committed', {}, partition)))
    const numbers = [...new Set(parts[0])]
    for (const part of parts) expect(part).toEqual(numbers.flatMap((number) => Array<string>(100).fill(number)))
    return numbers
  }

  async function startTransactions(first: number) {
    const script = join(import.meta.dirname, '..', 'support', 'transaction-process.ts')
    const child = spawn(process.execPath, [script, address, topic, id, String(first)], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    const said: string[] = []
    const reader = createInterface(child.stdout)
    reader.on('line', (line) => said.push(line))
    return {
      said: async (condition: (line: string) => boolean): Promise<void> => {
        while (!said.some(condition)) await once(reader, 'line')
      },
      failures: () => said.filter((line) => line.startsWith('failed')),
      kill: async (): Promise<void> => {
        const exited = once(child, 'exit')
        child.kill('SIGKILL')
        await exited
      },
    }
  }
})

/** What each client reads of partition 0, whose last record is committed. */
async function expectRead(address: string, topic: string, committedValues: readonly string[], all: readonly string[]): Promise<void> {
  await expect.poll(() => readAll(address, topic, 'read_committed')).toEqual(committedValues)
  expect(await readAll(address, topic, 'read_uncommitted')).toEqual(all)
  expect(await readByKcat(address, topic, 'read_committed')).toEqual(committedValues)
  expect(await readByKcat(address, topic, 'read_uncommitted')).toEqual(all)
  expect(await readByJava(address, topic, 'read_committed', committedValues.length)).toEqual(committedValues)
}
