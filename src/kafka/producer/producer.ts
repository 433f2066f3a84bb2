import type { Logger } from '../../api/logger.ts'
import { asKafkaError, illegalState, kafkaError, recordTooLarge, timeoutException, type KafkaError } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import type { ConsumerGroupMetadata, Delivery, InflightBytes, Producer, ProducerRecord, TopicPartitionOffset } from '../ports.ts'
import { RECORDS } from '../record/batch-format.ts'
import { recordSizeUpperBound } from '../record/record-size.ts'
import type { Transport } from '../transport.ts'
import { Accumulator } from './accumulator.ts'
import { BatchOutcomes } from './batch-outcomes.ts'
import { BlockDeadline } from './block-deadline.ts'
import { BufferMemory, RECORD_OVERHEAD_BYTES } from './buffer-memory.ts'
import { DeliveryQueue } from './delivery-queue.ts'
import { Idempotence } from './idempotence.ts'
import { producerSettings, type ProducerKeys, type ProducerSettings } from './producer-settings.ts'
import { RetryBackoff } from '../retry-backoff.ts'
import { Sender } from './sender.ts'
import type { TopicQueues } from './topic-queues.ts'
import { Topics } from './topics.ts'
import { transactionAborted } from './transaction-errors.ts'
import { TransactionManager } from './transaction-manager.ts'
import { TransactionRequests } from './transaction-requests.ts'
import { monotonic, type Clock } from '../timer.ts'
import { unboundedBytes } from '../unbounded-bytes.ts'
import { WakeTimer } from '../wake-timer.ts'

const DEFAULT_CLOSE_TIMEOUT_MS = 30_000
const CLOSED = 'Cannot perform operation after producer has been closed'
const NOT_TRANSACTIONAL =
  'Cannot use transactional methods without enabling transactions by setting the transactional.id configuration property'

export interface KafkaProducerOptions {
  readonly config: ProducerKeys
  /** Used by this producer alone, and closed with it. */
  readonly transport: Transport
  /** Used by this producer alone, and closed with it. */
  readonly metadata: Metadata
  /** Default: only `buffer.memory` bounds what it holds. */
  readonly inflight?: InflightBytes
  readonly log: Logger
  /** Epoch milliseconds, for records without a timestamp. */
  readonly now?: () => number
  /** For deadlines. */
  readonly clock?: Clock
  /** As `Math.random`. */
  readonly random?: () => number
}

/**
 * Takes records, fixes their partitions and puts them into batches; the sender does the rest.
 * Behaves as Apache Kafka 4.3, KafkaProducer, except that batches grow while they cannot go out (see {@link ProducerSettings}).
 */
export class KafkaProducer implements Producer {
  readonly #settings: ProducerSettings
  readonly #transport: Transport
  readonly #metadata: Metadata
  readonly #now: () => number
  readonly #clock: Clock
  readonly #backoff: RetryBackoff
  readonly #memory: BufferMemory
  readonly #accumulator: Accumulator
  readonly #deliveries: DeliveryQueue
  readonly #sender: Sender
  readonly #topics: Topics
  /** The last of the sends that had to wait. */
  #lastTurn: Promise<void> | null = null
  /** Null: without a `transactional.id`. */
  readonly #transactions: TransactionManager | null
  /** Why no more records are taken, ever. */
  #refusal: KafkaError | null = null
  /** No records are taken now: refused for good, or not in a transaction. */
  #isRefusing = false
  /** Ends waits for metadata and memory. */
  readonly #blocking = new AbortController()
  /** Ends everything else. */
  readonly #ending = new AbortController()
  #closed: Promise<void> | null = null
  readonly #closeTimer: WakeTimer
  readonly #closeTimeout = Promise.withResolvers<void>()

