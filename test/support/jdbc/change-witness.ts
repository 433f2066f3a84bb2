import type { PostgresqlServer } from '../services/postgresql.ts'

/** What became of a row. */
export interface RowChange {
  readonly id: number
  /** The number that the change has given the row; null: it was deleted. */
  readonly v: number | null
}

/** As PostgreSQL itself tells it. */
export interface WitnessedChange extends RowChange {
  /** Where in the log its transaction ends. */
  readonly endLsn: bigint
}

const slot = 'witness'

/** A slot of test_decoding besides the connector's own: who must have read what. The table has columns `id` and `v`, its first two. */
export class ChangeWitness {
  readonly #server: PostgresqlServer
  readonly #database: string

  private constructor(server: PostgresqlServer, database: string) {
    this.#server = server
    this.#database = database
  }

  /** Of everything from now on. */
  static async of(server: PostgresqlServer, database: string): Promise<ChangeWitness> {
    await server.query(database, `SELECT pg_create_logical_replication_slot('${slot}', 'test_decoding')`)
    return new ChangeWitness(server, database)
  }

  /** In the order of commits. A key that changes is two changes: the old one is deleted. */
  async changes(): Promise<WitnessedChange[]> {
    const sql = `SELECT lsn - '0/0', data FROM pg_logical_slot_peek_changes('${slot}', NULL, NULL, 'include-xids', '0')`
    const changes: WitnessedChange[] = []
    let open: RowChange[] = []
    for (const [lsn, data] of await this.#server.query(this.#database, sql)) {
      if (data === 'COMMIT') {
        changes.push(...open.map((change) => ({ ...change, endLsn: BigInt(lsn!) })))
        open = []
      } else open.push(...changesOf(data!))
    }
    return changes
  }
}

/** `table public.t: UPDATE: old-key: id[integer]:1 new-tuple: id[integer]:2 v[integer]:7 note[text]:'x'` */
function changesOf(data: string): RowChange[] {
  const id = String.raw`id\[integer\]:(-?\d+)`
  const old = new RegExp(`: (?:DELETE: |UPDATE: old-key: )${id}`).exec(data)
  const row = new RegExp(String.raw`(?:: INSERT|: UPDATE| new-tuple): ${id} v\[integer\]:(-?\d+)`).exec(data)
  const deleted = old === null ? [] : [{ id: Number(old[1]), v: null }]
  return row === null ? deleted : [...deleted, { id: Number(row[1]), v: Number(row[2]) }]
}
