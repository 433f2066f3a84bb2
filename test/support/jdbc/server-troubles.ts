/** What can go wrong with a PostgreSQL server that a sink writes to. Each trouble lasts until the server's log says that somebody met it. */
import { open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { PostgresqlServer } from '../services/postgresql.ts'
import type { SmallDisk } from '../services/small-disk.ts'
import { until } from '../worker-process.ts'

/** A server, and what a sink writes on it. */
export interface TroubledServer {
  readonly server: PostgresqlServer
  readonly database: string
  /** SQL of the table that is written. */
  readonly table: string
  /** Statements of a session of ours and of the sink wait for each other. */
  readonly deadlock: DeadlockStatements
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
  async restart({ server }) {
    await server.restart()
  },
  async crash({ server }) {
    await server.crash()
    await delay(300)
    await server.start()
  },
}

/** The disk of the database is full for a while. */
export function fullDisk({ dir }: SmallDisk): Trouble {
  return async (troubled) => {
    const isMet = await newInLog(troubled, 'No space left on device')
    const filler = join(dir, 'filler')
    await fill(filler)
    await until(isMet)
    await rm(filler)
  }
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

/** Makes a database on that disk. */
export async function databaseOnDisk(server: PostgresqlServer, database: string, disk: SmallDisk): Promise<void> {
  await server.query('postgres', `CREATE TABLESPACE small LOCATION '${disk.dir}'`)
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
