import type { Props } from '../../api/props.ts'
import { topicConfigDef } from '../topic/topic-config-keys.ts'

const MS_PER_MINUTE = 60_000
const MS_PER_HOUR = 3_600_000

/** A key of the broker that gives topics a default, and what its number is multiplied with. */
type Synonym = readonly [brokerKey: string, factor: number]

const one = (brokerKey: string): readonly Synonym[] => [[brokerKey, 1]]

/**
 * Keys of a topic whose default comes from the broker: of its keys the first that has a value. Apache Kafka 4.3.1,
 * ServerTopicConfigSynonyms.
 */
export const TOPIC_SYNONYMS: ReadonlyMap<string, readonly Synonym[]> = new Map([
  ['cleanup.policy', one('log.cleanup.policy')],
  ['compression.gzip.level', one('compression.gzip.level')],
  ['compression.lz4.level', one('compression.lz4.level')],
  ['compression.type', one('compression.type')],
  ['compression.zstd.level', one('compression.zstd.level')],
  ['delete.retention.ms', one('log.cleaner.delete.retention.ms')],
  ['file.delete.delay.ms', one('log.segment.delete.delay.ms')],
  ['flush.messages', one('log.flush.interval.messages')],
  [
    'flush.ms',
    [
      ['log.flush.interval.ms', 1],
      ['log.flush.scheduler.interval.ms', 1],
    ],
  ],
  ['index.interval.bytes', one('log.index.interval.bytes')],
  ['local.retention.bytes', one('log.local.retention.bytes')],
  ['local.retention.ms', one('log.local.retention.ms')],
  ['max.compaction.lag.ms', one('log.cleaner.max.compaction.lag.ms')],
  ['max.message.bytes', one('message.max.bytes')],
  ['message.timestamp.after.max.ms', one('log.message.timestamp.after.max.ms')],
  ['message.timestamp.before.max.ms', one('log.message.timestamp.before.max.ms')],
  ['message.timestamp.type', one('log.message.timestamp.type')],
  ['min.cleanable.dirty.ratio', one('log.cleaner.min.cleanable.ratio')],
  ['min.compaction.lag.ms', one('log.cleaner.min.compaction.lag.ms')],
  ['min.insync.replicas', one('min.insync.replicas')],
  ['preallocate', one('log.preallocate')],
  ['retention.bytes', one('log.retention.bytes')],
  [
    'retention.ms',
    [
      ['log.retention.ms', 1],
      ['log.retention.minutes', MS_PER_MINUTE],
      ['log.retention.hours', MS_PER_HOUR],
    ],
  ],
  ['segment.bytes', one('log.segment.bytes')],
  ['segment.index.bytes', one('log.index.size.max.bytes')],
  [
    'segment.jitter.ms',
    [
      ['log.roll.jitter.ms', 1],
      ['log.roll.jitter.hours', MS_PER_HOUR],
    ],
  ],
  [
    'segment.ms',
    [
      ['log.roll.ms', 1],
      ['log.roll.hours', MS_PER_HOUR],
    ],
  ],
  ['unclean.leader.election.enable', one('unclean.leader.election.enable')],
])

/**
 * What the broker's keys give topics that do not set theirs.
 * @param valueOf a broker's key; null: it has no value
 */
export function topicProps(valueOf: (brokerKey: string) => string | null): Props {
  const props: Record<string, string> = {}
  for (const [topicKey, synonyms] of TOPIC_SYNONYMS) {
    for (const [brokerKey, factor] of synonyms) {
      const text = valueOf(brokerKey)
      if (text === null) continue
      props[topicKey] = scaledText(text, factor)
      break
    }
  }
  return props
}

/** @throws ConfigException for the first value that topics, which have narrower limits for some, cannot use */
export function checkTopicProps(brokerProps: Props): void {
  topicConfigDef.parse(topicProps((key) => brokerProps[key]?.trim() ?? null))
}

/** The topic's value in milliseconds for a broker's in minutes or hours; a negative one is "for ever" in every unit. */
export function scaledText(text: string, factor: number): string {
  if (factor === 1) return text
  return Number(text) < 0 ? '-1' : String(Number(text) * factor)
}
