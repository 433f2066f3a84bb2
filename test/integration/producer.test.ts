import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, expect, test } from 'vitest'
import { disconnectException, requestTimedOut } from '../../src/kafka/errors.ts'
import type { Transport } from '../../src/kafka/transport.ts'
import { aroundProduce, CONNECT_PRESET, newProducer, sendAll, TestRecord } from '../support/real-producer.ts'
import { javaTool } from '../support/services/java-tools.ts'
import { kcat } from '../support/services/kcat.ts'
import { describeWithKafka, privateKafka } from '../support/services/suite.ts'

const TOPIC_COMMAND = 'org.apache.kafka.tools.TopicCommand'

describeWithKafka('the producer on Apache Kafka', (address) => {
  let topic = ''

  beforeEach(() => {
    topic = `producer-${randomUUID()}`
  })

  test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('kcat reads what was written with compression %s', async (compression) => {
    const name = `${topic}-${compression}`
    const { producer } = newProducer(address, { ...CONNECT_PRESET, 'compression.type': compression })
    const records = Array.from({ length: 5000 }, (_, index) => new TestRecord(name, `value ${index}`, { partition: 0 }))

    await sendAll(producer, records)
    await producer.flush()

    expect(records.map(({ delivery }) => delivery?.offset)).toEqual(records.map((_, index) => index))
    expect(await readValues(address, name)).toEqual(records.map(({ value }) => String(value)))
  })

  test('K12 key, tombstone, headers and timestamps arrive as they were sent', async () => {
    const name = `${topic}-shapes`
    const { producer } = newProducer(address)
    const headers = [
      { key: 'a', value: Buffer.from('1') },
      { key: 'ä', value: null },
      { key: 'a', value: Buffer.alloc(0) },
    ]
    await sendAll(producer, [
      new TestRecord(name, 'v', { key: 'k', timestamp: 0, partition: 0, headers }),
      new TestRecord(name, null, { key: '', timestamp: 1234, partition: 0 }),
    ])
    await producer.flush()

    const read = await kcat(address, ['-C', '-t', name, '-e', '-q', '-X', 'check.crcs=true', '-f', '%T|%K|%k|%S|%s|%h\n'])
    expect(String(read).trim().split('\n')).toEqual(['0|1|k|1|v|a=1,ä=NULL,a=', '1234|0||-1||'])
  })

  test('K16 an answer lost after the append: the repeated sequence gets the first offset and no second copy', async () => {
    const name = `${topic}-repeated`
    const { producer, log } = newProducer(address, { 'linger.ms': '0' }, { transport: losingAnswers((count) => count % 3 === 1) })
    const records = Array.from({ length: 60 }, (_, index) => new TestRecord(name, `value ${index}`, { partition: 0 }))

    for (const record of records) {
      await producer.send(record, record)
      await sleep(1)
    }
    await producer.flush()

    expect(log.lines.join('\n')).toContain('the answer was lost')
    expect(await readValues(address, name)).toEqual(records.map(({ value }) => String(value)))
    expect(records.map(({ delivery }) => delivery?.offset)).toEqual(records.map((_, index) => index))
  })

  test('K16 a batch that expired unsent leaves a gap in the sequence, and what follows arrives under a new epoch', async () => {
    const name = `${topic}-gap`
    let [isBlocked, refused, aheadMs] = [false, 0, 0]
    const transport = refusing(() => isBlocked && ++refused > 0)
    const clock = () => performance.now() + aheadMs
    const { producer, log } = newProducer(address, { 'linger.ms': '0' }, { transport, clock })
    const [first, lost, last] = ['first', 'lost', 'last'].map((value) => new TestRecord(name, value, { partition: 0 })) as [
      TestRecord,
      TestRecord,
      TestRecord,
    ]

    await sendAll(producer, [first])
    await producer.flush()
    isBlocked = true
    await sendAll(producer, [lost])
    await expect.poll(() => refused).toBeGreaterThan(0)
    aheadMs = 130_000 // past delivery.timeout.ms, which a broker that stands still is far from
    await producer.flush()
    isBlocked = false
    await sendAll(producer, [last])
    await producer.flush()

    expect(lost.failure?.javaName).toBe('org.apache.kafka.common.errors.TimeoutException')
    expect(last.delivery?.offset).toBe(1)
    expect(await readValues(address, name)).toEqual(['first', 'last'])
    expect(log.lines.join('\n')).toContain('starts anew with epoch 1')
  })

  test('K34 close with unsent batches delivers them first, and ends within its timeout when the broker is silent', async () => {
    const name = `${topic}-close`
    const { producer } = newProducer(address, { ...CONNECT_PRESET, 'linger.ms': '60000' })
    const record = new TestRecord(name, 'lingering', { partition: 0 })
    await sendAll(producer, [record])
    await producer.close()
    expect(record.delivery?.offset).toBe(0)

    const unheard = newProducer(address, CONNECT_PRESET, { transport: silent() }).producer
    const unsent = new TestRecord(name, 'unsent', { partition: 0 })
    await sendAll(unheard, [unsent])
    await unheard.close(200)
    expect(unsent.failure?.javaName).toBe('org.apache.kafka.common.errors.TimeoutException')
    expect(() => unheard.send(unsent, unsent)).toThrow('Cannot perform operation after producer has been closed')
  })

  test('K36 partitions added and a topic created anew are followed within metadata.max.age.ms', async () => {
    const name = `${topic}-followed`
    const topicCommand = (...args: string[]) => javaTool(TOPIC_COMMAND, ['--bootstrap-server', address, '--topic', name, ...args])
    await topicCommand('--create', '--partitions', '1')
    const { producer } = newProducer(address, { ...CONNECT_PRESET, 'metadata.max.age.ms': '200' })
    expect(await producer.partitionsFor(name)).toEqual([0])

    await topicCommand('--alter', '--partitions', '3')
    await expect.poll(() => producer.partitionsFor(name), { timeout: 60_000 }).toEqual([0, 1, 2])
    const toNew = new TestRecord(name, 'to a new partition', { partition: 2 })
    await sendAll(producer, [toNew])
    await producer.flush()
    expect(toNew.delivery).toMatchObject({ partition: 2, offset: 0 })

    // asking for a topic that is gone makes the broker create it, with its default of partitions
    await topicCommand('--delete')
    await expect.poll(async () => (await producer.partitionsFor(name)).length, { timeout: 60_000 }).not.toBe(3)
    const toAnew = new TestRecord(name, 'to the new topic', { partition: 0 })
    await sendAll(producer, [toAnew])
    await producer.flush()
    expect(toAnew.delivery).toMatchObject({ partition: 0, offset: 0 })
  })

  test('K4 the broker is killed and restarted under load: the producer waits, no delivery fails, nothing is lost, order is kept', async () => {
    const kafka = await privateKafka({ jvm: ['-Xms256m', '-Xmx384m'], properties: { 'num.partitions': '4' } })
    const name = `${topic}-killed`
    const { producer } = newProducer(kafka.address, { ...CONNECT_PRESET, 'request.timeout.ms': '5000' })
    const records: TestRecord[] = []
    let isLoading = true
    const load = (async () => {
      while (isLoading) {
        const some = Array.from({ length: 100 }, (_, index) => {
          const number = records.length + index
          return new TestRecord(name, String(number), { partition: number % 4 })
        })
        records.push(...some)
        await sendAll(producer, some)
        await sleep(10)
      }
    })()

    for (let times = 0; times < 2; times++) {
      await sleep(1000)
      await kafka.kill()
      await sleep(3000)
      await kafka.start()
    }
    await sleep(1000)
    isLoading = false
    await load
    await producer.flush()

    expect(records.filter(({ failure }) => failure !== null)).toEqual([])
    expect(records.every(({ told }) => told === 1)).toBe(true)
    for (const partition of [0, 1, 2, 3]) {
      const sent = records.filter((record) => record.partition === partition).map(({ value }) => Number(String(value)))
      const read = (await readValues(kafka.address, name, partition)).map(Number)
      expect(new Set(read)).toEqual(new Set(sent))
      expect(firstSeen(read)).toEqual(sent)
    }
  })
})

async function readValues(address: string, topic: string, partition = 0): Promise<string[]> {
  const output = await kcat(address, ['-C', '-t', topic, '-p', String(partition), '-o', 'beginning', '-e', '-q', '-X', 'check.crcs=true'])
  return String(output).split('\n').slice(0, -1)
}

/** Each value where it came first: at-least-once may repeat whole batches. */
function firstSeen(values: readonly number[]): number[] {
  return [...new Set(values)]
}

/** The broker handles a produce request, but its answer is lost. */
function losingAnswers(isLost: (count: number) => boolean): (inner: Transport) => Transport {
  let count = 0
  return aroundProduce(async (send) => {
    const answer = await send()
    if (isLost(count++)) throw disconnectException('the answer was lost')
    return answer
  })
}

/** Produce requests time out without having been sent. */
function refusing(isRefused: () => boolean): (inner: Transport) => Transport {
  return aroundProduce((send) => (isRefused() ? Promise.reject(requestTimedOut('nobody answered')) : send()))
}

/** Produce requests are never answered. */
function silent(): (inner: Transport) => Transport {
  return aroundProduce(() => new Promise(() => undefined))
}
