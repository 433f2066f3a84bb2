import type { Logger } from '../../api/logger.ts'
import { positionText, type PositionInLog, type TruncatedPosition } from '../errors.ts'
import type { PartitionMetadata } from '../metadata.ts'
import type { EpochEnd } from '../protocol/offset-for-leader-epoch.ts'
import type { OffsetResetPolicy } from './offset-reset-policy.ts'
import { partitionName, placeOf, type PartitionState } from './subscription-state.ts'

/** What a leader's log says of a position: where the epoch of the last record read ends in it. */
export type Answer = Pick<EpochEnd, 'leaderEpoch' | 'endOffset'>

/**
 * Goes on at the position when the log has it, else where log and what was read part.
 * @returns what is wrong when `auto.offset.reset` is none, which forbids to move: the position stays doubtful
 */
export function compareWithLog(
  state: PartitionState,
  answer: Answer,
  leader: PartitionMetadata,
  policy: OffsetResetPolicy,
  log: Logger,
): TruncatedPosition | null {
  const divergent = divergentPlace(answer)
  if (divergent === null)
    return lookUpAnew(state, policy, log, `the log of ${leaderText(leader)} has no record of that epoch or an earlier one`)
  if (divergent.offset >= state.position) {
    state.trust()
    return null
  }
  // no leader loses records of its own epoch
  if (divergent.leaderEpoch === leader.leaderEpoch) {
    const end = `the log of ${leaderText(leader)} ends at offset ${divergent.offset} in the same epoch, in which a log only grows`
    return lookUpAnew(state, policy, log, `${end}; so it is another log, as of a topic made anew`)
  }
  if (policy.timestamp === null) return forbidden(state, divergent)
  cutOff(state, divergent, leader, log)
  return null
}

/** As `compareWithLog`, where nothing tells up to where the log has what was read. */
export function lookUpAnew(state: PartitionState, policy: OffsetResetPolicy, log: Logger, why: string): TruncatedPosition | null {
  if (policy.timestamp === null) return forbidden(state, null)
  log.warn(`${detected(state)} as auto.offset.reset=${policy.text} says: ${why}`)
  state.lookUp('reset', state.position)
  return null
}

function forbidden(state: PartitionState, divergent: PositionInLog | null): TruncatedPosition {
  return { topic: state.topic, partition: state.partition, position: placeOf(state), divergent }
}

/** Null: the log has no record of that epoch or an earlier one. */
function divergentPlace({ leaderEpoch, endOffset }: Answer): PositionInLog | null {
  return leaderEpoch < 0 || endOffset < 0 ? null : { offset: endOffset, leaderEpoch }
}

function cutOff(state: PartitionState, divergent: PositionInLog, leader: PartitionMetadata, log: Logger): void {
  log.warn(
    `${detected(state)} to the first offset known to diverge, ${positionText(divergent)}: the log of ${leaderText(leader)} has what was read ` +
      'only up to there, as after an unclean leader election. The cluster has lost what was read from there on; what it has there now is read',
  )
  state.cutOff(divergent.offset, divergent.leaderEpoch)
}

function detected(state: PartitionState): string {
  return `Truncation detected for partition ${partitionName(state)} at ${positionText(placeOf(state))}, resetting offset`
}

export function leaderText({ leader, leaderEpoch }: PartitionMetadata): string {
  return `leader ${leader} (epoch ${leaderEpoch})`
}
