import type { Logger } from '../../api/logger.ts'
import type { Clock } from '../clock.ts'
import { LogStateStore, STATE_CONFIG, STATE_IDENTITY } from '../state/log-state-store.ts'
import type { StateStore } from '../state/state-store.ts'
import type { LogConfig } from './log-config.ts'
import type { PartitionLog } from './partition-log.ts'
import { PartitionVolume, type PartitionIdentity } from './partition-volume.ts'
import { Repeating } from './repeating.ts'
import { FileVolume } from './storage/file-storage.ts'
import { MemoryVolume } from './storage/memory-storage.ts'

/** With so much appended, or after so long, everything is written down that an unclean start would have to read again. */
const CHECKPOINT_BYTES = 64 * 1024 * 1024
const CHECKPOINT_MS = 60_000
// Kafka's defaults of log.retention.check.interval.ms, log.cleaner.backoff.ms and producer.id.expiration.ms
const RETENTION_CHECK_MS = 300_000
const CLEANER_BACKOFF_MS = 15_000
const PRODUCER_EXPIRATION_MS = 86_400_000

export interface LogDirectoryOptions {
  /** `log.dirs`; null: in memory. */
  readonly dirs: readonly string[] | null
  readonly clock: Clock
  readonly log: Logger
  /** Called when a partition's high watermark or last stable offset moved. */
  readonly onAdvance: (log: PartitionLog) => void
  /** How often what was appended is synced, where a log has no `flush.ms` of its own; default: every second. */
  readonly flushIntervalMs?: number
  /** How often logs are searched for segments past retention; default: every five minutes. */
  readonly retentionCheckMs?: number
  /** How often compacted logs are looked at; default: every 15 seconds. */
  readonly cleanerBackoffMs?: number
  /** After how long a producer that wrote nothing is forgotten; default: a day. */
  readonly producerExpirationMs?: number
  /** Every change of the broker's own state is synced before it counts; default: false. */
  readonly syncState?: boolean
}

/** All partitions' logs of a broker, in one or several directories, and what is done to them in the background. */
export class LogDirectory {
  readonly stateStore: StateStore
  readonly #volumes: readonly PartitionVolume[]
  readonly #options: LogDirectoryOptions
  readonly #background: readonly Repeating[]
  #checkpointedAt: number

  /** Reads what the directories have. Partitions are loaded when they are asked for. */
  static async open(options: LogDirectoryOptions): Promise<LogDirectory> {
    const { dirs, log, clock } = options
    const stored = dirs === null ? [new MemoryVolume()] : dirs.map((dir) => new FileVolume(dir, log))
    const volumes = stored.map((volume) => new PartitionVolume(volume, { log, clock }))
    const largestEpoch = Math.max(...volumes.map((volume) => volume.largestEpoch))
    for (const volume of volumes) await volume.begin(largestEpoch + 1)
    return new LogDirectory(volumes, options)
  }

  private constructor(volumes: readonly PartitionVolume[], options: LogDirectoryOptions) {
    this.#volumes = volumes
    this.#options = options
    this.#checkpointedAt = options.clock.now()
    const config = options.syncState === true ? { ...STATE_CONFIG, 'flush.messages': 1 } : STATE_CONFIG
    this.stateStore = new LogStateStore(this.#volumeFor(STATE_IDENTITY).open(STATE_IDENTITY, config, () => undefined))
    this.#background = [
      new Repeating(options.clock, options.flushIntervalMs ?? 1000, () => this.#flush()),
      new Repeating(options.clock, options.retentionCheckMs ?? RETENTION_CHECK_MS, () => this.#removeOld()),
      new Repeating(options.clock, options.cleanerBackoffMs ?? CLEANER_BACKOFF_MS, () => this.#clean()),
    ]
  }

  /** Whether the last stop wrote everything down; true for new directories. */
  get wasCleanlyStopped(): boolean {
    return this.#volumes.every((volume) => volume.wasCleanlyStopped)
  }

  /** The log of a partition, made where there is none yet. */
  partition(identity: PartitionIdentity, config: LogConfig): PartitionLog {
    return this.#volumeFor(identity).open(identity, config, this.#options.onAdvance)
  }

  /** Gone at once; its files are removed in the background. Resolves when a new log with its name can be taken for it by no start. */
  delete(log: PartitionLog): Promise<void> {
    const deleted = this.#volumes.find((volume) => volume.has(log))?.delete(log)
    this.#options.onAdvance(log)
    return deleted ?? Promise.resolve()
  }

  /**
   * Takes what belongs to no topic out of use, and brings the leader epochs to disk. Called when all partitions were asked for, and before
   * they are used.
   */
  async settle(): Promise<void> {
    for (const volume of this.#volumes) {
      await volume.setStraysAside()
      await volume.keepLeaderEpochs()
    }
  }

  /** Directories with the logs in them, for DescribeLogDirs. */
  directories(): readonly { readonly path: string; readonly logs: readonly PartitionLog[] }[] {
    return this.#volumes.map((volume) => ({
      path: volume.name,
      logs: [...volume.logs].filter((log) => log.topic !== STATE_IDENTITY.topic),
    }))
  }

  /** Syncs everything and marks the stop as clean. */
  async close(): Promise<void> {
    await Promise.all(this.#background.map((work) => work.stop()))
    for (const volume of this.#volumes) await volume.close()
  }

  #volumeFor(identity: PartitionIdentity): PartitionVolume {
    const holding = this.#volumes.find((volume) => volume.holds(identity))
    if (holding !== undefined) return holding
    const [first, ...others] = this.#volumes
    if (first === undefined) throw new RangeError('A broker needs one directory at least (log.dirs)')
    return others.reduce((least, volume) => (volume.logCount < least.logCount ? volume : least), first)
  }

  async #flush(): Promise<void> {
    try {
      for (const volume of this.#volumes) await volume.flush()
      if (this.#isCheckpointDue()) await this.#checkpoint()
    } catch (error) {
      this.#options.log.error('The logs could not be written down; the next start has more to check', error)
    }
  }

  async #removeOld(): Promise<void> {
    for (const volume of this.#volumes) await volume.removeOld(this.#options.producerExpirationMs ?? PRODUCER_EXPIRATION_MS)
  }

  async #clean(): Promise<void> {
    for (const volume of this.#volumes) await volume.clean(this.#options.clock.now())
  }

  #isCheckpointDue(): boolean {
    const bytes = this.#volumes.reduce((sum, volume) => sum + volume.bytesSinceCheckpoint, 0)
    return bytes >= CHECKPOINT_BYTES || this.#options.clock.now() - this.#checkpointedAt >= CHECKPOINT_MS
  }

  async #checkpoint(): Promise<void> {
    this.#checkpointedAt = this.#options.clock.now()
    for (const volume of this.#volumes) await volume.checkpoint()
  }
}
