import { CheckpointFile } from './checkpoint-file.ts'
import { LeaderEpochs } from './leader-epochs.ts'
import type { PartitionLog } from './partition-log.ts'
import type { LogFolder } from './storage/log-storage.ts'

/**
 * The leader epochs of all logs of a directory, in a file of lines `topic partition epoch startOffset`. Kafka has such a file in each
 * partition's folder: one for all is brought to disk at a start with one sync, however many partitions there are.
 */
export class LeaderEpochCheckpoint {
  readonly #file: CheckpointFile

  constructor(folder: LogFolder) {
    this.#file = new CheckpointFile(folder, 'leader-epoch-checkpoint')
  }

  /** By `topic-partition`. A log that is not named was never led under another epoch than the first. */
  read(): Map<string, LeaderEpochs> {
    const all = new Map<string, LeaderEpochs>()
    for (const [topic, partition, ...numbers] of this.#file.read()) {
      const [epoch = NaN, startOffset = NaN] = numbers.map(Number)
      if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(startOffset)) continue
      const name = `${topic}-${partition}`
      const epochs = all.get(name)
      if (epochs === undefined) all.set(name, new LeaderEpochs({ epoch, startOffset }))
      else if (epoch > epochs.current) epochs.begin(startOffset, epoch)
    }
    return all
  }

  /** Resolves when the file survives a crash of the machine. */
  write(logs: Iterable<PartitionLog>): Promise<void> {
    const lines: [string, number, number, number][] = []
    for (const { topic, partition, leaderEpoch, epochStarts } of logs)
      if (leaderEpoch > 0) for (const { epoch, startOffset } of epochStarts) lines.push([topic, partition, epoch, startOffset])
    return this.#file.write(lines)
  }
}
