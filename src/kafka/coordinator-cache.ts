import { addressText } from '../api/host-port.ts'
import type { Logger } from '../api/logger.ts'
import { asKafkaError, groupNotAuthorized, kafkaError, type KafkaError } from './errors.ts'
import { findCoordinator, type CoordinatorType, type FindCoordinatorResponse } from './protocol/find-coordinator.ts'
import { RepeatedWarning } from './repeated-warning.ts'
import type { RetryBackoff } from './retry-backoff.ts'
import type { BrokerAddress, Transport } from './transport.ts'

export interface CoordinatorCacheOptions {
  readonly transport: Transport
  readonly backoff: RetryBackoff
  readonly closing: AbortSignal
  readonly log: Logger
}

/** Which node coordinates which group or transactional id. Asked for once, until it is forgotten because a node said it is not the one. */
export class CoordinatorCache {
  readonly #options: CoordinatorCacheOptions
  readonly #nodes = new Map<string, Promise<number>>()

  constructor(options: CoordinatorCacheOptions) {
    this.#options = options
  }

  /** Asks, with back-off, until a broker names one. Rejects when the client may not use the group, cannot authenticate or closes. */
  find(type: CoordinatorType, key: string): Promise<number> {
    const id = cacheKey(type, key)
    const known = this.#nodes.get(id)
    if (known !== undefined) return known
    const asked = this.#ask(type, key)
    this.#nodes.set(id, asked)
    asked.catch(() => {
      if (this.#nodes.get(id) === asked) this.#nodes.delete(id)
    })
    return asked
  }

  forget(type: CoordinatorType, key: string): void {
    this.#nodes.delete(cacheKey(type, key))
  }

  async #ask(type: CoordinatorType, key: string): Promise<number> {
    const { transport, backoff, closing, log } = this.#options
    const unavailable = new RepeatedWarning(`The coordinator of ${type} ${key} is not available`, log)
    for (let attempts = 1; ; attempts++) {
      try {
        const response = await transport.send('any', 'control', findCoordinator(type, key))
        const coordinator = coordinatorOf(response, type, key)
        unavailable.over()
        return this.#introduce(coordinator)
      } catch (error) {
        closing.throwIfAborted()
        const failure = asKafkaError(error)
        if (!failure.retriable) throw failure
        // a broker that cannot be reached is reported by its connection
        if (failure.number !== null) unavailable.warn(failure.message)
        await backoff.wait(attempts, closing)
      }
    }
  }

  /** The coordinator may be newer than our metadata, or came back at another address. */
  #introduce(coordinator: BrokerAddress): number {
    const { transport } = this.#options
    const known = transport.brokers()
    const isKnown = known.some((broker) => broker.nodeId === coordinator.nodeId && addressText(broker) === addressText(coordinator))
    if (!isKnown) transport.updateBrokers([...known.filter(({ nodeId }) => nodeId !== coordinator.nodeId), coordinator])
    return coordinator.nodeId
  }
}

function coordinatorOf({ error, errorMessage, coordinator }: FindCoordinatorResponse, type: CoordinatorType, key: string): BrokerAddress {
  if (error === 0) return coordinator
  throw coordinatorError(error, errorMessage, type, key)
}

function coordinatorError(error: number, message: string | null, type: CoordinatorType, key: string): KafkaError {
  return error === 30 && type === 'group' ? groupNotAuthorized(key) : kafkaError(error, { message })
}

function cacheKey(type: CoordinatorType, key: string): string {
  return `${type} ${key}`
}
