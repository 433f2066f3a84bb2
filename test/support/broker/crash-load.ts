import { setTimeout as delay } from 'node:timers/promises'
import type { KafkaError } from '../../../src/kafka/errors.ts'
import { createKafkaClients } from '../../../src/kafka/kafka-clients.ts'
import type { Admin, Producer, TopicPartition } from '../../../src/kafka/ports.ts'
import { silentLogger } from '../../../src/logging/logger.ts'

export const PLAIN = 'plain'
export const TRANSACTIONAL = 'transactional'
export const PARTITIONS = 3
const PATIENT = { 'delivery.timeout.ms': '240000', 'request.timeout.ms': '10000', 'max.block.ms': '120000', 'retry.backoff.max.ms': '200' }
const NOBODY = { generationId: -1, memberId: '', groupInstanceId: null }
/** Records under way at a time: the load is steady, whatever the disk does. */
const MAX_UNDER_WAY = 200
const clients = createKafkaClients()

/** What of a load was acknowledged. The broker is killed and started meanwhile; nobody here knows. */
export abstract class Load {
  #stopped = false
  readonly #running: Promise<void>

  constructor() {
    this.#running = delay(0).then(() => this.run())
  }

  get isStopped(): boolean {
    return this.#stopped
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  protected abstract run(): Promise<void>
}

/** Numbered records of one idempotent producer, to all partitions of a topic in turn. */
export class IdempotentLoad extends Load {
  /** By partition, numbers in the order they were sent. */
  readonly acknowledged: number[][] = Array.from({ length: PARTITIONS }, () => [])
  readonly failures: string[] = []
  sent = 0
  readonly #address: string
  #underWay = 0

  constructor(address: string) {
    super()
    this.#address = address
  }

