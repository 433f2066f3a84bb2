import type { Clock } from '../clock.ts'
import type { ChangedSegments } from './changed-segments.ts'
import { FlushSchedule } from './flush-schedule.ts'
import { GroupFlush } from './group-flush.ts'
import type { LocalLog } from './local-log.ts'
import type { LogConfig } from './log-config.ts'
import type { LogHealth } from './log-health.ts'
import type { SnapshotFiles } from './snapshot-files.ts'
import type { LogFolder } from './storage/log-storage.ts'

export interface LogFlushOptions {
  readonly local: LocalLog
  readonly folder: LogFolder
  readonly changes: ChangedSegments
  readonly snapshots: SnapshotFiles
  readonly health: LogHealth
  readonly clock: Clock
  /** Everything before it is on disk already. */
  readonly trustedOffset: number
  /** `flushedOffset` moved. */
  readonly onFlushed: () => void
}

/**
 * Brings a log to disk: its records for those who wait for that (`flush.messages`), and at checkpoints its indexes and producers too, so that
 * the next start need not look at them.
 */
export class LogFlush {
  readonly #local: LocalLog
  readonly #folder: LogFolder
  readonly #changes: ChangedSegments
  readonly #snapshots: SnapshotFiles
  readonly #health: LogHealth
  readonly #group: GroupFlush
  readonly #schedule: FlushSchedule
  #recoveryPoint: number

  constructor({ local, folder, changes, snapshots, health, clock, trustedOffset, onFlushed }: LogFlushOptions) {
    this.#local = local
    this.#folder = folder
    this.#changes = changes
    this.#snapshots = snapshots
    this.#health = health
    this.#recoveryPoint = trustedOffset
    if (trustedOffset < local.endOffset) this.#noteRecovered()
    this.#group = new GroupFlush(trustedOffset, { endOffset: () => local.endOffset, sync: () => this.#sync(), flushed: onFlushed })
    this.#schedule = new FlushSchedule(clock, local.config, () => this.#group.begin(local.endOffset))
    this.#schedule.appended(this.#unsynced)
  }

  /** Everything before it survives a crash of the machine. */
  get flushedOffset(): number {
    return this.#group.flushedOffset
  }

  /** Whether the log is synced by its own `flush.ms`, and not to be synced every second. */
  get hasOwnTime(): boolean {
    return this.#schedule.hasOwnTime
  }

  /** Everything before it may be shown: all there is, or with `flush.messages=1` what was synced. */
  get safeOffset(): number {
    const { endOffset, config } = this.#local
    return config['flush.messages'] <= 1 ? Math.min(this.#group.flushedOffset, endOffset) : endOffset
  }

  /** Everything before it survives, with indexes and producers: the next start looks at what is behind it. */
  get recoveryPoint(): number {
    return this.#recoveryPoint
  }

  /**
   * Whether everything before an offset is as safe as the flush policy asks: null when it is, else a promise of it, which rejects with
   * KAFKA_STORAGE_ERROR when the disk refuses.
   */
  whenSafe(offset: number): Promise<void> | null {
    const { flushedOffset } = this.#group
    if (offset <= flushedOffset || this.#unsynced < this.#local.config['flush.messages']) return null
    return this.#group.wait(offset)
  }

  /** The log has more records than before: begins a sync when the flush policy asks for it now, or sees to it that there will be one. */
  appended(): void {
    this.#schedule.appended(this.#unsynced)
  }

  /** The log has another flush policy. */
  updateConfig(config: LogConfig): void {
    this.#schedule.updateConfig(config, this.#unsynced)
  }

  /** No sync begins by itself any more. */
  stop(): void {
    this.#schedule.stop()
  }

  /** Syncs everything that was appended before the call. */
  flush(): Promise<void> {
    return this.#group.wait(this.#local.endOffset)
  }

  /** Syncs the log, its indexes and its producers, which moves the recovery point. */
  async checkpoint(): Promise<void> {
    const { endOffset } = this.#local
    const changed = this.#changes.takeChanged()
    for (const segment of changed) segment.flushIndexes()
    this.#snapshots.take(endOffset)
    await this.flush()
    for (const segment of changed) await segment.syncIndexes()
    this.#recoveryPoint = endOffset
    this.#snapshots.removeOld(endOffset)
  }

  get #unsynced(): number {
    return this.#local.endOffset - this.#group.flushedOffset
  }

  /** What a crash left may be in the page cache only, files' names included. */
  #noteRecovered(): void {
    this.#changes.hasNewNames = true
    const { segments } = this.#local
    for (const segment of segments.all.slice(segments.indexOf(this.#recoveryPoint))) this.#changes.note(segment, segment.sizeBytes)
  }

  async #sync(): Promise<void> {
    this.#health.check()
    const segments = this.#changes.takeUnsynced()
    const { hasNewNames } = this.#changes
    this.#changes.hasNewNames = false
    try {
      for (const segment of segments) await segment.file.sync()
      if (hasNewNames) await this.#folder.syncNames()
    } catch (error) {
      // what the kernel could not write it forgets: nobody knows what is on disk, so nothing more is taken
      this.#health.fail(error)
      throw this.#health.storageError('cannot sync to disk, and takes nothing more until the broker is started again', error)
    }
  }
}
