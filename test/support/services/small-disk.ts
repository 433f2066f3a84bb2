import { execFile } from 'node:child_process'
import { chown, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { skipTest } from './or-skip-test.ts'

const run = promisify(execFile)

/** A file system of its own in memory, which is really full when it is full. */
export interface SmallDisk {
  readonly dir: string
  /** @param megabytes all there is, from now on */
  resize(megabytes: number): Promise<void>
}

/** For the current test, which is skipped where nothing can be mounted. @param ownerOf a path whose owner the disk is to have */
export async function smallDisk(megabytes: number, ownerOf: string): Promise<SmallDisk> {
  const dir = await mkdtemp(join(tmpdir(), 'standpipe-disk-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', dir])
  } catch (error) {
    const [reason] = String(error).split('\n')
    return skipTest(`A disk to be filled must be mounted, which takes root: ${reason}`)
  }
  onTestFinished(async () => void (await run('umount', ['--lazy', dir])))
  const { uid, gid } = await stat(ownerOf)
  await chown(dir, uid, gid)
  return { dir, resize: async (size) => void (await run('mount', ['-o', `remount,size=${size}m`, dir])) }
}
