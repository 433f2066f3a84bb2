import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { RetriableException, type Logger } from 'standpipe/api'
import type { ElasticsearchClient } from '../client/elasticsearch-client.ts'
import { RequestFailure } from '../client/request-failure.ts'
import type { BatchPart } from './batch-part.ts'
import type { ItemError } from './bulk-answer.ts'
import { safeErrorText } from '../client/server-error-text.ts'
import { bulkFailed, bulkItemFailed } from './bulk-failed.ts'
import { ByteLimit } from './byte-limit.ts'
import { outcomeOf } from './item-outcome.ts'
import { overtaking } from './overtaking.ts'
import type { Refusal, RefusedDocuments } from './refused-documents.ts'
import type { RequestGate, RequestResult } from './request-gate.ts'
import { retryDelayMs, type RetryBackoff } from './retry-backoff.ts'
import { TroubleLog } from './trouble-log.ts'
import { verdictOn } from './verdict.ts'

export interface BulkDeliveryParts {
  readonly client: Pick<ElasticsearchClient, 'bulk'>
  readonly gate: RequestGate
  readonly refused: RefusedDocuments
  readonly backoff: RetryBackoff
  /** Infinity: the user set no limit, and a system that is down is waited for. */
  readonly maxRetries: number
  /** Makes this index, which the server says is missing. */
  readonly recreate: (index: string) => Promise<void>
  readonly log: Logger
}

/** A single operation whose request as such was refused. */
interface Lonely {
  readonly part: BatchPart
  readonly failure: RequestFailure
}

/** At one request so far. */
interface Tries {
  attempts: number
  /** The last ones that brought nothing forward. What moves on waits no longer each time. */
  inVain: number
  /** Of those, the ones that ended without an answer although they were sent. */
  unanswered: number
}

/**
 * Brings a batch to the server, whatever it takes: a request that may work later is made again, operations that may work later are
 * sent again alone, what is too large is split, and the rest is settled for good. The order of operations is kept.
 */
export class BulkDelivery {
  readonly #parts: BulkDeliveryParts
  readonly #trouble: TroubleLog
  readonly #byteLimit = new ByteLimit()
  readonly #abort = new AbortController()
  readonly #giveUp = new AbortController()
  /** Called when a batch waits for its next try and leaves its place to others. */
  onRoom: () => void = () => undefined
  /** Called when `trouble` is there. */
  onTrouble: () => void = () => undefined

  constructor(parts: BulkDeliveryParts) {
    this.#parts = parts
    this.#trouble = new TroubleLog(parts.log)
    setMaxListeners(0, this.#abort.signal, this.#giveUp.signal)
  }

  /** The size in bytes that the server seems to take; Infinity: it took all. */
  get byteLimit(): number {
    return this.#byteLimit.bytes
  }

  /** Whether it makes sense to deliver one more batch now. */
  get hasRoom(): boolean {
    return this.#parts.gate.hasRoom
  }

  /** Whether one more batch would be sent at once. */
  get isOpen(): boolean {
    return this.#parts.gate.isOpen
  }

  /** What keeps the server from taking requests; null: nothing known. */
  get trouble(): string | null {
    return this.#trouble.current
  }

  /**
   * Resolves when every operation is settled.
   * @throws ConnectException when the task has to fail; AbortError when it was given up, by `giveUp` while the server is in trouble or by `abort`
   */
  async deliver(whole: BatchPart): Promise<void> {
    const lonely: Lonely[] = []
    await this.#deliver(whole, lonely)
    for (const one of lonely) await this.#settleLonely(one)
  }

  /** From now on nothing waits for a server that is in trouble. */
  giveUp(): void {
    this.#giveUp.abort()
  }

  /** Ends everything, also requests under way, and says what was left out on the way. */
  abort(): void {
    this.#giveUp.abort()
    this.#abort.abort()
    this.#parts.refused.sayTotals()
  }

  async #deliver(whole: BatchPart, lonely: Lonely[]): Promise<void> {
    const tries: Tries = { attempts: 0, inVain: 0, unanswered: 0 }
    let part = whole
    for (let isSettled = false; !isSettled;) {
      await this.#parts.gate.enter(++tries.attempts, this.#patience(tries.attempts - 1))
      const left = part.unsettled()
      const answer = await this.#request(left)
      if (left === null || answer === null) return
      part = left
      isSettled =
        answer instanceof RequestFailure ? await this.#afterFailure(part, answer, tries, lonely) : await this.#settle(part, answer, tries)
    }
  }

