import { expect, onTestFinished, test } from 'vitest'
import { KafkaError } from '../../src/kafka/errors.ts'
import type { Producer } from '../../src/kafka/ports.ts'
import { newAdmin, newTransactionalProducer, readAll, readByKcat, write } from '../support/kafka-transactions.ts'
import { startKafkaCluster } from '../support/services/kafka-cluster.ts'
import { describeWithKafka } from '../support/services/suite.ts'

const PARTITIONS = 3
/** Quick to ask again, and slow to give up: nodes take their time to be killed, elected and started. */
const QUICK = {
  'request.timeout.ms': '5000',
  'retry.backoff.max.ms': '200',
  'delivery.timeout.ms': '300000',
  'max.block.ms': '300000',
  'transaction.timeout.ms': '600000',
}

describeWithKafka('transactions on three nodes', () => {
  test(
    'leaders and coordinators are killed and shut down: every transaction is there once and whole, nothing of aborted ones',
    { timeout: 600_000 },
    async () => {
      const cluster = await startKafkaCluster()
      onTestFinished(() => cluster.stop())
      const admin = await newAdmin(cluster.bootstrapServers)
      const topics = ['one', 'two']
      await admin.createTopics(topics.map((name) => ({ name, partitions: PARTITIONS, replicationFactor: 3 })))
      const writers = await Promise.all(topics.map((topic) => Writer.start(cluster.bootstrapServers, topic)))
      let isOver = false
      const written = writers.map((writer) => writer.run(() => isOver))
      for (const node of cluster.nodeIds) {
        const before = writers.map(({ transactions }) => transactions)
        await cluster.kill(node)
        await expect
          .poll(() => writers.every(({ transactions }, index) => transactions > before[index]! + 5), { timeout: 120_000 })
          .toBe(true)
        await cluster.start(node)
      }
      await cluster.shutDown(1)
      await cluster.start(1)
      isOver = true
      await Promise.all(written)

      for (const { topic, transactions, values } of writers) {
        expect(transactions).toBeGreaterThan(15)
        for (let partition = 0; partition < PARTITIONS; partition++) {
          await expect
            .poll(() => readAll(cluster.bootstrapServers, topic, 'read_committed', {}, partition), { timeout: 60_000 })
            .toEqual(values)
          expect(await readByKcat(cluster.bootstrapServers, topic, 'read_committed', partition)).toEqual(values)
        }
      }
    },
  )
})

/** Writes numbered transactions, every third of which it aborts, as a program does that wants each number once. */
class Writer {
  readonly topic: string
  transactions = 0
  readonly #producer: Producer

  static async start(address: string, topic: string): Promise<Writer> {
    return new Writer(topic, await newTransactionalProducer(address, topic, QUICK))
  }

  private constructor(topic: string, producer: Producer) {
    this.topic = topic
    this.#producer = producer
  }

  /** What a partition has in the end. */
  get values(): string[] {
    return Array.from({ length: this.transactions }, (_, number) => [`${number} a`, `${number} b`]).flat()
  }

  async run(isOver: () => boolean): Promise<void> {
    for (let round = 0; !isOver(); round++) {
      this.#producer.beginTransaction()
      const isCommitted = await this.#transaction(round % 3 === 2)
      if (isCommitted) this.transactions++
    }
  }

  /** @returns false when it was aborted, as was wanted or had to be */
  async #transaction(isUnwanted: boolean): Promise<boolean> {
    try {
      for (let partition = 0; partition < PARTITIONS; partition++) {
        await write(this.#producer, this.topic, [`${this.transactions} a`, `${this.transactions} b`], partition)
      }
      if (!isUnwanted) {
        await this.#producer.commitTransaction()
        return true
      }
    } catch (error) {
      if (!(error instanceof KafkaError) || !error.abortable) throw error
    }
    await this.#producer.abortTransaction()
    return false
  }
}
