import { setTimeout as delay } from 'node:timers/promises'
import { ConfigException, ConnectException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'
import { KafkaError } from '../kafka/errors.ts'
import type { Admin, ClientProps, KafkaClients } from '../kafka/ports.ts'
import type { OffsetBackingStore, OffsetEntry } from './offset-backing-store.ts'
import { OffsetTable } from './offset-table.ts'
import { OffsetTopicLog } from './offset-topic-log.ts'

const retryMs = 1000
const warnEveryMs = 60_000

export interface KafkaOffsetBackingStoreOptions {
  /** The value of `offset.storage.topic`. */
  readonly topic: string
  /** Partitions and replication factor of the topic when it is created; -1: the broker's default. */
  readonly partitions: number
  readonly replicationFactor: number
  /** Read only what was committed: source tasks write their offsets in transactions. */
  readonly isTransactional: boolean
  readonly clients: KafkaClients
  /** The worker's keys for each client; what the store cannot do without is laid over them. */
  readonly producerProps: ClientProps
  readonly consumerProps: ClientProps
  readonly adminProps: ClientProps
  readonly log: Logger
}

/** The clients of a started store. */
interface Connection {
  readonly admin: Admin
  readonly topicLog: OffsetTopicLog
}

/**
 * Offsets in a compacted topic, with Connect's key and value bytes, so that a distributed Connect can take it over. Every `get` first reads to
 * the end of the topic. While no broker answers, everything waits and says so. Apache Kafka 4.3, KafkaOffsetBackingStore.
 */
export class KafkaOffsetBackingStore implements OffsetBackingStore {
  readonly #options: KafkaOffsetBackingStoreOptions
  readonly #log: Logger
  readonly #table = new OffsetTable()
  readonly #stopping = new AbortController()
  #connection: Connection | null = null
  /** The end of the read before the next: the consumer takes one call at a time. */
  #reading: Promise<unknown> = Promise.resolve()
  #lastWarning = -Infinity

  constructor(options: KafkaOffsetBackingStoreOptions) {
    this.#options = options
    this.#log = options.log
  }

  async start(): Promise<void> {
    const { clients, adminProps, topic, log } = this.#options
    const admin = await clients.admin(adminProps, log)
    this.#connection = { admin, topicLog: await this.#openLog(admin) }
    await this.#patiently('prepared', () => this.#prepareTopic(admin))
    await this.#patiently('read', () => this.#started().topicLog.readWhatIsCommitted(this.#table))
    log.info(`Read ${this.#table.size} offsets from topic ${topic}`)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    const connection = this.#connection
    this.#connection = null
    await connection?.topicLog.close()
    await connection?.admin.close()
  }

  async get(keys: readonly Buffer[]): Promise<readonly (Buffer | null)[]> {
    await this.#readToEnd()
    return keys.map((key) => this.#table.get(key))
  }

  async set(entries: readonly OffsetEntry[]): Promise<void> {
    const resolved = entries.map((entry) => this.#table.resolve(entry))
    try {
      await this.#started().topicLog.append(resolved)
    } catch (error) {
      throw this.#failure('written to', error)
    }
  }

  async entries(): Promise<readonly OffsetEntry[]> {
    await this.#readToEnd()
    return this.#table.entries()
  }

  async #openLog(admin: Admin): Promise<OffsetTopicLog> {
    const { clients, producerProps, consumerProps, isTransactional, topic, log } = this.#options
    const producer = await clients.producer({ ...producerProps, acks: 'all', 'max.in.flight.requests.per.connection': '1' }, log)
    const needed = { 'auto.offset.reset': 'earliest', 'enable.auto.commit': 'false' }
    const isolation = isTransactional ? { 'isolation.level': 'read_committed' } : {}
    const consumer = await clients.consumer({ ...withoutGroup(consumerProps), ...needed, ...isolation }, log)
    return new OffsetTopicLog({ topic, producer, consumer, admin })
  }

  async #prepareTopic(admin: Admin): Promise<void> {
    const { topic, partitions, replicationFactor, log } = this.#options
    const created = (
      await admin.createTopics([{ name: topic, partitions, replicationFactor, configs: { 'cleanup.policy': 'compact' } }])
    ).get(topic)
    if (created === 'created') log.info(`Created topic ${topic} for source offsets`)
    else if (created === 'exists') await this.#checkCleanupPolicy(admin)
    else if (created !== undefined) throw created
  }

  /** A topic that forgets old records forgets offsets. */
  async #checkCleanupPolicy(admin: Admin): Promise<void> {
    const { topic } = this.#options
    const policy = (await admin.topicConfigs(topic)).get('cleanup.policy')
    if (policy === 'compact' || policy === null || policy === undefined) return
    throw new ConfigException(
      `Topic '${topic}' supplied via the 'offset.storage.topic' property is required to have 'cleanup.policy=compact' to guarantee consistency and durability of source connector offsets, but found the topic currently has 'cleanup.policy=${policy}'. Change the policy of the topic, or name another one`,
    )
  }

  #readToEnd(): Promise<void> {
    const read = this.#reading.then(() => this.#patiently('read', () => this.#started().topicLog.readToEnd(this.#table)))
    this.#reading = read.catch(() => undefined) // whoever asked for this read gets the error; the next one goes on
    return read
  }

  /** Tries until it succeeds, the store is stopped, or Kafka says that trying is of no use. */
  async #patiently(done: string, action: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await action()
      } catch (error) {
        if (!(error instanceof KafkaError && error.retriable) || this.#stopping.signal.aborted) throw this.#failure(done, error)
        this.#warn(done, error)
      }
      await delay(retryMs, undefined, { signal: this.#stopping.signal }).catch(() => null) // stopped: the next try fails at once
    }
  }

  #warn(done: string, error: KafkaError): void {
    const now = Date.now()
    if (now - this.#lastWarning < warnEveryMs) return
    this.#lastWarning = now
    this.#log.warn(`Offset topic ${this.#options.topic} cannot be ${done} now; it is tried again every second`, error)
  }

  #failure(done: string, error: unknown): Error {
    if (error instanceof ConnectException) return error
    const reason = error instanceof Error ? error.message : String(error)
    const hint = reason.toLowerCase().includes('replication factor')
      ? '. Set offset.storage.replication.factor to at most the number of brokers'
      : ''
    return new ConnectException(`Offset topic ${this.#options.topic} cannot be ${done}: ${reason}${hint}`, { cause: error })
  }

  #started(): Connection {
    if (this.#connection === null) throw new ConnectException('the offset store is not started, or stopped already')
    return this.#connection
  }
}

/** The topic is read by every worker on its own. */
function withoutGroup(props: ClientProps): ClientProps {
  return Object.fromEntries(Object.entries(props).filter(([key]) => key !== 'group.id' && key !== 'group.instance.id'))
}
