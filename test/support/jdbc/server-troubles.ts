/** What can go wrong with a PostgreSQL server that a sink writes to. Each trouble lasts until the server's log says that somebody met it. */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chown, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import type { PostgresqlServer } from '../services/postgresql.ts'
import { until } from '../worker-process.ts'

const run = promisify(execFile)

/** A server that keeps one database on a disk of its own, where such can be had. */
export interface TroubledServer {
  readonly server: PostgresqlServer
  readonly database: string
  /** SQL of the table that is written. */
  readonly table: string
  /** Statements of a session of ours and of the sink wait for each other. */
  readonly deadlock: DeadlockStatements
  /** Null: only root may mount one. */
  readonly disk: string | null
}

/** `first` takes what the sink is about to wait for, while it holds something; `second` waits for what the sink holds. */
export type DeadlockStatements = () => Promise<{ readonly first: string; readonly second: string }>

export type Trouble = (troubled: TroubledServer) => Promise<void>

export const troubles: Readonly<Record<string, Trouble>> = {
  async 'dropped connections'({ server, database }) {
    await server.query('postgres', endSessions(database))
  },
  async 'read only'(troubled) {
    await withSetting(troubled, 'default_transaction_read_only = on', 'in a read-only transaction', () => Promise.resolve())
  },
  async 'lock timeout'(troubled) {
    await withSetting(troubled, "lock_timeout = '100ms'", 'canceling statement due to lock timeout', () => lockTable(troubled))
  },
  async 'statement timeout'(troubled) {
    await withSetting(troubled, "statement_timeout = '100ms'", 'canceling statement due to statement timeout', () => lockTable(troubled))
  },
  async deadlock(troubled) {
    const isMet = await newInLog(troubled, 'deadlock detected')
    while (!(await isMet())) await tryDeadlock(troubled)
  },
  async 'disk full'(troubled) {
    if (troubled.disk === null) return console.log('The disk stays as empty as it is: only root may mount one of ours.')
    const isMet = await newInLog(troubled, 'No space left on device')
    const filler = join(troubled.disk, 'filler')
    await fill(filler)
    await until(isMet)
    await rm(filler)
  },
  async restart({ server }) {
    await server.restart()
  },
  async crash({ server }) {
    await server.crash()
    await delay(300)
    await server.start()
  },
}

/** Ends when the disk is full. */
async function fill(filler: string): Promise<void> {
  const file = await open(filler, 'w')
  try {
    for (const megabyte = Buffer.alloc(1 << 20); ;) await file.write(megabyte)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    await file.close()
  }
}

/** A folder on a small disk of its own for a tablespace; null: one cannot be mounted here. Unmounted when the test ends. */
export async function smallDisk(megabytes: number): Promise<string | null> {
  if (process.getuid?.() !== 0) return null
  const dir = join(tmpdir(), `standpipe-disk-${randomUUID()}`)
  await mkdir(dir)
  const isMounted = await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', dir]).then(
    () => true,
    () => false, // a container without that right
  )
  onTestFinished(async () => {
    if (isMounted) await run('umount', ['-l', dir])
    await rm(dir, { recursive: true })
  })
  return isMounted ? dir : null
}

/** Makes a database on that disk, or where databases are. */
export async function databaseOnDisk(server: PostgresqlServer, database: string, disk: string | null): Promise<void> {
  if (disk === null) return void (await server.query('postgres', `CREATE DATABASE ${database}`))
  const { uid, gid } = await stat(server.dataDir)
  const space = join(disk, 'space')
  await mkdir(space)
  for (const dir of [disk, space]) await chown(dir, uid, gid)
  await server.query('postgres', `CREATE TABLESPACE small LOCATION '${space}'`)
  await server.query('postgres', `CREATE DATABASE ${database} TABLESPACE small`)
}

function endSessions(database: string): string {
  return `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}' AND pid <> pg_backend_pid() AND application_name <> ''`
}

/** New sessions of the database have a setting, which `cause` makes felt, until the log has the text. */
async function withSetting(troubled: TroubledServer, setting: string, text: string, cause: () => Promise<(() => Promise<void>) | void>) {
  const { server, database } = troubled
  const isMet = await newInLog(troubled, text)
  const end = await cause()
  await server.query('postgres', `ALTER DATABASE ${database} SET ${setting}`)
  await server.query('postgres', endSessions(database))
  await until(isMet)
  await server.query('postgres', `ALTER DATABASE ${database} RESET ${setting.replace(/ =.*/, '')}`)
  await end?.()
  await server.query('postgres', endSessions(database))
}

/** Nobody else can write. @returns ends it */
async function lockTable({ server, database, table }: TroubledServer): Promise<() => Promise<void>> {
  const client = await server.connect(database)
  await client.query(`BEGIN; LOCK TABLE ${table} IN SHARE ROW EXCLUSIVE MODE`)
  return () => client.end()
}

/** The sink is the one that finds the deadlock, and so the one that loses: we never look. */
async function tryDeadlock({ server, database, deadlock }: TroubledServer): Promise<void> {
  const client = await server.connect(database)
  try {
    const { first, second } = await deadlock()
    await client.query(`SET deadlock_timeout = '30min'; SET lock_timeout = '5s'; BEGIN; ${first}`)
    for (let tries = 0; tries < 100; tries++) {
      const { rows } = await client.query('SELECT 1 FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))')
      if (rows.length > 0) return void (await client.query(second))
      await delay(10)
    }
  } catch {
    // a row that is there by now, or a wait in vain: it is tried again
  } finally {
    await client.end()
  }
}

/** @returns whether the server's log has had that text since */
async function newInLog({ server }: TroubledServer, text: string): Promise<() => Promise<boolean>> {
  const count = async () => (await readFile(server.logFile, 'utf8')).split(text).length
  const before = await count()
  return async () => (await count()) > before
}
