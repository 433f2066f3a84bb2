import { ConnectException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'
import type { Props } from '../api/props.ts'
import { KafkaError } from '../kafka/errors.ts'
import type { Admin, KafkaClients } from '../kafka/ports.ts'
import { adminProps, clientIds, transactionalIdPrefix } from './client-props.ts'

export interface FencedConnector {
  readonly name: string
  readonly worker: Props
  readonly connector: Props
}

/**
 * Ends the tasks that an older worker, or an older set of tasks, still runs under a connector's name, all of them before the first new one
 * reads its offsets: a partition of the source may have moved to another task, and there may be fewer tasks than there were.
 * Apache Kafka 4.3, Worker#fenceZombies; the ids are those that Kafka knows, since a standalone worker has no record of how many there were.
 */
export class ZombieFence {
  readonly #kafka: KafkaClients
  readonly #log: Logger
  /** Connectors whose older tasks may still be at work; the promise while they are being fenced. */
  readonly #owed = new Map<string, Promise<void> | null>()

  constructor(kafka: KafkaClients, log: Logger) {
    this.#kafka = kafka
    this.#log = log
  }

  /** Called when the connector gets new tasks, before the first of them starts. */
  newTasks(connector: string): void {
    this.#owed.set(connector, null)
  }

  /** Called before each task starts; does its work once for all of them. @throws ConnectException; the next call tries again */
  async fence(connector: FencedConnector): Promise<void> {
    const { name } = connector
    if (this.#owed.get(name) === null) this.#owed.set(name, this.#fenceOnce(connector))
    await this.#owed.get(name)
  }

  async #fenceOnce(connector: FencedConnector): Promise<void> {
    try {
      await this.#fenceAll(connector)
      this.#owed.delete(connector.name)
    } catch (error) {
      this.#owed.set(connector.name, null)
      throw error
    }
  }

  async #fenceAll({ name, worker, connector }: FencedConnector): Promise<void> {
    let admin: Admin | null = null
    try {
      admin = await this.#kafka.admin(adminProps({ worker, connector }, clientIds.workerAdmin(name)), this.#log)
      const prefix = transactionalIdPrefix(worker, name)
      const ids = (await admin.listTransactions(prefix)).filter((id) => /^\d+$/.test(id.slice(prefix.length)))
      await admin.fenceProducers(ids)
    } catch (error) {
      if (error instanceof KafkaError && error.code === 'UNSUPPORTED_VERSION') return this.#cannotList(name)
      throw new ConnectException(
        `Tasks that an older worker may still run for connector ${name} cannot be fenced, so no new one is started: records could be written twice. Check the brokers, and that the worker's principal may describe and write the connector's transactional ids`,
        { cause: error },
      )
    } finally {
      await admin?.close()
    }
  }

  #cannotList(name: string): void {
    this.#log.warn(
      `These brokers are older than Apache Kafka 3.0 and cannot list transactional ids: tasks that an older worker may still run for connector ${name} are fenced one by one, when the new task of the same number starts`,
    )
  }
}
