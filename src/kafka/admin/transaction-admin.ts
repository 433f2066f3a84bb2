import { KafkaError, kafkaError } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import { initProducerId } from '../protocol/init-producer-id.ts'
import { listTransactions } from '../protocol/list-transactions.ts'
import type { Transport } from '../transport.ts'
import type { AdminCalls } from './admin-calls.ts'

/** Nobody writes under the id it is given with, but the coordinator gives its own log that long to take the change. */
const TRANSACTION_TIMEOUT_MS = 30_000

/** Calls that go to transaction coordinators. */
export class TransactionAdmin {
  readonly #calls: AdminCalls
  readonly #transport: Transport
  readonly #metadata: Metadata

  constructor(calls: AdminCalls, transport: Transport, metadata: Metadata) {
    this.#calls = calls
    this.#transport = transport
    this.#metadata = metadata
  }

  list(idPrefix: string): Promise<readonly string[]> {
    return this.#calls.run(`listing the transactional ids that begin with ${idPrefix}`, async ({ signal }) => {
      await this.#metadata.refresh(signal)
      const brokers = this.#transport.brokers()
      const answers = await Promise.all(brokers.map(({ nodeId }) => this.#transport.send(nodeId, 'control', listTransactions(idPrefix))))
      for (const { error } of answers) if (error !== 0) throw kafkaError(error)
      return answers.flatMap(({ transactionalIds }) => transactionalIds).filter((id) => id.startsWith(idPrefix))
    })
  }

  /** Takes the id as a new producer would: what an older one left open is aborted, and its epoch is no longer the current one. */
  fence(transactionalId: string): Promise<void> {
    return this.#calls.run(`fencing the producers of transactional id ${transactionalId}`, async ({ signal }) => {
      const node = await this.#metadata.coordinator('transaction', transactionalId, signal)
      const request = initProducerId({ transactionalId, transactionTimeoutMs: TRANSACTION_TIMEOUT_MS, current: null })
      try {
        const { error } = await this.#transport.send(node, 'coordinator', request)
        if (error !== 0) throw kafkaError(error)
      } catch (error) {
        if (error instanceof KafkaError && error.refresh !== 'none') this.#metadata.forgetCoordinator('transaction', transactionalId)
        throw error
      }
    })
  }
}
