import {
  ConfigException,
  ConnectException,
  SourceRecord,
  type Logger,
  type OffsetStorageReader,
  type SourceOffset,
  type SourcePartition,
} from 'standpipe/api'
import type { PgConnection, SqlText } from '../../dialect/connection.ts'
import { quoted } from '../../dialect/identifiers.ts'
import { sqlExceptionOf } from '../../dialect/sql-exception.ts'
import type { ChangeSettings, JdbcSourceSettings } from '../config/settings.ts'
import { SourceSession } from '../session.ts'
import { tableRelation } from '../table/relations.ts'
import { changePositionOf, isBehind, offsetOfChange, type ChangePosition } from './change-position.ts'
import { ChangedTable } from './changed-table.ts'
import { DurableChanges } from './durable-changes.ts'
import { readLogMessage, type LoggedRow, type LogMessage } from './pgoutput.ts'
import { checkServer, createSlot, dropSlot, ensurePublication, findSlot, startReplicationSql, type FoundSlot } from './replication-slot.ts'
import { ReplicationStream } from './replication-stream.ts'
import { TableSnapshot, type SnapshotTable } from './table-snapshot.ts'

/** What a reader is made of. */
export interface ChangeReaderParts {
  readonly settings: JdbcSourceSettings
  readonly changes: ChangeSettings
  readonly tables: readonly SnapshotTable[]
  readonly offsets: OffsetStorageReader
  readonly log: Logger
  readonly signal: AbortSignal
}

/** A transaction of the log while its changes come. */
interface LoggedTransaction {
  readonly lsn: bigint
  readonly number: number
  /** Changes so far. */
  sequence: number
}

/** Well below the server's wal_sender_timeout of a minute. */
const signOfLifeMs = 5000

/**
 * Reads changes of tables from the server's log: first a snapshot of their rows, then each insert, update and delete in the order of commits.
 * The server keeps the log until a record and its offset are safe in Kafka; what it sends again after a restart is left out by its place.
 */
export class ChangeReader {
  readonly #parts: ChangeReaderParts
  readonly #partition: SourcePartition
  /** For snapshots, and for what the log does not say. */
  readonly #session: SourceSession
  readonly #replication: SourceSession
  readonly #relations = new Map<number, { readonly table: ChangedTable; readonly topic: string }>()
  #isReady = false
  #snapshot: TableSnapshot | null = null
  #stream: ReplicationStream | null = null
  #position: ChangePosition | null = null
  #transaction: LoggedTransaction | null = null
  #durable = new DurableChanges()
  #signsOfLife: NodeJS.Timeout | null = null

  constructor(parts: ChangeReaderParts) {
    const { settings, changes, log, signal } = parts
    this.#parts = parts
    this.#partition = { slot: changes.slot }
    this.#session = new SourceSession(settings, log, signal)
    const connection = { ...settings.connection, isReplication: true, socketTimeoutMs: 0, statementTimeoutMs: 0 }
    this.#replication = new SourceSession({ ...settings, connection }, log, signal)
  }

  /** Connects, makes what is missing, and finds out where to go on. @throws ConfigException that says what to set @throws SqlException */
  async start(): Promise<void> {
    await this.#session.connect()
    await this.#begin()
  }

