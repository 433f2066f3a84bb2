import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import type { Consumer, PartitionRecords, RebalanceListener, TopicPartition } from '../../src/kafka/ports.ts'
import { CollectingLogger } from '../support/fakes/collecting-logger.ts'
import { JavaMember } from '../support/java-member.ts'
import { produceAll, withAdmin } from '../support/kafka-records.ts'
import { CONNECT_PRESET, newProducer, sendAll, TestRecord } from '../support/real-producer.ts'
import { freePorts } from '../support/services/free-ports.ts'
import { javaTool } from '../support/services/java-tools.ts'
import { startKafka, type KafkaBroker } from '../support/services/kafka.ts'
import { describeWithApacheKafka, START_TIMEOUT_MS } from '../support/services/suite.ts'
import { until } from '../support/worker-process.ts'

const HOUR_MS = 3_600_000
/** A broker that stands still for longer than request.timeout.ms is rightly timed out: not three times. */
const UNLESS_STALLED = { retry: 2 }

class Listener implements RebalanceListener {
  readonly calls: string[] = []
  readonly onPartitionsAssigned = this.#called('assigned')
  readonly onPartitionsRevoked = this.#called('revoked')
  readonly onPartitionsLost = this.#called('lost')

  #called(what: string) {
    return async (partitions: readonly TopicPartition[]): Promise<void> => void this.calls.push(`${what} ${partitions.length}`)
  }
}