  protected async run(): Promise<void> {
    const producer = await clients.producer({ 'bootstrap.servers': this.#address, 'linger.ms': '1', ...PATIENT }, silentLogger)
    while (!this.isStopped) {
      if (this.#underWay >= MAX_UNDER_WAY) await delay(2)
      else await this.#send(producer, this.sent++)
    }
    await producer.close(120_000)
  }

  #send(producer: Producer, number: number): Promise<void> | undefined {
    const partition = number % PARTITIONS
    this.#underWay++
    return producer.send(recordOf(PLAIN, partition, String(number)), {
      delivered: () => {
        this.#underWay--
        this.acknowledged[partition]?.push(number)
      },
      failed: (error) => {
        this.#underWay--
        this.failures.push(`${number}: ${error.message}`)
      },
    })
  }
}

type Outcome = 'committed' | 'aborted' | 'unknown'

/** Transactions of a few records on all partitions and a group's offset, some of which are aborted. */
export class TransactionalLoad extends Load {
  /** By the transaction's number. */
  readonly outcomes: Outcome[] = []
  /** Offsets of the group that a committed transaction had; the offset is the transaction's number. */
  lastCommittedOffset = -1
  readonly group = 'in-transactions'
  readonly #address: string

  constructor(address: string) {
    super()
    this.#address = address
  }

  protected async run(): Promise<void> {
    while (!this.isStopped) {
      const producer = await clients.producer({ 'bootstrap.servers': this.#address, 'transactional.id': 'crash', ...PATIENT }, silentLogger)
      try {
        await producer.initTransactions()
        while (!this.isStopped) await this.#transaction(producer, this.outcomes.push('unknown') - 1)
      } catch (error) {
        // a fatal error ends the producer, not the load: the next one of the same id ends what this one left
        if (!isKafkaError(error)) throw error
      } finally {
        await producer.close(1000)
      }
    }
  }

  async #transaction(producer: Producer, number: number): Promise<void> {
    const isAborted = number % 4 === 3
    producer.beginTransaction()
    try {
      for (let partition = 0; partition < PARTITIONS; partition++)
        await producer.send(recordOf(TRANSACTIONAL, partition, String(number)), IGNORED)
      if (isAborted) {
        await producer.flush()
        await producer.abortTransaction()
        this.outcomes[number] = 'aborted'
        return
      }
      await producer.sendOffsetsToTransaction([{ topic: PLAIN, partition: 0, offset: number }], { groupId: this.group, ...NOBODY })
      await producer.commitTransaction()
      this.outcomes[number] = 'committed'
      this.lastCommittedOffset = number
    } catch (error) {
      if (!isKafkaError(error) || !error.abortable) throw error
      await producer.abortTransaction()
      this.outcomes[number] = 'aborted'
    }
  }
}

/** A group's offset that is committed higher and higher, and looked at again and again. */
export class CommittingLoad extends Load {
  readonly regressions: string[] = []
  committed = 0
  readonly #address: string
  readonly #group = 'committing'

  constructor(address: string) {
    super()
    this.#address = address
  }

  protected async run(): Promise<void> {
    const admin = await clients.admin(
      { 'bootstrap.servers': this.#address, 'default.api.timeout.ms': '15000', 'request.timeout.ms': '5000' },
      silentLogger,
    )
    while (!this.isStopped) {
      await this.#commitNext(admin)
      await this.check(admin, this.#group, this.committed)
      await delay(5)
    }
    await admin.close()
  }

  async #commitNext(admin: Admin): Promise<void> {
    const offset = this.committed + 1
    try {
      await admin.alterGroupOffsets(this.#group, [{ topic: PLAIN, partition: 0, offset }])
      this.committed = offset
    } catch (error) {
      if (!isKafkaError(error)) throw error
    }
  }

  /** An offset may be one higher than what was acknowledged, never lower. */
  async check(admin: Admin, group: string, atLeast: number): Promise<void> {
    try {
      const [found] = await admin.groupOffsets(group)
      if ((found?.offset ?? 0) < atLeast) this.regressions.push(`${group} is at ${found?.offset}, and was at ${atLeast}`)
    } catch (error) {
      if (!isKafkaError(error)) throw error
    }
  }
}

/** Reads what is committed while the broker dies and comes back; remembers every transaction it was shown. */
export class CommittedReader extends Load {
  readonly shown: string[][] = Array.from({ length: PARTITIONS }, () => [])
  readonly #address: string

  constructor(address: string) {
    super()
    this.#address = address
  }

  protected async run(): Promise<void> {
    const consumer = await clients.consumer(
      { 'bootstrap.servers': this.#address, 'isolation.level': 'read_committed', 'auto.offset.reset': 'earliest', ...CONSUMER_BACKOFF },
      silentLogger,
    )
    consumer.assign(partitionsOf(TRANSACTIONAL))
    while (!this.isStopped) {
      for (const { partition, records } of await consumer.poll(200)) {
        for (const { value } of records) this.shown[partition]?.push(String(value))
      }
    }
    await consumer.close()
  }
}

const CONSUMER_BACKOFF = { 'retry.backoff.max.ms': '200', 'request.timeout.ms': '10000' }

/** All values of a topic's partitions. */
export async function readTopic(address: string, topic: string, isolation: string): Promise<string[][]> {
  const consumer = await clients.consumer({ 'bootstrap.servers': address, 'isolation.level': isolation }, silentLogger)
  const partitions = partitionsOf(topic)
  consumer.assign(partitions)
  for (const partition of partitions) consumer.seek(partition, 'beginning')
  const ends = await consumer.endOffsets(partitions)
  const values = Array.from({ length: PARTITIONS }, (): string[] => [])
  const isRead = async () => {
    const positions = await Promise.all(partitions.map((partition) => consumer.position(partition)))
    return positions.every((position, index) => position >= (ends[index] ?? 0))
  }
  while (!(await isRead())) {
    for (const { partition, records } of await consumer.poll(500)) for (const { value } of records) values[partition]?.push(String(value))
  }
  await consumer.close()
  return values
}

function partitionsOf(topic: string): TopicPartition[] {
  return Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition }))
}

function recordOf(topic: string, partition: number, value: string) {
  return { topic, partition, timestamp: null, key: null, value: Buffer.from(value), headers: [] }
}

const IGNORED = { delivered: () => undefined, failed: () => undefined }

function isKafkaError(error: unknown): error is KafkaError {
  return error instanceof Error && error.name === 'KafkaError'
}
