import type { LogFile, LogFolder, LogVolume } from './log-storage.ts'

const FIRST_BYTES = 4096

/** A volume that lives and dies with the process. */
export class MemoryVolume implements LogVolume {
  readonly name = 'memory'
  readonly root = new MemoryFolder()
  readonly #folders = new Map<string, MemoryFolder>()

  folders(): readonly string[] {
    return [...this.#folders.keys()]
  }

  folder(name: string): MemoryFolder {
    const folder = this.#folders.get(name) ?? new MemoryFolder()
    this.#folders.set(name, folder)
    return folder
  }

  renameFolder(from: string, to: string): void {
    const folder = this.folder(from)
    this.#folders.delete(from)
    this.#folders.set(to, folder)
  }

  removeFolder(name: string): Promise<void> {
    this.#folders.delete(name)
    return Promise.resolve()
  }
}

export class MemoryFolder implements LogFolder {
  readonly #files = new Map<string, MemoryFile>()

  names(): readonly string[] {
    return [...this.#files.keys()].sort()
  }

  open(name: string): MemoryFile {
    const file = this.#files.get(name) ?? new MemoryFile()
    this.#files.set(name, file)
    return file
  }

  create(name: string): void {
    this.open(name)
  }

  readAll(name: string): Buffer | null {
    return this.#files.get(name)?.bytes() ?? null
  }

  replace(name: string, bytes: Uint8Array): Promise<void> {
    const file = new MemoryFile()
    file.append(bytes)
    this.#files.set(name, file)
    return Promise.resolve()
  }

  rename(from: string, to: string): void {
    const file = this.#files.get(from)
    if (file === undefined) return
    this.#files.delete(from)
    this.#files.set(to, file)
  }

  remove(name: string): void {
    this.#files.delete(name)
  }

  removeLater(name: string): void {
    this.remove(name)
  }

  syncNames(): Promise<void> {
    return Promise.resolve()
  }
}

/** Bytes in a buffer that doubles as they grow. */
export class MemoryFile implements LogFile {
  #buffer = Buffer.alloc(0)
  #length = 0

  get sizeBytes(): number {
    return this.#length
  }

  /** A copy of all of it. */
  bytes(): Buffer {
    return Buffer.from(this.#buffer.subarray(0, this.#length))
  }

  append(bytes: Uint8Array): void {
    const end = this.#length + bytes.length
    if (end > this.#buffer.length) this.#grow(end)
    this.#buffer.set(bytes, this.#length)
    this.#length = end
  }

  read(target: Buffer, position: number): number {
    return this.#buffer.copy(target, 0, position, Math.min(this.#length, position + target.length))
  }

  isWarm(): boolean {
    return true
  }

  readAsync(target: Buffer, position: number): Promise<number> {
    return Promise.resolve(this.read(target, position))
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes < this.#length) this.#length = sizeBytes
  }

  sync(): Promise<void> {
    return Promise.resolve()
  }

  close(): void {
    // the folder keeps the bytes
  }

  #grow(bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(bytes, FIRST_BYTES, 2 * this.#buffer.length))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}
