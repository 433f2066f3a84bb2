/**
 * One file of a log. Calls are synchronous unless they say otherwise: the page cache takes and gives bytes faster than a thread is woken.
 * Errors are those of node:fs.
 */
export interface LogFile {
  readonly sizeBytes: number
  /** Writes behind the end. When it throws, the file is as it was. */
  append(bytes: Uint8Array): void
  /** Fills the target from `position`; @returns how many bytes there were */
  read(target: Buffer, position: number): number
  /** The same off the main thread, for bytes that may have to come from the disk. */
  readAsync(target: Buffer, position: number): Promise<number>
  /** Whether the bytes from `position` on were written by this process: they come from memory, and a thread would cost more than the read. */
  isWarm(position: number): boolean
  /** Cuts the file; nothing happens when it is shorter. */
  truncate(sizeBytes: number): void
  /** Resolves when everything appended before the call would survive a crash of the machine. */
  sync(): Promise<void>
  /** The file stays readable for reads that are under way. */
  close(): void
}

/** The files of one folder. */
export interface LogFolder {
  /** Names of all files, sorted. */
  names(): readonly string[]
  /** The file, which comes into being when it is first written to. */
  open(name: string): LogFile
  /** Creates an empty file, so that its name is kept. */
  create(name: string): void
  /** @returns null when there is no such file */
  readAll(name: string): Buffer | null
  /** Writes a whole file in the place of the old one: after a crash it is either. Resolves when it survives one. */
  replace(name: string, bytes: Uint8Array): Promise<void>
  rename(from: string, to: string): void
  remove(name: string): void
  /** Removes a file that may be large without waiting; a failure is told to the logger. */
  removeLater(name: string): void
  /** Makes the folder, and what was created, renamed and removed in it, survive a crash of the machine. */
  syncNames(): Promise<void>
}

/** A folder of folders, one for each partition: what `log.dirs` names. */
export interface LogVolume {
  /** For messages: the path, or `memory`. */
  readonly name: string
  /** Files that belong to all partitions. */
  readonly root: LogFolder
  folders(): readonly string[]
  /** The folder, which is created when it is missing. */
  folder(name: string): LogFolder
  renameFolder(from: string, to: string): void
  /** Resolves when it is gone. */
  removeFolder(name: string): Promise<void>
}
