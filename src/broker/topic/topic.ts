import type { Props } from '../../api/props.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { TopicConfig } from './topic-config.ts'

/** A topic as it is just now. */
export class Topic {
  readonly name: string
  /** As Kafka prints it: base64url of 16 bytes. */
  readonly id: string
  /** By number. New ones are added behind. */
  readonly partitions: PartitionLog[]
  #overrides: Props
  #config: TopicConfig
  #minInsyncReplicas: number

  constructor(name: string, id: string, partitions: PartitionLog[], overrides: Props, config: TopicConfig) {
    this.name = name
    this.id = id
    this.partitions = partitions
    this.#overrides = overrides
    this.#config = config
    this.#minInsyncReplicas = config['min.insync.replicas']
  }

  /** What the topic sets itself. */
  get overrides(): Props {
    return this.#overrides
  }

  /** Every key with the value in force. */
  get config(): TopicConfig {
    return this.#config
  }

  get minInsyncReplicas(): number {
    return this.#minInsyncReplicas
  }

  /** Only for `Topics`, which tells the logs. */
  setConfig(overrides: Props, config: TopicConfig): void {
    this.#overrides = overrides
    this.#config = config
    this.#minInsyncReplicas = config['min.insync.replicas']
  }
}
