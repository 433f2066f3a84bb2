import type { Logger } from '../../api/logger.ts'
import { kafkaError, type KafkaError } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import type { NewTopic } from '../ports.ts'
import { createTopics } from '../protocol/create-topics.ts'
import { deleteTopics } from '../protocol/delete-topics.ts'
import { metadata as metadataRequest } from '../protocol/metadata.ts'
import { sleep } from '../timer.ts'
import type { Transport } from '../transport.ts'
import type { AdminCalls, Call } from './admin-calls.ts'

const TOPIC_ALREADY_EXISTS = 36
const LEADER_POLL_MS = 20

/** Creates and deletes topics at the controller. Topics fail one by one; those that may succeed later are tried again. */
export class TopicAdmin {
  readonly #calls: AdminCalls
  readonly #transport: Transport
  readonly #metadata: Metadata
  readonly #log: Logger

  constructor(calls: AdminCalls, transport: Transport, metadata: Metadata, log: Logger) {
    this.#calls = calls
    this.#transport = transport
    this.#metadata = metadata
    this.#log = log
  }

  async create(topics: readonly NewTopic[]): Promise<ReadonlyMap<string, 'created' | 'exists' | KafkaError>> {
    const outcomes = new Map<string, 'created' | 'exists' | KafkaError>()
    const left = new Map(topics.map((topic) => [topic.name, topic]))
    await this.#calls.run(`creating topics ${topics.map(({ name }) => name).join(', ')}`, async (call) => {
      if (left.size > 0) await this.#createAtController(left, outcomes, call)
      const created = topics.filter(({ name }) => outcomes.get(name) === 'created').map(({ name }) => name)
      await this.#waitForLeaders(created, call)
    })
    return outcomes
  }

  async delete(names: readonly string[]): Promise<ReadonlyMap<string, 'deleted' | KafkaError>> {
    const outcomes = new Map<string, 'deleted' | KafkaError>()
    const left = new Set(names)
    await this.#calls.run(`deleting topics ${names.join(', ')}`, async (call) => {
      if (left.size === 0) return
      const controller = await this.#controller(call)
      const { topics } = await this.#transport.send(controller, 'control', deleteTopics([...left], call.leftMs()), withTime(call))
      let retriable: KafkaError | null = null
      for (const { name, error } of topics) {
        const failure = error === 0 ? null : kafkaError(error, { topic: name })
        // an unknown topic is told at once: waiting for it to appear would be odd
        if (failure?.retriable === true && error !== 3) {
          retriable = failure
          continue
        }
        outcomes.set(name, failure ?? 'deleted')
        left.delete(name)
      }
      if (retriable !== null) throw retriable
    })
    return outcomes
  }

  async #createAtController(
    left: Map<string, NewTopic>,
    outcomes: Map<string, 'created' | 'exists' | KafkaError>,
    call: Call,
  ): Promise<void> {
    const controller = await this.#controller(call)
    const { topics } = await this.#transport.send(controller, 'control', createTopics([...left.values()], call.leftMs()), withTime(call))
    let retriable: KafkaError | null = null
    for (const { name, error, errorMessage } of topics) {
      const failure = error === 0 ? null : kafkaError(error, { topic: name, message: errorMessage })
      if (failure?.retriable === true) {
        retriable = failure
        continue
      }
      if (failure === null) this.#log.info(`Created topic ${name}`)
      outcomes.set(name, failure === null ? 'created' : error === TOPIC_ALREADY_EXISTS ? 'exists' : failure)
      left.delete(name)
    }
    if (retriable !== null) throw retriable
  }

  async #controller({ signal }: Call): Promise<number> {
    if (this.#metadata.controllerId < 0) await this.#metadata.refresh(signal)
    if (this.#metadata.controllerId < 0) throw kafkaError(41, { message: 'The cluster has no controller at the moment' })
    return this.#metadata.controllerId
  }

  /** Brokers learn of a topic a moment after the controller has created it. */
  async #waitForLeaders(names: readonly string[], { signal }: Call): Promise<void> {
    if (names.length === 0) return
    for (;;) {
      const { topics } = await this.#transport.send('any', 'control', metadataRequest(names, false))
      if (topics.every(({ error, partitions }) => error === 0 && partitions.every(({ leader }) => leader >= 0))) return
      await sleep(LEADER_POLL_MS, signal)
    }
  }
}

/** The broker may take the call's whole time, so the answer is waited for a little longer. */
function withTime(call: Call): { readonly timeoutMs: number } {
  return { timeoutMs: call.leftMs() + 1000 }
}
