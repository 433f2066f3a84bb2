import type { RawClient } from '../support/raw-client.ts'
import type { Found } from '../support/services/found.ts'

/** What every target is started with. Short times, so that the cases about them are quick. */
export const SERVER_PROPERTIES = {
  'num.partitions': '1',
  'auto.create.topics.enable': 'true',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '50',
  'offset.metadata.max.bytes': '100',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '200',
  'log.retention.check.interval.ms': '300',
  'log.initial.task.delay.ms': '100',
  'log.cleaner.backoff.ms': '100',
  'delete.records.purgatory.purge.interval.requests': '1',
} as const

export interface RunningTarget {
  /** host:port of its PLAINTEXT listener. */
  readonly address: string
  readonly stop: () => Promise<void>
}

/** A broker that the suite is run against. */
export interface ConformanceTarget {
  readonly name: 'Apache Kafka 4.3.1' | 'the embedded broker'
  /** Java Connect's distributed worker is tried, too: on one target only, since its start takes 20 seconds of CPU. */
  readonly takesCluster: boolean
  /** Started with SERVER_PROPERTIES, or why it could not be. Stopped by the suite. */
  readonly running: Found<RunningTarget>
}

/** What the cases see of the target; only inside of tests. */
export interface Stage {
  readonly address: string
  /** A connection that ends with the test. */
  readonly connect: () => Promise<RawClient>
}
