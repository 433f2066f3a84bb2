import type { Logger } from '../../api/logger.ts'
import { positionText } from '../errors.ts'
import type { PartitionMetadata, TopicMetadata } from '../metadata.ts'
import { partitionName, placeOf, type PartitionState } from './subscription-state.ts'

/**
 * Takes in who leads a partition. A leader is new when it is another broker, or was elected again: it may have lost records meanwhile,
 * so the position is in doubt from then on. A topic made anew is another log altogether, of which nothing was read.
 * Apache Kafka 4.3, SubscriptionState#maybeValidatePositionForCurrentLeader, which does not tell topics made anew from others.
 */
export function followLeader(state: PartitionState, { id }: TopicMetadata, { leader, leaderEpoch }: PartitionMetadata, log: Logger): void {
  const isOtherTopic = state.topicId !== null && id !== null && state.topicId !== id
  if (state.leader === leader && state.leaderEpoch === leaderEpoch && !isOtherTopic) return
  const isFirst = state.leader < 0
  // a topic made anew counts its epochs anew, also where brokers tell no ids
  if (leaderEpoch < state.leaderEpoch) state.minLeaderEpoch = -1
  state.leader = leader
  state.leaderEpoch = leaderEpoch
  state.topicId = id
  if (isFirst) return
  state.preferredReplica = -1
  if (state.startAt !== null) return
  if (isOtherTopic) startAnew(state, log)
  else if (state.offsetEpoch >= 0 && leaderEpoch >= 0) state.doubt()
}

function startAnew(state: PartitionState, log: Logger): void {
  const place = placeOf(state)
  log.warn(
    `The topic of partition ${partitionName(state)} was deleted and made anew: ${positionText(place)} was a position in the old one. ` +
      'The new one is read from where auto.offset.reset says',
  )
  state.lookUp('reset', place.offset)
}
