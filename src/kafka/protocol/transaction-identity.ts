import type { Writer } from './writer.ts'

/** How a producer names its transaction to coordinators. */
export interface TransactionIdentity {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
}

/** The three fields with which every request about a transaction begins. */
export function writeTransaction(writer: Writer, { transactionalId, producerId, producerEpoch }: TransactionIdentity): Writer {
  return writer.string(transactionalId).int64(producerId).int16(producerEpoch)
}
