import { ConnectException, RetriableException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'
import { KafkaError } from '../kafka/errors.ts'
import type { Admin, NewTopic } from '../kafka/ports.ts'
import type { TopicCreationGroup } from './topic-creation.ts'

/** Makes sure that a topic exists before a source task's first record for it. One a task. Apache Kafka 4.3, AbstractWorkerSourceTask#maybeCreateTopic. */
export class TopicCreator {
  readonly #admin: Admin
  readonly #groups: readonly TopicCreationGroup[]
  readonly #log: Logger
  readonly #known = new Set<string>()

  /** @param groups in the order they are asked; the last one takes every topic */
  constructor(admin: Admin, groups: readonly TopicCreationGroup[], log: Logger) {
    this.#admin = admin
    this.#groups = groups
    this.#log = log
  }

  /** Synchronous, for the hot path: whether `ensure` need not be called. */
  isKnown(topic: string): boolean {
    return this.#known.has(topic)
  }

  /**
   * @throws RetriableException when the brokers did not answer; the record is tried again
   * @throws ConnectException when the topic does not exist and cannot be created: the task fails
   */
  async ensure(topic: string): Promise<void> {
    const described = (await this.#answer(() => this.#admin.describeTopics([topic]))).get(topic)
    if (described instanceof KafkaError && described.auth)
      throw new ConnectException(`Not allowed to describe topic ${topic}`, { cause: described })
    if (described === undefined || described instanceof KafkaError) await this.#create(topic)
    this.#known.add(topic)
  }

  async close(): Promise<void> {
    await this.#admin.close()
  }

  async #create(name: string): Promise<void> {
    const group = this.#groups.find((each) => each.matches(name))
    if (group === undefined) return
    const { partitions, replicationFactor, configs } = group
    const topic: NewTopic = { name, partitions, replicationFactor, configs }
    const created = (await this.#answer(() => this.#admin.createTopics([topic]))).get(name)
    if (created instanceof KafkaError) this.#refused(name, group, created)
    else
      this.#log.info(
        `Topic ${name} is there, ${created ?? 'created'} by group '${group.name}' with ${partitions} partitions and replication factor ${replicationFactor} (-1: the broker's default)`,
      )
  }

  #refused(name: string, { name: group }: TopicCreationGroup, error: KafkaError): void {
    if (error.retriable) throw new RetriableException(`Topic ${name} could not be created yet: ${error.message}`, { cause: error })
    const advice = error.auth
      ? 'Ensure that the task is authorized to create topics or that the topic exists and restart the task'
      : 'Change these keys, or create the topic yourself, and restart the task'
    throw new ConnectException(
      `Task failed to create new topic ${name} with the settings of topic.creation.${group}: ${error.message}. ${advice}.`,
      { cause: error },
    )
  }

  async #answer<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (error) {
      if (error instanceof KafkaError && error.retriable)
        throw new RetriableException(`Topics could not be asked for: ${error.message}`, { cause: error })
      throw error
    }
  }
}
