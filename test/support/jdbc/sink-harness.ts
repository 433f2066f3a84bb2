import type { SinkRecord, TopicPartitionOffset } from 'standpipe/api'
import { onTestFinished } from 'vitest'
import type { SinkFamily } from '../../../connectors/jdbc/sink/config/definitions.ts'
import {
  AivenJdbcSinkTask,
  ConfluentJdbcSinkTask,
  DebeziumJdbcSinkTask,
  type JdbcSinkTask,
} from '../../../connectors/jdbc/sink/jdbc-sink-task.ts'
import { CollectingLogger } from '../fakes/collecting-logger.ts'
import { RecordingSinkTaskContext } from '../fakes/sink-task-context.ts'

const tasks = { confluent: ConfluentJdbcSinkTask, aiven: AivenJdbcSinkTask, debezium: DebeziumJdbcSinkTask }

export interface HarnessOptions {
  readonly family?: SinkFamily
  /** See RecordingSinkTaskContext; default: none is configured. */
  readonly reporter?: 'takes all' | 'throws' | null
}

/** A started sink task, driven as the framework would, on a real database. Stopped when the test ends. */
export class SinkHarness {
  readonly task: JdbcSinkTask
  readonly log = new CollectingLogger()
  readonly context: RecordingSinkTaskContext
  /** Settles when the task has started, or could not. */
  started: Promise<void> | void = undefined

  private constructor(options: HarnessOptions) {
    this.task = new tasks[options.family ?? 'confluent']()
    this.context = new RecordingSinkTaskContext(this.log, options.reporter ?? null)
    this.task.initialize(this.context)
  }

  static start(props: Record<string, string>, options: HarnessOptions = {}): SinkHarness {
    const harness = new SinkHarness(options)
    onTestFinished(() => harness.task.stop())
    harness.started = harness.task.start(props)
    return harness
  }

  /** Puts, and waits until everything is written or reported. @throws what the task throws, then or at the next call */
  async put(records: readonly SinkRecord[]): Promise<void> {
    await this.started
    this.context.timeoutMs = null
    await this.task.put(records)
    await this.task.preCommit(offsetsOf(records))
    await this.task.put([])
  }
}

/** The next offsets to read after these records. */
export function offsetsOf(records: readonly SinkRecord[]): TopicPartitionOffset[] {
  const next = new Map<string, TopicPartitionOffset>()
  for (const { originalTopic: topic, originalKafkaPartition: partition, originalKafkaOffset } of records) {
    next.set(`${topic}-${partition}`, { topic, partition, offset: originalKafkaOffset + 1 })
  }
  return [...next.values()]
}
