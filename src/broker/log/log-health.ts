import type { Logger } from '../../api/logger.ts'
import { ApiError, Errors } from '../protocol/errors.ts'

/** Whether a log may be used: it may until its disk fails, or until it is closed or deleted. */
export class LogHealth {
  readonly #name: string
  readonly #log: Logger
  #failure: unknown = null

  /** @param name `topic-partition`, for messages */
  constructor(name: string, log: Logger) {
    this.#name = name
    this.#log = log
  }

  get isUsable(): boolean {
    return this.#failure === null
  }

  /** @throws ApiError KAFKA_STORAGE_ERROR, or what the log ended with */
  check(): void {
    if (this.#failure === null) return
    throw this.#failure instanceof ApiError ? this.#failure : new ApiError(Errors.KAFKA_STORAGE_ERROR, `The disk of ${this.#name} failed`)
  }

  /** Nobody knows what is on disk: nothing more is taken. */
  fail(cause: unknown): void {
    this.#failure = cause
  }

  /** The log is used no more; what it failed with before stays the reason. */
  end(why: Error): void {
    this.#failure ??= why
  }

  /** What to throw when the disk refused, which is logged too. */
  storageError(what: string, cause: unknown): ApiError {
    const why = cause instanceof Error ? cause.message : String(cause)
    this.#log.error(`${this.#name} ${what}: ${why}`)
    return new ApiError(Errors.KAFKA_STORAGE_ERROR, `${this.#name} ${what}: ${why}`)
  }
}
