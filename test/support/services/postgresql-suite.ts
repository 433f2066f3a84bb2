/** What tests see of PostgreSQL: one server for a whole test file, private ones that end with the test. Only for use inside vitest. */
import { randomBytes } from 'node:crypto'
import { afterAll, onTestFinished } from 'vitest'
import { found } from './found.ts'
import type { PostgresqlName } from './postgresql-program.ts'
import { postgresqlAt, startPostgresql, type PostgresqlOptions, type PostgresqlServer } from './postgresql.ts'
import { describeWith } from './suite.ts'

let chosen: PostgresqlName = 'postgresql'
let shared: Promise<PostgresqlServer> | null = null

/** Has the tests that this file imports from now on run on a server of that name. */
export function onPostgresql(name: PostgresqlName): void {
  chosen = name
}

/**
 * `describe` for tests that need PostgreSQL: the server that STANDPIPE_TEST_POSTGRES names (127.0.0.1:port, user postgres without
 * password), or one of our own that is started now and stopped after the file. To be awaited at the top of a test file.
 */
export async function describeWithPostgresql(name: string, define: (server: PostgresqlServer) => void): Promise<void> {
  const title = chosen === 'postgresql' ? name : `${name} (on ${chosen})`
  describeWith(title, await found(() => (shared ??= sharedServer())), postgresqlAt('127.0.0.1:1'), define)
}

/** A server for the current test alone, to be crashed and restarted at will. Stopped when the test ends. */
export async function privatePostgresql(options: PostgresqlOptions = {}): Promise<PostgresqlServer> {
  const server = await startPostgresql({ name: chosen, ...options })
  onTestFinished(() => server.stop())
  return server
}

/** Name of a new, empty database that is dropped when the current test ends. */
export async function newDatabase(server: PostgresqlServer): Promise<string> {
  const name = `t_${randomBytes(6).toString('hex')}`
  await server.query('postgres', `CREATE DATABASE ${name}`)
  onTestFinished(async () => void (await server.query('postgres', `DROP DATABASE ${name} WITH (FORCE)`)))
  return name
}

async function sharedServer(): Promise<PostgresqlServer> {
  const given = process.env.STANDPIPE_TEST_POSTGRES ?? ''
  if (given !== '' && chosen === 'postgresql') return postgresqlAt(given)
  const server = await startPostgresql({ name: chosen })
  afterAll(() => server.stop())
  return server
}
