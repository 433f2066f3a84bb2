import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it, onTestFinished } from 'vitest'
import { Broker } from '../../src/broker/broker.ts'
import { silentLogger } from '../../src/logging/logger.ts'
import { JavaMember } from '../support/java-member.ts'
import { RawClient } from '../support/raw-client.ts'
import { JavaToolRunner } from '../support/services/java-tool-runner.ts'
import { kcat, kcatOrSkip } from '../support/services/kcat.ts'
import { freePorts } from '../support/services/free-ports.ts'
import { scratchDir, until } from '../support/worker-process.ts'

const TOPIC = 'orders'
const PARTITIONS = 4

/** A broker that can be stopped and started on the same data and port. */
class RestartedBroker {
  readonly address: string
  readonly #dir: string
  #broker: Broker

  static async start(): Promise<RestartedBroker> {
    const [port] = (await freePorts(1)) as [number]
    const address = `127.0.0.1:${port}`
    const dir = await scratchDir()
    const restarted = new RestartedBroker(address, dir, await open(address, dir))
    onTestFinished(() => restarted.#broker.stop())
    return restarted
  }

  private constructor(address: string, dir: string, broker: Broker) {
    this.address = address
    this.#dir = dir
    this.#broker = broker
  }

  async restart(): Promise<void> {
    await this.#broker.stop()
    this.#broker = await open(this.address, this.#dir)
  }

  async createTopic(): Promise<void> {
    await this.#ask((raw) =>
      raw.send('CreateTopics', 7, {
        topics: [{ name: TOPIC, numPartitions: PARTITIONS, replicationFactor: 1, assignments: [], configs: [] }],
      }),
    )
  }

  /** One record in each partition. */
  async produce(text: string): Promise<void> {
    for (let partition = 0; partition < PARTITIONS; partition++)
      await kcat(this.address, ['-P', '-t', TOPIC, '-p', `${partition}`], `${text}-${partition}\n`)
  }

  async describe(group: string) {
    const { groups } = await this.#ask((raw) => raw.send('DescribeGroups', 5, { groups: [group] }))
    return groups[0]!
  }

  async #ask<T>(ask: (raw: RawClient) => Promise<T>): Promise<T> {
    await using raw = await RawClient.connect(this.address)
    return await ask(raw)
  }
}

function open(address: string, dir: string): Promise<Broker> {
  return Broker.start({ props: { listeners: `PLAINTEXT://${address}` }, dirs: [dir], log: silentLogger })
}

/** A librdkafka consumer in a process of its own. */
class KcatMember {
  readonly #child
  output = ''
  log = ''

  static async start(address: string, group: string, options: Readonly<Record<string, string>> = {}): Promise<KcatMember> {
    await kcatOrSkip()
    return new KcatMember(address, group, options)
  }

  private constructor(address: string, group: string, options: Readonly<Record<string, string>>) {
    const settings = { 'auto.offset.reset': 'earliest', 'auto.commit.interval.ms': '100', ...options }
    const args = Object.entries(settings).flatMap(([key, value]) => ['-X', `${key}=${value}`])
    this.#child = spawn('kcat', ['-b', address, '-u', ...args, '-G', group, TOPIC])
    this.#child.stdout.on('data', (bytes: Buffer) => (this.output += bytes.toString()))
    this.#child.stderr.on('data', (bytes: Buffer) => (this.log += bytes.toString()))
    onTestFinished(() => this.kill())
  }

  get rebalances(): number {
    return this.log.match(/assigned:/g)?.length ?? 0
  }

  has(text: string): boolean {
    return Array.from({ length: PARTITIONS }, (_, partition) => `${text}-${partition}\n`).every((line) => this.output.includes(line))
  }

  async leave(): Promise<void> {
    await this.#end('SIGTERM')
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'close')
    this.#child.kill(signal)
    await ended
  }
}

/** ConsumerGroupCommand, each time in the same JVM. */
async function consumerGroupCommand(address: string): Promise<(...args: string[]) => Promise<string>> {
  const tools = await JavaToolRunner.start()
  onTestFinished(() => tools.stop())
  const common = ['--bootstrap-server', address, '--timeout', '60000']
  return async (...args) => {
    const { output, errors } = await tools.run('org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', [...common, ...args])
    return output + errors
  }
}

