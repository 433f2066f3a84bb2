import { addressText } from '../api/host-port.ts'
import type { Logger } from '../api/logger.ts'
import type { Props } from '../api/props.ts'
import { adminApis } from './admin/admin-apis.ts'
import { ClusterView } from './admin/cluster-view.ts'
import { systemClock, type Clock } from './clock.ts'
import { BrokerConfig, parseBrokerSettings, type BrokerSettings } from './config/broker-config.ts'
import { listenerOptions, saslOptions } from './config/listener-security.ts'
import { advertisedEndpoint, configuredListeners, type ConfiguredListener } from './config/listeners.ts'
import { DataDirectories, randomClusterId } from './data-directories.ts'
import { groupApis } from './group/group-apis.ts'
import { GroupCoordinator } from './group/group-coordinator.ts'
import { LogDirectory, type LogDirectoryOptions } from './log/log-directory.ts'
import { BrokerServer, type BrokerServerOptions } from './network/broker-server.ts'
import { recordApis } from './partition/record-apis.ts'
import { WaitingFetches } from './partition/waiting-fetches.ts'
import { ApiError, Errors } from './protocol/errors.ts'
import { Topics } from './topic/topics.ts'
import { transactionApis } from './transaction/transaction-apis.ts'
import { TransactionCoordinator } from './transaction/transaction-coordinator.ts'

export interface BrokerOptions {
  /** Keys of `server.properties`, as `checkedProps` gives them. */
  readonly props: Props
  /** Folders for all data; null: in memory, gone with the broker. */
  readonly dirs: readonly string[] | null
  readonly log: Logger
}

/** What runs behind the listeners. */
interface Parts {
  readonly directory: LogDirectory
  readonly waiting: WaitingFetches
  readonly topics: Topics
  readonly groups: GroupCoordinator
  readonly transactions: TransactionCoordinator
  readonly config: BrokerConfig
}

/** A whole broker: the protocol of Apache Kafka on one node, in this thread. */
export class Broker {
  /** `host:port` that clients of each listener are told, by the listener's name. */
  readonly addresses: ReadonlyMap<string, string>
  readonly clusterId: string
  readonly topics: Topics
  readonly #parts: Parts
  readonly #server: BrokerServer
  readonly #data: DataDirectories | null
  #stopped: Promise<void> | null = null

  private constructor(
    addresses: ReadonlyMap<string, string>,
    clusterId: string,
    parts: Parts,
    server: BrokerServer,
    data: DataDirectories | null,
  ) {
    this.addresses = addresses
    this.clusterId = clusterId
    this.topics = parts.topics
    this.#parts = parts
    this.#server = server
    this.#data = data
  }

  /**
   * Resolves when clients are served: what was kept is read, and what a crash left open is ended.
   * @throws ConfigException, or an error of the system such as EADDRINUSE; then nothing is left open
   */
  static async start({ props, dirs, log }: BrokerOptions): Promise<Broker> {
    const settings = parseBrokerSettings(props)
    const listeners = configuredListeners(settings, props)
    const data = dirs === null ? null : await DataDirectories.open(dirs, settings['node.id'])
    let parts: Parts | null = null
    try {
      const clusterId = data?.clusterId ?? randomClusterId()
      parts = await openParts({ props, settings, dirs: data?.paths ?? null, clock: systemClock, log })
      const cluster = new ClusterView(clusterId, settings['node.id'])
      for (const listener of listeners) cluster.setEndpoint(listener.name, advertisedEndpoint(listener, listener.port))
      const sasl = await saslOptions(listeners, settings, props)
      const server = await BrokerServer.start({
        listeners: await Promise.all(listeners.map((listener) => listenerOptions(listener, props))),
        apis: apisOf(parts, cluster, sasl?.users.names ?? []),
        log,
        ...limits(settings),
        ...(sasl === undefined ? {} : { sasl }),
      })
      return new Broker(advertise(listeners, server, cluster), clusterId, parts, server, data)
    } catch (error) {
      if (parts !== null) await closeParts(parts)
      data?.close()
      throw error
    }
  }

  /** The first listener's address, for `bootstrap.servers`. */
  get address(): string {
    return this.addresses.values().next().value ?? ''
  }

  /** Where data is; null: in memory. */
  get dirs(): readonly string[] | null {
    return this.#data?.paths ?? null
  }

  /** Answers what waits, ends every connection, and writes everything through to the disk. */
  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop())
  }

  async #stop(): Promise<void> {
    this.#parts.waiting.close()
    await this.#server.close()
    await closeParts(this.#parts)
    this.#data?.close()
  }
}

interface PartsOptions {
  readonly props: Props
  readonly settings: BrokerSettings
  readonly dirs: readonly string[] | null
  readonly clock: Clock
  readonly log: Logger
}

