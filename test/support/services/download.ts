import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const TIMEOUT_MS = 10 * 60_000

/** Where servers are kept between runs; outside the tree. */
export const cacheDir = join(homedir(), '.cache', 'standpipe')

/** @throws Error that says what to install when the program is not there */
export async function requireProgram(what: string, program: string, args: readonly string[], debianPackage: string): Promise<void> {
  try {
    await run(program, args)
  } catch (error) {
    throw new Error(`${what} needs the program ${program}: apt-get install ${debianPackage}`, { cause: error })
  }
}

/**
 * Makes a folder of the cache unless it is there. It is complete or absent: it gets its name only when `fetch` has ended well.
 * @param fetch fills a scratch folder and returns the path of what is to be kept in it
 */
export async function cached(what: string, folder: string, fetch: (scratch: string) => Promise<string>): Promise<void> {
  if (existsSync(folder)) return
  const parent = join(folder, '..')
  await mkdir(parent, { recursive: true })
  const scratch = await mkdtemp(join(parent, 'fetch-'))
  try {
    await rename(await fetch(scratch), folder)
  } catch (error) {
    if (!existsSync(folder)) throw new Error(`${what} could not be fetched: ${String(error)}`, { cause: error })
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

export async function maven(what: string, ...args: string[]): Promise<void> {
  await requireProgram(what, 'mvn', ['-v'], 'maven')
  await download('mvn', '-B', '-q', ...args)
}

/** Runs a program that downloads: long, but not forever. */
export async function download(program: string, ...args: string[]): Promise<void> {
  await run(program, args, { timeout: TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 })
}