it('a member goes on after the broker was restarted, without a rebalance and from where it was', async () => {
  const broker = await RestartedBroker.start()
  await broker.createTopic()
  await broker.produce('before')
  const read: [partition: number, from: number, to: number][] = []
  const onRead = (...range: [number, number, number]) => read.push(range)
  const member = await JavaMember.start({ bootstrapServers: broker.address, group: 'g', topic: TOPIC, onRead })
  await until(() => member.records === PARTITIONS)
  const before = await broker.describe('g')

  await broker.restart()
  await broker.produce('after')
  await until(() => member.records >= 2 * PARTITIONS)

  expect(await broker.describe('g')).toEqual(before)
  expect(read.map(([, from, to]) => [from, to]).toSorted()).toEqual([
    ...Array.from({ length: PARTITIONS }, () => [0, 1]),
    ...Array.from({ length: PARTITIONS }, () => [1, 2]),
  ])
})

it('members share the partitions, and take over from each other', async () => {
  const broker = await RestartedBroker.start()
  await broker.createTopic()
  const first = await KcatMember.start(broker.address, 'g')
  await until(() => first.rebalances === 1)
  const second = await KcatMember.start(broker.address, 'g')
  await until(async () => second.rebalances === 1 && (await broker.describe('g')).groupState === 'Stable')
  await broker.produce('shared')
  await until(() => [first, second].every(({ output }) => output.split('\n').length === 1 + PARTITIONS / 2))

  await first.leave()
  await broker.produce('alone')
  await until(() => second.has('alone'))
  expect((await broker.describe('g')).members).toHaveLength(1)
})

it('a static member that is killed and started again gets its partitions back, and the others notice nothing', async () => {
  const broker = await RestartedBroker.start()
  await broker.createTopic()
  const stays = await KcatMember.start(broker.address, 'g', { 'group.instance.id': 'stays' })
  await until(() => stays.rebalances === 1)
  const killed = await KcatMember.start(broker.address, 'g', { 'group.instance.id': 'killed' })
  await until(async () => killed.rebalances === 1 && (await broker.describe('g')).groupState === 'Stable')
  const rebalances = stays.rebalances

  await killed.kill()
  const again = await KcatMember.start(broker.address, 'g', { 'group.instance.id': 'killed' })
  await until(() => again.rebalances === 1)
  await broker.produce('x')
  await until(() => [stays, again].every(({ output }) => output.split('\n').length === 1 + PARTITIONS / 2))
  expect(stays.rebalances).toBe(rebalances)
})

it("Kafka's ConsumerGroupCommand sees members at work, and may not take their offsets or group from them", async () => {
  const broker = await RestartedBroker.start()
  await broker.createTopic()
  await broker.produce('x')
  const member = await KcatMember.start(broker.address, 'g', { 'client.id': 'worker' })
  await until(() => member.has('x'))
  const consumerGroups = await consumerGroupCommand(broker.address)

  const state = await consumerGroups('--describe', '--group', 'g', '--state')
  expect(state).toMatch(new RegExp(`g +${broker.address} +\\(1\\) +range +Stable +1`))
  const members = await consumerGroups('--describe', '--group', 'g', '--members', '--verbose')
  expect(members).toMatch(/g +worker-[0-9a-f-]{36} \/127\.0\.0\.1 +worker +4 .*orders:0,1,2,3/)
  await until(async () => /orders +0 +1 +1 +0 +worker/.test(await consumerGroups('--describe', '--group', 'g')))

  const reset = ['--reset-offsets', '--group', 'g', '--topic', TOPIC, '--to-earliest', '--execute']
  expect(await consumerGroups(...reset)).toContain("group 'g' is inactive, but the current state is Stable")
  expect(await consumerGroups('--delete', '--group', 'g')).toContain('The group is not empty')
  expect(await consumerGroups('--delete-offsets', '--group', 'g', '--topic', TOPIC)).toContain('GroupSubscribedToTopicException')
  await member.leave()
  expect(await consumerGroups(...reset)).toMatch(/g +orders +0 +0/)
  expect(await consumerGroups('--delete', '--group', 'g')).toContain('was successful')
})
