import type { RecordLog, RecordTopics } from '../partition/record-log.ts'
import type { TransactionRecord } from './transaction-record.ts'

/** No other coordinator ever was. */
export const COORDINATOR_EPOCH = 0

/** The offsets that transactions commit. */
export interface TransactionalGroups {
  /** Makes the pending offsets of a producer those of their groups, or forgets them. May be called again after a crash. */
  completeTransaction(producerId: number, commit: boolean): void | Promise<void>
}

/**
 * Carries out a decided end: the marker on every partition, then the groups' offsets. Resolves when both are as safe as the flush policy asks.
 * It may be done again after a crash: a marker where no transaction is open changes nothing. A partition that was deleted needs none.
 */
export async function carryOut(
  { producerId, producerEpoch, partitions, state }: TransactionRecord,
  topics: RecordTopics,
  groups: TransactionalGroups,
): Promise<void> {
  const isCommit = state === 'PrepareCommit'
  const marking: Promise<void>[] = []
  for (const [topic, indexes] of partitions)
    for (const index of indexes) {
      const log = topics.partition(topic, index)
      if (log !== null) marking.push(mark(log, producerId, producerEpoch, isCommit))
    }
  await Promise.all(marking)
  await groups.completeTransaction(producerId, isCommit)
}

async function mark(log: RecordLog, producerId: number, producerEpoch: number, isCommit: boolean): Promise<void> {
  const offset = log.appendMarker(producerId, producerEpoch, isCommit ? 'commit' : 'abort', COORDINATOR_EPOCH)
  await log.whenSafe(offset + 1)
}

/**
 * Aborts what no coordinator knows: after an operating system's crash a partition may have records whose transaction was never written, or
 * lack the marker of one that was complete. Only for starts, when no transaction is open any more.
 * @returns how many were ended
 */
export async function abortOrphans(topics: RecordTopics): Promise<number> {
  const marking: Promise<void>[] = []
  for (const { partitions } of topics.all())
    for (const log of partitions) {
      if (log.lastStableOffset === log.logEndOffset) continue
      for (const { producerId, producerEpoch, currentTxnStartOffset } of [...log.producers()])
        if (currentTxnStartOffset >= 0) marking.push(mark(log, producerId, producerEpoch, false))
    }
  await Promise.all(marking)
  return marking.length
}
