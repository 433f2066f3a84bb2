import type { Logger } from '../../api/logger.ts'
import type { Clock } from '../clock.ts'
import { cleanIfDue } from './cleaner/log-cleaner.ts'
import { LeaderEpochCheckpoint } from './leader-epoch-checkpoint.ts'
import { LeaderEpochs } from './leader-epochs.ts'
import type { LogConfig } from './log-config.ts'
import { OffsetCheckpoint } from './offset-checkpoint.ts'
import { PartitionLog, type PartitionLogOptions } from './partition-log.ts'
import type { LogVolume } from './storage/log-storage.ts'

const CLEAN_MARKER = '.kafka_cleanshutdown'
const METADATA_FILE = 'partition.metadata'
const DELETED = '-delete'
const STRAY = '-stray'
const MAX_NAME_BYTES = 255
const UNSYNCED = 'could not be synced; the next start checks it'

export interface PartitionIdentity {
  readonly topic: string
  readonly partition: number
  /** Base64url text as Kafka prints it. A folder of another id belongs to a topic that is gone. */
  readonly topicId: string
}

export interface VolumeOptions {
  readonly log: Logger
  readonly clock: Clock
}

/** One of the directories of `log.dirs`: its partitions, and the files that say how far they need no check. Files and names are Kafka's. */
export class PartitionVolume {
  readonly wasCleanlyStopped: boolean
  readonly #volume: LogVolume
  readonly #options: VolumeOptions
  readonly #logs = new Map<string, PartitionLog>()
  readonly #folders: Set<string>
  readonly #recoveryPoints: OffsetCheckpoint
  readonly #startOffsets: OffsetCheckpoint
  readonly #cleanedOffsets: OffsetCheckpoint
  readonly #leaderEpochs: LeaderEpochCheckpoint
  readonly #knownRecoveryPoints: Map<string, number>
  readonly #knownStartOffsets: Map<string, number>
  readonly #knownCleanedOffsets: Map<string, number>
  readonly #knownLeaderEpochs: Map<string, LeaderEpochs>
  readonly #isNew: boolean
  /** Of partitions without a folder. */
  #firstEpoch = 0
  readonly #removals = new Set<Promise<void>>()

