import { chmod, lchown, link, mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Makes a folder that has the files of another as hard links.
 * @param here does not exist yet
 */
export async function linkTree(folder: string, here: string): Promise<void> {
  await mkdir(here)
  await chmod(here, (await stat(folder)).mode) // whatever our umask is
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const [from, to] = [join(folder, entry.name), join(here, entry.name)]
    await (entry.isDirectory() ? linkTree(from, to) : link(from, to))
  }
}

interface Owner {
  readonly uid: number
  readonly gid: number
}

/** Gives a folder and all in it to a user. */
export async function giveTree(folder: string, { uid, gid }: Owner): Promise<void> {
  const inside = await readdir(folder, { recursive: true })
  for (const path of [folder, ...inside.map((name) => join(folder, name))]) await lchown(path, uid, gid)
}
