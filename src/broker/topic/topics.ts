import type { Props } from '../../api/props.ts'
import type { BrokerConfig } from '../config/broker-config.ts'
import type { LogDirectory } from '../log/log-directory.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import type { JsonValue, StateStore } from '../state/state-store.ts'
import { parseTopicConfig, topicConfigInForce } from './topic-config.ts'
import { randomTopicId } from './topic-id.ts'
import { checkTopicName, collisionKey, isInternalTopic } from './topic-name.ts'
import { Topic } from './topic.ts'

/** What is kept of a topic beside its records. */
interface StoredTopic {
  readonly id: string
  readonly partitions: number
  readonly configs: Props
}

export interface NewTopic {
  readonly name: string
  readonly partitions: number
  readonly overrides: Props
}

/** Where the records of partitions are kept. */
type PartitionLogs = Pick<LogDirectory, 'partition' | 'delete'>

export interface TopicsOptions {
  readonly store: StateStore
  readonly logs: PartitionLogs
  readonly config: BrokerConfig
}

/** The topics of the broker: made, changed and deleted here, and kept through restarts. */
export class Topics {
  readonly #store: StateStore
  readonly #logs: PartitionLogs
  readonly #config: BrokerConfig
  readonly #byName = new Map<string, Topic>()
  readonly #byId = new Map<string, Topic>()
  /** Being made just now, with what their makers wait for. */
  readonly #creating = new Map<string, Promise<Topic>>()
  #lastChange = Promise.resolve()
  readonly #deletionListeners: ((topic: Topic) => void | Promise<void>)[] = []

  /** Opens every partition of the topics that the store knows. */
  constructor({ store, logs, config }: TopicsOptions) {
    this.#store = store
    this.#logs = logs
    this.#config = config
    for (const [name, value] of store.load('topic')) this.#open(name, value as unknown as StoredTopic) // written by #save alone
  }

  get(name: string): Topic | null {
    return this.#byName.get(name) ?? null
  }

  /** @param id base64url of its 16 bytes */
  byId(id: string): Topic | null {
    return this.#byId.get(id) ?? null
  }

  partition(name: string, index: number): PartitionLog | null {
    return this.#byName.get(name)?.partitions[index] ?? null
  }

  all(): Iterable<Topic> {
    return this.#byName.values()
  }

  /** Called when a topic is gone: its logs take no records any more. Whoever deletes it waits for the listeners. */
  onDelete(listener: (topic: Topic) => void | Promise<void>): void {
    this.#deletionListeners.push(listener)
  }

  /**
   * Whether a topic could be made, apart from its number of partitions.
   * @throws ApiError INVALID_TOPIC_EXCEPTION, TOPIC_ALREADY_EXISTS, INVALID_CONFIG
   */
  checkNew({ name, overrides }: NewTopic): void {
    checkTopicName(name)
    if (isInternalTopic(name)) throw new ApiError(Errors.INVALID_REQUEST, `Creation of internal topic ${name} is prohibited.`)
    if (this.#byName.has(name) || this.#creating.has(name))
      throw new ApiError(Errors.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`)
    const colliding = this.#collision(name)
    if (colliding !== null) throw new ApiError(Errors.INVALID_TOPIC_EXCEPTION, `Topic '${name}' collides with existing topic: ${colliding}`)
    parseTopicConfig(this.#config.topicDefaults, overrides)
  }

  /** Resolves when the topic is kept and can be used. @throws ApiError as `checkNew`; whatever the store throws */
  async create(topic: NewTopic): Promise<Topic> {
    this.checkNew(topic)
    const made = this.#make(topic)
    this.#creating.set(topic.name, made)
    try {
      return await made
    } finally {
      this.#creating.delete(topic.name)
    }
  }

  /** The topic of a client that may have it made by asking for it. @throws ApiError when there cannot be such a topic */
  async ensure(name: string): Promise<Topic> {
    const known = this.#byName.get(name) ?? this.#creating.get(name)
    if (known !== undefined) return known
    return this.create({ name, partitions: Number(this.#config.value('num.partitions')), overrides: {} })
  }

  /** Runs one change of topics after another: what it checks first still holds when it acts. */
  exclusively<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.#lastChange.then(change)
    this.#lastChange = result.then(
      () => undefined,
      () => undefined, // whoever asked for it gets the error
    )
    return result
  }

  /** Within `exclusively`, as all that follow. @param count of partitions in all */
  async addPartitions(topic: Topic, count: number): Promise<void> {
    await this.#save(topic.name, { id: topic.id, partitions: count, configs: topic.overrides })
    for (let index = topic.partitions.length; index < count; index++) topic.partitions.push(this.#openPartition(topic, index))
  }

  /** @throws ApiError INVALID_CONFIG; then nothing is changed */
  async setOverrides(topic: Topic, overrides: Props): Promise<void> {
    this.checkOverrides(overrides)
    await this.#save(topic.name, { id: topic.id, partitions: topic.partitions.length, configs: overrides })
    this.#apply(topic, overrides)
  }

  /** @throws ApiError INVALID_CONFIG */
  checkOverrides(overrides: Props): void {
    parseTopicConfig(this.#config.topicDefaults, overrides)
  }

  /** The broker's own configuration has changed, and with it what topics do not set themselves. */
  applyDefaults(): void {
    for (const topic of this.#byName.values()) this.#apply(topic, topic.overrides)
  }

  async delete(topic: Topic): Promise<void> {
    this.#byName.delete(topic.name)
    this.#byId.delete(topic.id)
    await this.#store.set('topic', topic.name, null)
    const deleted = topic.partitions.map((log) => this.#logs.delete(log))
    for (const listener of this.#deletionListeners) await listener(topic)
    await Promise.all(deleted)
  }

  async #make({ name, partitions, overrides }: NewTopic): Promise<Topic> {
    const stored = { id: randomTopicId(), partitions, configs: overrides }
    await this.#save(name, stored)
    return this.#open(name, stored)
  }

  #open(name: string, { id, partitions, configs }: StoredTopic): Topic {
    const topic = new Topic(name, id, [], configs, topicConfigInForce(this.#config.topicDefaults, configs))
    for (let index = 0; index < partitions; index++) topic.partitions.push(this.#openPartition(topic, index))
    this.#byName.set(name, topic)
    this.#byId.set(id, topic)
    return topic
  }

  #openPartition({ name, id, config }: Topic, partition: number): PartitionLog {
    return this.#logs.partition({ topic: name, partition, topicId: id }, config)
  }

  #apply(topic: Topic, overrides: Props): void {
    topic.setConfig(overrides, topicConfigInForce(this.#config.topicDefaults, overrides))
    for (const log of topic.partitions) log.updateConfig(topic.config)
  }

  #save(name: string, topic: StoredTopic): Promise<void> {
    return this.#store.set('topic', name, topic as unknown as JsonValue) // an interface has no index signature, which is all that differs
  }

  #collision(name: string): string | null {
    if (!/[._]/.test(name)) return null
    const key = collisionKey(name)
    for (const other of [...this.#byName.keys(), ...this.#creating.keys()]) if (collisionKey(other) === key) return other
    return null
  }
}
