import type { Logger } from '../../api/logger.ts'
import { asKafkaError, type KafkaError } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import { produce, type ProduceResponse } from '../protocol/produce.ts'
import type { Transport } from '../transport.ts'
import type { Accumulator } from './accumulator.ts'
import type { BatchOutcomes } from './batch-outcomes.ts'
import type { DeliveryQueue } from './delivery-queue.ts'
import type { Idempotence } from './idempotence.ts'
import type { PartitionQueue } from './partition-queue.ts'
import type { ProducerBatch } from './producer-batch.ts'
import type { ProducerSettings } from './producer-settings.ts'
import type { Clock } from '../timer.ts'
import { WakeTimer } from '../wake-timer.ts'

export interface SenderOptions {
  readonly settings: ProducerSettings
  readonly accumulator: Accumulator
  readonly outcomes: BatchOutcomes
  readonly deliveries: DeliveryQueue
  readonly transport: Transport
  readonly metadata: Metadata
  /** Null: without idempotence. */
  readonly idempotence: Idempotence | null
  readonly clock: Clock
  readonly log: Logger
  /** Nothing can be sent any more. */
  readonly broken: (error: KafkaError) => void
}

/** A broker that leads partitions we write to. */
class Leader {
  readonly nodeId: number
  requestsInFlight = 0
  /** The last request failed. Said once, until one succeeds. */
  isTroubled = false
  /** Partitions whose first batch may go out in the current round. */
  ready: PartitionQueue[] = []

  constructor(nodeId: number) {
    this.nodeId = nodeId
  }
}

/**
 * Moves batches from the accumulator to the brokers, and back when an attempt fails.
 *
 * A round (`run`) expires what is too old, looks which partitions have a ready batch, and fills one request for each leader that may take
 * one. Rounds follow from events: a batch became ready, an answer came, metadata changed, the timer of the next deadline fired.
 * An answered request makes the next round first, so that the broker has work while the deliveries are told.
 */
export class Sender {
  readonly #options: SenderOptions
  readonly #leaders = new Map<number, Leader>()
  readonly #timer: WakeTimer
  readonly #stopListening: () => void
  #immediate: NodeJS.Immediate | undefined
  #isStopped = false
  #requestsInFlight = 0
  /** Told when the last request in flight is answered. */
  readonly #waitingForAnswers: (() => void)[] = []

  constructor(options: SenderOptions) {
    this.#options = options
    this.#timer = new WakeTimer(options.clock, this.#run)
    this.#stopListening = options.metadata.onUpdate(() => this.wake())
  }

