import {
  RetriableException,
  type OffsetStorageReader,
  type Props,
  type SourceOffset,
  type SourcePartition,
  type SourceRecord,
} from 'standpipe/api'
import { onTestFinished } from 'vitest'
import { AivenJdbcSourceConnector, JdbcSourceConnector } from '../../../connectors/jdbc/index.ts'
import { AivenJdbcSourceTask, ConfluentJdbcSourceTask } from '../../../connectors/jdbc/source/jdbc-source-task.ts'
import type { SourceFamily } from '../../../connectors/jdbc/source/config/definitions.ts'
import { CollectingLogger } from '../fakes/collecting-logger.ts'

const connectors = { confluent: JdbcSourceConnector, aiven: AivenJdbcSourceConnector }
const tasks = { confluent: ConfluentJdbcSourceTask, aiven: AivenJdbcSourceTask }

/** Offsets by partition, as a worker keeps them: compared as JSON with sorted members. */
export class StoredOffsets implements OffsetStorageReader {
  readonly #offsets = new Map<string, SourceOffset | null>()

  set(partition: SourcePartition, offset: SourceOffset | null): void {
    this.#offsets.set(keyOf(partition), offset)
  }

  async offset(partition: SourcePartition): Promise<SourceOffset | null> {
    return this.#offsets.get(keyOf(partition)) ?? null
  }

  async offsets(partitions: readonly SourcePartition[]): Promise<readonly (SourceOffset | null)[]> {
    return Promise.all(partitions.map((partition) => this.offset(partition)))
  }
}

function keyOf(partition: SourcePartition): string {
  return JSON.stringify(Object.entries(partition).toSorted())
}

/** A source connector and its tasks, driven as the framework would, on a real database. Stopped when the test ends. */
export class SourceHarness {
  readonly log = new CollectingLogger()
  readonly raised: Error[] = []
  readonly offsets: StoredOffsets
  reconfigurations = 0
  readonly #family: SourceFamily
  readonly #props: Props
  #connector: JdbcSourceConnector | AivenJdbcSourceConnector | null = null
  readonly #tasks: { readonly task: ConfluentJdbcSourceTask | AivenJdbcSourceTask; readonly stop: AbortController }[] = []

  constructor(props: Props, family: SourceFamily = 'confluent', offsets = new StoredOffsets()) {
    this.#props = props
    this.#family = family
    this.offsets = offsets
    onTestFinished(() => this.stop())
  }

  /** Starts the connector. @returns configurations of its tasks */
  async connect(): Promise<readonly Props[]> {
    const connector = new connectors[this.#family]()
    this.#connector = connector
    connector.initialize({
      log: this.log,
      requestTaskReconfiguration: () => void this.reconfigurations++,
      raiseError: (error) => void this.raised.push(error),
    })
    await connector.start(this.#props)
    return this.taskConfigs()
  }

  async taskConfigs(): Promise<readonly Props[]> {
    return (await this.#connector?.taskConfigs(Number(this.#props['tasks.max'] ?? 1))) ?? []
  }

  async startTask(config: Props): Promise<void> {
    const task = new tasks[this.#family](100)
    const stop = new AbortController()
    this.#tasks.push({ task, stop })
    task.initialize({
      configs: () => config,
      log: this.log,
      offsetStorageReader: this.offsets,
      transactionContext: null,
      signal: stop.signal,
    })
    await task.start(config)
  }

  /** Connector and tasks. */
  async start(): Promise<void> {
    for (const config of await this.connect()) await this.startTask(config)
  }

  /** One poll of each task; offsets are stored. @throws what a task throws */
  async poll(): Promise<readonly SourceRecord[]> {
    const polled = await Promise.all(this.#tasks.map(({ task }) => task.poll()))
    const records = polled.flatMap((batch) => batch ?? [])
    for (const { sourcePartition, sourceOffset } of records) this.offsets.set(sourcePartition, sourceOffset)
    return records
  }

  /** As the worker, when offsets were stored. */
  async commit(): Promise<void> {
    for (const { task } of this.#tasks) await task.commit()
  }

  /** Polls until so many records are there; the test's own time limit ends it. Without a number: until nothing comes any more. */
  async pollAll(count = Infinity): Promise<SourceRecord[]> {
    const records: SourceRecord[] = []
    while (records.length < count) {
      const batch = await this.nextBatch()
      if (batch.length === 0 && count === Infinity) break
      records.push(...batch)
    }
    return records
  }

  /** The first poll with records; empty: three in a row had none. Errors that are tried again are waited out. */
  async nextBatch(): Promise<readonly SourceRecord[]> {
    for (let idle = 0; idle < 3;) {
      const batch = await this.poll().catch((error: unknown) => {
        if (error instanceof RetriableException) return null
        throw error
      })
      if (batch !== null && batch.length > 0) return batch
      if (batch !== null) idle++
    }
    return []
  }

  async stop(): Promise<void> {
    for (const { task, stop } of this.#tasks.splice(0)) {
      stop.abort()
      await task.stop()
    }
    await this.#connector?.stop()
    this.#connector = null
  }
}
