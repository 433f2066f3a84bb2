import type { Logger } from '../../api/logger.ts'
import type { AdminConfig } from '../config/admin-config.ts'
import { kafkaError, KafkaError } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import type {
  Admin,
  GroupDescription,
  IsolationLevel,
  KafkaNode,
  NewTopic,
  TopicDescription,
  TopicPartition,
  TopicPartitionOffset,
} from '../ports.ts'
import { describeTopicConfigs, type DescribeConfigsResponse } from '../protocol/describe-configs.ts'
import { metadata as metadataRequest, type MetadataResponse } from '../protocol/metadata.ts'
import { RetryBackoff } from '../retry-backoff.ts'
import type { Transport } from '../transport.ts'
import { AdminCalls } from './admin-calls.ts'
import { GroupAdmin } from './group-admin.ts'
import { PartitionAdmin, type OffsetQuery } from './partition-admin.ts'
import { TopicAdmin } from './topic-admin.ts'
import { TransactionAdmin } from './transaction-admin.ts'

export interface KafkaAdminOptions {
  readonly config: Pick<AdminConfig, 'default.api.timeout.ms' | 'retry.backoff.ms' | 'retry.backoff.max.ms'>
  /** Used by this client alone, and closed with it. */
  readonly transport: Transport
  /** Used by this client alone, and closed with it. */
  readonly metadata: Metadata
  readonly log: Logger
}

/** The admin calls that the runtime needs. Each takes at most `default.api.timeout.ms`; whatever may succeed later is tried again. */
export class KafkaAdmin implements Admin {
  readonly #transport: Transport
  readonly #metadata: Metadata
  readonly #calls: AdminCalls
  readonly #topics: TopicAdmin
  readonly #partitions: PartitionAdmin
  readonly #groups: GroupAdmin
  readonly #transactions: TransactionAdmin

  constructor({ config, transport, metadata, log }: KafkaAdminOptions) {
    this.#transport = transport
    this.#metadata = metadata
    this.#calls = new AdminCalls({
      metadata,
      apiTimeoutMs: config['default.api.timeout.ms'],
      backoff: new RetryBackoff(config['retry.backoff.ms'], config['retry.backoff.max.ms']),
    })
    this.#topics = new TopicAdmin(this.#calls, transport, metadata, log)
    this.#partitions = new PartitionAdmin(this.#calls, transport, metadata)
    this.#groups = new GroupAdmin(this.#calls, transport, metadata)
    this.#transactions = new TransactionAdmin(this.#calls, transport, metadata)
  }

  async describeCluster(): Promise<{ readonly clusterId: string; readonly controllerId: number; readonly nodes: readonly KafkaNode[] }> {
    const { clusterId, controllerId, brokers } = await this.#ask('describing the cluster', [])
    return { clusterId: clusterId ?? '', controllerId, nodes: brokers }
  }

  async listTopics(): Promise<readonly string[]> {
    const { topics } = await this.#ask('listing topics', null)
    return topics.filter(({ internal }) => !internal).map(({ name }) => name)
  }

  async describeTopics(names: readonly string[]): Promise<ReadonlyMap<string, TopicDescription | KafkaError>> {
    if (names.length === 0) return new Map()
    const { topics } = await this.#ask('describing topics', names)
    const described = new Map(topics.map((topic) => [topic.name, topic]))
    return new Map(names.map((name) => [name, descriptionOf(name, described.get(name))]))
  }

  createTopics(topics: readonly NewTopic[]): Promise<ReadonlyMap<string, 'created' | 'exists' | KafkaError>> {
    return this.#topics.create(topics)
  }

  deleteTopics(names: readonly string[]): Promise<ReadonlyMap<string, 'deleted' | KafkaError>> {
    return this.#topics.delete(names)
  }

  async topicConfigs(name: string): Promise<ReadonlyMap<string, string | null>> {
    const ask = async (): Promise<DescribeConfigsResponse> => this.#transport.send('any', 'control', describeTopicConfigs(name))
    const { error, errorMessage, configs } = await this.#calls.run(`describing the configuration of topic ${name}`, ask)
    // the broker has answered: a topic that it does not know is not waited for
    if (error !== 0) throw kafkaError(error, { topic: name, message: error === 29 ? null : errorMessage })
    return configs
  }

  listOffsets(query: readonly OffsetQuery[], isolation: IsolationLevel = 'read_uncommitted'): Promise<readonly (number | null)[]> {
    return this.#partitions.listOffsets(query, isolation)
  }

  deleteRecords(before: readonly TopicPartitionOffset[]): Promise<void> {
    return this.#partitions.deleteRecords(before)
  }

  groupOffsets(group: string): Promise<readonly TopicPartitionOffset[]> {
    return this.#groups.offsets(group)
  }

  describeGroup(group: string): Promise<GroupDescription> {
    return this.#groups.describe(group)
  }

  alterGroupOffsets(group: string, offsets: readonly TopicPartitionOffset[]): Promise<void> {
    return this.#groups.alterOffsets(group, offsets)
  }

  deleteGroupOffsets(group: string, partitions: readonly TopicPartition[]): Promise<void> {
    return this.#groups.deleteOffsets(group, partitions)
  }

  async deleteGroups(groups: readonly string[]): Promise<void> {
    for (const group of groups) await this.#groups.delete(group)
  }

  listTransactions(idPrefix: string): Promise<readonly string[]> {
    return this.#transactions.list(idPrefix)
  }

  async fenceProducers(transactionalIds: readonly string[]): Promise<void> {
    await Promise.all(transactionalIds.map((id) => this.#transactions.fence(id)))
  }

  async close(): Promise<void> {
    this.#calls.close()
    this.#metadata.close()
    await this.#transport.close()
  }

  #ask(what: string, topics: readonly string[] | null): Promise<MetadataResponse> {
    return this.#calls.run(what, async () => this.#transport.send('any', 'control', metadataRequest(topics, false)))
  }
}

function descriptionOf(name: string, topic: MetadataResponse['topics'][number] | undefined): TopicDescription | KafkaError {
  const error = topic?.error ?? 3
  if (topic === undefined || error !== 0) return kafkaError(error, { topic: name })
  const { internal, partitions } = topic
  return { name, internal, partitions: partitions.map(({ partition, leader, replicas, isr }) => ({ partition, leader, replicas, isr })) }
}
