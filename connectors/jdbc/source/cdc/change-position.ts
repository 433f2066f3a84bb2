import { ConnectException, type SourceOffset } from 'standpipe/api'
import { lsnText, parseLsn } from './lsn.ts'

/** Where the reading of changes stands. Immutable. */
export interface ChangePosition {
  /** Of the commit; of a snapshot, the log from which on changes follow it. */
  readonly lsn: bigint
  readonly transaction: number
  /** Of the change in its transaction, from 1. */
  readonly sequence: number
  /** The snapshot is not read to its end: after a restart there is another one. */
  readonly isSnapshot: boolean
}

/** As it is stored. */
export function offsetOfChange({ lsn, transaction, sequence, isSnapshot }: ChangePosition): SourceOffset {
  const offset = { lsn: lsnText(lsn), txId: transaction, seq: sequence }
  return isSnapshot ? { snapshot: true, ...offset } : offset
}

/** @throws ConnectException for an offset that is none of ours */
export function changePositionOf(offset: SourceOffset): ChangePosition {
  const { lsn: text, txId, seq, snapshot } = offset
  const lsn = typeof text === 'string' ? parseLsn(text) : null
  if (lsn === null)
    throw new ConnectException(`The stored offset ${JSON.stringify(offset)} names no place in the log. Remove it to begin with a snapshot.`)
  return { lsn, transaction: Number(txId ?? 0), sequence: Number(seq ?? 0), isSnapshot: snapshot === true }
}

/** Whether a change is behind the position, and so is new. */
export function isBehind(position: ChangePosition, lsn: bigint, sequence: number): boolean {
  return lsn > position.lsn || (lsn === position.lsn && sequence > position.sequence)
}
