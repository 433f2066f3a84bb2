import type { Logger } from 'standpipe/api'
import type { PgConnection } from '../../dialect/connection.ts'
import { SqlException } from '../../dialect/sql-exception.ts'
import { TableAlterOrCreateException } from './table-alter-or-create-exception.ts'
import type { TableNaming } from './table-naming.ts'
import type { TargetTables } from './target-tables.ts'

export interface RequiredTablesParts {
  readonly session: { connection(): Promise<PgConnection> }
  readonly naming: TableNaming
  readonly tables: TargetTables
  readonly log: Logger
}

/** `schema.evolution=validate-only`: tables that are missing are an error before the first record comes. */
export class RequiredTables {
  readonly #parts: RequiredTablesParts

  constructor(parts: RequiredTablesParts) {
    this.#parts = parts
  }

  /** Looks for the tables of topics. While the database is out nothing is known, and nothing said. @throws TableAlterOrCreateException for one that is missing */
  async check(topics: readonly string[]): Promise<void> {
    const { session, naming, tables, log } = this.#parts
    try {
      for (const topic of topics) {
        const name = naming.tableOfTopic(topic)
        if (name === null) continue
        const connection = await session.connection()
        if ((await tables.existing(connection, name)) !== null) continue
        const shown = await tables.shownName(connection, name)
        throw new TableAlterOrCreateException(
          `Table ${shown} of topic ${topic} is missing, and schema.evolution is validate-only. Create it, or set schema.evolution=basic.`,
        )
      }
    } catch (error) {
      if (!(error instanceof SqlException) || error.kind !== 'system') throw error
      log.warn('Tables could not be looked for at the start; records will tell.', error)
    }
  }
}
