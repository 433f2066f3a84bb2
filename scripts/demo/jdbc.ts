import { setTimeout as sleep } from 'node:timers/promises'
import { answersPostgresql, postgresqlAt, startPostgresql, type PostgresqlServer } from '../../test/support/services/postgresql.ts'
import type { ServerProcess } from '../../test/support/services/server-process.ts'
import { checkProgress, config, copyWithUrl, describeTopic, findOrStart, property, seconds, startWorker, type Demo } from './demo.ts'

const ROWS = 1_000
const ROWS_SHOWN = 3
const POLL_MS = 100
const NEW_ORDER_EVERY_MS = 3_000
const sourceFile = 'connect-jdbc-source.properties'
const sinkFile = 'connect-jdbc-sink.properties'

/**
 * The rows of one table go to a topic, the topic to another table, run by the worker on the example files of config/. The server is the
 * one of these files, or one that is started for the demo; the tables are in a database of their own, dropped at the end.
 */
export async function demoJdbc(demo: Demo): Promise<void> {
  const { server, stop } = await findOrStartServer()
  const database = `standpipe_demo_${demo.dir.slice(-6).toLowerCase()}`
  try {
    await server.query('postgres', `CREATE DATABASE ${database}`)
    try {
      await copyTable(demo, new Orders(server, database))
    } finally {
      await server.query('postgres', `DROP DATABASE ${database} WITH (FORCE)`)
    }
  } finally {
    await stop()
  }
}

async function findOrStartServer() {
  const url = await property(config(sourceFile), 'connection.url')
  return findOrStart<PostgresqlServer>({
    name: 'PostgreSQL',
    addresses: [process.env.STANDPIPE_TEST_POSTGRES ?? url.replace(/^jdbc:postgresql:\/\/([^/]*)\/.*$/, '$1')],
    hint: '',
    answers: answersPostgresql,
    at: postgresqlAt,
    start: startPostgresql,
    addressOf: ({ address }) => address,
  })
}

/** The table that is read, and the one that is written. */
class Orders {
  readonly server: PostgresqlServer
  readonly database: string

  constructor(server: PostgresqlServer, database: string) {
    this.server = server
    this.database = database
  }

  async create(): Promise<void> {
    await this.#query(`CREATE TABLE orders (id serial PRIMARY KEY, item text NOT NULL, price numeric(10,2) NOT NULL,
      ordered_at timestamptz NOT NULL DEFAULT now())`)
    await this.add(ROWS)
  }

  /** Items are named after the database, for the topic may hold orders of an earlier demo. */
  async add(count: number): Promise<void> {
    await this.#query(`INSERT INTO orders (id, item, price)
      SELECT n, '${this.database} ' || n, n * 0.25 FROM (SELECT nextval('orders_id_seq') AS n FROM generate_series(1, ${count})) AS numbers`)
  }

  /** Rows that are the same in both, newest first. */
  async copied(): Promise<string[][]> {
    const [[table]] = (await this.#query("SELECT to_regclass('orders_copy')")) as [[string | null]]
    if (table === null) return []
    return (await this.#query(`SELECT id, item, price FROM orders JOIN orders_copy USING (id, item, price) ORDER BY id DESC`)) as string[][]
  }

  #query(sql: string): Promise<(string | null)[][]> {
    return this.server.query(this.database, sql)
  }
}

async function copyTable(demo: Demo, orders: Orders): Promise<void> {
  await orders.create()
  const url = orders.server.jdbcUrl(orders.database)
  const files = [await copyWithUrl(demo, sourceFile, url), await copyWithUrl(demo, sinkFile, url)]
  const startedAt = performance.now()
  const worker = await startWorker(demo, files)
  try {
    const rows = await arrival(demo, orders, ROWS, () => checkProgress(worker, startedAt, 'Some rows'))
    await showWhatArrived(demo, url, rows, startedAt)
    if (!demo.once) await addUntilStopped(demo, orders, worker)
  } finally {
    await worker.stop()
  }
}

async function arrival({ stopped }: Demo, orders: Orders, count: number, check: () => void): Promise<string[][]> {
  for (;;) {
    const rows = await orders.copied()
    if (rows.length >= count || stopped.aborted) return rows
    check()
    await sleep(POLL_MS)
  }
}

async function showWhatArrived(demo: Demo, url: string, rows: readonly string[][], startedAt: number): Promise<void> {
  const topic = await property(config(sinkFile), 'topics')
  console.log(`all rows      in the second table ${seconds(startedAt)} s after the start of the worker`)
  console.log(`database      ${url}`)
  console.log(`source        table orders: ${ROWS} rows`)
  console.log(`topic         ${await describeTopic(demo, topic)}`)
  console.log(`sink          table orders_copy: ${rows.length} rows as in orders, the last of them`)
  for (const row of rows.slice(0, ROWS_SHOWN).toReversed()) console.log(`                ${row.join(' | ')}`)
}

async function addUntilStopped(demo: Demo, orders: Orders, worker: ServerProcess): Promise<void> {
  const { server, database } = orders
  console.log(
    `\nThe worker stays up until Ctrl-C, and a new order comes every ${NEW_ORDER_EVERY_MS / 1000} s. Give it more, in another shell:`,
  )
  console.log(`  psql -h 127.0.0.1 -p ${server.port} -U postgres ${database} -c "INSERT INTO orders (item, price) VALUES ('hello', 1)"`)
  console.log(`Its log: ${worker.logFile}\n`)
  let seen = (await orders.copied()).length
  while (!demo.stopped.aborted) {
    const startedAt = performance.now()
    await orders.add(1)
    const rows = await arrival(demo, orders, seen + 1, () => checkProgress(worker, startedAt, 'Some rows'))
    for (const row of rows.slice(0, rows.length - seen).toReversed()) console.log(`arrived       ${row.join(' | ')}`)
    seen = rows.length
    await sleep(NEW_ORDER_EVERY_MS, undefined, { signal: demo.stopped }).catch(() => undefined)
  }
  console.log('\nstopping …')
}
