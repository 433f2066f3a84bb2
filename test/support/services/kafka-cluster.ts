import type { KafkaError } from '../../../src/kafka/errors.ts'
import type { TopicDescription } from '../../../src/kafka/ports.ts'
import { withAdmin } from '../kafka-records.ts'
import { until } from '../worker-process.ts'
import { freePorts } from './free-ports.ts'
import { newClusterId, prepareKafka, type KafkaBroker } from './kafka.ts'

const NODES = [1, 2, 3] as const
export type NodeId = (typeof NODES)[number]

/** Small, and quick to start rather than quick for long. */
const SMALL_JVM = ['-Xms128m', '-Xmx384m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']

/** Three copies, of which two must be there; partitions move when a node has been silent for 3 s, and back only when told to. */
const PROPERTIES = {
  'default.replication.factor': '3',
  'min.insync.replicas': '2',
  'offsets.topic.replication.factor': '3',
  'offsets.topic.num.partitions': '3',
  'transaction.state.log.replication.factor': '3',
  'transaction.state.log.min.isr': '2',
  'share.coordinator.state.topic.replication.factor': '3',
  'broker.session.timeout.ms': '3000',
  'broker.heartbeat.interval.ms': '500',
  'controller.quorum.election.timeout.ms': '500',
  'controller.quorum.fetch.timeout.ms': '1500',
  'replica.lag.time.max.ms': '3000',
  'auto.leader.rebalance.enable': 'false',
  'auto.create.topics.enable': 'false',
  'replica.selector.class': 'org.apache.kafka.common.replica.RackAwareReplicaSelector',
}

/** Three Apache Kafka nodes on 127.0.0.1, each broker and controller, in racks `rack-1` to `rack-3`. One may be down at a time. */
export class KafkaCluster {
  readonly #nodes: ReadonlyMap<NodeId, KafkaBroker>

  constructor(nodes: ReadonlyMap<NodeId, KafkaBroker>) {
    this.#nodes = nodes
  }

  /** All three, for `bootstrap.servers`. */
  get bootstrapServers(): string {
    return [...this.#nodes.values()].map(({ address }) => address).join(',')
  }

  get nodeIds(): readonly NodeId[] {
    return NODES
  }

  /** SIGKILL. */
  async kill(id: NodeId): Promise<void> {
    await this.#node(id).kill()
  }

  /** SIGTERM: leaders move away first. */
  async shutDown(id: NodeId): Promise<void> {
    await this.#node(id).shutDown()
  }

  /** SIGSTOP: its connections stay open and nothing is answered; the others go on without it. */
  freeze(id: NodeId): void {
    process.kill(this.#node(id).pid!, 'SIGSTOP')
  }

  /** SIGCONT: it answers what it was asked before it was frozen, and learns what it has missed. */
  async thaw(id: NodeId): Promise<void> {
    this.resume(id)
    await this.inSync()
  }

  /** As `thaw`, while another node is down: nothing is waited for. */
  resume(id: NodeId): void {
    process.kill(this.#node(id).pid!, 'SIGCONT')
  }

  /** Starts a node that is down and waits until it has caught up with all its partitions. */
  async start(id: NodeId): Promise<void> {
    await this.#node(id).start()
    await this.inSync()
  }

  /** Waits until every replica of every topic is in sync. */
  async inSync(): Promise<void> {
    await withAdmin(this.bootstrapServers, (admin) =>
      until(async () => {
        const { nodes } = await admin.describeCluster()
        const topics = await admin.describeTopics(await admin.listTopics())
        return nodes.length === NODES.length && [...topics.values()].every(isInSync)
      }, 200),
    )
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#nodes.values()].map((node) => node.stop()))
  }

  #node(id: NodeId): KafkaBroker {
    return this.#nodes.get(id)!
  }
}

function isInSync(topic: TopicDescription | KafkaError): boolean {
  return 'partitions' in topic && topic.partitions.every(({ isr, replicas }) => isr.length === replicas.length)
}

/** Starts the three nodes and waits until they form a cluster (10 s). */
export async function startKafkaCluster(properties: Readonly<Record<string, string>> = {}): Promise<KafkaCluster> {
  const ports = await freePorts(2 * NODES.length)
  const clusterId = newClusterId()
  const places = NODES.map((id, index) => ({ id, port: ports[index]!, controllerPort: ports[NODES.length + index]!, clusterId }))
  const voters = places.map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`).join(',')
  const nodes = await Promise.all(
    places.map(async ({ id, ...place }) => {
      const own = { 'node.id': `${id}`, 'broker.rack': `rack-${id}`, 'controller.quorum.voters': voters }
      return [id, await prepareKafka(place, { jvm: SMALL_JVM, properties: { ...PROPERTIES, ...properties, ...own } })] as const
    }),
  )
  const cluster = new KafkaCluster(new Map(nodes))
  try {
    await Promise.all(nodes.map(([, node]) => node.start()))
    await cluster.inSync()
  } catch (error) {
    await cluster.stop()
    throw error
  }
  return cluster
}
