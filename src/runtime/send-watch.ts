import { timeoutException } from '../kafka/errors.ts'
import type { Outage } from './outage.ts'
import type { SubmittedRecords } from './submitted-records.ts'

const checkMs = 1000
/** Checks without an acknowledgement after which it is news. */
const checksUntilOutage = 10

/**
 * Notices that Kafka acknowledges nothing. The producer waits and repeats by itself for as long as its configuration says, 24 days unless
 * changed, and its sends block when its buffer is full: the loop would be silent meanwhile. Costs the loop nothing: it looks at the
 * numbers once a second.
 */
export class SendWatch {
  readonly #submitted: SubmittedRecords
  readonly #outage: Outage
  readonly #onCheck: () => void
  #timer: NodeJS.Timeout | null = null
  #settled = 0
  #checks = 0

  /** @param onCheck called with each look */
  constructor(submitted: SubmittedRecords, outage: Outage, onCheck: () => void) {
    this.#submitted = submitted
    this.#outage = outage
    this.#onCheck = onCheck
  }

  start(): void {
    this.#timer = setInterval(() => this.#check(), checkMs)
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  #check(): void {
    this.#onCheck()
    const { settled, inFlight } = this.#submitted
    if (settled !== this.#settled || inFlight === 0) {
      this.#settled = settled
      this.#checks = 0
      this.#outage.over()
      return
    }
    this.#checks++
    if (this.#checks % checksUntilOutage !== 0) return
    const because = `Kafka has acknowledged none of ${inFlight} records for ${(this.#checks * checkMs) / 1000} s; the warnings of its producer say why`
    this.#outage.failed('Sending to Kafka', timeoutException(because), checksUntilOutage * checkMs)
  }
}
