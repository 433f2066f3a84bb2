import { cp, rm } from 'node:fs/promises'
import { linkTree } from './file-trees.ts'

/**
 * Puts a folder of programs where the server's user can enter, which a home folder may not be. Hard links cost nothing; another disk, or
 * the files of another user, take copies.
 * @param here does not exist yet
 */
export async function reachable(folder: string, here: string): Promise<string> {
  try {
    await linkTree(folder, here)
  } catch {
    await rm(here, { recursive: true, force: true }) // a part of it may be there
    await cp(folder, here, { recursive: true, verbatimSymlinks: true })
  }
  return here
}
