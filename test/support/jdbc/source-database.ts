import type { Client } from 'pg'
import { onTestFinished } from 'vitest'
import type { SourceFamily } from '../../../connectors/jdbc/source/config/definitions.ts'
import type { PostgresqlServer } from '../services/postgresql.ts'
import { newDatabase } from '../services/postgresql-suite.ts'
import { SourceHarness, type StoredOffsets } from './source-harness.ts'

/** A database for the current test, and sources that read it. */
export class SourceDatabase {
  readonly name: string
  readonly server: PostgresqlServer

  private constructor(server: PostgresqlServer, name: string) {
    this.server = server
    this.name = name
  }

  static async create(server: PostgresqlServer, ...setup: readonly string[]): Promise<SourceDatabase> {
    const database = new SourceDatabase(server, await newDatabase(server))
    for (const sql of setup) await database.query(sql)
    return database
  }

  async query(sql: string, values: readonly unknown[] = []): Promise<(string | null)[][]> {
    return this.server.query(this.name, sql, values)
  }

  /** A session of its own, for transactions that stay open. Ended with the test. */
  async session(): Promise<Client> {
    const client = await this.server.connect(this.name)
    onTestFinished(() => client.end())
    return client
  }

  /** Not started. Polls every 20 ms, topics `p-<table>`. */
  source(props: Record<string, string>, options: { readonly family?: SourceFamily; readonly offsets?: StoredOffsets } = {}): SourceHarness {
    const base = {
      name: 'c',
      'connection.url': this.server.jdbcUrl(this.name),
      'connection.user': 'postgres',
      'topic.prefix': 'p-',
      'poll.interval.ms': '20',
    }
    return new SourceHarness({ ...base, ...props }, options.family, options.offsets)
  }

  /** Connector and tasks started. */
  async started(
    props: Record<string, string>,
    options: { readonly family?: SourceFamily; readonly offsets?: StoredOffsets } = {},
  ): Promise<SourceHarness> {
    const source = this.source(props, options)
    await source.start()
    return source
  }
}
