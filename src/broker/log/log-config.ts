/**
 * What a partition's log wants to know of its topic, by the topic configs' own names. Whoever keeps topic configs hands over what it parsed.
 * Sizes are bytes, times are milliseconds; -1 means without limit where Kafka says so.
 */
export interface LogConfig {
  readonly 'cleanup.policy': readonly string[]
  /** `producer`: batches stay as they come; else `uncompressed` or a codec. */
  readonly 'compression.type': string
  readonly 'compression.gzip.level': number
  readonly 'compression.zstd.level': number
  readonly 'delete.retention.ms': number
  readonly 'flush.messages': number
  readonly 'flush.ms': number
  readonly 'index.interval.bytes': number
  readonly 'max.compaction.lag.ms': number
  readonly 'max.message.bytes': number
  readonly 'message.timestamp.after.max.ms': number
  readonly 'message.timestamp.before.max.ms': number
  /** `CreateTime` or `LogAppendTime`. */
  readonly 'message.timestamp.type': string
  readonly 'min.cleanable.dirty.ratio': number
  readonly 'min.compaction.lag.ms': number
  readonly 'retention.bytes': number
  readonly 'retention.ms': number
  readonly 'segment.bytes': number
  readonly 'segment.index.bytes': number
  readonly 'segment.ms': number
}

const HOUR = 3_600_000
const FOR_EVER = Number.MAX_SAFE_INTEGER

/** Kafka's defaults, for logs that belong to no topic. */
export const DEFAULT_LOG_CONFIG: LogConfig = {
  'cleanup.policy': ['delete'],
  'compression.type': 'producer',
  'compression.gzip.level': -1,
  'compression.zstd.level': 3,
  'delete.retention.ms': 24 * HOUR,
  'flush.messages': FOR_EVER,
  'flush.ms': FOR_EVER,
  'index.interval.bytes': 4096,
  'max.compaction.lag.ms': FOR_EVER,
  'max.message.bytes': 1_048_588,
  'message.timestamp.after.max.ms': HOUR,
  'message.timestamp.before.max.ms': FOR_EVER,
  'message.timestamp.type': 'CreateTime',
  'min.cleanable.dirty.ratio': 0.5,
  'min.compaction.lag.ms': 0,
  'retention.bytes': -1,
  'retention.ms': 7 * 24 * HOUR,
  'segment.bytes': 1024 * 1024 * 1024,
  'segment.index.bytes': 10 * 1024 * 1024,
  'segment.ms': 7 * 24 * HOUR,
}