  /** What has not failed yet is not given up but when everything ends. */
  #patience(failures: number): AbortSignal {
    return failures === 0 ? this.#abort.signal : this.#giveUp.signal
  }

  /** @returns whether nothing is left to be sent @throws ConnectException when the task has to fail */
  async #afterFailure(part: BatchPart, failure: RequestFailure, tries: Tries, lonely: Lonely[]): Promise<boolean> {
    tries.inVain++
    if (failure.kind === 'disconnected' || failure.kind === 'timeout') tries.unanswered++
    const { largestAccepted } = this.#byteLimit
    const verdict = verdictOn(failure, {
      ...tries,
      count: part.count,
      bytes: part.body.length,
      largestAccepted,
      maxRetries: this.#parts.maxRetries,
    })
    switch (verdict) {
      case 'again':
        this.#stayAway(failure, tries.inVain)
        return false
      case 'split':
        if (failure.status !== 400) this.#byteLimit.refused(part.body.length)
        for (const half of part.halves()) await this.#deliver(half, lonely)
        return true
      case 'alone':
        lonely.push({ part, failure })
        return true
      case 'fail':
        throw bulkFailed(failure, tries.attempts)
    }
  }

  /**
   * Makes the request, if there is still something to send, and leaves the gate.
   * @returns the operations refused, or why the request failed @throws AbortError
   */
  async #request(part: BatchPart | null): Promise<readonly ItemError[] | RequestFailure | null> {
    const startedAt = performance.now()
    let result: RequestResult = 'refused'
    try {
      if (part === null) return null
      const items = await this.#parts.client.bulk(part.body, part.count, this.#abort.signal)
      result = items.some(({ status }) => status === 429) ? 'overloaded' : 'accepted'
      this.#byteLimit.accepted(part.body.length)
      return items
    } catch (error) {
      if (!(error instanceof RequestFailure)) throw error
      this.#abort.signal.throwIfAborted()
      if (error.isPassing) result = 'failed'
      return error
    } finally {
      this.#parts.gate.left(result, startedAt)
    }
  }

  /** All requests wait, for this one shows that the server is in trouble. */
  #stayAway(failure: RequestFailure, inVain: number): void {
    const { gate, backoff } = this.#parts
    this.#inTrouble(`Elasticsearch does not take bulk requests, which are kept and tried again: ${failure.message}`)
    gate.closeFor(retryDelayMs(backoff, inVain))
    if (failure.retryAfterMs !== null) gate.holdFor(failure.retryAfterMs)
  }

  /** @returns false: what is not settled has to be sent again */
  async #settle(part: BatchPart, items: readonly ItemError[], tries: Tries): Promise<boolean> {
    const again: ItemError[] = []
    const refusals: Refusal[] = []
    const missing = new Set<string>()
    for (const item of items) {
      const operation = part.operation(item.index)
      const outcome = outcomeOf(item, operation)
      if (outcome === 'missing') missing.add(operation.index)
      if (outcome === 'passing' || outcome === 'missing') again.push(item)
      else refusals.push({ ...item, outcome })
    }
    const fatal = refusals.length === 0 ? null : await this.#parts.refused.report(part, refusals)
    settleAllBut(part, new Set([...this.#fatalOnes(refusals), ...toBeSentAgain(part, again, refusals)]))
    if (fatal !== null) throw fatal
    const [first] = again
    if (first === undefined) {
      this.#trouble.over('Elasticsearch takes all that it is sent again')
      return true
    }
    if (tries.attempts > this.#parts.maxRetries) throw bulkItemFailed(first.error, tries.attempts)
    tries.inVain = again.length < part.count ? 0 : tries.inVain + 1
    for (const index of missing) await this.#recreate(index)
    this.#inTrouble(
      `Elasticsearch puts off ${again.length} operations of ${part.count}, which are tried again: ${safeErrorText(first.error)}`,
    )
    this.onRoom()
    await sleep(retryDelayMs(this.#parts.backoff, Math.max(tries.inVain, 1)), undefined, { signal: this.#patience(tries.attempts) })
    return false
  }

  #fatalOnes(refusals: readonly Refusal[]): number[] {
    return refusals.filter((refusal) => this.#parts.refused.isFatal(refusal)).map(({ index }) => index)
  }

  #inTrouble(what: string): void {
    this.#trouble.trouble(what)
    this.onTrouble()
  }

  /** Where it cannot be done just now, the operation is refused again and brings us back here. */
  async #recreate(index: string): Promise<void> {
    try {
      await this.#parts.recreate(index)
    } catch (error) {
      if (!(error instanceof RetriableException)) throw error
      this.#inTrouble(error.message)
    }
  }

  /** A request of one operation was refused: the operation's fault, unless the server has not taken anything yet. */
  async #settleLonely({ part, failure }: Lonely): Promise<void> {
    if (failure.status !== 413 && this.#byteLimit.largestAccepted === 0) throw bulkFailed(failure, 1)
    const error = failure.serverError ?? { type: `http_${failure.status}`, reason: failure.message, causedBy: null }
    const refusal = { index: 0, outcome: 'malformed', status: failure.status, error } as const
    const fatal = await this.#parts.refused.report(part, [refusal])
    if (fatal !== null) throw fatal
    part.batch.settle(part.position(0))
  }
}

function toBeSentAgain(part: BatchPart, again: readonly ItemError[], refusals: readonly Refusal[]): ReadonlySet<number> {
  const indexes = new Set(again.map(({ index }) => index))
  if (indexes.size === 0) return indexes
  // a deletion that found nothing was done all the same
  const refused = new Set(refusals.filter(({ outcome }) => outcome !== 'gone').map(({ index }) => index))
  return new Set([...indexes, ...overtaking(part, indexes, refused)])
}

function settleAllBut(part: BatchPart, open: ReadonlySet<number>): void {
  if (open.size === 0 && part.isWhole) return
  for (let index = 0; index < part.count; index++) if (!open.has(index)) part.batch.settle(part.position(index))
}
