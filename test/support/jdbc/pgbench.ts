/** pgbench, which comes with PostgreSQL: its tables, and clients that change them all the time. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { requireProgram } from '../services/download.ts'
import { orSkipTest } from '../services/or-skip-test.ts'
import type { PostgresqlServer } from '../services/postgresql.ts'

const run = promisify(execFile)

/** Tables with their primary keys. */
export const pgbenchTables = {
  pgbench_accounts: 'aid',
  pgbench_tellers: 'tid',
  pgbench_branches: 'bid',
  pgbench_history: 'id',
} as const

/** Rows that change say when, by the time their transaction began, as most applications do it. History has a number a row. */
const columnsToReadBy = `ALTER TABLE pgbench_history ADD COLUMN id bigserial PRIMARY KEY;
${Object.keys(pgbenchTables)
  .filter((table) => table !== 'pgbench_history')
  .map((table) => `ALTER TABLE ${table} ADD COLUMN changed timestamptz NOT NULL DEFAULT now();`)
  .join('\n')}
CREATE INDEX ON pgbench_accounts (changed, aid);`

const triggers = `CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.changed := now(); RETURN NEW; END';
${Object.keys(pgbenchTables)
  .filter((table) => table !== 'pgbench_history')
  .map((table) => `CREATE TRIGGER note BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION note_change();`)
  .join('\n')}`

/** @param scale 100,000 accounts each; null: the tables without rows */
export async function makePgbenchTables(server: PostgresqlServer, database: string, scale: number | null): Promise<void> {
  await orSkipTest(() => requireProgram('This test', 'pgbench', ['--version'], 'postgresql'))
  const steps = scale === null ? ['-I', 'dtp'] : ['-q', '-s', String(scale)]
  await run('pgbench', ['-i', ...steps, ...serverArguments(server), database])
  await server.query(database, columnsToReadBy)
  if (scale !== null) await server.query(database, triggers)
}

/** Numbers of history are taken before the pause, accounts change before it too: others with higher numbers and later times commit earlier. */
const transaction = (pauseMs: string, scale: number) => `\\set aid random(1, ${100_000 * scale})
\\set tid random(1, ${10 * scale})
\\set bid random(1, ${scale})
\\set delta random(-5000, 5000)
\\set pause ${pauseMs}
BEGIN;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (:tid, :bid, :aid, :delta, CURRENT_TIMESTAMP);
UPDATE pgbench_accounts SET abalance = abalance + :delta WHERE aid = :aid;
\\sleep :pause ms
UPDATE pgbench_tellers SET tbalance = tbalance + :delta WHERE tid = :tid;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (:tid, :bid, :aid, - :delta, CURRENT_TIMESTAMP);
UPDATE pgbench_branches SET bbalance = bbalance + :delta WHERE bid = :bid;
END;
`

/** Eight clients; one transaction in ten takes long. @returns transactions that were committed */
export async function runPgbench(server: PostgresqlServer, database: string, scale: number, seconds: number, dir: string): Promise<number> {
  const short = join(dir, 'short.sql')
  const long = join(dir, 'long.sql')
  await writeFile(short, transaction('random(0, 20)', scale))
  await writeFile(long, transaction('random(300, 1500)', scale))
  const load = ['-n', '-c', '8', '-j', '2', '-T', String(seconds), '-f', `${short}@9`, '-f', `${long}@1`]
  const { stdout } = await run('pgbench', [...load, ...serverArguments(server), database])
  return Number(/actually processed: (\d+)/.exec(stdout)?.[1] ?? 0)
}

function serverArguments(server: PostgresqlServer): string[] {
  return ['-h', '127.0.0.1', '-p', String(server.port), '-U', 'postgres']
}
