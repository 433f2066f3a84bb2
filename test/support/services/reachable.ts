import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Puts a folder of programs where the server's user can enter, which a home folder may not be. Hard links cost nothing; another disk, or
 * the files of another user, take copies.
 * @param here does not exist yet
 */
export async function reachable(folder: string, here: string): Promise<string> {
  try {
    await run('cp', ['-al', folder, here])
  } catch {
    await rm(here, { recursive: true, force: true }) // a part of it may be there
    await run('cp', ['-a', folder, here])
  }
  return here
}
