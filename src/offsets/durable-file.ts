import { constants } from 'node:fs'
import { access, copyFile, open, readFile, realpath, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ConnectException } from '../api/errors.ts'

/** Finds out at the start, not at the first flush. @param path the file, or its directory where it does not exist yet */
export async function ensureWritable(path: string): Promise<void> {
  try {
    await access(path, constants.W_OK)
  } catch (error) {
    throw new ConnectException(
      `Offsets cannot be stored: ${reasonOf(error)}. Change the rights of ${path}, or offset.storage.file.filename`,
      {
        cause: error,
      },
    )
  }
}

/** The file a symbolic link leads to, so that replacing it does not replace the link. */
export async function followLinks(file: string): Promise<string> {
  try {
    return await realpath(file)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
  try {
    return join(await realpath(dirname(file)), basename(file))
  } catch (error) {
    throw new ConnectException(
      `The directory of offset file ${file} cannot be used: ${reasonOf(error)}. Create it, or change offset.storage.file.filename`,
      { cause: error },
    )
  }
}

/** The content of a file; null when there is none. */
export async function readIfThere(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file)
  } catch (error) {
    if (isMissing(error)) return null
    throw new ConnectException(`Cannot read offset file ${file}: ${reasonOf(error)}`, { cause: error })
  }
}

/** Keeps a copy under the first free name of `.bak`, `.bak.1`, …; one that holds the same is taken for it. */
export async function keepBackup(file: string, bytes: Buffer): Promise<string> {
  for (let number = 0; ; number++) {
    const backup = number === 0 ? `${file}.bak` : `${file}.bak.${number}`
    const existing = await readIfThere(backup)
    if (existing?.equals(bytes) === true) return backup
    if (existing !== null) continue
    await copyFile(file, backup, constants.COPYFILE_EXCL)
    await syncFile(backup)
    await syncFolder(dirname(backup))
    return backup
  }
}

/** Writes a whole file and syncs it; leaves nothing behind when that fails. */
export async function writeSynced(file: string, bytes: Buffer): Promise<void> {
  const handle = await open(file, 'w')
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } catch (error) {
    await unlink(file) // makes room again on a full disk
    throw error
  } finally {
    await handle.close()
  }
}

async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes a new or changed name survive a crash. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

/** The text of an error. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
