import { setTimeout as delay } from 'node:timers/promises'
import { ConnectException, SinkTask, type Props, type SinkRecord, type TopicPartition, type TopicPartitionOffset } from 'standpipe/api'
import { version } from '../version.ts'
import type { SinkFamily } from './config/definitions.ts'
import { readJdbcSinkSettings } from './config/settings.ts'
import { sinkParts, type SinkParts } from './sink-parts.ts'

/** While something is being written, `put` is called this often at least, so that a failure shows soon. */
const pulseMs = 500
/** How long a rebalance or a stop waits for what is being written. */
const farewellMs = 10_000

/**
 * Writes records to PostgreSQL. `put` turns them into rows and returns while they are written; an offset is given to commit when its
 * record, and all before it in its partition, are written or reported.
 *
 * While the database is out, `put` asks to be called again and everything is kept; what was read stays the runtime's. A record that
 * cannot be written goes alone. Confluent's JdbcSinkTask, which takes faults of either kind for both.
 */
export abstract class JdbcSinkTask extends SinkTask {
  readonly version = version
  readonly #family: SinkFamily
  /** Null before `start`, and after one that failed. */
  #parts: SinkParts | null = null

  constructor(family: SinkFamily) {
    super()
    this.#family = family
  }

  start(props: Props): Promise<void> | void {
    const settings = readJdbcSinkSettings(props, this.#family)
    const isTolerant = props['errors.tolerance']?.trim().toLowerCase() === 'all'
    this.#parts = sinkParts(settings, { context: this.context, isTolerant })
    return this.#parts.required?.check(topicsOf(props))
  }

  async put(records: readonly SinkRecord[]): Promise<void> {
    const { writer } = this.#started()
    await writer.put(records)
    if (writer.isBusy) this.context.timeout(pulseMs)
  }

  override async preCommit(currentOffsets: readonly TopicPartitionOffset[]): Promise<readonly TopicPartitionOffset[]> {
    const { writer } = this.#started()
    await this.#drained()
    return writer.committable(currentOffsets)
  }

  override async close(partitions: readonly TopicPartition[]): Promise<void> {
    if (this.#parts === null) return
    const { writer, session } = this.#parts
    if (!(await this.#drained())) {
      session.drop()
      await writer.drain()
    }
    writer.forget(partitions)
  }

  async stop(): Promise<void> {
    const parts = this.#parts
    this.#parts = null
    await parts?.session.close(!parts.writer.isBusy)
  }

  #started(): SinkParts {
    if (this.#parts === null) throw new ConnectException('The task is not started.')
    return this.#parts
  }

  /** @returns false: it takes too long */
  async #drained(): Promise<boolean> {
    const { writer } = this.#started()
    const overdue = new AbortController()
    const timeout = delay(farewellMs, false, { signal: overdue.signal, ref: false }).catch(() => false)
    try {
      return await Promise.race([writer.drain().then(() => true), timeout])
    } finally {
      overdue.abort()
    }
  }
}

/** Those of a pattern are not known before their records come. */
function topicsOf(props: Props): string[] {
  return (props['topics'] ?? '')
    .split(',')
    .map((topic) => topic.trim())
    .filter((topic) => topic !== '')
}

/** Of io.confluent.connect.jdbc.JdbcSinkConnector. */
export class ConfluentJdbcSinkTask extends JdbcSinkTask {
  constructor() {
    super('confluent')
  }
}

/** Of io.aiven.connect.jdbc.JdbcSinkConnector. */
export class AivenJdbcSinkTask extends JdbcSinkTask {
  constructor() {
    super('aiven')
  }
}

/** Of io.debezium.connector.jdbc.JdbcSinkConnector. */
export class DebeziumJdbcSinkTask extends JdbcSinkTask {
  constructor() {
    super('debezium')
  }
}
