import { ConfigException, ConnectException, type Logger } from 'standpipe/api'
import type { PgConnection } from '../../dialect/connection.ts'
import { literal, quoted } from '../../dialect/identifiers.ts'
import { SqlException } from '../../dialect/sql-exception.ts'
import { parseLsn } from './lsn.ts'

/** A slot that has just been made: a snapshot shows everything before `lsn`, the slot everything behind it. */
export interface NewSlot {
  readonly lsn: bigint
  /** Good until the connection that made the slot does something else. */
  readonly snapshot: string
}

/** A slot that was there before. */
export interface FoundSlot {
  /** It shows everything behind this. */
  readonly lsn: bigint
}

/** @throws ConfigException that says what to set */
export async function checkServer(connection: PgConnection): Promise<void> {
  const { rows } = await connection.query("SELECT current_setting('wal_level')")
  const level = rows[0]?.[0] ?? ''
  if (level === 'logical') return
  throw new ConfigException(
    `mode=cdc needs wal_level=logical; the server has ${level}. Run ALTER SYSTEM SET wal_level = 'logical' and restart it.`,
  )
}

/** Makes the publication, or adds the tables that it lacks. @param tables quoted names @returns whether it was there */
export async function ensurePublication(connection: PgConnection, name: string, tables: readonly string[], log: Logger): Promise<boolean> {
  const { rows } = await connection.query('SELECT puballtables FROM pg_catalog.pg_publication WHERE pubname = $1', [name])
  if (rows.length === 0) {
    await connection.query(`CREATE PUBLICATION ${quoted(name)} FOR TABLE ${tables.join(', ')} WITH (publish_via_partition_root = true)`)
    log.info(`Created publication ${name} for ${tables.join(', ')}`)
    return false
  }
  if (rows[0]?.[0] === 't') return true
  const listed = await connection.query('SELECT schemaname, tablename FROM pg_catalog.pg_publication_tables WHERE pubname = $1', [name])
  const known = new Set(listed.rows.map(([schema, table]) => `${quoted(schema ?? '')}.${quoted(table ?? '')}`))
  const missing = tables.filter((table) => !known.has(table))
  if (missing.length === 0) return true
  await connection.query(`ALTER PUBLICATION ${quoted(name)} ADD TABLE ${missing.join(', ')}`)
  log.warn(`Added ${missing.join(', ')} to publication ${name}: of these, changes from now on are read, not the rows they have already.`)
  return true
}

/**
 * The slot, if it is there. @throws ConnectException where the server has thrown away what it kept for it, or the slot is not ours
 * @throws SqlException that is waited out while somebody reads from it, such as a worker that was killed a moment ago
 */
export async function findSlot(connection: PgConnection, name: string): Promise<FoundSlot | null> {
  const sql = `SELECT wal_status, plugin, database = current_database(), active_pid, confirmed_flush_lsn
    FROM pg_catalog.pg_replication_slots WHERE slot_name = $1`
  const { rows } = await connection.query(sql, [name])
  const [row] = rows
  if (row === undefined) return null
  const [status, plugin, isHere, reader, confirmed] = row
  if (plugin !== 'pgoutput' || isHere !== 't')
    throw new ConfigException(
      `Slot ${name} is of ${plugin === 'pgoutput' ? 'another database' : `plugin ${plugin ?? 'none'}, not pgoutput`}. Name another with slot.name.`,
    )
  if (status === 'lost')
    throw new ConnectException(
      `Slot ${name} was left behind for longer than max_slot_wal_keep_size allows: changes are lost. Drop it and remove the offsets of the connector to begin with a snapshot.`,
    )
  if (reader !== null)
    throw new SqlException(
      `Slot ${name} is in use by process ${reader} of the server. Each connector needs a slot of its own: name one with slot.name.`,
      '55006',
    )
  return { lsn: parseLsn(confirmed ?? '') ?? 0n }
}

export async function dropSlot(connection: PgConnection, name: string): Promise<void> {
  await connection.query('SELECT pg_drop_replication_slot($1)', [name])
}

/** @param replication a connection for replication @throws SqlException, without the right REPLICATION too */
export async function createSlot(replication: PgConnection, name: string): Promise<NewSlot> {
  const { rows } = await replication.query(`CREATE_REPLICATION_SLOT ${quoted(name)} LOGICAL pgoutput EXPORT_SNAPSHOT`)
  const [, point, snapshot] = rows[0] ?? []
  return { lsn: parseLsn(point ?? '') ?? 0n, snapshot: snapshot ?? '' }
}

/** What begins the stream, behind what the slot knows to be durable. */
export function startReplicationSql(slot: string, publication: string): string {
  return `START_REPLICATION SLOT ${quoted(slot)} LOGICAL 0/0 (proto_version '1', publication_names ${literal(quoted(publication))})`
}
