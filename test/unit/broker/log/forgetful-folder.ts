import type { LogFile, LogFolder } from '../../../../src/broker/log/storage/log-storage.ts'
import { MemoryFolder, type MemoryFile } from '../../../../src/broker/log/storage/memory-storage.ts'

/** A folder on a disk whose machine may crash: what was not synced may be gone then, in part or altogether, or be garbage. */
export class ForgetfulFolder implements LogFolder {
  readonly inner = new MemoryFolder()
  readonly #synced = new Map<MemoryFile, number>()
  readonly #keptNames = new Set<string>()
  syncs = 0
  /** Set to let writes or syncs fail. */
  failWrites: Error | null = null
  failSyncs: Error | null = null

  names(): readonly string[] {
    return this.inner.names()
  }

  open(name: string): LogFile {
    return new ForgetfulFile(this, () => this.inner.open(name))
  }

  create(name: string): void {
    this.inner.create(name)
  }

  readAll(name: string): Buffer | null {
    return this.inner.readAll(name)
  }

  async replace(name: string, bytes: Uint8Array): Promise<void> {
    await this.inner.replace(name, bytes)
    this.markSynced(this.inner.open(name))
    this.#keptNames.add(name)
  }

  rename(from: string, to: string): void {
    this.inner.rename(from, to)
  }

  remove(name: string): void {
    this.inner.remove(name)
  }

  removeLater(name: string): void {
    this.inner.remove(name)
  }

  async syncNames(): Promise<void> {
    if (this.failSyncs !== null) throw this.failSyncs
    for (const name of this.inner.names()) this.#keptNames.add(name)
  }

  markSynced(file: MemoryFile): void {
    this.#synced.set(file, file.sizeBytes)
  }

  /**
   * What the disk has after the crash.
   * @param share how much of what was not synced is there all the same, 0 to 1
   * @param isGarbled whether the last byte of that is wrong
   */
  afterCrash(share: number, isGarbled = false): MemoryFolder {
    const left = new MemoryFolder()
    for (const name of this.inner.names()) {
      if (!this.#keptNames.has(name) && share === 0) continue
      const file = this.inner.open(name)
      const synced = this.#synced.get(file) ?? 0
      const size = synced + Math.floor((file.sizeBytes - synced) * share)
      const bytes = file.bytes().subarray(0, size)
      if (isGarbled && size > synced) bytes[size - 1] = (bytes[size - 1] ?? 0) ^ 0xff
      left.open(name).append(bytes)
    }
    return left
  }
}

class ForgetfulFile implements LogFile {
  readonly #folder: ForgetfulFolder
  readonly #find: () => MemoryFile
  #file: MemoryFile | null = null

  constructor(folder: ForgetfulFolder, find: () => MemoryFile) {
    this.#folder = folder
    this.#find = find
  }

  get #inner(): MemoryFile {
    return (this.#file ??= this.#find())
  }

  get sizeBytes(): number {
    return this.#inner.sizeBytes
  }

  append(bytes: Uint8Array): void {
    if (this.#folder.failWrites !== null) throw this.#folder.failWrites
    this.#inner.append(bytes)
  }

  read(target: Buffer, position: number): number {
    return this.#inner.read(target, position)
  }

  isWarm(): boolean {
    return this.#inner.isWarm()
  }

  readAsync(target: Buffer, position: number): Promise<number> {
    return this.#inner.readAsync(target, position)
  }

  truncate(sizeBytes: number): void {
    this.#inner.truncate(sizeBytes)
  }

  async sync(): Promise<void> {
    if (this.#folder.failSyncs !== null) throw this.#folder.failSyncs
    this.#folder.syncs++
    this.#folder.markSynced(this.#inner)
  }

  close(): void {
    this.#inner.close()
  }
}
