import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import type { Consumer, PartitionRecords, RebalanceListener, TopicPartition, TopicPartitionOffset } from '../../src/kafka/ports.ts'
import { CollectingLogger } from '../support/fakes/collecting-logger.ts'
import { JavaMember } from '../support/java-member.ts'
import { withAdmin } from '../support/kafka-records.ts'
import { javaTool } from '../support/services/java-tools.ts'
import { kafkaJars } from '../support/services/kafka-jars.ts'
import { kcat } from '../support/services/kcat.ts'
import { describeWithKafka, privateKafka } from '../support/services/suite.ts'

const TOPICS = 'org.apache.kafka.tools.TopicCommand'

async function newConsumer(address: string, props: Record<string, string> = {}): Promise<Consumer> {
  const consumer = await createKafkaClients().consumer(
    {
      'bootstrap.servers': address,
      'auto.offset.reset': 'earliest',
      'enable.auto.commit': 'false',
      'heartbeat.interval.ms': '300',
      ...props,
    },
    new CollectingLogger(),
  )
  onTestFinished(() => consumer.close(2000).catch(() => undefined))
  return consumer
}

async function createTopic(
  address: string,
  partitions: number,
  configs: readonly string[] = [],
  name = `t-${randomUUID()}`,
): Promise<string> {
  const options = configs.flatMap((config) => ['--config', config])
  await javaTool(TOPICS, ['--bootstrap-server', address, '--create', '--topic', name, '--partitions', `${partitions}`, ...options])
  return name
}