  /** Makes a round in the next turn of the event loop. */
  wake(): void {
    if (this.#immediate === undefined && !this.#isStopped) this.#immediate = setImmediate(this.#run)
  }

  /** Makes a round at `at`, or earlier. */
  wakeAt(at: number): void {
    if (at <= this.#options.clock()) this.wake()
    else if (!this.#isStopped) this.#timer.atLatest(at)
  }

  /** Gives up what was never sent, and of which no broker can have heard. */
  dropUnsent(error: KafkaError): void {
    const { accumulator, outcomes } = this.#options
    for (const batch of [...accumulator.pending()]) if (batch.attempts === 0) outcomes.giveUp(batch, error, 'refused')
    this.wake()
  }

  /** Settled when no request is in flight: also those count whose batches expired meanwhile. */
  allAnswered(): Promise<void> {
    if (this.#requestsInFlight === 0) return Promise.resolve()
    return new Promise((resolve) => this.#waitingForAnswers.push(resolve))
  }

  /** Ends the rounds and fails all that is pending. */
  stop(error: KafkaError): void {
    this.#isStopped = true
    this.#stopListening()
    clearImmediate(this.#immediate)
    this.#timer.clear()
    for (const batch of [...this.#options.accumulator.pending()]) this.#options.outcomes.giveUp(batch, error, 'unknown')
    this.#options.deliveries.tell()
  }

  readonly #run = (): void => {
    clearImmediate(this.#immediate)
    this.#immediate = undefined
    if (this.#isStopped) return
    const now = this.#options.clock()
    this.#expire(now)
    let nextAt = this.#collectReady(now)
    while (this.#sendReady()) nextAt = this.#collectReady(now)
    this.#timer.set(Math.min(nextAt, this.#nextExpiry()))
    this.#options.deliveries.tell()
  }

  /** Sorts the partitions with a ready batch to leaders that may take a request. @returns when the next batch becomes ready */
  #collectReady(now: number): number {
    let nextAt = Infinity
    let hasUnknownLeader = false
    for (const leader of this.#leaders.values()) leader.ready = []
    for (const queue of this.#options.accumulator.active) {
      const { head } = queue
      if (head === undefined) continue
      const readyAt = this.#options.accumulator.readyAt(head)
      if (readyAt > now) nextAt = Math.min(nextAt, readyAt)
      else if (this.#mayBeSent(queue, head)) hasUnknownLeader = !this.#offer(queue) || hasUnknownLeader
    }
    if (hasUnknownLeader) this.#options.metadata.requestRefresh()
    return nextAt
  }

  #mayBeSent(queue: PartitionQueue, head: ProducerBatch): boolean {
    const { settings, idempotence } = this.#options
    // with one request in flight the partition waits for its answer, wherever its leader is: a retry must not be overtaken
    if (settings.maxInFlight === 1 && queue.inFlight.length > 0) return false
    return idempotence === null || idempotence.admits(queue, head)
  }

  /** @returns false when the partition has no known leader */
  #offer(queue: PartitionQueue): boolean {
    const nodeId = this.#options.metadata.topic(queue.topic)?.partitions[queue.partition]?.leader ?? -1
    if (nodeId === -1) return false
    let leader = this.#leaders.get(nodeId)
    if (leader === undefined) this.#leaders.set(nodeId, (leader = new Leader(nodeId)))
    if (leader.requestsInFlight < this.#options.settings.maxInFlight) leader.ready.push(queue)
    return true
  }

  /** @returns whether a request went out, after which more may be ready */
  #sendReady(): boolean {
    let hasSent = false
    for (const leader of this.#leaders.values()) {
      if (leader.ready.length === 0) continue
      this.#send(leader, this.#takeBatches(leader.ready))
      hasSent = true
    }
    return hasSent && this.#options.settings.maxInFlight > 1
  }

  /** One batch of each partition, as many as fit into a request. */
  #takeBatches(queues: readonly PartitionQueue[]): ProducerBatch[] {
    const { accumulator, settings, idempotence } = this.#options
    const batches: ProducerBatch[] = []
    let room = settings.maxRequestBytes
    for (const queue of queues) {
      const bytes = queue.head?.writer.sizeBytes ?? 0
      if (bytes > room && batches.length > 0) continue
      const batch = accumulator.takeHead(queue)
      if (batch === undefined) continue
      idempotence?.stamp(batch)
      batch.attempts++
      batches.push(batch)
      room -= bytes
    }
    return batches
  }

  #send(leader: Leader, batches: readonly ProducerBatch[]): void {
    leader.requestsInFlight++
    this.#requestsInFlight++
    this.#transmit(leader.nodeId, batches)
      .then(
        (response) => this.#answered(leader, batches, response),
        (failure: unknown) => this.#failed(leader, batches, asKafkaError(failure)),
      )
      .catch((bug: unknown) => this.#broke(bug))
  }

  /** Rejects, and does not throw, when a batch cannot be encoded. @returns undefined with acks=0 */
  async #transmit(nodeId: number, batches: readonly ProducerBatch[]): Promise<ProduceResponse | undefined> {
    const { settings, transport } = this.#options
    const { acks, compression, requestTimeoutMs, transactionalId } = settings
    const partitions = batches.map((batch) => ({
      topic: batch.queue.topic,
      partition: batch.queue.partition,
      batch: batch.bytes(compression, transactionalId !== null),
    }))
    const zstd = compression.type === 'zstd'
    return transport.send(nodeId, 'produce', produce({ transactionalId, acks, timeoutMs: requestTimeoutMs, partitions, zstd }))
  }

  #answered(leader: Leader, batches: readonly ProducerBatch[], response: ProduceResponse | undefined): void {
    const { outcomes } = this.#options
    this.#arrived(leader, batches)
    if (leader.isTroubled) this.#options.log.info(`Broker ${leader.nodeId} takes records again`)
    leader.isTroubled = false
    if (response === undefined) for (const batch of batches) outcomes.unacknowledged(batch)
    else outcomes.answered(batches, response.partitions)
    this.#run()
  }

  #failed(leader: Leader, batches: readonly ProducerBatch[], error: KafkaError): void {
    const { outcomes, transport, log } = this.#options
    this.#arrived(leader, batches)
    // a late answer must not be taken for that of the next request
    if (error.code === 'REQUEST_TIMEOUT') transport.dropConnection(leader.nodeId, 'produce')
    if (!leader.isTroubled && error.retriable) log.warn(`Broker ${leader.nodeId} does not take records, trying again: ${error.message}`)
    leader.isTroubled = error.retriable
    for (const batch of batches) outcomes.failed(batch, error)
    this.#run()
  }

  #arrived(leader: Leader, batches: readonly ProducerBatch[]): void {
    leader.requestsInFlight--
    this.#requestsInFlight--
    for (const batch of batches) batch.queue.removeInFlight(batch)
    if (this.#requestsInFlight === 0) for (const allAnswered of this.#waitingForAnswers.splice(0)) allAnswered()
  }

  #broke(bug: unknown): void {
    this.#options.log.error('The producer failed while it took in an answer', bug)
    this.#options.broken(asKafkaError(bug))
  }

  /** Fails what is older than `delivery.timeout.ms`, waiting or on its way. */
  #expire(now: number): void {
    const { accumulator, outcomes, settings } = this.#options
    for (;;) {
      const oldest = accumulator.oldest()
      if (oldest === undefined || oldest.createdAt + settings.deliveryTimeoutMs > now) return
      outcomes.expire(oldest, now)
    }
  }

  #nextExpiry(): number {
    const oldest = this.#options.accumulator.oldest()
    return oldest === undefined ? Infinity : oldest.createdAt + this.#options.settings.deliveryTimeoutMs
  }
}