await describeWithApacheKafka('Kafka clients of one node', () => {
  const clients = createKafkaClients()
  let kafka: KafkaBroker
  /** The same broker by its IPv6 address. */
  let byIpv6: string

  beforeAll(async () => {
    const [ipv6Port] = await freePorts(1)
    byIpv6 = `[::1]:${ipv6Port}`
    kafka = await startKafka({
      jvm: ['-Xms128m', '-Xmx384m'],
      properties: {
        listeners: `PLAINTEXT://127.0.0.1:{port},SIX://${byIpv6},CONTROLLER://127.0.0.1:{controllerPort}`,
        'advertised.listeners': `PLAINTEXT://127.0.0.1:{port},SIX://${byIpv6}`,
        'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SIX:PLAINTEXT,CONTROLLER:PLAINTEXT',
        'quota.window.num': '3',
      },
    })
  }, START_TIMEOUT_MS)

  afterAll(() => kafka.stop())

  async function newTopic(partitions = 1): Promise<string> {
    const name = `t-${randomUUID()}`
    await withAdmin(kafka.address, (admin) => admin.createTopics([{ name, partitions, replicationFactor: 1 }]))
    return name
  }

  async function newConsumer(props: Record<string, string> = {}, log = new CollectingLogger()): Promise<Consumer> {
    const quick = { 'auto.offset.reset': 'earliest', 'heartbeat.interval.ms': '300' }
    const consumer = await clients.consumer({ 'bootstrap.servers': kafka.address, ...quick, ...props }, log)
    onTestFinished(() => consumer.close(2000).catch(() => undefined))
    return consumer
  }

  async function read(consumer: Consumer, count: number): Promise<PartitionRecords['records'][number][]> {
    const records: PartitionRecords['records'][number][] = []
    while (records.length < count) records.push(...(await consumer.poll(200)).flatMap((batch) => batch.records))
    return records
  }

  test('an IPv6 address is a bootstrap address, and that of the broker', async () => {
    const topic = await newTopic()
    await produceAll(byIpv6, topic, [{ value: 'six' }])
    const consumer = await newConsumer({ 'bootstrap.servers': byIpv6, 'group.id': `g-${topic}` })
    consumer.subscribe([topic], new Listener())
    expect((await read(consumer, 1)).map(({ value }) => String(value))).toEqual(['six'])
    await consumer.commit([{ topic, partition: 0, offset: 1 }])
    expect((await withAdmin(byIpv6, (admin) => admin.describeCluster())).nodes).toMatchObject([{ host: '::1' }])
  })

  test('K29: of two members with one group.instance.id the older is fenced, and told its partitions are lost', async () => {
    const [topic, group] = [await newTopic(2), `g-${randomUUID()}`]
    const [first, second] = [new Listener(), new Listener()]
    const props = { 'group.id': group, 'group.instance.id': 'i' }
    const older = await newConsumer(props)
    older.subscribe([topic], first)
    while (first.calls.length === 0) await older.poll(100)
    const newer = await newConsumer(props)
    newer.subscribe([topic], second)
    const outcomes = await Promise.allSettled([
      until(async () => (await older.poll(100), false)),
      until(async () => (await newer.poll(100), second.calls.length > 0)),
    ])
    expect(outcomes[0]).toMatchObject({ status: 'rejected', reason: { code: 'FENCED_INSTANCE_ID', fenced: true, retriable: false } })
    expect(first.calls).toEqual(['assigned 2', 'lost 2'])
    expect(second.calls).toEqual(['assigned 2'])
    await expect(older.commit([{ topic, partition: 0, offset: 0 }])).rejects.toMatchObject({ code: 'FENCED_INSTANCE_ID' })
    await newer.commit([{ topic, partition: 0, offset: 0 }])
  })

  test('K30: auto.offset.reset=by_duration starts with what is not older, without an offset and outside the log', async () => {
    const topic = await newTopic()
    const now = Date.now()
    const ages = [30, 20, 10, 0.5, 0.2]
    await produceAll(
      kafka.address,
      topic,
      ages.map((hours) => ({ value: `${hours}`, timestamp: now - hours * HOUR_MS })),
    )
    const partition = { topic, partition: 0 }
    for (const [duration, start] of [
      ['PT1H', 3],
      ['P1D', 1],
      ['PT0.001S', 5],
    ] as const) {
      const consumer = await newConsumer({ 'auto.offset.reset': `by_duration:${duration}`, 'group.id': `g-${randomUUID()}` })
      consumer.assign([partition])
      for (const isOutside of [false, true]) {
        if (isOutside) consumer.seek(partition, 1000)
        const offsets: number[] = []
        do offsets.push(...(await consumer.poll(50)).flatMap(({ records }) => records.map(({ offset }) => offset)))
        while ((await consumer.position(partition)) !== ages.length)
        expect(offsets).toEqual(ages.map((_, index) => index).slice(start))
      }
    }
  })

  test('K41: the consumer finds offsets by time: before, between, at and after its records', async () => {
    const topic = await newTopic()
    await produceAll(
      kafka.address,
      topic,
      [1000, 2000, 3000].map((timestamp) => ({ value: 'v', timestamp })),
    )
    const consumer = await newConsumer()
    const at = (timestamp: number) => consumer.offsetsForTimes([{ topic, partition: 0, timestamp }])
    expect([await at(1), await at(1500), await at(2000), await at(2001), await at(3001)]).toEqual([[0], [1], [1], [2], [null]])
  })

  test(
    'K39: quotas are kept to: a throttled producer repeats nothing, a throttled consumer times nothing out',
    UNLESS_STALLED,
    async () => {
      const [topic, id] = [await newTopic(), `c-${randomUUID()}`]
      await javaTool('kafka.admin.ConfigCommand', [
        ...['--bootstrap-server', kafka.address, '--alter', '--entity-type', 'clients', '--entity-name', id],
        ...['--add-config', 'producer_byte_rate=5000,consumer_byte_rate=10000'],
      ])
      // the third record is throttled 4 s, longer than it may take: whoever did not wait would time out and send again
      const limits = { 'client.id': id, 'request.timeout.ms': '2000', 'batch.size': '20000' }
      const { producer, log } = newProducer(kafka.address, { ...CONNECT_PRESET, ...limits })
      const records = Array.from({ length: 4 }, (_, index) => new TestRecord(topic, Buffer.alloc(15_000, index), { partition: 0 }))
      await sendAll(producer, records)
      await producer.flush()
      expect(records.map(({ delivery }) => delivery?.offset)).toEqual(records.map((_, index) => index))
      expect(log.lines.filter((line) => line.startsWith('WARN'))).toEqual([])

      const consumerLog = new CollectingLogger()
      const consumer = await newConsumer(
        { 'client.id': id, 'request.timeout.ms': '2000', 'max.partition.fetch.bytes': '1000' },
        consumerLog,
      )
      consumer.assign([{ topic, partition: 0 }])
      expect((await read(consumer, 4)).map(({ value }) => value![0])).toEqual(records.map((_, index) => index))
      expect(consumerLog.lines.filter((line) => line.startsWith('WARN') || line.includes('Disconnected'))).toEqual([])
    },
  )

  test('K25: a Java member that would rather be cooperative agrees on range with us', async () => {
    const [topic, group] = [await newTopic(4), `g-${randomUUID()}`]
    const read = new Set<string>()
    const take = (partition: number, from: number, to: number): void => {
      for (let offset = from; offset < to; offset++) read.add(`${partition}@${offset}`)
    }
    const values = (prefix: string) => [0, 1, 2, 3].flatMap((partition) => Array.from({ length: 50 }, () => ({ value: prefix, partition })))
    await produceAll(kafka.address, topic, values('before'))
    const java = await JavaMember.start({
      bootstrapServers: kafka.address,
      group,
      topic,
      assignors: ['CooperativeStickyAssignor', 'RangeAssignor'].map((name) => `org.apache.kafka.clients.consumer.${name}`),
      onRead: take,
    })
    await until(() => java.owned.length === 4)
    const listener = new Listener()
    const consumer = await newConsumer({ 'group.id': group })
    consumer.subscribe([topic], listener)
    const poll = async (isDone: () => boolean): Promise<void> => {
      while (!isDone())
        for (const { partition, records } of await consumer.poll(100)) take(partition, records[0]!.offset, records.at(-1)!.offset + 1)
    }
    await poll(() => listener.calls.includes('assigned 2') && java.owned.length === 2)
    expect(consumer.assignment().map(({ partition }) => partition)).toEqual(java.owned.includes(0) ? [2, 3] : [0, 1])
    await produceAll(kafka.address, topic, values('together'))
    await poll(() => read.size === 400)
    java.leave()
    await poll(() => listener.calls.at(-1) === 'assigned 4')
    await produceAll(kafka.address, topic, values('alone'))
    await poll(() => read.size === 600)
  })

  test('K34: closed with an unsent record, a long poll and a JoinGroup: all is sent, dynamic members leave, no handle stays', async () => {
    const topic = await newTopic()
    const script = new URL('../support/closing-clients-process.ts', import.meta.url).pathname
    const args = ['--conditions=standpipe:source', script, kafka.address, topic]
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 150_000 })
    const { outcome, resources } = JSON.parse(stdout) as { outcome: string; resources: string[] }
    expect(outcome).toBe('delivered')
    expect(resources.filter((name) => !['PipeWrap', 'TTYWrap'].includes(name))).toEqual([])
    const members = await withAdmin(kafka.address, (admin) =>
      Promise.all(['polling', 'joining', 'static'].map(async (group) => (await admin.describeGroup(`${topic}-${group}`)).members)),
    )
    expect(members.map((each) => each.map(({ groupInstanceId }) => groupInstanceId))).toEqual([[], [], ['i']])
  })
})
