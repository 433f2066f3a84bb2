import { appendFile, rm, writeFile } from 'node:fs/promises'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { requireProgram } from './download.ts'
import { orSkipTest } from './or-skip-test.ts'
import { privatePostgresql } from './postgresql-suite.ts'
import type { PostgresqlServer } from './postgresql.ts'

const run = promisify(execFile)

/** A hot standby of a server, for the current test: it follows and may be read, until `SELECT pg_promote()`. The server is restarted. */
export async function standbyOf(primary: PostgresqlServer): Promise<PostgresqlServer> {
  await orSkipTest(() => requireProgram('This test', 'cp', ['--version'], 'coreutils'))
  const standby = await privatePostgresql()
  await standby.shutDown()
  await primary.shutDown()
  await rm(standby.dataDir, { recursive: true })
  await run('cp', ['-a', primary.dataDir, standby.dataDir])
  await writeFile(join(standby.dataDir, 'standby.signal'), '')
  await appendFile(
    join(standby.dataDir, 'postgresql.auto.conf'),
    `primary_conninfo = 'host=127.0.0.1 port=${primary.port} user=postgres'\n`,
  )
  await primary.start()
  await standby.start()
  return standby
}