  constructor({
    config,
    transport,
    metadata,
    inflight = unboundedBytes,
    log,
    now = Date.now,
    clock = monotonic,
    random = Math.random,
  }: KafkaProducerOptions) {
    this.#transport = transport
    this.#metadata = metadata
    this.#now = now
    this.#clock = clock
    const settings = (this.#settings = producerSettings(config))
    const backoff = (this.#backoff = new RetryBackoff(config['retry.backoff.ms'], config['retry.backoff.max.ms'], random))
    this.#memory = new BufferMemory(settings.bufferMemory, inflight)
    const accumulator = (this.#accumulator = new Accumulator(settings, this.#memory, clock, {
      wake: () => this.#sender.wake(),
      opened: (queue, at) => {
        this.#transactions?.admits(queue) // the coordinator hears of the partition while the batch fills
        this.#sender.wakeAt(at)
      },
    }))
    const deliveries = (this.#deliveries = new DeliveryQueue(log, (batch) => this.#accumulator.told(batch)))
    this.#transactions = settings.transactionalId === null ? null : this.#newTransactions(settings.transactionalId, random, log)
    this.#isRefusing = this.#transactions !== null
    const idempotence = settings.isIdempotent ? this.#newIdempotence(log) : null
    const outcomes = new BatchOutcomes({ settings, accumulator, deliveries, metadata, idempotence, backoff, clock, log })
    this.#sender = new Sender({
      settings,
      accumulator,
      outcomes,
      deliveries,
      transport,
      metadata,
      idempotence,
      clock,
      log,
      broken: (error) => this.#refuse(error),
    })
    this.#topics = new Topics({
      keys: config,
      metadata,
      backoff,
      clock,
      random,
      log,
      hasSequences: settings.isIdempotent,
      pending: () => accumulator.pending(),
    })
    this.#closeTimer = new WakeTimer(clock, () => this.#closeTimeout.resolve())
  }

  send(record: ProducerRecord, delivery: Delivery): Promise<void> | undefined {
    if (this.#isRefusing) throw this.#whyRefused(record)
    if (this.#lastTurn !== null) return this.#sendInTurn(record, delivery)
    const topic = this.#topics.get(record.topic)
    if (!topic.has(record.partition)) return this.#sendInTurn(record, delivery)
    const sizeBound = recordSizeUpperBound(record.key, record.value, record.headers)
    if (RECORDS + sizeBound > this.#settings.maxRequestBytes || sizeBound > this.#memory.totalBytes) {
      this.#refuseSize(record, RECORDS + sizeBound, delivery)
      return undefined
    }
    if (!this.#memory.tryTake(sizeBound + RECORD_OVERHEAD_BYTES)) return this.#sendInTurn(record, delivery)
    this.#accept(topic, record, sizeBound, delivery)
    return undefined
  }

  flush(): Promise<void> {
    return this.#accumulator.flush()
  }

  async partitionsFor(topic: string): Promise<readonly number[]> {
    if (this.#refusal !== null) throw this.#refusal
    const queues = this.#topics.get(topic)
    const deadline = new BlockDeadline(this.#settings.maxBlockMs, this.#blocking.signal)
    try {
      await this.#topics.untilKnown(queues, null, deadline)
    } finally {
      deadline.release()
    }
    return Array.from({ length: queues.partitionCount }, (_, partition) => partition)
  }

  async initTransactions(): Promise<void> {
    await this.#transactional().init()
  }

  beginTransaction(): void {
    this.#transactional().begin()
  }

  async sendOffsetsToTransaction(offsets: readonly TopicPartitionOffset[], group: ConsumerGroupMetadata): Promise<void> {
    await this.#transactional().sendOffsets(offsets, group)
  }

  async commitTransaction(): Promise<void> {
    const transactions = this.#transactional()
    if (this.#lastTurn !== null) await this.#lastTurn
    await transactions.commit()
  }

  async abortTransaction(): Promise<void> {
    await this.#transactional().abort()
  }

  /** A second call may shorten the first one's time-out. */
  close(timeoutMs: number = DEFAULT_CLOSE_TIMEOUT_MS): Promise<void> {
    const closed = (this.#closed ??= this.#closeInTime())
    this.#closeTimer.atLatest(this.#clock() + timeoutMs)
    return closed
  }

  #accept(topic: TopicQueues, record: ProducerRecord, sizeBound: number, delivery: Delivery): void {
    topic.isUsed = true
    const { partition, key } = record
    const queue = topic.queue(partition ?? topic.partitioner.partition(key))
    const timestamp = record.timestamp ?? this.#now()
    const isReady = this.#accumulator.append(queue, timestamp, key, record.value, record.headers, sizeBound, delivery)
    if (partition === null) topic.partitioner.appended(key, sizeBound, isReady)
  }

  /** Waits for the sends before it, then for what the record needs. Never rejects. */
  #sendInTurn(record: ProducerRecord, delivery: Delivery): Promise<void> {
    const turn: Promise<void> = this.#afterTurn(this.#lastTurn, record, delivery).then(() => {
      if (this.#lastTurn === turn) this.#lastTurn = null
    })
    this.#lastTurn = turn
    return turn
  }

  async #afterTurn(previous: Promise<void> | null, record: ProducerRecord, delivery: Delivery): Promise<void> {
    const transaction = this.#transactions?.number
    await previous
    const deadline = new BlockDeadline(this.#settings.maxBlockMs, this.#blocking.signal)
    try {
      await this.#acceptWhenPossible(record, delivery, deadline, transaction)
    } catch (error) {
      this.#refuseRecord(delivery, asKafkaError(error), transaction)
    } finally {
      deadline.release()
    }
  }

  /** @param transaction the one it was sent in: the next one does not take it */
  async #acceptWhenPossible(
    record: ProducerRecord,
    delivery: Delivery,
    deadline: BlockDeadline,
    transaction: number | undefined,
  ): Promise<void> {
    checkPartition(record)
    const topic = this.#topics.get(record.topic)
    await this.#topics.untilKnown(topic, record.partition, deadline)
    const sizeBound = recordSizeUpperBound(record.key, record.value, record.headers)
    if (RECORDS + sizeBound > this.#settings.maxRequestBytes || sizeBound > this.#memory.totalBytes) {
      return this.#refuseSize(record, RECORDS + sizeBound, delivery)
    }
    await this.#takeMemory(topic, sizeBound + RECORD_OVERHEAD_BYTES, deadline)
    if (this.#isRefusing && this.#closed === null) throw this.#whyRefused(record)
    if (transaction !== this.#transactions?.number) throw transactionAborted()
    this.#accept(topic, record, sizeBound, delivery)
  }

  async #takeMemory(topic: TopicQueues, bytes: number, deadline: BlockDeadline): Promise<void> {
    topic.waitingSends++
    const taken = this.#memory.take(bytes, deadline)
    if (this.#memory.isShort) this.#sender.wake()
    try {
      await taken
    } finally {
      topic.waitingSends--
    }
  }

  #refuseSize(record: ProducerRecord, bytes: number, delivery: Delivery): void {
    const { maxRequestBytes, bufferMemory } = this.#settings
    const limit =
      bytes > maxRequestBytes
        ? ({ key: 'max.request.size', value: maxRequestBytes } as const)
        : ({ key: 'buffer.memory', value: bufferMemory } as const)
    this.#refuseRecord(delivery, recordTooLarge(bytes, limit, record.topic))
  }

  /** A transaction without one of its records must not be committed. */
  #refuseRecord(delivery: Delivery, error: KafkaError, transaction = this.#transactions?.number): void {
    this.#deliveries.tellFailed(delivery, error)
    if (transaction === this.#transactions?.number) this.#transactions?.recordFailed(error, false)
  }

  #whyRefused({ topic, partition }: ProducerRecord): KafkaError {
    const inTransaction = () => this.#transactions?.sendRefusal(partition === null ? topic : `${topic}-${partition}`)
    const why = this.#closed === null ? (inTransaction() ?? this.#refusal) : this.#refusal
    return why ?? illegalState('The producer takes no records')
  }

  /** @throws KafkaError without a `transactional.id`, or closed */
  #transactional(): TransactionManager {
    if (this.#transactions === null) throw illegalState(NOT_TRANSACTIONAL)
    if (this.#closed !== null) throw illegalState(CLOSED)
    return this.#transactions
  }

  #newTransactions(transactionalId: string, random: () => number, log: Logger): TransactionManager {
    const closing = this.#ending.signal
    const { maxBlockMs, transactionTimeoutMs } = this.#settings
    return new TransactionManager({
      transactionalId,
      maxBlockMs,
      closing,
      log,
      requests: new TransactionRequests({
        transactionalId,
        transactionTimeoutMs,
        ...{ transport: this.#transport, metadata: this.#metadata, backoff: this.#backoff, random, closing, log },
      }),
      records: {
        flush: () => this.#accumulator.flush(),
        dropUnsent: (error) => this.#sender.dropUnsent(error),
        allAnswered: () => this.#sender.allAnswered(),
        wake: () => this.#sender.wake(),
        broken: (error) => this.#refuse(error),
        stateChanged: () => this.#updateRefusing(),
      },
    })
  }

  #updateRefusing(): void {
    this.#isRefusing = this.#refusal !== null || this.#transactions?.isInTransaction === false
  }

  #newIdempotence(log: Logger): Idempotence {
    return new Idempotence({
      transactions: this.#transactions,
      transport: this.#transport,
      backoff: this.#backoff,
      log,
      closing: this.#ending.signal,
      ready: () => this.#sender.wake(),
      refused: (error) => this.#refuse(error),
    })
  }

  /** Nothing can be sent any more. */
  #refuse(error: KafkaError): void {
    this.#refusal ??= error
    this.#isRefusing = true
    this.#blocking.abort(error)
    this.#sender.stop(error)
  }

  async #closeInTime(): Promise<void> {
    this.#refusal = illegalState(CLOSED)
    this.#isRefusing = true
    this.#blocking.abort(illegalState('Producer closed while send in progress'))
    await this.#lastTurn
    const flushed = this.#finish()
    await Promise.race([flushed, this.#closeTimeout.promise])
    this.#closeTimer.clear()
    this.#sender.stop(timeoutException('The producer was closed before the record was acknowledged'))
    this.#ending.abort(illegalState('The producer closed forcefully'))
    await flushed
    this.#topics.close()
    this.#metadata.close()
    await this.#transport.close()
  }

  async #finish(): Promise<void> {
    await this.#transactions?.close()
    await this.#accumulator.close()
  }
}

/** @throws KafkaError, as Java's ProducerRecord does */
function checkPartition({ topic, partition }: ProducerRecord): void {
  if (partition === null || partition >= 0) return
  const message = `Invalid partition: ${partition}. Partition number should always be non-negative or null.`
  throw kafkaError(42, { message, topic })
}
