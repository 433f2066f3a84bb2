import { randomUUID } from 'node:crypto'
import { endOffset } from '../kafka-records.ts'
import { kcatOrNothing } from '../services/kcat.ts'
import type { PostgresqlOptions, PostgresqlServer } from '../services/postgresql.ts'
import { privatePostgresql } from '../services/postgresql-suite.ts'
import { propertiesFile, scratchDir, until, WorkerProcess } from '../worker-process.ts'
import { ChangeWitness, type RowChange } from './change-witness.ts'

export interface ChangedTableOptions {
  /** Rows that are there before anybody reads; their `v` is their `id`, from 0 on. */
  readonly rows: number
  readonly noteBytes?: number
  readonly server?: PostgresqlOptions
}

/** A table `t (id, v, note)` on a server of its own, and workers that carry its changes into a topic. */
export class ChangedTable {
  readonly server: PostgresqlServer
  readonly witness: ChangeWitness
  readonly #kafka: string
  readonly #dir: string
  readonly #prefix = `cdc-${randomUUID()}-`

  private constructor(kafka: string, server: PostgresqlServer, witness: ChangeWitness, dir: string) {
    this.#kafka = kafka
    this.server = server
    this.witness = witness
    this.#dir = dir
  }

  static async create(kafka: string, { rows, noteBytes = 10, server: options = {} }: ChangedTableOptions): Promise<ChangedTable> {
    const server = await privatePostgresql(options)
    await server.query('postgres', 'CREATE DATABASE source')
    await server.query('source', 'CREATE TABLE t (id int PRIMARY KEY, v int, note text)')
    await server.query('source', `INSERT INTO t SELECT i, i, repeat('x', ${noteBytes}) FROM generate_series(0, ${rows - 1}) i`)
    return new ChangedTable(kafka, server, await ChangeWitness.of(server, 'source'), await scratchDir())
  }

  async query(sql: string): Promise<(string | null)[][]> {
    return this.server.query('source', sql)
  }

  /**
   * A new process, which goes on where the last one was.
   * @param options flushMs: between two times that offsets are stored; isSlow: each record is a request of its own
   */
  async worker({ flushMs = 100, isSlow = false } = {}): Promise<WorkerProcess> {
    const worker = await propertiesFile(this.#dir, 'worker.properties', {
      'bootstrap.servers': this.#kafka,
      'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'key.converter.schemas.enable': 'false',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter.schemas.enable': 'false',
      'offset.storage.file.filename': `${this.#dir}/connect.offsets`,
      'offset.flush.interval.ms': String(flushMs),
    })
    const source = await propertiesFile(this.#dir, 'source.properties', {
      name: 'changes',
      'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
      'connection.url': this.server.jdbcUrl('source'),
      'connection.user': 'postgres',
      'table.whitelist': 't',
      'topic.prefix': this.#prefix,
      mode: 'cdc',
      ...(isSlow ? { 'producer.override.batch.size': '0', 'producer.override.max.in.flight.requests.per.connection': '1' } : {}),
    })
    return new WorkerProcess([worker, source])
  }

  /** How many records there are. */
  async sent(): Promise<number> {
    return endOffset(this.#kafka, `${this.#prefix}t`, 0)
  }

  /** All that are there, in the topic's order. */
  async records(): Promise<RowChange[]> {
    return recordsIn(await this.#kcat('beginning'))
  }

  /** Waits until the topic has everything that has happened so far. */
  async untilAllSent(): Promise<void> {
    await this.query('INSERT INTO t VALUES (-1, -1)')
    await until(async () => recordsIn(await this.#kcat('-1')).at(-1)?.id === -1, 100)
  }

  /** Whether the server sends changes. */
  async isStreaming(): Promise<boolean> {
    return (await this.query("SELECT FROM pg_stat_replication WHERE state = 'streaming'")).length > 0
  }

  /** A place of the connector's slot, as a number: the server has forgotten what is before it; null: there is no slot yet. */
  async forgottenTo(): Promise<bigint | null> {
    const sql = "SELECT confirmed_flush_lsn - '0/0' FROM pg_replication_slots WHERE slot_name = 'standpipe_changes'"
    const text = (await this.query(sql))[0]?.[0] ?? null
    return text === null ? null : BigInt(text)
  }

  /** `v` by `id`. */
  async contents(): Promise<Map<number, number>> {
    return new Map((await this.query('SELECT id, v FROM t')).map(([id, v]) => [Number(id), Number(v)]))
  }

  async #kcat(offset: string): Promise<string> {
    return kcatOrNothing(this.#kafka, ['-C', '-t', `${this.#prefix}t`, '-p', '0', '-o', offset, '-e', '-q', '-f', '%k %s\n'])
  }
}

function recordsIn(lines: string): RowChange[] {
  const found = lines.matchAll(/^\{"id":(-?\d+)\} (?:\{"id":-?\d+,"v":(-?\d+))?/gm)
  return Array.from(found, ([, id, v]) => ({ id: Number(id), v: v === undefined ? null : Number(v) }))
}

/** What a table looks like to somebody who has read all changes of it. */
export function contentsAfter(changes: readonly RowChange[]): Map<number, number> {
  const contents = new Map<number, number>()
  for (const { id, v } of changes) {
    if (v === null) contents.delete(id)
    else contents.set(id, v)
  }
  return contents
}

/** The first change that the records do not have behind those before it; null: they have all of them. */
export function firstMissing(changes: readonly RowChange[], records: readonly RowChange[]): RowChange | null {
  let at = 0
  for (const { id, v } of records) if (id === changes[at]?.id && v === changes[at]?.v) at++
  return changes[at] ?? null
}

/** One number for each change, and the same for all deletions of a key: for walks. */
export function numberOf({ id, v }: RowChange): number {
  return v ?? -id - 2
}
