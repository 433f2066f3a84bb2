import { DEFAULT_LOG_CONFIG, type LogConfig } from '../../../src/broker/log/log-config.ts'
import { PartitionLog } from '../../../src/broker/log/partition-log.ts'
import { MemoryFolder } from '../../../src/broker/log/storage/memory-storage.ts'
import type { RecordTopics } from '../../../src/broker/partition/record-log.ts'
import { silentLogger } from '../../../src/logging/logger.ts'
import { ManualClock } from './manual-clock.ts'

interface MemoryTopic {
  readonly name: string
  readonly id: string
  readonly partitions: PartitionLog[]
  minInsyncReplicas: number
}

/** Topics with real logs, in memory. */
export class MemoryTopics implements RecordTopics {
  readonly #topics = new Map<string, MemoryTopic>()
  /** Told of every advance. */
  onAdvance: (log: PartitionLog) => void = () => undefined

  create(name: string, partitions: number, config: Partial<LogConfig> = {}): MemoryTopic {
    const topic = {
      name,
      id: Buffer.from(name.padEnd(16, '.')).toString('base64url'),
      partitions: Array.from({ length: partitions }, (_, partition) => this.#open(name, partition, config)),
      minInsyncReplicas: 1,
    }
    this.#topics.set(name, topic)
    return topic
  }

  delete(name: string): void {
    this.#topics.delete(name)
  }

  get(name: string): MemoryTopic | null {
    return this.#topics.get(name) ?? null
  }

  byId(id: string): MemoryTopic | null {
    return [...this.#topics.values()].find((topic) => topic.id === id) ?? null
  }

  partition(topic: string, index: number): PartitionLog | null {
    return this.get(topic)?.partitions[index] ?? null
  }

  all(): Iterable<MemoryTopic> {
    return this.#topics.values()
  }

  #open(topic: string, partition: number, config: Partial<LogConfig>): PartitionLog {
    return new PartitionLog({
      topic,
      partition,
      folder: new MemoryFolder(),
      config: { ...DEFAULT_LOG_CONFIG, ...config },
      recoveryPoint: 0,
      logStartOffset: 0,
      clock: new ManualClock(),
      log: silentLogger,
      onAdvance: (log) => this.onAdvance(log),
    })
  }
}
