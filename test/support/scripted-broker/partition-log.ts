import { readHeader, readRecords, type BatchHeader, type StoredRecord } from './record-batch.ts'

export interface AppendResult {
  readonly error: number
  readonly baseOffset: number
}

interface ProducerState {
  epoch: number
  /** The last five, as a broker remembers them. */
  batches: { readonly first: number; readonly last: number; readonly baseOffset: number }[]
}

const [NONE, CORRUPT_MESSAGE, MESSAGE_TOO_LARGE, OUT_OF_ORDER_SEQUENCE, INVALID_PRODUCER_EPOCH] = [0, 2, 10, 45, 47]

/** One partition: whole batches with their offsets, and what idempotent producers have written. */
export class PartitionLog {
  leader: number
  leaderEpoch = 0
  /** The follower that serves clients with a rack; -1: none. */
  readReplica = -1
  startOffset = 0
  endOffset = 0
  readonly batches: { readonly batch: Buffer; readonly header: BatchHeader }[] = []
  readonly #producers = new Map<number, ProducerState>()

  constructor(leader: number) {
    this.leader = leader
  }

  append(batch: Buffer, maxBytes: number): AppendResult {
    const header = readHeader(batch)
    if (!header.crcIsRight) return { error: CORRUPT_MESSAGE, baseOffset: -1 }
    if (batch.length > maxBytes) return { error: MESSAGE_TOO_LARGE, baseOffset: -1 }
    if (header.producerId < 0) return { error: NONE, baseOffset: this.store(batch) }
    return this.#appendInSequence(batch, header)
  }

  /** Appends without any check. */
  store(batch: Buffer): number {
    const own = Buffer.from(batch)
    const baseOffset = this.endOffset
    own.writeBigInt64BE(BigInt(baseOffset), 0)
    own.writeInt32BE(this.leaderEpoch, 12)
    const header = readHeader(own)
    this.batches.push({ batch: own, header })
    this.endOffset = baseOffset + header.lastOffsetDelta + 1
    return baseOffset
  }

  /** Whole batches from the one that holds `offset`, at least one, then up to `maxBytes`. */
  read(offset: number, maxBytes: number): Buffer {
    const found: Buffer[] = []
    let size = 0
    for (const { batch, header } of this.batches) {
      if (header.baseOffset + header.lastOffsetDelta < offset) continue
      if (found.length > 0 && size + batch.length > maxBytes) break
      found.push(batch)
      size += batch.length
    }
    return Buffer.concat(found)
  }

  /** What is lost when a replica becomes leader that has only what is before `offset`, which begins a batch. */
  truncate(offset: number): void {
    const kept = this.batches.filter(({ header }) => header.baseOffset < offset)
    this.batches.splice(0, Infinity, ...kept)
    this.endOffset = offset
  }

  /** As a leader answers OffsetForLeaderEpoch: where the last epoch up to that one ends; -1 when a later one is asked for than there was. */
  endOfEpoch(leaderEpoch: number): { readonly leaderEpoch: number; readonly endOffset: number } {
    const starts = this.#epochStarts()
    if (leaderEpoch > this.leaderEpoch) return { leaderEpoch: -1, endOffset: -1 }
    const next = starts.findIndex(({ epoch }) => epoch > leaderEpoch)
    if (next < 0) return { leaderEpoch: starts.at(-1)!.epoch, endOffset: this.endOffset }
    return { leaderEpoch: starts[next - 1]?.epoch ?? leaderEpoch, endOffset: starts[next]!.offset }
  }

  /** A leader counts its own epoch from where it found the log. */
  #epochStarts(): { readonly epoch: number; readonly offset: number }[] {
    const starts: { epoch: number; offset: number }[] = []
    for (const { batch, header } of this.batches) {
      const epoch = batch.readInt32BE(12)
      if (epoch !== starts.at(-1)?.epoch) starts.push({ epoch, offset: header.baseOffset })
    }
    if (starts.at(-1)?.epoch !== this.leaderEpoch) starts.push({ epoch: this.leaderEpoch, offset: this.endOffset })
    return starts
  }

  records(): StoredRecord[] {
    return this.batches.flatMap(({ batch }) => readRecords(batch)).filter(({ offset }) => offset >= this.startOffset)
  }

  forgetProducers(): void {
    this.#producers.clear()
  }

  #appendInSequence(batch: Buffer, { producerId, producerEpoch, baseSequence, count }: BatchHeader): AppendResult {
    const state = this.#producers.get(producerId) ?? { epoch: producerEpoch, batches: [] }
    if (producerEpoch < state.epoch) return { error: INVALID_PRODUCER_EPOCH, baseOffset: -1 }
    const isNewEpoch = producerEpoch > state.epoch
    const last = baseSequence + count - 1
    const known = isNewEpoch ? undefined : state.batches.find((each) => each.first === baseSequence && each.last === last)
    if (known !== undefined) return { error: NONE, baseOffset: known.baseOffset }
    const previous = state.batches.at(-1)
    const expected = isNewEpoch ? 0 : previous === undefined ? baseSequence : previous.last + 1
    if (baseSequence !== expected) return { error: OUT_OF_ORDER_SEQUENCE, baseOffset: -1 }
    const baseOffset = this.store(batch)
    const batches = [...(isNewEpoch ? [] : state.batches), { first: baseSequence, last, baseOffset }].slice(-5)
    this.#producers.set(producerId, { epoch: producerEpoch, batches })
    return { error: NONE, baseOffset }
  }
}
