import { encodeSnapshot } from './producer-snapshot.ts'
import type { ProducerState } from './producer-state.ts'
import { offsetOf, snapshotFile } from './segment-files.ts'
import type { LogFolder } from './storage/log-storage.ts'

/** The `.snapshot` files beside a log: from the newest of them on, a start reads the log again to know its producers. */
export class SnapshotFiles {
  readonly #folder: LogFolder
  readonly #producers: ProducerState

  constructor(folder: LogFolder, producers: ProducerState) {
    this.#folder = folder
    this.#producers = producers
  }

  /** Not synced: a snapshot that is not whole is no snapshot, and the log itself says the same. */
  take(logEndOffset: number): void {
    const name = snapshotFile(logEndOffset)
    if (this.#folder.names().includes(name)) return
    const file = this.#folder.open(name)
    file.append(encodeSnapshot([...this.#producers.entries]))
    file.close()
  }

  /** The newest at the recovery point or before is where the next start begins; those behind it may take its place. */
  removeOld(recoveryPoint: number): void {
    const offsets = this.#folder.names().flatMap((name) => offsetOf(name, '.snapshot') ?? [])
    const old = offsets.filter((offset) => offset <= recoveryPoint)
    for (const offset of old.slice(0, -1)) this.#folder.removeLater(snapshotFile(offset))
  }
}
