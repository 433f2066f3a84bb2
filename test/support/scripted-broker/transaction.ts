import type { PartitionRef } from './apis/api.ts'

type Outcome = 'commit' | 'abort'

interface PendingOffset extends PartitionRef {
  readonly groupId: string
  readonly offset: number
}

const [NONE, INVALID_PRODUCER_EPOCH, INVALID_TXN_STATE, INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED] = [0, 47, 48, 49, 90]

/** What a coordinator keeps of one transactional id: who its producer is, and what belongs to the open transaction. */
export class Transaction {
  readonly producerId: number
  producerEpoch = -1
  state: 'Empty' | 'Ongoing' | 'CompleteCommit' | 'CompleteAbort' = 'Empty'
  /** How every transaction ended, in order. */
  readonly ended: Outcome[] = []
  /** Null: the epoch is that of a new producer. */
  #epochBeforeBump: number | null = null
  readonly #partitions = new Set<string>()
  #offsets: PendingOffset[] = []
  /** Batches of the open transaction, then those of aborted ones. */
  #open = new Set<string>()
  readonly #aborted = new Set<string>()

  constructor(producerId: number) {
    this.producerId = producerId
  }

  /**
   * A producer takes the id, or the one that has it wants another epoch; when it asks again, because the answer was lost, it gets the
   * same one. @returns an error, 0: done
   */
  take(producerId: number, producerEpoch: number): number {
    const isKnown = this.producerEpoch >= 0 && producerId >= 0
    if (isKnown && producerId === this.producerId && producerEpoch === this.#epochBeforeBump) return NONE
    if (isKnown && (producerId !== this.producerId || producerEpoch !== this.producerEpoch)) return PRODUCER_FENCED
    if (this.state === 'Ongoing') this.#finish('abort')
    this.state = 'Empty'
    this.#epochBeforeBump = producerId >= 0 ? this.producerEpoch : null
    this.producerEpoch++
    return NONE
  }

  /** @param version of a request to the coordinator */
  check(producerId: number, producerEpoch: number, version: number): number {
    if (producerId !== this.producerId) return INVALID_PRODUCER_ID_MAPPING
    if (producerEpoch === this.producerEpoch) return NONE
    return version >= 2 ? PRODUCER_FENCED : INVALID_PRODUCER_EPOCH
  }

  addPartitions(partitions: readonly PartitionRef[]): void {
    this.state = 'Ongoing'
    for (const { topic, partition } of partitions) this.#partitions.add(`${topic}-${partition}`)
  }

  addGroup(groupId: string): void {
    this.addPartitions([{ topic: `group ${groupId}`, partition: 0 }])
  }

  addOffsets(groupId: string, offsets: readonly (PartitionRef & { readonly offset: number })[]): void {
    this.#offsets.push(...offsets.map((offset) => ({ ...offset, groupId })))
  }

  has(topic: string, partition: number): boolean {
    return this.state === 'Ongoing' && this.#partitions.has(`${topic}-${partition}`)
  }

  appended(topic: string, partition: number, baseOffset: number): void {
    this.#open.add(`${topic}-${partition}@${baseOffset}`)
  }

  hides(topic: string, partition: number, baseOffset: number): boolean {
    const batch = `${topic}-${partition}@${baseOffset}`
    return this.#open.has(batch) || this.#aborted.has(batch)
  }

  /** @returns an error, or the offsets that are committed by it */
  end(outcome: Outcome): number | readonly PendingOffset[] {
    if (this.state === 'Ongoing') return this.#finish(outcome)
    return this.state === stateAfter(outcome) ? [] : INVALID_TXN_STATE
  }

  #finish(outcome: Outcome): readonly PendingOffset[] {
    this.state = stateAfter(outcome)
    this.ended.push(outcome)
    if (outcome === 'abort') for (const batch of this.#open) this.#aborted.add(batch)
    const committed = outcome === 'commit' ? this.#offsets : []
    this.#open = new Set()
    this.#offsets = []
    this.#partitions.clear()
    return committed
  }
}

function stateAfter(outcome: Outcome): 'CompleteCommit' | 'CompleteAbort' {
  return outcome === 'commit' ? 'CompleteCommit' : 'CompleteAbort'
}
