const SEQUENCES = 2 ** 31

/**
 * Where one partition stands in the idempotent producer's sequence. The broker keeps producer id, epoch and sequence per partition,
 * so each partition raises its own epoch without asking anyone; the others go on.
 *
 * - `whole`: what was sent follows without a gap. Batches go out, several at a time.
 * - `hole`: a batch was given up and nobody knows whether the broker has it. Batches that have a sequence finish under it first
 *   (the broker tells a repeated one from a new one), then the epoch is raised.
 * - `gap`: the broker misses a sequence for good. Once nothing is on its way the epoch is raised, and all that wait start anew from 0.
 * - `lost`: as `gap`, but the producer id itself is no longer accepted: a new one is taken.
 */
export type SequenceState = 'whole' | 'hole' | 'gap' | 'lost'

export class PartitionSequence {
  /** -1: not taken yet. */
  producerId = -1
  producerEpoch = -1
  state: SequenceState = 'whole'
  /** The broker has a batch of this id and epoch. Until then it takes any sequence for the first, so only one may be on its way. */
  isEstablished = false
  /** Batches that were given a sequence. */
  stampedBatches = 0
  #next = 0

  /** Gives the sequences of a batch away. They wrap from 2^31-1 to 0. */
  take(recordCount: number): number {
    const first = this.#next
    this.stampedBatches++
    this.#next = (first + recordCount) % SEQUENCES
    return first
  }

  restart(producerId: number, producerEpoch: number): void {
    this.producerId = producerId
    this.producerEpoch = producerEpoch
    this.#next = 0
    this.state = 'whole'
    this.isEstablished = false
  }
}
