import type { RecordTopics } from '../partition/record-log.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import type { StateStore } from '../state/state-store.ts'

const KEY = 'claimed'
const BLOCK = 1000
const LARGEST_GIVEN = 2 ** 51

/** Gives out producer ids, none twice: a block is written down before its first id is used. After a start a new block begins. */
export class ProducerIds {
  readonly #store: StateStore
  #next: number
  #end: number
  #claim: Promise<void> | null = null

  /** @param highestSeen of ids that partitions know: after a crash of the machine they may have records of a block that was not kept; -1: none */
  constructor(store: StateStore, highestSeen = -1) {
    this.#store = store
    this.#next = this.#end = Math.max(endOfClaimed(store), highestSeen + 1)
  }

  /** @throws ApiError COORDINATOR_LOAD_IN_PROGRESS, with which clients try again, when the block cannot be written */
  async next(): Promise<number> {
    while (this.#next === this.#end) await (this.#claim ??= this.#claimBlock())
    return this.#next++
  }

  async #claimBlock(): Promise<void> {
    const end = this.#end + BLOCK
    try {
      await this.#store.set('producer-ids', KEY, end)
      this.#end = end
    } catch (error) {
      throw new ApiError(Errors.COORDINATOR_LOAD_IN_PROGRESS, `The next block of producer ids could not be written: ${String(error)}`)
    } finally {
      this.#claim = null
    }
  }
}

function endOfClaimed(store: StateStore): number {
  for (const [key, value] of store.load('producer-ids')) if (key === KEY) return Number(value)
  return 0
}

/** @returns -1: no partition knows a producer. Ids as large as no broker gives them out are of clients that made up their own. */
export function highestProducerId(topics: RecordTopics): number {
  let highest = -1
  for (const { partitions } of topics.all())
    for (const log of partitions)
      for (const { producerId } of log.producers()) if (producerId < LARGEST_GIVEN) highest = Math.max(highest, producerId)
  return highest
}
