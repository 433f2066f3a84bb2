import { ConfigException, ConnectException, type Logger } from 'standpipe/api'
import type { PgConnection } from '../../dialect/connection.ts'
import { literal, quoted } from '../../dialect/identifiers.ts'
import { parseLsn } from './lsn.ts'

/** A slot that has just been made: a snapshot shows everything before `lsn`, the slot everything behind it. */
export interface NewSlot {
  readonly lsn: bigint
  /** Good until the connection that made the slot does something else. */
  readonly snapshot: string
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

/** Makes the publication, or adds the tables that it lacks. @param tables quoted names */
export async function ensurePublication(connection: PgConnection, name: string, tables: readonly string[], log: Logger): Promise<void> {
  const { rows } = await connection.query('SELECT puballtables FROM pg_catalog.pg_publication WHERE pubname = $1', [name])
  if (rows.length === 0) {
    await connection.query(`CREATE PUBLICATION ${quoted(name)} FOR TABLE ${tables.join(', ')} WITH (publish_via_partition_root = true)`)
    log.info(`Created publication ${name} for ${tables.join(', ')}`)
    return
  }
  if (rows[0]?.[0] === 't') return
  const listed = await connection.query('SELECT schemaname, tablename FROM pg_catalog.pg_publication_tables WHERE pubname = $1', [name])
  const known = new Set(listed.rows.map(([schema, table]) => `${quoted(schema ?? '')}.${quoted(table ?? '')}`))
  const missing = tables.filter((table) => !known.has(table))
  if (missing.length === 0) return
  await connection.query(`ALTER PUBLICATION ${quoted(name)} ADD TABLE ${missing.join(', ')}`)
  log.warn(`Added ${missing.join(', ')} to publication ${name}: of these, changes from now on are read, not the rows they have already.`)
}

/** Whether the slot is there. @throws ConnectException where the server has thrown away what it kept for it */
export async function hasSlot(connection: PgConnection, name: string): Promise<boolean> {
  const sql = 'SELECT wal_status, plugin FROM pg_catalog.pg_replication_slots WHERE slot_name = $1'
  const { rows } = await connection.query(sql, [name])
  const [status, plugin] = rows[0] ?? []
  if (status === undefined) return false
  if (plugin !== 'pgoutput')
    throw new ConfigException(`Slot ${name} is of plugin ${plugin ?? 'none'}, not pgoutput. Name another with slot.name.`)
  if (status !== 'lost') return true
  throw new ConnectException(
    `Slot ${name} was left behind for longer than max_slot_wal_keep_size allows: changes are lost. Drop it and remove the offsets of the connector to begin with a snapshot.`,
  )
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
