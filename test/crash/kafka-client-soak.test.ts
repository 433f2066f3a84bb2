import { fork } from 'node:child_process'
import { randomInt, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFailed, onTestFinished, test } from 'vitest'
import { JavaMember } from '../support/java-member.ts'
import { withAdmin } from '../support/kafka-records.ts'
import { addPartitions, electPreferredLeader, reassign } from '../support/partition-changes.ts'
import { startKafkaCluster, type KafkaCluster } from '../support/services/kafka-cluster.ts'
import { describeWithKafka } from '../support/services/suite.ts'
import { seededRandom } from '../support/soak/seeded-random.ts'
import { until } from '../support/worker-process.ts'
import type { SoakOrder, SoakReport } from '../support/soak/soak-process.ts'

const MINUTES = Number(process.env.STANDPIPE_SOAK_MINUTES ?? '0.4')
const SEED = Number(process.env.STANDPIPE_SOAK_SEED ?? randomInt(1_000_000))
const REBALANCE_EVERY_MS = 20_000
const MOST_PARTITIONS = 12

describeWithKafka('Kafka clients for a long time', () => {
  test(
    'brokers are killed, partitions added, leaders moved and the group rebalanced: what was produced is consumed, commits never go back',
    async () => {
      const random = seededRandom(SEED)
      const cluster = await startKafkaCluster()
      onTestFinished(() => cluster.stop())
      const [exactly, atLeast, group] = [`exactly-${randomUUID()}`, `at-least-${randomUUID()}`, `g-${randomUUID()}`]
      const names = [exactly, atLeast]
      await withAdmin(cluster.bootstrapServers, (admin) =>
        admin.createTopics(names.map((name) => ({ name, partitions: 4, replicationFactor: 3 }))),
      )
      const script = new URL('../support/soak/soak-process.ts', import.meta.url).pathname
      const clients = fork(script, [cluster.bootstrapServers, exactly, atLeast, group, '1'], {
        execArgv: ['--conditions=standpipe:source', '--expose-gc'],
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      })
      onTestFinished(() => void clients.kill('SIGKILL'))
      const exited = once(clients, 'exit') as Promise<[number | null, string | null]>
      const tell = (order: SoakOrder): void => void clients.send(order)
      await Promise.race([once(clients, 'message'), exited.then(([code]) => Promise.reject(new Error(`The clients ended with ${code}`)))])
      const java = await JavaMember.start({
        bootstrapServers: cluster.bootstrapServers,
        group,
        topic: exactly,
        onRead: (partition, from, to) => tell({ do: 'covered', topic: exactly, partition, from, to }),
      })

      const events: string[] = []
      const end = Date.now() + MINUTES * 60_000
      const rebalancing = setInterval(() => tell({ do: 'rebalance' }), REBALANCE_EVERY_MS)
      onTestFinished(() => clearInterval(rebalancing))
      while (Date.now() < end && clients.exitCode === null) events.push(await trouble(cluster, names, random, tell))
      clearInterval(rebalancing)
      await until(() => java.records > 0) // a JVM may be long in coming

      tell({ do: 'end' })
      const [report] = (await Promise.race([
        once(clients, 'message'),
        exited.then(([code]) => Promise.reject(new Error(`The clients ended with ${code} before they reported`))),
      ])) as [SoakReport]
      clients.send('read')
      java.leave()
      const ended = await Promise.race([exited, sleep(60_000, 'still runs', { ref: false })])
      onTestFailed(() => console.log(report.warnings.join('\n')))
      const { warnings, memory, ...counts } = report
      const troubles = `${events.length} troubles (${events.join('; ')})`
      console.log(
        `soak of ${MINUTES} minutes, seed ${SEED}: ${troubles}, ${java.records} records read by Java, ${warnings.length} warnings\n` +
          `${JSON.stringify(counts)}\nMB in use, every 2 s: ${memory.join(' ')}`,
      )

      expect(report).toMatchObject({ failures: [], disorder: [], gaps: [], jumps: [], backward: [], onceRepeated: 0 })
      expect(report.rebalances).toBeGreaterThan(2)
      expect(report.commits).toBeGreaterThan(0)
      expect(report.resources.filter((name) => !OF_THE_PROCESS.has(name))).toEqual([])
      expect(ended).toEqual([0, null])
      expectFlat(report.memory)
    },
    (MINUTES + 10) * 60_000,
  )
})

/** Standard streams and the channel to the test. */
const OF_THE_PROCESS = new Set(['PipeWrap', 'TTYWrap'])

/** After a warm-up, the level does not rise: the median of the last third against that of the middle one. */
function expectFlat(memory: readonly number[]): void {
  const third = Math.floor(memory.length / 3)
  const median = (samples: readonly number[]): number => samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)]!
  expect(median(memory.slice(-third))).toBeLessThan(median(memory.slice(third, 2 * third)) * 1.25 + 4)
}

/** One thing that happens to the cluster, and the time it takes to get over it. @returns what it was */
async function trouble(cluster: KafkaCluster, topics: readonly string[], random: () => number, tell: (order: SoakOrder) => void) {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!
  const { bootstrapServers } = cluster
  await sleep(1000 + random() * 3000)
  const kind = pick(['kill', 'kill', 'restart', 'freeze', 'leaders', 'leaders', 'partitions'])
  if (kind === 'kill' || kind === 'restart') {
    const id = pick(cluster.nodeIds)
    if (kind === 'kill') await cluster.kill(id)
    else await cluster.shutDown(id)
    await sleep(random() * 5000)
    await cluster.start(id)
    return `${kind} ${id}`
  }
  if (kind === 'freeze') {
    const id = pick(cluster.nodeIds)
    cluster.freeze(id)
    await sleep(2000 + random() * 6000)
    await cluster.thaw(id)
    return `freeze ${id}`
  }
  const topic = pick(topics)
  const count = await partitionCount(bootstrapServers, topic)
  if (kind === 'partitions' && count < MOST_PARTITIONS) {
    await addPartitions(bootstrapServers, topic, count + 1)
    await cluster.inSync()
    tell({ do: 'widen', topic, partitions: count + 1 })
    return `${count + 1} partitions`
  }
  for (let partition = 0; partition < count; partition++) {
    const replicas = cluster.nodeIds.toSorted(() => random() - 0.5)
    await reassign(bootstrapServers, { topic, partition, replicas })
    await electPreferredLeader(bootstrapServers, { topic, partition })
  }
  return `leaders of ${count}`
}

async function partitionCount(bootstrapServers: string, topic: string): Promise<number> {
  const topics = await withAdmin(bootstrapServers, (admin) => admin.describeTopics([topic]))
  const description = topics.get(topic)!
  if (!('partitions' in description)) throw description
  return description.partitions.length
}
