import { appendFile, cp, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { giveTree } from './file-trees.ts'
import { privatePostgresql } from './postgresql-suite.ts'
import type { PostgresqlServer } from './postgresql.ts'

/** A hot standby of a server, for the current test: it follows and may be read, until `SELECT pg_promote()`. The server is restarted. */
export async function standbyOf(primary: PostgresqlServer): Promise<PostgresqlServer> {
  const standby = await privatePostgresql()
  await standby.shutDown()
  await primary.shutDown()
  await rm(standby.dataDir, { recursive: true })
  await cp(primary.dataDir, standby.dataDir, { recursive: true, verbatimSymlinks: true })
  await writeFile(join(standby.dataDir, 'standby.signal'), '')
  await appendFile(
    join(standby.dataDir, 'postgresql.auto.conf'),
    `primary_conninfo = 'host=127.0.0.1 port=${primary.port} user=postgres'\n`,
  )
  await giveTree(standby.dataDir, await stat(primary.dataDir))
  await primary.start()
  await standby.start()
  return standby
}