  /** The next records; empty: none have come in time. @throws SqlException, after which the next call begins anew */
  async poll(withinMs: number): Promise<readonly SourceRecord[]> {
    try {
      if (!this.#isReady) await this.#begin()
      const records = await this.#snapshot?.records()
      if (records !== undefined && records !== null) return this.#given(records)
      if (this.#snapshot !== null) await this.#endSnapshot()
      return this.#given(await this.#changes(withinMs))
    } catch (error) {
      this.#abandon()
      if (error instanceof ConnectException) throw error
      throw sqlExceptionOf(error, this.#parts.settings.connection.shownUrl)
    }
  }

  /** Offsets of earlier records were stored: the server may forget what lies before them. */
  async commit(): Promise<void> {
    const stored = await this.#parts.offsets.offset(this.#partition)
    if (stored !== null) this.#durable.stored(changePositionOf(stored))
    this.#stream?.tellDurable(this.#durable.lsn)
  }

  async close(): Promise<void> {
    this.#abandon()
    await this.#replication.close()
    await this.#session.close()
  }

  async #begin(): Promise<void> {
    const { tables, offsets, changes, log } = this.#parts
    const connection = await this.#session.connection()
    await checkServer(connection)
    const wasPublished = await ensurePublication(
      connection,
      changes.publication,
      tables.map(({ schema, name }) => `${quoted(schema)}.${quoted(name)}`),
      log,
    )
    const stored = await offsets.offset(this.#partition)
    const position = this.#position?.isSnapshot === false ? this.#position : stored === null ? null : changePositionOf(stored)
    const slot = await findSlot(connection, changes.slot)
    if (position === null || position.isSnapshot)
      await this.#beginAnew(connection, wasPublished ? slot : await this.#without(slot, connection))
    else await this.#goOn(position, slot)
    this.#isReady = true
  }

  /** The server cannot read what happened before there was a publication. */
  async #without(slot: FoundSlot | null, connection: PgConnection): Promise<null> {
    if (slot !== null) await dropSlot(connection, this.#parts.changes.slot)
    return null
  }

  /**
   * A slot that is there already was left by a run that ended before an offset of its changes was stored. It is read after the new
   * snapshot, for what that one cannot show: deletions of rows that have been given out, and changes while nobody was there.
   */
  async #beginAnew(connection: PgConnection, slot: FoundSlot | null): Promise<void> {
    const { changes, settings, tables, log } = this.#parts
    const { lsn, snapshot } =
      slot === null ? await createSlot(await this.#replication.connection(), changes.slot) : { ...slot, snapshot: null }
    this.#position = { lsn, transaction: 0, sequence: 0, isSnapshot: changes.takesSnapshot }
    if (!changes.takesSnapshot) return this.#openStream()
    const record = (table: ChangedTable, row: readonly SqlText[], offset: SourceOffset) => this.#record(table, row, offset)
    this.#snapshot = new TableSnapshot({ connection, settings, tables, lsn, record, log })
    await this.#snapshot.begin(snapshot)
  }

  async #goOn(position: ChangePosition, slot: FoundSlot | null): Promise<void> {
    if (slot === null) {
      throw new ConfigException(
        `Slot ${this.#parts.changes.slot} is not there, but offsets are: changes since then are lost. Remove the offsets of the connector to begin with a snapshot.`,
      )
    }
    this.#position = position
    await this.#openStream()
  }

  async #endSnapshot(): Promise<void> {
    this.#snapshot = null
    if (this.#position !== null) this.#position = { ...this.#position, isSnapshot: false }
    await this.#openStream()
  }

  async #openStream(): Promise<void> {
    const { slot, publication } = this.#parts.changes
    const replication = await this.#replication.connection()
    this.#durable = new DurableChanges()
    this.#transaction = null
    this.#relations.clear()
    const stream = replication.submit(new ReplicationStream(startReplicationSql(slot, publication)))
    this.#stream = stream
    this.#signsOfLife = setInterval(() => stream.tellDurable(this.#durable.lsn), signOfLifeMs)
  }

  #abandon(): void {
    if (this.#signsOfLife !== null) clearInterval(this.#signsOfLife)
    this.#signsOfLife = null
    this.#isReady = false
    this.#snapshot = null
    this.#stream = null
    this.#replication.drop()
    this.#session.drop()
  }

  async #changes(withinMs: number): Promise<SourceRecord[]> {
    const records: SourceRecord[] = []
    const endsAt = Date.now() + withinMs
    for (let leftMs = withinMs; leftMs > 0 && records.length === 0 && !this.#parts.signal.aborted; leftMs = endsAt - Date.now()) {
      for (const message of (await this.#stream?.take(leftMs, this.#parts.signal)) ?? []) {
        if (message.kind === 'log') await this.#apply(readLogMessage(message.bytes), records)
        else if (this.#transaction === null) this.#durable.readTo(message.walEnd)
      }
    }
    return records
  }

  async #apply(message: LogMessage, records: SourceRecord[]): Promise<void> {
    switch (message.kind) {
      case 'begin':
        this.#transaction = { lsn: message.commitLsn, number: message.transaction, sequence: 0 }
        return
      case 'commit':
        this.#durable.read(this.#transaction?.lsn ?? 0n, message.endLsn, this.#transaction?.sequence ?? 0)
        this.#transaction = null
        return
      case 'relation':
        return this.#learn(message.relation)
      case 'insert':
        return this.#upsert(message.relation, message.row, null, records)
      case 'update':
        return this.#upsert(message.relation, message.row, message.old, records)
      case 'delete':
        return this.#delete(message.relation, message.old, records)
      case 'truncate':
        return this.#warnOfTruncate(message.relations)
      case 'other':
    }
  }

  async #learn(relation: ChangedTable['relation']): Promise<void> {
    const { settings, log } = this.#parts
    const table = await ChangedTable.of(relation, await this.#session.connection(), settings, log)
    this.#relations.set(relation.oid, { table, topic: this.#topicOf(table) })
  }

  /** A key that changes is two changes: the old one is deleted. */
  async #upsert(oid: number, row: LoggedRow, old: LoggedRow | null, records: SourceRecord[]): Promise<void> {
    const { table } = this.#known(oid)
    if (old !== null && !table.haveSameKey(old, row)) this.#delete(oid, old, records)
    const offset = this.#nextOffset()
    if (offset === null) return
    const complete = await table.completed(row, old, await this.#session.connection())
    // A row that has gone since: its deletion follows.
    if (complete !== null) records.push(this.#record(table, complete, offset))
  }

  #delete(oid: number, old: LoggedRow, records: SourceRecord[]): void {
    const { table, topic } = this.#known(oid)
    const sourceOffset = this.#nextOffset()
    const keyData = table.key(old)
    if (sourceOffset === null || keyData === null) return
    records.push(new SourceRecord({ sourcePartition: this.#partition, sourceOffset, topic, keyData }))
  }

  #warnOfTruncate(oids: readonly number[]): void {
    const tables = oids.map((oid) => this.#relations.get(oid)?.table.shown ?? String(oid))
    this.#parts.log.warn(`${tables.join(', ')} was truncated, which records cannot say: their topics keep the rows.`)
  }

  /** Null: the change was given out before. */
  #nextOffset(): SourceOffset | null {
    const transaction = this.#transaction
    const position = this.#position
    if (transaction === null || position === null) return null
    transaction.sequence++
    if (!isBehind(position, transaction.lsn, transaction.sequence)) return null
    return offsetOfChange({ lsn: transaction.lsn, transaction: transaction.number, sequence: transaction.sequence, isSnapshot: false })
  }

  #record(table: ChangedTable, row: readonly SqlText[], sourceOffset: SourceOffset): SourceRecord {
    const topic = this.#relations.get(table.relation.oid)?.topic ?? this.#topicOf(table)
    const valueData = table.value(row)
    const keyData = table.key(row)
    const parts = { sourcePartition: this.#partition, sourceOffset, topic, valueData }
    return new SourceRecord(keyData === null ? parts : { ...parts, keyData })
  }

  #known(oid: number): { readonly table: ChangedTable; readonly topic: string } {
    const known = this.#relations.get(oid)
    if (known === undefined) throw new ConnectException(`The log has a change of relation ${oid}, which it has not described.`)
    return known
  }

  #topicOf({ shown, relation }: ChangedTable): string {
    return tableRelation(shown, this.#parts.settings, relation.schema).topic
  }

  /** Reading goes on behind the last one. */
  #given(records: readonly SourceRecord[]): readonly SourceRecord[] {
    const last = records.at(-1)?.sourceOffset ?? null
    if (last !== null) this.#position = changePositionOf(last)
    return records
  }
}
