import type { Logger } from '../../api/logger.ts'
import type { KafkaError } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import type { Clock } from '../timer.ts'

/** A topic that is being created is there in a moment; one that is only announced may take days. */
const FIRST_ASK_AGAIN_MS = 50
const LAST_ASK_AGAIN_MS = 1000

/** What metadata says against the topics a consumer wants: said once, and asked again while it may pass. */
export class TopicErrors {
  readonly #metadata: Metadata
  readonly #log: Logger
  readonly #now: Clock
  readonly #missing = new Set<string>()
  #checkedGeneration = -1
  #askAt = Infinity
  /** Answers in a row in which something was missing. */
  #answersMissing = 0

  constructor(metadata: Metadata, log: Logger, now: Clock) {
    this.#metadata = metadata
    this.#log = log
    this.#now = now
  }

  /** @throws KafkaError that will not pass, once an answer of the brokers; the other topics go on */
  check(wanted: () => Iterable<string>): void {
    if (this.#metadata.generation !== this.#checkedGeneration) this.#checkAnswer(wanted())
    if (this.#now() < this.#askAt) return
    this.#askAt = Infinity
    this.#metadata.requestRefresh()
  }

  /** Milliseconds until `check` wants to ask again; Infinity: nothing is missing. */
  retryDelay(): number {
    return this.#askAt - this.#now()
  }

  #checkAnswer(topics: Iterable<string>): void {
    this.#checkedGeneration = this.#metadata.generation
    this.#askAt = Infinity
    for (const topic of topics) {
      const error = this.#metadata.topicError(topic)
      if (error === undefined) this.#missing.delete(topic)
      else if (error.retriable) this.#mayPass(topic, error)
      else throw error
    }
    this.#answersMissing = this.#askAt === Infinity ? 0 : this.#answersMissing + 1
  }

  #mayPass(topic: string, { code }: KafkaError): void {
    this.#askAt = this.#now() + Math.min(FIRST_ASK_AGAIN_MS * 2 ** this.#answersMissing, LAST_ASK_AGAIN_MS)
    if (this.#missing.has(topic)) return
    this.#missing.add(topic)
    this.#log.warn(`Topic ${topic} cannot be read: ${code}. It is read as soon as it can be`)
  }
}
