/** The tables of the JDBC benchmarks: 10 columns, some 200 bytes a row. Their names are those the Java stand-ins know. */
import type { Client } from 'pg'
import { kcat } from '../test/support/services/kcat.ts'
import { startPostgresql, type PostgresqlServer } from '../test/support/services/postgresql.ts'

export const SINK_TABLE = 'bench'
export const SOURCE_TABLE = 'benchsrc'
const DATABASE = 'bench'

const COLUMNS = 'a int, b int, d double precision, flag boolean, s1 text, s2 text, s3 text, s4 text, ts timestamp'

/** What a sink finds: nothing; every row, to be changed; nothing, in a table without a primary key. */
export type SinkTableStart = 'empty' | 'filled' | 'empty, no key'

/** A row that was there before has this in `s1`. */
const OLD = 'old-customer'

/** Every column of rows 0 to n-1. @param s1 SQL of that column */
const generated = (rows: number, s1: string) => `SELECT i, (i*7919)%65536, (i*104729)%2000000000, (i%1000000)/100.0, i%2=0, ${s1},
  substr(md5(i::text),1,16), 'item '||substr(md5(i::text),5,8)||' blue', 'note '||substr(md5(i::text),9,8)||' order line of text',
  timestamp '2023-11-14 22:13:20' + i*interval '137 ms' FROM generate_series(0::bigint, ${rows - 1}) i`

/** A server of the benchmark's own, with one connection that is kept open for measuring. */
export class BenchDatabase {
  readonly server: PostgresqlServer
  readonly #client: Client

  private constructor(server: PostgresqlServer, client: Client) {
    this.server = server
    this.#client = client
  }

  static async start(): Promise<BenchDatabase> {
    const server = await startPostgresql({ settings: { shared_buffers: '256MB', max_wal_size: '8GB' } })
    await server.query('postgres', `CREATE DATABASE ${DATABASE}`)
    return new BenchDatabase(server, await server.connect(DATABASE))
  }

  /** @param parameters such as `?reWriteBatchedInserts=true` */
  url(parameters = ''): string {
    return this.server.jdbcUrl(DATABASE) + parameters
  }

  async stop(): Promise<void> {
    await this.#client.end()
    await this.server.stop()
  }

  /** One number. */
  async number(sql: string): Promise<number> {
    const { rows } = await this.#client.query<{ n: string }>(`SELECT (${sql}) AS n`)
    return Number(rows[0]?.n)
  }

  async makeSinkTable(start: SinkTableStart, rows: number, last: readonly string[]): Promise<void> {
    const key = start === 'empty, no key' ? '' : ' PRIMARY KEY'
    await this.#run(`DROP TABLE IF EXISTS ${SINK_TABLE}`, `CREATE TABLE ${SINK_TABLE} (id bigint${key}, ${COLUMNS})`)
    if (start === 'filled') await this.#run(`INSERT INTO ${SINK_TABLE} ${generated(rows, `'${OLD}'`)}`, `VACUUM ANALYZE ${SINK_TABLE}`)
    // Finds the last rows, and nothing else.
    if (start === 'empty, no key') await this.#run(`CREATE INDEX ON ${SINK_TABLE} (id) WHERE ${isOneOf(last)}`)
    await this.#run('CHECKPOINT')
  }

  async makeSourceTable(rows: number): Promise<void> {
    await this.#run(`DROP TABLE IF EXISTS ${SOURCE_TABLE}`, `CREATE TABLE ${SOURCE_TABLE} (id bigint PRIMARY KEY, ${COLUMNS})`)
    await this.#run(`INSERT INTO ${SOURCE_TABLE} ${generated(rows, "'customer-'||substr(md5(i::text),1,7)")}`)
    await this.#run(`VACUUM ANALYZE ${SOURCE_TABLE}`, 'CHECKPOINT')
  }

  async #run(...statements: readonly string[]): Promise<void> {
    for (const sql of statements) await this.#client.query(sql)
  }
}

function isOneOf(ids: readonly string[]): string {
  return `id = ANY ('{${ids.join(',')}}'::bigint[])`
}

/** The key of the last record of every partition: with these rows all of the topic is there, since partitions are written in order. */
export async function lastKeys(address: string, topic: string): Promise<string[]> {
  const keys = (await kcat(address, ['-C', '-q', '-t', topic, '-o', '-1', '-e', '-f', '%k\n'])).toString().trim()
  return keys.split('\n')
}

/** How much of a topic a sink has written to its table, seen at little cost for the server. */
export class SinkProgress {
  readonly #database: BenchDatabase
  readonly #expected: number
  readonly #last: readonly string[]
  /** Pages before the sink began. */
  readonly #pages: number
  #first = 0

  private constructor(database: BenchDatabase, expected: number, last: readonly string[], pages: number) {
    this.#database = database
    this.#expected = expected
    this.#last = last
    this.#pages = pages
  }

  static async of(database: BenchDatabase, expected: number, last: readonly string[]): Promise<SinkProgress> {
    const pages = await database.number(`SELECT pg_relation_size('${SINK_TABLE}') / current_setting('block_size')::int`)
    return new SinkProgress(database, expected, last, pages)
  }

  /** The rows that were there when the first were seen, until all are there. */
  async read(): Promise<number> {
    if (this.#first === 0) {
      // New rows, and new versions of old ones, go into new pages.
      this.#first = await this.#database.number(`SELECT count(*) FROM ${SINK_TABLE} WHERE ctid >= '(${this.#pages},0)'`)
      return this.#first
    }
    const found = await this.#database.number(`SELECT count(*) FROM ${SINK_TABLE} WHERE ${isOneOf(this.#last)} AND s1 <> '${OLD}'`)
    return found >= this.#last.length ? this.#expected : this.#first
  }

  /** @throws Error unless every record is one row */
  async mustBeExact(): Promise<void> {
    const written = await this.#database.number(`SELECT count(*) FROM ${SINK_TABLE} WHERE s1 <> '${OLD}'`)
    if (written !== this.#expected) throw new Error(`${written} rows are written, of ${this.#expected} records.`)
  }
}
