import type { Logger } from '../../../src/api/logger.ts'
import type { KafkaClients, Consumer, PartitionRecords } from '../../../src/kafka/ports.ts'
import { Reader } from '../../../src/kafka/protocol/reader.ts'
import { until } from '../worker-process.ts'

const OFFSETS_TOPIC = '__consumer_offsets'
const LAST_OFFSET_KEY_VERSION = 1

/** Reads every commit of a group where the brokers keep them, and notes those that go back. */
export class CommitWatch {
  /** `topic-partition: 7 after 9`. */
  readonly backward: string[] = []
  commits = 0
  readonly #group: string
  readonly #consumer: Consumer
  readonly #last = new Map<string, number>()
  #isStopped = false
  #running: Promise<void> = Promise.resolve()

  static async start(clients: KafkaClients, bootstrapServers: string, group: string, log: Logger): Promise<CommitWatch> {
    const consumer = await clients.consumer({ 'bootstrap.servers': bootstrapServers, 'auto.offset.reset': 'earliest' }, log)
    const watch = new CommitWatch(consumer, group)
    // the topic is made when the first group asks for its coordinator
    await until(async () => (await consumer.partitionsFor(OFFSETS_TOPIC)).length > 0, 200)
    const partitions = await consumer.partitionsFor(OFFSETS_TOPIC)
    consumer.assign(partitions.map((partition) => ({ topic: OFFSETS_TOPIC, partition })))
    watch.#running = watch.#run()
    return watch
  }

  private constructor(consumer: Consumer, group: string) {
    this.#consumer = consumer
    this.#group = group
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running
    await this.#consumer.close()
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) for (const { records } of await this.#consumer.poll(200)) for (const record of records) this.#take(record)
  }

  #take({ key, value }: PartitionRecords['records'][number]): void {
    if (key === null || value === null) return
    const keyReader = new Reader(key)
    if (keyReader.int16() > LAST_OFFSET_KEY_VERSION || keyReader.string() !== this.#group) return
    const name = `${keyReader.string()}-${keyReader.int32()}`
    const valueReader = new Reader(value)
    valueReader.int16()
    const offset = valueReader.int64()
    const last = this.#last.get(name) ?? 0
    if (offset < last) this.backward.push(`${name}: ${offset} after ${last}`)
    this.#last.set(name, offset)
    this.commits++
  }
}