/** One that is ended by the test. */
async function startJavaTool(mainClass: string, args: readonly string[]): Promise<ChildProcess> {
  const { classPath } = await kafkaJars()
  const child = spawn('java', ['-Xmx128m', '-cp', classPath, mainClass, ...args], { stdio: 'ignore' })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** Where partition 0 ends, once all transactions have: their markers come after their producers have heard of the commit. */
async function endOfTransactions(address: string, topic: string): Promise<number> {
  return withAdmin(address, async (admin) => {
    const query = [{ topic, partition: 0, spec: 'latest' as const }]
    const ends = async () => [...(await admin.listOffsets(query)), ...(await admin.listOffsets(query, 'read_committed'))]
    for (;;) {
      const [end, stable] = await ends()
      if (end === stable) return end!
      await sleep(50)
    }
  })
}

/** `prefix-0` … as one value a line. */
async function produce(address: string, topic: string, partition: number, values: readonly string[]): Promise<void> {
  await kcat(address, ['-P', '-t', topic, '-p', `${partition}`], values.join('\n'))
}

function values(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`)
}

function valuesOf(batches: readonly PartitionRecords[]): string[] {
  return batches.flatMap(({ records }) => records.map(({ value }) => value?.toString() ?? 'null'))
}

async function readUntil(consumer: Consumer, isDone: (seen: readonly string[]) => boolean, timeoutMs = 60_000): Promise<string[]> {
  const seen: string[] = []
  const deadline = Date.now() + timeoutMs
  while (!isDone(seen)) {
    if (Date.now() > deadline) throw new Error(`${seen.length} records within ${timeoutMs} ms, and still not done: ${isDone.toString()}`)
    seen.push(...valuesOf(await consumer.poll(200)))
  }
  return seen
}

/**
 * A sink as Connect runs it: reads, and commits what it has read when partitions go and now and then. Says who owns what.
 */
class Member implements RebalanceListener {
  readonly name: string
  readonly consumer: Consumer
  readonly seen: string[] = []
  readonly calls: string[] = []
  readonly commits: TopicPartitionOffset[] = []
  readonly #owners: Map<string, string>
  readonly #read = new Map<string, TopicPartitionOffset>()
  #isStopped = false

  constructor(name: string, consumer: Consumer, owners: Map<string, string>) {
    this.name = name
    this.consumer = consumer
    this.#owners = owners
  }

  async run(topics: readonly string[]): Promise<void> {
    this.consumer.subscribe(topics, this)
    while (!this.#isStopped) {
      for (const { topic, partition, records } of await this.consumer.poll(100)) {
        this.#read.set(`${topic}-${partition}`, { topic, partition, offset: records.at(-1)!.offset + 1 })
        this.seen.push(...records.map(({ value }) => value!.toString()))
      }
      await sleep(5)
    }
    await this.consumer.close()
  }

  stop(): void {
    this.#isStopped = true
  }

  async onPartitionsAssigned(partitions: readonly TopicPartition[]): Promise<void> {
    this.calls.push(`assigned ${partitions.length}`)
    for (const name of partitions.map(nameOf)) {
      const owner = this.#owners.get(name)
      if (owner !== undefined) throw new Error(`${this.name} is given ${name}, which ${owner} has`)
      this.#owners.set(name, this.name)
    }
  }

  async onPartitionsRevoked(partitions: readonly TopicPartition[]): Promise<void> {
    this.calls.push(`revoked ${partitions.length}`)
    const offsets = [...this.#read.values()]
    this.#read.clear()
    await this.consumer.commit(offsets)
    this.commits.push(...offsets)
    for (const partition of partitions) this.#owners.delete(nameOf(partition))
  }

  async onPartitionsLost(partitions: readonly TopicPartition[]): Promise<void> {
    this.calls.push(`lost ${partitions.length}`)
    this.#read.clear()
    for (const partition of partitions) this.#owners.delete(nameOf(partition))
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}

async function until(condition: () => boolean, timeoutMs = 120_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`Not so within ${timeoutMs} ms: ${condition.toString()}`)
    await sleep(50)
  }
}

describeWithKafka('consumer on Apache Kafka', (address) => {
  it('K25: 1, 3, 1 members, one of them Java, process every record, own no partition twice and never commit backwards', async () => {
    const topic = await createTopic(address, 6)
    const group = `g-${randomUUID()}`
    const owners = new Map<string, string>()
    const writtenTo: string[][] = Array.from({ length: 6 }, () => [])
    const write = async (round: string): Promise<void> => {
      for (let partition = 0; partition < 6; partition++) {
        const batch = values(`${round}-p${partition}`, 200)
        writtenTo[partition]!.push(...batch) // before it is there for others to read
        await produce(address, topic, partition, batch)
      }
    }
    const first = new Member('first', await newConsumer(address, { 'group.id': group }), owners)
    const second = new Member('second', await newConsumer(address, { 'group.id': group }), owners)
    await write('alone')
    const running = first.run([topic])
    await until(() => first.seen.length > 0)
    const joining = second.run([topic])
    const byJava = new Set<string>()
    const onRead = (partition: number, from: number, to: number) => {
      for (const value of writtenTo[partition]!.slice(from, to)) byJava.add(value)
    }
    const java = await JavaMember.start({ bootstrapServers: address, group, topic, onRead })
    await until(() => second.seen.length > 0 || second.calls.length > 0)
    await until(() => first.calls.at(-1) === 'assigned 2' && second.calls.at(-1) === 'assigned 2' && java.owned.length === 2)
    await write('three')
    await until(() => byJava.size > 0)
    java.leave()
    await until(() => first.calls.at(-1) === 'assigned 3')
    second.stop()
    await joining
    await until(() => first.calls.at(-1) === 'assigned 6')
    await write('again')
    await until(() => {
      const seen = new Set([...first.seen, ...second.seen, ...byJava])
      return writtenTo.flat().every((value) => seen.has(value))
    })
    first.stop()
    await running
    for (const member of [first, second]) {
      for (let partition = 0; partition < 6; partition++) {
        const offsets = member.commits.filter((commit) => commit.partition === partition).map(({ offset }) => offset)
        expect(offsets).toEqual(offsets.toSorted((a, b) => a - b))
      }
    }
  })

  it('K29: a static member restarts within its session without a rebalance for the other', async () => {
    const topic = await createTopic(address, 2)
    const group = `g-${randomUUID()}`
    const owners = new Map<string, string>()
    const instance = (id: string) => newConsumer(address, { 'group.id': group, 'group.instance.id': id })
    const other = new Member('other', await instance('a'), owners)
    const running = other.run([topic])
    await until(() => other.calls.length === 1)
    const before = new Member('before', await instance('b'), owners)
    const firstRun = before.run([topic])
    await until(() => before.calls.length === 1 && other.calls.length === 3)
    before.stop()
    await firstRun
    const after = new Member('after', await instance('b'), owners)
    const secondRun = after.run([topic])
    await until(() => after.calls.length === 1)
    await sleep(1000)
    expect(after.calls).toEqual(['assigned 1'])
    expect(other.calls).toEqual(['assigned 2', 'revoked 2', 'assigned 1'])
    after.stop()
    other.stop()
    await Promise.all([secondRun, running])
  })

  it('K22: position reaches the end behind a transaction’s marker, with few fetches', async () => {
    const topic = await createTopic(address, 1)
    await javaTool('org.apache.kafka.tools.ProducerPerformance', [
      ...['--topic', topic, '--num-records', '100', '--record-size', '10', '--throughput', '-1', '--transactional-id', `x-${randomUUID()}`],
      ...['--transaction-duration-ms', '10', '--producer-props', `bootstrap.servers=${address}`],
    ])
    const end = await endOfTransactions(address, topic)
    expect(end).toBeGreaterThan(100)
    for (const isolation of ['read_uncommitted', 'read_committed']) {
      const consumer = await newConsumer(address, { 'isolation.level': isolation })
      const partition = { topic, partition: 0 }
      consumer.assign([partition])
      expect(await consumer.endOffsets([partition])).toEqual([end])
      let seen = 0
      while ((await consumer.position(partition)) < end) seen += valuesOf(await consumer.poll(1000)).length
      expect(seen).toBe(100)
    }
  })

  it('K20, K21: read_committed stops before an open transaction, and delivers nothing of it once it is aborted', async () => {
    const topic = await createTopic(address, 1)
    const partition = { topic, partition: 0 }
    const id = `x-${randomUUID()}`
    const load = (records: number, perSecond: number, durationMs: number) => [
      ...['--topic', topic, '--num-records', `${records}`, '--record-size', '1000', '--throughput', `${perSecond}`],
      ...['--transactional-id', id, '--transaction-duration-ms', `${durationMs}`, '--producer-props', `bootstrap.servers=${address}`],
    ]
    const all = await newConsumer(address)
    const committed = await newConsumer(address, { 'isolation.level': 'read_committed', 'max.partition.fetch.bytes': '100000' })
    all.assign([partition])
    committed.assign([partition])

    const crashed = await startJavaTool('org.apache.kafka.tools.ProducerPerformance', load(1_000_000, 2000, 600_000))
    const open = await readUntil(all, (seen) => seen.length > 2000)
    crashed.kill('SIGKILL')
    expect(await committed.endOffsets([partition])).toEqual([0])
    expect(await committed.poll(500)).toEqual([])
    expect(await committed.position(partition)).toBe(0)

    await javaTool('org.apache.kafka.tools.ProducerPerformance', load(50, -1, 10))
    const end = await endOfTransactions(address, topic)
    let seen = 0
    while ((await committed.position(partition)) < end) seen += valuesOf(await committed.poll(1000)).length
    expect(seen).toBe(50)
    let uncommitted = open.length
    while ((await all.position(partition)) < end) uncommitted += valuesOf(await all.poll(1000)).length
    expect(uncommitted).toBeGreaterThan(2050)
  })

  it('K23: a LogAppendTime topic gives the broker’s time and its type', async () => {
    const topic = await createTopic(address, 1, ['message.timestamp.type=LogAppendTime'])
    const before = Date.now()
    await produce(address, topic, 0, ['a', 'b'])
    const consumer = await newConsumer(address)
    consumer.assign([{ topic, partition: 0 }])
    const records: PartitionRecords['records'][number][] = []
    while (records.length < 2) records.push(...(await consumer.poll(500)).flatMap((batch) => batch.records))
    for (const { timestamp, timestampType } of records) {
      expect(timestampType).toBe('LogAppendTime')
      expect(timestamp).toBeGreaterThanOrEqual(before - 1000)
      expect(timestamp).toBeLessThanOrEqual(Date.now() + 1000)
    }
  })

  it('K34: close ends a long poll’s wait and a join, leaves as a dynamic member, and lets the next member in at once', async () => {
    const topic = await createTopic(address, 1)
    const group = `g-${randomUUID()}`
    const first = new Member('first', await newConsumer(address, { 'group.id': group, 'fetch.max.wait.ms': '30000' }), new Map())
    const running = first.run([topic])
    await until(() => first.calls.length === 1)
    const joining = await newConsumer(address, { 'group.id': group })
    joining.subscribe([topic], first)
    await joining.poll(0)
    await sleep(200)
    await joining.close(60_000)
    first.stop()
    await running
    const next = new Member('next', await newConsumer(address, { 'group.id': group }), new Map())
    const nextRun = next.run([topic])
    await until(() => next.calls.length === 1, 30_000) // below the 45 s of session.timeout.ms
    next.stop()
    await nextRun
  })

  it('K36: partitions added, a new topic that matches, and a topic deleted and made again are followed', async () => {
    const prefix = `f-${randomUUID()}`
    const topic = await createTopic(address, 1, [], `${prefix}-one`)
    await produce(address, topic, 0, ['a'])
    const consumer = await newConsumer(address, { 'group.id': `g-${randomUUID()}`, 'metadata.max.age.ms': '500' })
    consumer.subscribe((name) => name.startsWith(prefix), new Member('only', consumer, new Map()))
    expect(await readUntil(consumer, (seen) => seen.length >= 1)).toEqual(['a'])
    await consumer.commit([{ topic, partition: 0, offset: 1 }])
    await javaTool(TOPICS, ['--bootstrap-server', address, '--alter', '--topic', topic, '--partitions', '2'])
    await produce(address, topic, 1, ['b'])
    expect(await readUntil(consumer, (seen) => seen.includes('b'))).toContain('b')
    const second = await createTopic(address, 1, [], `${prefix}-two`)
    await produce(address, second, 0, ['c'])
    expect(await readUntil(consumer, (seen) => seen.includes('c'))).toContain('c')
    await javaTool(TOPICS, ['--bootstrap-server', address, '--delete', '--topic', topic])
    await readUntil(consumer, () => consumer.assignment().length === 1)
    await createTopic(address, 1, [], topic)
    await produce(address, topic, 0, ['d'])
    expect(await readUntil(consumer, (seen) => seen.includes('d'))).toContain('d')
  })

  it('K41: offsets by time and the beginning after records were deleted', async () => {
    const topic = await createTopic(address, 1)
    await produce(address, topic, 0, values('x', 10))
    const file = join(await mkdtemp(join(tmpdir(), 'standpipe-delete-records-')), 'offsets.json')
    onTestFinished(() => rm(dirname(file), { recursive: true }))
    await writeFile(file, JSON.stringify({ partitions: [{ topic, partition: 0, offset: 4 }], version: 1 }))
    await javaTool('org.apache.kafka.tools.DeleteRecordsCommand', ['--bootstrap-server', address, '--offset-json-file', file])
    const consumer = await newConsumer(address)
    const partition = { topic, partition: 0 }
    expect(await consumer.beginningOffsets([partition])).toEqual([4])
    expect(await consumer.endOffsets([partition])).toEqual([10])
    expect(await consumer.offsetsForTimes([{ ...partition, timestamp: 0 }])).toEqual([4])
    expect(await consumer.offsetsForTimes([{ ...partition, timestamp: Date.now() + 60_000 }])).toEqual([null])
  })

  it('K4: a broker that is killed and comes back costs a group no record', async () => {
    const kafka = await privateKafka({ jvm: ['-Xms256m', '-Xmx384m'] })
    const topic = await createTopic(kafka.address, 2)
    await produce(kafka.address, topic, 0, values('before', 5000))
    const member = new Member('only', await newConsumer(kafka.address, { 'group.id': 'g', 'max.poll.records': '50' }), new Map())
    const running = member.run([topic])
    await until(() => member.seen.length > 200)
    await kafka.kill()
    await sleep(2000)
    await kafka.start()
    await produce(kafka.address, topic, 1, values('after', 5000))
    await until(() => new Set(member.seen).size === 10_000)
    member.stop()
    await running
    const second = await newConsumer(kafka.address, { 'group.id': 'g' })
    expect(
      await second.committed([
        { topic, partition: 0 },
        { topic, partition: 1 },
      ]),
    ).toEqual([
      { topic, partition: 0, offset: 5000 },
      { topic, partition: 1, offset: 5000 },
    ])
  })
})
