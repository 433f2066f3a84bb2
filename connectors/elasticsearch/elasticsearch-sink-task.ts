import { ConnectException, SinkTask, type Props, type SinkRecord, type TopicPartition, type TopicPartitionOffset } from 'standpipe/api'
import { readElasticsearchSinkSettings } from './config/settings.ts'
import { OperationFactory } from './document/operation-factory.ts'
import { RecordWriter } from './record-writer.ts'
import { isTolerated, taskParts } from './task-parts.ts'
import { version } from './version.ts'

/** While something is under way, `put` is called this often at least, so that a failure shows soon. */
const pulseMs = 500

/**
 * Writes records to Elasticsearch. `put` turns them into operations of bulk requests and returns; requests go on by themselves.
 * An offset is given to commit when it and all before it in its partition are settled: written, reported or left out on purpose.
 *
 * Faults of the server are waited for with everything kept: when the buffer is full, `put` asks to be called again. A record that
 * cannot be written goes alone. Confluent's ElasticsearchSinkTask, which fails the task on many occasions where this one goes on.
 */
export class ElasticsearchSinkTask extends SinkTask {
  readonly version = version
  /** Null before `start`, and after one that failed. */
  #writer: RecordWriter | null = null
  #flushTimeoutMs = 0
  #flushesSynchronously = false

  async start(props: Props): Promise<void> {
    const settings = readElasticsearchSinkSettings(props)
    const { bulk } = settings
    const { log, errantRecordReporter: reporter, signal } = this.context
    this.#flushTimeoutMs = bulk.flushTimeoutMs
    this.#flushesSynchronously = bulk.flushSynchronously
    this.#writer = new RecordWriter({
      ...(await taskParts(settings, { props, reporter, signal, log })),
      factory: new OperationFactory(settings),
      settings: bulk,
      dropsInvalid: bulk.dropInvalidMessage || isTolerated(props, 'drop.invalid.message'),
      context: this.context,
    })
  }

  async put(records: readonly SinkRecord[]): Promise<void> {
    const writer = this.#writer
    if (writer === null) return
    writer.throwIfFailed()
    if (records.length > 0) await writer.write(records)
    if (writer.isBusy) this.context.timeout(pulseMs)
  }

  override async preCommit(currentOffsets: readonly TopicPartitionOffset[]): Promise<readonly TopicPartitionOffset[]> {
    const writer = this.#writer
    if (writer === null) return []
    if (this.context.signal.aborted) await writer.drain(this.#flushTimeoutMs)
    else writer.flush()
    if (this.#flushesSynchronously) return (await writer.complete(this.#flushTimeoutMs)) ? currentOffsets : []
    return writer.committable(currentOffsets)
  }

  override async close(partitions: readonly TopicPartition[]): Promise<void> {
    await this.#writer?.release(partitions, this.#flushTimeoutMs)
  }

  async stop(): Promise<void> {
    const writer = this.#writer
    this.#writer = null
    if (writer === null) return
    const isDrained = await writer.drain(this.#flushTimeoutMs)
    await writer.close()
    if (!isDrained) throw new ConnectException('Failed to process outstanding requests in time while closing the ElasticsearchClient.')
  }
}
