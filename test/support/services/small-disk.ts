import { execFile } from 'node:child_process'
import { chown, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'

const run = promisify(execFile)

/** A file system of its own in memory, which is really full when it is full. */
export interface SmallDisk {
  readonly dir: string
  /** @param megabytes all there is, from now on */
  resize(megabytes: number): Promise<void>
}

/** Whether file systems can be mounted here: that takes root. */
export async function canMount(): Promise<boolean> {
  const dir = await mkdtemp(join(tmpdir(), 'standpipe-disk-'))
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir])
    await run('umount', [dir])
    return true
  } catch {
    return false // not here
  } finally {
    await rm(dir, { recursive: true })
  }
}

/** For the current test. @param ownerOf a path whose owner the disk is to have */
export async function smallDisk(megabytes: number, ownerOf: string): Promise<SmallDisk> {
  const dir = await mkdtemp(join(tmpdir(), 'standpipe-disk-'))
  await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', dir])
  onTestFinished(async () => {
    await run('umount', ['--lazy', dir])
    await rm(dir, { recursive: true })
  })
  const { uid, gid } = await stat(ownerOf)
  await chown(dir, uid, gid)
  return { dir, resize: async (size) => void (await run('mount', ['-o', `remount,size=${size}m`, dir])) }
}
