import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import { onTestFinished } from 'vitest'
import { Random } from '../random.ts'
import type { PostgresqlServer } from '../services/postgresql.ts'

/** Clients that insert, change and delete rows of a table `t (id int PRIMARY KEY, v int, note text)`, each row with a `v` of its own. */
export class RowWriters {
  readonly #server: PostgresqlServer
  readonly #database: string
  readonly #count: number
  readonly #stopping = new AbortController()
  readonly #ended: Promise<unknown>

  /** Begins at once. Rows of theirs have an `id` from 1,000,000 on, and a client touches none of another's. */
  constructor(server: PostgresqlServer, database: string, count: number, seed: number) {
    this.#server = server
    this.#database = database
    this.#count = count
    this.#ended = Promise.all(Array.from({ length: count }, (_, writer) => this.#write(writer, new Random(seed + writer))))
    onTestFinished(() => this.stop())
  }

  /** When the transactions under way are over. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#ended
  }

  /** A client whose server crashes goes on when there is one again. */
  async #write(writer: number, random: Random): Promise<void> {
    const numbers = { next: (writer + 1) * 10_000_000, step: 1 }
    while (!this.#stopping.signal.aborted) {
      const client = await this.#server.connect(this.#database).catch(() => null) // the server is down
      if (client === null) await delay(50)
      else await this.#session(client, writer, random, numbers).catch(() => undefined) // it went down
      await client?.end().catch(() => undefined)
    }
  }

  async #session(client: Client, writer: number, random: Random, numbers: { next: number }): Promise<void> {
    const { rows } = await client.query<{ id: number }>('SELECT id FROM t WHERE id % $1 = $2', [this.#count, writer])
    let ids = rows.map(({ id }) => id)
    const number = () => numbers.next++
    const newId = () => 1_000_000 + number() * this.#count + writer
    while (!this.#stopping.signal.aborted) {
      const changed = [...ids]
      const statements = Array.from({ length: 1 + random.below(random.below(8) === 0 ? 60 : 8) }, () =>
        statement(changed, random, number, newId),
      )
      const isKept = random.below(10) > 0
      await client.query(`BEGIN; ${statements.join('; ')}; ${isKept ? 'COMMIT' : 'ROLLBACK'}`)
      if (isKept) ids = changed
      await delay(random.below(20))
    }
  }
}

/** One change of one row, and of the ids there are. */
function statement(ids: number[], random: Random, number: () => number, newId: () => number): string {
  const what = random.below(10)
  if (ids.length === 0 || what < 4) {
    const id = newId()
    ids.push(id)
    return `INSERT INTO t VALUES (${id}, ${number()}, 'new')`
  }
  const place = random.below(ids.length)
  const id = ids[place]!
  if (what < 8) return `UPDATE t SET v = ${number()} WHERE id = ${id}`
  if (what === 8) {
    ids.splice(place, 1)
    return `DELETE FROM t WHERE id = ${id}`
  }
  ids[place] = newId()
  return `UPDATE t SET id = ${ids[place]}, v = ${number()} WHERE id = ${id}`
}
