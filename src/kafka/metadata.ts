/** Topics, partitions, leaders and coordinators as one client knows them. `ClusterMetadata` implements it over a transport. */
import type { BrokerAddress } from './transport.ts'
import type { KafkaError } from './errors.ts'

export interface PartitionMetadata {
  readonly partition: number
  /** -1: no leader now. */
  readonly leader: number
  /** -1: unknown (brokers before 2.4). */
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
}

export interface TopicMetadata {
  readonly name: string
  /** In hexadecimal; another one: a topic made anew under the same name. Null: unknown (brokers before 2.8). */
  readonly id: string | null
  readonly internal: boolean
  /** By partition number, without gaps. */
  readonly partitions: readonly PartitionMetadata[]
}

export interface Metadata {
  /** Last known state of a topic; undefined when it is unknown or does not exist. Synchronous, for the hot path. */
  topic(name: string): TopicMetadata | undefined
  /** The error of the last answer for a topic that could not be described, such as TOPIC_AUTHORIZATION_FAILED. */
  topicError(name: string): KafkaError | undefined
  /** Counts answers; a changed number means look again. */
  readonly generation: number
  /** Names the topics to keep current; null: all topics (pattern subscriptions). Newly named ones are fetched at once. */
  setTopics(names: ReadonlySet<string> | null): void
  addTopic(name: string): void
  allTopics(): readonly TopicMetadata[]
  /**
   * Asks a broker, joined by every caller that asks meanwhile. Retries with back-off until a broker answers; rejects only on
   * authentication or authorisation failure, unsupported version, close, or when `signal` aborts.
   */
  refresh(signal?: AbortSignal): Promise<void>
  /** Asks for a refresh soon, at most once per back-off; does not wait. Called on leader errors. */
  requestRefresh(): void
  /** Node that coordinates a group or transactional id; asks, with back-off, until one answers. Rejects as `refresh` does. */
  coordinator(type: 'group' | 'transaction', key: string, signal?: AbortSignal): Promise<number>
  forgetCoordinator(type: 'group' | 'transaction', key: string): void
  readonly clusterId: string | null
  readonly controllerId: number
  readonly brokers: readonly BrokerAddress[]
  /** Called after every answer that was taken in. Returns the function that removes the listener. */
  onUpdate(listener: () => void): () => void
  close(): void
}