async function openParts({ props, settings, dirs, clock, log }: PartsOptions): Promise<Parts> {
  const waiting = new WaitingFetches(clock)
  const directory = await LogDirectory.open({
    dirs,
    log,
    clock,
    ...logSettings(settings),
    onAdvance: (partition) => waiting.advanced(partition),
  })
  const store = directory.stateStore
  const config = new BrokerConfig(props, settings, store)
  const topics = new Topics({ store, config, logs: directory })
  await directory.settle()
  const groups = new GroupCoordinator({
    state: store,
    clock,
    log,
    topics: {
      hasPartition: (topic, partition) => topics.partition(topic, partition) !== null,
      nameOf: (id) => topics.byId(id)?.name ?? null,
      idOf: (topic) => topics.get(topic)?.id ?? null,
    },
    config: groupConfig(settings),
    verifyTransaction: ({ transactionalId, producerId, producerEpoch }, groupId) => {
      const error = transactions.verifyGroup(transactionalId, producerId, producerEpoch, groupId)
      if (error !== Errors.NONE) throw new ApiError(error)
    },
  })
  topics.onDelete(({ partitions }) => partitions.forEach((partition) => waiting.removed(partition)))
  topics.onDelete(({ name }) => groups.topicDeleted(name))
  const transactions = await TransactionCoordinator.open({
    store,
    topics,
    groups,
    clock,
    log,
    isCleanStart: directory.wasCleanlyStopped,
    maxTimeoutMs: settings['transaction.max.timeout.ms'],
    expirationMs: settings['transactional.id.expiration.ms'],
  })
  return { directory, waiting, topics, groups, transactions, config }
}

async function closeParts({ directory, waiting, groups, transactions }: Parts): Promise<void> {
  waiting.close()
  transactions.close()
  groups.close()
  await directory.close()
}

function apisOf({ directory, waiting, topics, groups, transactions, config }: Parts, cluster: ClusterView, scramUsers: readonly string[]) {
  return {
    ...recordApis({
      topics,
      transactions,
      waiting,
      fetchMaxBytes: config.settings['fetch.max.bytes'],
      leader: (listener) => ({ nodeId: cluster.nodeId, ...cluster.endpoint({ listener }) }),
    }),
    ...groupApis(groups, { nodeId: cluster.nodeId, address: (listener) => cluster.endpoint({ listener }) }),
    ...transactionApis({ coordinator: transactions, topics, clock: systemClock }),
    ...adminApis({ topics, config, cluster, directory, scramUsers }),
  }
}

/** What is done to logs in the background. `log.flush.interval.messages=1` syncs before the answer, topics and groups included. */
function logSettings(settings: BrokerSettings): Partial<LogDirectoryOptions> {
  const intervalMs = settings['log.flush.interval.ms'] ?? settings['log.flush.scheduler.interval.ms']
  return {
    flushIntervalMs: Math.max(1, Math.min(intervalMs, FLUSH_MS)),
    syncState: settings['log.flush.interval.messages'] === 1,
    retentionCheckMs: settings['log.retention.check.interval.ms'],
    cleanerBackoffMs: settings['log.cleaner.backoff.ms'],
    producerExpirationMs: settings['producer.id.expiration.ms'],
  }
}

const FLUSH_MS = 1000

function groupConfig(settings: BrokerSettings) {
  return {
    minSessionTimeoutMs: settings['group.min.session.timeout.ms'],
    maxSessionTimeoutMs: settings['group.max.session.timeout.ms'],
    maxSize: settings['group.max.size'],
    initialRebalanceDelayMs: settings['group.initial.rebalance.delay.ms'],
    offsetMetadataMaxBytes: settings['offset.metadata.max.bytes'],
    offsetsRetentionMs: settings['offsets.retention.minutes'] * 60_000,
    offsetsRetentionCheckIntervalMs: settings['offsets.retention.check.interval.ms'],
  }
}

function limits(settings: BrokerSettings): Pick<BrokerServerOptions, 'maxRequestBytes' | 'maxIdleMs' | 'maxConnections'> {
  return {
    maxRequestBytes: settings['socket.request.max.bytes'],
    maxIdleMs: settings['connections.max.idle.ms'],
    maxConnections: settings['max.connections'],
  }
}

/** Tells clients the ports that were chosen. */
function advertise(listeners: readonly ConfiguredListener[], server: BrokerServer, cluster: ClusterView): ReadonlyMap<string, string> {
  const addresses = new Map<string, string>()
  listeners.forEach((listener, index) => {
    const endpoint = advertisedEndpoint(listener, server.listeners[index]?.port ?? listener.port)
    cluster.setEndpoint(listener.name, endpoint)
    addresses.set(listener.name, addressText(endpoint))
  })
  return addresses
}
