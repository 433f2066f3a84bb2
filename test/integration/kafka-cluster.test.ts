import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { parseConsumerConfig } from '../../src/kafka/config/consumer-config.ts'
import { KafkaConsumer } from '../../src/kafka/consumer/consumer.ts'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import type { KafkaError } from '../../src/kafka/errors.ts'
import type { Consumer, Producer } from '../../src/kafka/ports.ts'
import { findCoordinator } from '../../src/kafka/protocol/find-coordinator.ts'
import type { Transport } from '../../src/kafka/transport.ts'
import { CollectingLogger } from '../support/fakes/collecting-logger.ts'
import { withAdmin } from '../support/kafka-records.ts'
import { askCluster, electPreferredLeader, reassign } from '../support/partition-changes.ts'
import { openMetadata, openTransport } from '../support/scripted-broker/clients.ts'
import { startKafkaCluster, type KafkaCluster, type NodeId } from '../support/services/kafka-cluster.ts'
import { describeWithApacheKafka, START_TIMEOUT_MS } from '../support/services/suite.ts'
import { NumbersRead, SteadyLoad } from '../support/steady-load.ts'
import { until } from '../support/worker-process.ts'

const CONNECT = { acks: 'all', 'max.in.flight.requests.per.connection': '1', 'enable.idempotence': 'false' }

/** In the suite fewer; `STANDPIPE_CLUSTER_PARTITIONS=1000` is the whole thing. */
const PARTITIONS = Number(process.env['STANDPIPE_CLUSTER_PARTITIONS'] ?? 300)