  constructor(volume: LogVolume, options: VolumeOptions) {
    this.#volume = volume
    this.#options = options
    this.#folders = new Set(volume.folders())
    this.#isNew = this.#folders.size === 0
    this.wasCleanlyStopped = this.#isNew || volume.root.readAll(CLEAN_MARKER) !== null
    this.#recoveryPoints = new OffsetCheckpoint(volume.root, 'recovery-point-offset-checkpoint')
    this.#startOffsets = new OffsetCheckpoint(volume.root, 'log-start-offset-checkpoint')
    this.#cleanedOffsets = new OffsetCheckpoint(volume.root, 'cleaner-offset-checkpoint')
    this.#knownRecoveryPoints = this.#recoveryPoints.read()
    this.#knownStartOffsets = this.#startOffsets.read()
    this.#knownCleanedOffsets = this.#cleanedOffsets.read()
    this.#leaderEpochs = new LeaderEpochCheckpoint(volume.root)
    this.#knownLeaderEpochs = this.#leaderEpochs.read()
    for (const folder of this.#folders) if (folder.endsWith(DELETED)) this.#remove(folder)
  }

  /** The largest leader epoch that clients may have heard of; -1: nobody heard of any. */
  get largestEpoch(): number {
    let largest = this.#isNew ? -1 : 0
    for (const { current } of this.#knownLeaderEpochs.values()) largest = Math.max(largest, current)
    return largest
  }

  /**
   * Says that the next start is no clean one, unless there is a clean stop before. Called before anything is appended.
   * @param epochOfMissing leader epoch of partitions that should be there, and are not
   */
  async begin(epochOfMissing: number): Promise<void> {
    this.#firstEpoch = epochOfMissing
    if (!this.wasCleanlyStopped) return
    this.#volume.root.remove(CLEAN_MARKER)
    await this.#volume.root.syncNames()
  }

  get name(): string {
    return this.#volume.name
  }

  get logs(): Iterable<PartitionLog> {
    return this.#logs.values()
  }

  get logCount(): number {
    return this.#logs.size
  }

  has(log: PartitionLog): boolean {
    return this.#logs.get(log.name) === log
  }

  /** Whether there is a folder of the partition, from this topic id. */
  holds({ topic, partition, topicId }: PartitionIdentity): boolean {
    const name = `${topic}-${partition}`
    if (!this.#folders.has(name)) return false
    const id = topicIdIn(this.#volume.folder(name).readAll(METADATA_FILE))
    return id === null || id === topicId
  }

  open(identity: PartitionIdentity, config: LogConfig, onAdvance: (log: PartitionLog) => void): PartitionLog {
    const { topic, partition, topicId } = identity
    const name = `${topic}-${partition}`
    const isKept = this.holds(identity)
    if (!isKept && this.#folders.has(name)) this.#discard(name)
    const folder = this.#volume.folder(name)
    if (!isKept || folder.readAll(METADATA_FILE) === null) writeTopicId(folder.open(METADATA_FILE), topicId)
    this.#folders.add(name)
    const known = this.#known(name, isKept)
    const log = new PartitionLog({ topic, partition, folder, config, onAdvance, ...known, ...this.#options })
    if (isKept && !(this.wasCleanlyStopped && log.logEndOffset === known.recoveryPoint)) log.beginLeaderEpoch()
    log.cleanedOffset = isKept ? (this.#knownCleanedOffsets.get(name) ?? 0) : 0
    this.#logs.set(name, log)
    return log
  }

  /**
   * Makes sure that no epoch of now is ever begun again. Called when all partitions that there are were opened, before clients hear of them;
   * those that are opened from then on are new.
   * @throws errors of the file system
   */
  async keepLeaderEpochs(): Promise<void> {
    this.#firstEpoch = 0
    await this.#leaderEpochs.write(this.#logs.values())
  }

  /** Takes the log away at once; its folder is removed in the background. Resolves when nothing on disk is said of it any more. */
  async delete(log: PartitionLog): Promise<void> {
    log.abandon()
    this.#logs.delete(log.name)
    this.#discard(log.name)
    await this.#forgetGone()
  }

  /**
   * Sets aside folders of partitions that were not opened, as Kafka does: a kill ended their deletion, or what knew of their topics is lost.
   * Nothing on disk is said of them any more.
   */
  async setStraysAside(): Promise<void> {
    const saysSomething = this.#knownRecoveryPoints.size > 0 || this.#knownStartOffsets.size > 0 || this.#knownCleanedOffsets.size > 0
    for (const folder of [...this.#folders]) {
      if (this.#logs.has(folder) || !/-\d+$/.test(folder)) continue
      const aside = markedName(folder, STRAY)
      this.#options.log.warn(
        `${folder} in ${this.name} belongs to no topic, and is ${aside} from now on: remove it when nobody misses its records`,
      )
      this.#volume.renameFolder(folder, aside)
      this.#forget(folder)
    }
    if (saysSomething) await this.#forgetGone()
  }

  /** Syncs what was appended to logs without a flush time of their own; one that cannot says so to those who wait, and to the logger. */
  async flush(): Promise<void> {
    for (const log of [...this.#logs.values()])
      if (!log.hasOwnFlushTime && log.flushedOffset < log.logEndOffset) await this.#try(log, UNSYNCED, () => log.flush())
    await this.#writeStartOffsets()
  }

  get bytesSinceCheckpoint(): number {
    let sum = 0
    for (const log of this.#logs.values()) sum += log.bytesSinceCheckpoint
    return sum
  }

  /** Makes an unclean start cheap: it has to check only what is appended from now on. */
  async checkpoint(): Promise<void> {
    for (const log of [...this.#logs.values()]) if (log.bytesSinceCheckpoint > 0) await this.#try(log, UNSYNCED, () => log.checkpoint())
    await this.#writeRecoveryPoints()
  }

  /** Removes what is past retention, and forgets producers that wrote nothing for long. */
  async removeOld(producerExpirationMs: number): Promise<void> {
    for (const log of [...this.#logs.values()]) {
      await this.#try(log, 'could not be searched for records past retention', async () => {
        log.expireProducers(producerExpirationMs)
        log.deleteOldSegments()
      })
    }
    await this.#try(null, 'could not be told where its logs start', () => this.#writeStartOffsets())
  }

  /** Cleans compacted logs that are due, one after the other. */
  async clean(now: number): Promise<void> {
    for (const log of [...this.#logs.values()]) {
      const isCleaned = await this.#try(log, 'could not be cleaned', async () => {
        if (await cleanIfDue(log, now, () => this.#secure(log))) await this.#writeCleanedOffsets()
      })
      if (!isCleaned) log.cleanedOffset = 0
    }
  }

  /** The clean stop. */
  async close(): Promise<void> {
    const logs = [...this.#logs.values()]
    let isClean = true
    for (const log of logs) isClean = (await this.#try(log, UNSYNCED, () => log.close())) && isClean
    await this.#writeRecoveryPoints()
    await this.#writeStartOffsets()
    await Promise.all(this.#removals)
    if (isClean) await this.#volume.root.replace(CLEAN_MARKER, Buffer.from('{"version":0,"brokerEpoch":-1}'))
  }

  /** @returns whether it went well; a log that is gone meanwhile has nothing to complain of */
  async #try(log: PartitionLog | null, complaint: string, action: () => Promise<unknown>): Promise<boolean> {
    try {
      await action()
      return true
    } catch (error) {
      if (log !== null && !this.has(log)) return true
      this.#options.log.error(`${log === null ? this.name : `${log.name} in ${this.name}`} ${complaint}`, error)
      return false
    }
  }

  async #secure(log: PartitionLog): Promise<void> {
    await log.checkpoint()
    await this.#writeRecoveryPoints()
  }

  #writeRecoveryPoints(): Promise<void> {
    return this.#recoveryPoints.write([...this.#logs.values()].map((log) => [log.topic, log.partition, log.recoveryPoint]))
  }

  #writeStartOffsets(): Promise<void> {
    const logs = [...this.#logs.values()].filter((log) => log.logStartOffset > 0)
    return this.#startOffsets.write(logs.map((log) => [log.topic, log.partition, log.logStartOffset]))
  }

  #writeCleanedOffsets(): Promise<void> {
    const logs = [...this.#logs.values()].filter((log) => log.cleanedOffset > 0)
    return this.#cleanedOffsets.write(logs.map((log) => [log.topic, log.partition, log.cleanedOffset]))
  }

  /** After a crash, what is said of logs that are gone would be believed of new ones with their names. */
  async #forgetGone(): Promise<void> {
    await Promise.resolve() // several logs go in one turn
    await this.#try(null, 'could not be told which logs are gone', async () => {
      await this.#writeRecoveryPoints()
      await this.#writeStartOffsets()
      await this.#writeCleanedOffsets()
      await this.#leaderEpochs.write(this.#logs.values())
    })
  }

  #known(name: string, isKept: boolean): Pick<PartitionLogOptions, 'recoveryPoint' | 'logStartOffset' | 'leaderEpochs'> {
    if (!isKept) return { recoveryPoint: 0, logStartOffset: 0, leaderEpochs: new LeaderEpochs({ epoch: this.#firstEpoch, startOffset: 0 }) }
    const [recoveryPoint = 0, logStartOffset = 0] = [this.#knownRecoveryPoints.get(name), this.#knownStartOffsets.get(name)]
    return { recoveryPoint, logStartOffset, leaderEpochs: this.#knownLeaderEpochs.get(name) }
  }

  #forget(name: string): void {
    this.#folders.delete(name)
    const offsets = [this.#knownRecoveryPoints, this.#knownStartOffsets, this.#knownCleanedOffsets]
    for (const known of [...offsets, this.#knownLeaderEpochs]) known.delete(name)
  }

  #discard(name: string): void {
    this.#forget(name)
    const marked = markedName(name, DELETED)
    this.#volume.renameFolder(name, marked)
    this.#remove(marked)
  }

  #remove(folder: string): void {
    this.#folders.delete(folder)
    const removal = this.#volume.removeFolder(folder).catch((error: unknown) => {
      this.#options.log.warn(`${folder} in ${this.name} could not be removed; the next start tries again`, error)
    })
    this.#removals.add(removal)
    void removal.then(() => this.#removals.delete(removal))
  }
}

/** Long names are cut: file systems take 255 bytes, and topics' names may have 249. */
function markedName(name: string, suffix: string): string {
  const mark = `.${crypto.randomUUID().replaceAll('-', '')}${suffix}`
  return name.slice(0, MAX_NAME_BYTES - mark.length) + mark
}

function topicIdIn(bytes: Buffer | null): string | null {
  return /^topic_id: (\S+)$/m.exec(bytes?.toString('utf8') ?? '')?.[1] ?? null
}

function writeTopicId(file: { append(bytes: Uint8Array): void; close(): void }, topicId: string): void {
  file.append(Buffer.from(`version: 0\ntopic_id: ${topicId}\n`))
  file.close()
}