await describeWithApacheKafka('clients of three Kafka nodes', () => {
  let cluster: KafkaCluster
  const clients = createKafkaClients()

  beforeAll(async () => {
    cluster = await startKafkaCluster()
  }, START_TIMEOUT_MS)

  afterAll(() => cluster.stop())

  async function newTopic(partitions: number, configs: Record<string, string> = {}): Promise<string> {
    const name = `t-${randomUUID()}`
    const created = await withAdmin(cluster.bootstrapServers, (admin) =>
      admin.createTopics([{ name, partitions, replicationFactor: -1, configs }]),
    )
    expect(created.get(name)).toBe('created')
    return name
  }

  /** What is sent while a node is down waits for it, however long that takes. */
  const patient = { 'delivery.timeout.ms': '600000' }

  async function newProducer(props: Record<string, string> = {}, log = new CollectingLogger()): Promise<Producer> {
    const producer = await clients.producer({ ...patient, 'bootstrap.servers': cluster.bootstrapServers, ...props }, log)
    onTestFinished(() => producer.close(0))
    return producer
  }

  async function newConsumer(props: Record<string, string> = {}, log = new CollectingLogger()): Promise<Consumer> {
    const consumer = await clients.consumer(
      { 'bootstrap.servers': cluster.bootstrapServers, 'auto.offset.reset': 'earliest', ...props },
      log,
    )
    onTestFinished(() => consumer.close(2000).catch(() => undefined))
    return consumer
  }

  /** A consumer in rack 2 that tells of every fetch where it goes. */
  function consumerThatTells(onFetch: (node: number, answer: Promise<unknown>) => void): { consumer: Consumer; log: CollectingLogger } {
    const log = new CollectingLogger()
    const config = parseConsumerConfig(
      {
        'bootstrap.servers': cluster.bootstrapServers,
        'auto.offset.reset': 'earliest',
        'client.rack': 'rack-2',
        'fetch.max.wait.ms': '100',
      },
      log,
    )
    const inner = openTransport(cluster.bootstrapServers)
    const transport: Transport = {
      send: (node, channel, request, options) => {
        const answer = inner.send(node, channel, request, options)
        if (channel === 'fetch') onFetch(Number(node), answer)
        return answer
      },
      updateBrokers: (brokers) => inner.updateBrokers(brokers),
      brokers: () => inner.brokers(),
      version: (...args) => inner.version(...args),
      dropConnection: (...args) => inner.dropConnection(...args),
      close: () => inner.close(),
    }
    const consumer = new KafkaConsumer({ config, transport, metadata: openMetadata(transport), log })
    onTestFinished(() => consumer.close(2000).catch(() => undefined))
    return { consumer, log }
  }

  async function leadersOf(topic: string): Promise<number[]> {
    const topics = await withAdmin(cluster.bootstrapServers, (admin) => admin.describeTopics([topic]))
    const description = topics.get(topic)!
    if (!('partitions' in description)) throw description
    return description.partitions.map(({ leader }) => leader)
  }

  /** What is in the log of a load that has ended, down to the last record. */
  async function readBack({ topic, sent }: SteadyLoad): Promise<Pick<NumbersRead, 'gaps' | 'repeated'>> {
    const consumer = await newConsumer()
    consumer.assign(sent.map((_, partition) => ({ topic, partition })))
    const read = new NumbersRead()
    while (sent.some((count, partition) => (read.upTo[partition] ?? 0) < count)) read.take(await consumer.poll(100))
    return { gaps: read.gaps, repeated: read.repeated }
  }

  /** A group's only member, which reads and commits until it is stopped. */
  class Member {
    readonly calls: string[] = []
    readonly read = new NumbersRead()
    commits = 0
    readonly #consumer: Consumer
    #isStopped = false
    #running: Promise<void> = Promise.resolve()

    constructor(consumer: Consumer) {
      this.#consumer = consumer
    }

    start(topic: string): this {
      const called = (what: string) => async (partitions: readonly unknown[]) => void this.calls.push(`${what} ${partitions.length}`)
      this.#consumer.subscribe([topic], {
        onPartitionsAssigned: called('assigned'),
        onPartitionsRevoked: called('revoked'),
        onPartitionsLost: called('lost'),
      })
      this.#running = this.#run()
      return this
    }

    async stop(): Promise<void> {
      this.#isStopped = true
      await this.#running
    }

    async #run(): Promise<void> {
      while (!this.#isStopped) {
        const batches = await this.#consumer.poll(100)
        this.read.take(batches)
        const offsets = batches.map(({ topic, partition, records }) => ({ topic, partition, offset: records.at(-1)!.offset + 1 }))
        if (offsets.length === 0) continue
        await this.#consumer.commit(offsets)
        this.commits++
      }
    }
  }

  test('K3: leaders move under load, by reassignment and back to the preferred ones: every record once, in order', async () => {
    const topic = await newTopic(6)
    const load = new SteadyLoad(await newProducer(), topic, 6, 5).start()
    const consumer = await newConsumer()
    consumer.assign(load.sent.map((_, partition) => ({ topic, partition })))
    const read = new NumbersRead()
    await until(async () => {
      read.take(await consumer.poll(100))
      return Math.min(...load.delivered) > 100
    })
    for (let round = 0; round < 3; round++) {
      const leaders = await leadersOf(topic)
      for (const partition of [0, 1, 2]) {
        const replicas = [1, 2, 3].toSorted((a, b) => Number(a === leaders[partition]) - Number(b === leaders[partition]))
        await reassign(cluster.bootstrapServers, { topic, partition, replicas })
        expect(await electPreferredLeader(cluster.bootstrapServers, { topic, partition })).toBe(0)
      }
      await until(async () => (await leadersOf(topic)).every((leader, partition) => partition > 2 || leader !== leaders[partition]))
      const goal = load.sent.map((count) => count + 50)
      await until(async () => {
        read.take(await consumer.poll(100))
        return goal.every((count, partition) => (read.upTo[partition] ?? 0) >= count)
      })
    }
    await load.stop()
    while (load.sent.some((count, partition) => read.upTo[partition] !== count)) read.take(await consumer.poll(100))
    expect(load.failures).toEqual([])
    expect(load.disorder).toEqual([])
    expect({ gaps: read.gaps, repeated: read.repeated }).toEqual({ gaps: [], repeated: 0 })
  })

  test('K28: the coordinator dies: commits go on at the next one without a rebalance, and who needs all replicas waits until they are back', async () => {
    const [topic, needsAll] = [await newTopic(3), await newTopic(3, { 'min.insync.replicas': '3' })]
    const group = `g-${randomUUID()}`
    const log = new CollectingLogger()
    const load = new SteadyLoad(await newProducer(), topic, 3, 2).start()
    // what is on its way when the node dies is refused only when the time is over that the request names
    const waiting = new SteadyLoad(await newProducer({ 'request.timeout.ms': '2000' }, log), needsAll, 3, 2).start()
    const member = new Member(await newConsumer({ 'group.id': group, 'heartbeat.interval.ms': '300' })).start(topic)
    await until(() => member.commits > 5 && Math.min(...waiting.delivered) > 50)
    const { coordinator } = await askCluster(cluster.bootstrapServers, findCoordinator('group', group))
    await cluster.kill(coordinator.nodeId as NodeId)
    const { commits } = member
    await until(() => member.commits > commits + 20 && log.lines.some((line) => line.includes('NOT_ENOUGH_REPLICAS')))
    await cluster.start(coordinator.nodeId as NodeId)
    await Promise.all([load.stop(), waiting.stop()])
    await until(() => load.sent.every((count, partition) => member.read.upTo[partition] === count))
    await member.stop()
    expect(member.calls).toEqual(['assigned 3'])
    expect([...load.failures, ...waiting.failures]).toEqual([])
    expect(await readBack(waiting)).toEqual({ gaps: [], repeated: 0 })
    expect({ gaps: member.read.gaps, repeated: member.read.repeated }).toEqual({ gaps: [], repeated: 0 })
  })

  test('reads go to the replica in the rack of the client, to the leader when that one dies, and records come once', async () => {
    const topic = await newTopic(1)
    const partition = { topic, partition: 0 }
    await reassign(cluster.bootstrapServers, { ...partition, replicas: [1, 2, 3] })
    expect(await electPreferredLeader(cluster.bootstrapServers, partition)).toBe(0)
    const load = new SteadyLoad(await newProducer(), topic, 1, 5).start()
    const fetches: number[] = []
    const { consumer, log } = consumerThatTells((node) => fetches.push(node))
    consumer.assign([partition])
    const read = new NumbersRead()
    const readUntil = (isDone: () => boolean) => until(async () => (read.take(await consumer.poll(100)), isDone()))
    await readUntil(() => (read.upTo[0] ?? 0) > 100)
    // a replica that fell behind for a moment is rightly passed over
    await readUntil(() => fetches.length >= 20 && fetches.slice(-20).every((node) => node === 2))
    await cluster.kill(2)
    const dead = load.delivered[0]!
    await readUntil(() => read.upTo[0]! > dead + 200 && fetches.at(-1) === 1)
    await cluster.start(2)
    await readUntil(() => fetches.at(-1) === 2)
    await load.stop()
    await readUntil(() => read.upTo[0] === load.sent[0])
    expect({ gaps: read.gaps, repeated: read.repeated, failures: load.failures }).toEqual({ gaps: [], repeated: 0, failures: [] })
    expect(log.lines.join('\n')).not.toContain('out of range')
  })

  test('K36: a topic whose leaders have moved is deleted and made again: both clients follow, whatever age metadata has', async () => {
    const topic = await newTopic(1)
    const partition = { topic, partition: 0 }
    for (const replicas of [
      [2, 3, 1],
      [3, 1, 2],
      [1, 2, 3],
    ]) {
      await reassign(cluster.bootstrapServers, { ...partition, replicas })
      expect(await electPreferredLeader(cluster.bootstrapServers, partition)).toBe(0)
    }
    const producer = await newProducer()
    const consumer = await newConsumer()
    consumer.assign([partition])
    const [before, after] = [new NumbersRead(), new NumbersRead()]
    const first = new SteadyLoad(producer, topic, 1, 5).start()
    await until(async () => (before.take(await consumer.poll(100)), (before.upTo[0] ?? 0) > 50))
    await first.stop()
    await until(async () => (before.take(await consumer.poll(100)), before.upTo[0] === first.sent[0]))
    await withAdmin(cluster.bootstrapServers, async (admin) => {
      await admin.deleteTopics([topic])
      await until(async () => (await admin.createTopics([{ name: topic, partitions: 1, replicationFactor: 3 }])).get(topic) === 'created')
    })
    const second = new SteadyLoad(producer, topic, 1, 5).start()
    await until(async () => (after.take(await consumer.poll(100)), second.delivered[0]! > 20))
    await second.stop()
    await until(async () => (after.take(await consumer.poll(100)), after.upTo[0] === second.sent[0]))
    expect({ failures: second.failures, gaps: after.gaps, repeated: after.repeated }).toEqual({ failures: [], gaps: [], repeated: 0 })
  })

  test('an unclean leader election cuts a log off: a reader goes back to where it was cut and skips nothing, or fails with auto.offset.reset=none', async () => {
    const topic = await newTopic(1, { 'min.insync.replicas': '1', 'unclean.leader.election.enable': 'true' })
    const partition = { topic, partition: 0 }
    await reassign(cluster.bootstrapServers, { ...partition, replicas: [1, 2] })
    expect(await electPreferredLeader(cluster.bootstrapServers, partition)).toBe(0)
    const isrIs = (nodes: readonly number[]) =>
      until(async () => {
        const [described] = (await withAdmin(cluster.bootstrapServers, (admin) => admin.describeTopics([topic]))).values()
        const isr = described !== undefined && 'partitions' in described ? described.partitions[0]!.isr : []
        return isr.toSorted().join() === nodes.join()
      }, 200)
    await isrIs([1, 2])
    const write = async (values: readonly string[]) => {
      const producer = await newProducer({ acks: 'all' })
      const errors: KafkaError[] = []
      for (const value of values) {
        const record = { ...partition, timestamp: null, key: null, value: Buffer.from(value), headers: [] }
        await producer.send(record, { delivered: () => undefined, failed: (error) => void errors.push(error) })
      }
      await producer.flush()
      expect(errors).toEqual([])
    }
    const log = new CollectingLogger()
    const [consumer, strict] = [await newConsumer({}, log), await newConsumer({ 'auto.offset.reset': 'none' })]
    for (const each of [consumer, strict]) each.assign([partition])
    strict.seek(partition, 'beginning')
    const read = new Map<Consumer, string[]>([consumer, strict].map((each) => [each, []]))
    const readUntil = async (each: Consumer, last: string) => {
      const values = read.get(each)!
      await until(async () => {
        for (const { records } of await each.poll(100)) values.push(...records.map(({ value }) => String(value)))
        return values.at(-1) === last
      })
    }
    const numbered = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}${index}`)
    const [kept, lost, after] = [numbered('kept', 50), numbered('lost', 30), numbered('after', 20)]
    await write(kept)
    cluster.freeze(2)
    onTestFinished(() => cluster.resume(2)) // also where the test fails before
    await isrIs([1])
    await write(lost)
    for (const each of [consumer, strict]) await readUntil(each, lost.at(-1)!)
    await cluster.kill(1)
    cluster.resume(2)
    await until(async () => (await leadersOf(topic))[0] === 2, 200)
    await write(after)
    await readUntil(consumer, after.at(-1)!)
    expect(read.get(consumer)).toEqual([...kept, ...lost, ...after])
    const [warning, ...others] = log.lines.filter((line) => line.includes('Truncation detected'))
    expect(warning).toMatch(
      new RegExp(
        `for partition ${topic}-0 at offset 80 \\(leader epoch \\d+\\), resetting offset to the first offset known to diverge, offset 50`,
      ),
    )
    expect(others).toEqual([])
    await expect(readUntil(strict, after.at(-1)!)).rejects.toMatchObject({ code: 'LOG_TRUNCATION', topic, partition: 0 })
    expect(read.get(strict)).toEqual([...kept, ...lost])
    await cluster.start(1)
  })

  test('all three are restarted in turn under load: with idempotence every record exactly once, without at least once, in order', async () => {
    const [exactly, atLeast] = [await newTopic(6), await newTopic(6)]
    const once = new SteadyLoad(await newProducer({ acks: 'all' }), exactly, 6, 2).start()
    const connect = new SteadyLoad(await newProducer(CONNECT), atLeast, 6, 2).start()
    const reader = async (topic: string) =>
      new Member(await newConsumer({ 'group.id': `g-${randomUUID()}`, 'heartbeat.interval.ms': '300' })).start(topic)
    const members = [await reader(exactly), await reader(atLeast)] as const
    await until(() => members.every(({ commits }) => commits > 5))
    for (const id of cluster.nodeIds) {
      await cluster.shutDown(id)
      await cluster.start(id)
    }
    await Promise.all([once.stop(), connect.stop()])
    for (const [index, load] of [once, connect].entries()) {
      await until(() => load.sent.every((count, partition) => members[index]!.read.upTo[partition] === count))
    }
    await Promise.all(members.map((member) => member.stop()))
    expect([...once.failures, ...connect.failures]).toEqual([])
    expect([...once.disorder, ...connect.disorder]).toEqual([])
    expect(members.map(({ calls }) => calls)).toEqual([['assigned 6'], ['assigned 6']])
    expect(members.map(({ read }) => read.gaps)).toEqual([[], []])
    expect(members[0].read.repeated).toBe(0)
    console.log(`rolling restart: ${once.total} records exactly once; ${connect.total} at least once, ${members[1].read.repeated} again`)
  })

  test(`K44: ${PARTITIONS} partitions on three nodes: all are read, with one fetch a node in flight`, async () => {
    const topic = `t-${randomUUID()}`
    await withAdmin(cluster.bootstrapServers, (admin) =>
      admin.createTopics([{ name: topic, partitions: PARTITIONS, replicationFactor: 1 }]),
    )
    const load = new SteadyLoad(await newProducer(), topic, PARTITIONS, 1).start()
    await until(() => load.total >= 5 * PARTITIONS)
    await load.stop()
    const inFlight = [0, 0, 0, 0]
    let most = 0
    const { consumer } = consumerThatTells((node, answer) => {
      most = Math.max(most, ++inFlight[node]!)
      void answer.finally(() => inFlight[node]!--).catch(() => undefined)
    })
    consumer.assign(load.sent.map((_, partition) => ({ topic, partition })))
    const read = new NumbersRead()
    await until(async () => {
      read.take(await consumer.poll(100))
      return load.sent.every((count, partition) => read.upTo[partition] === count)
    })
    expect({ gaps: read.gaps, repeated: read.repeated, failures: load.failures }).toEqual({ gaps: [], repeated: 0, failures: [] })
    expect(most).toBe(1)
  })
})
