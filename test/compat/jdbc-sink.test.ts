import { ConnectException, type SinkRecord } from 'standpipe/api'
import type { Client } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { SinkFamily } from '../../connectors/jdbc/sink/config/definitions.ts'
import { SqlException } from '../../connectors/jdbc/dialect/sql-exception.ts'
import { decodeConfig, expectThrown, readCases, type RecordedCase, type RecordedError } from '../support/compat-data.ts'
import { decodeRecord, type RecordedRecord } from '../support/compat-records.ts'
import { SinkHarness } from '../support/jdbc/sink-harness.ts'
import { tableContents, type TableContents } from '../support/jdbc/table-contents.ts'
import { describeWithPostgresql } from '../support/services/postgresql-suite.ts'

interface RecordedSqlError extends RecordedError {
  readonly sqlstate?: string
  readonly cause?: RecordedSqlError
}

interface Step {
  readonly put?: 'ok'
  readonly did?: 'sql' | 'kill'
  readonly error?: RecordedSqlError
  readonly retriable?: boolean
  readonly timeout?: number
  readonly reported?: readonly { readonly offset: number; readonly error: RecordedSqlError }[]
}

interface Outcome {
  readonly startError?: RecordedError
  readonly steps?: readonly Step[]
  readonly tables?: readonly TableContents[]
}

interface Case extends RecordedCase {
  readonly config?: Readonly<Record<string, string | null>>
  readonly reporter?: boolean
  readonly input: readonly { readonly setup?: string; readonly sql?: string; readonly kill?: string; readonly put?: readonly RecordedRecord[] }[]
  readonly want: Outcome
  readonly aiven?: { readonly want: Outcome }
}

const cases = readCases<Case>('jdbc-sink')
const database = 'compat'
let passed = 0

await describeWithPostgresql('compat jdbc-sink: Confluent and Aiven', (server) => {
  let admin: Client

  beforeAll(async () => {
    await server.query('postgres', `DROP DATABASE IF EXISTS ${database}`)
    await server.query('postgres', `CREATE DATABASE ${database}`)
    admin = await server.connect(database)
    await admin.query('CREATE SCHEMA ext; CREATE EXTENSION hstore SCHEMA ext; CREATE EXTENSION citext SCHEMA ext; CREATE EXTENSION ltree SCHEMA ext')
  })

  afterAll(async () => {
    await admin.end()
    console.log(`compat jdbc-sink: ${passed} of ${2 * cases.length}`)
  })

  const runs = cases.flatMap((each) => [
    { ...each, family: 'confluent' as const, outcome: each.want },
    { ...each, family: 'aiven' as const, outcome: each.aiven?.want ?? each.want },
  ])

  it.for(runs)('$name ($family)', async (each) => {
    const replaced = (text: string) => text.replaceAll('${url}', server.jdbcUrl(database)).replaceAll('${server}', server.address).replaceAll('${database}', database)
    const want = JSON.parse(replaced(JSON.stringify(each.outcome))) as Outcome
    await emptied(admin)
    const got = await outcomeOf(each, each.family, replaced, admin)
    expectOutcome(got, want)
    passed++
  })
})

interface GotStep {
  readonly did?: string
  readonly error: unknown
  readonly timeout: number | null
  readonly reported: readonly { readonly record: SinkRecord; readonly error: Error }[]
}

interface Got {
  readonly startError: unknown
  readonly steps: readonly GotStep[]
  readonly tables: readonly TableContents[]
}

async function emptied(admin: Client): Promise<void> {
  const others = "SELECT nspname FROM pg_namespace WHERE nspname NOT IN ('ext','information_schema') AND nspname NOT LIKE 'pg\\_%'"
  const { rows } = await admin.query<{ nspname: string }>(others)
  for (const { nspname } of rows) await admin.query(`DROP SCHEMA "${nspname}" CASCADE`)
  await admin.query('CREATE SCHEMA public; SET search_path TO public, ext')
}

async function outcomeOf(each: Case, family: SinkFamily, replaced: (text: string) => string, admin: Client): Promise<Got> {
  for (const { setup } of each.input) if (setup !== undefined) await admin.query(replaced(setup))
  const config = Object.fromEntries(Object.entries(decodeConfig(each.config)).map(([key, value]) => [key, replaced(value)]))
  const tolerance = each.reporter === true ? { 'errors.tolerance': 'all' } : {}
  const props = { name: 'c', topics: 't', 'connection.url': replaced('${url}'), 'connection.user': 'postgres', ...tolerance, ...config }
  let harness: SinkHarness
  try {
    harness = SinkHarness.start(props, { family, reporter: each.reporter === true ? 'takes all' : null })
  } catch (startError) {
    return { startError, steps: [], tables: await tableContents(admin) }
  }
  const steps: GotStep[] = []
  for (const { put, sql, kill } of each.input) {
    if (sql !== undefined) await admin.query(replaced(sql))
    if (kill !== undefined) await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'c'")
    if (put !== undefined) steps.push(await putStep(harness, put))
    else if (sql !== undefined || kill !== undefined) steps.push({ did: sql === undefined ? 'kill' : 'sql', error: null, timeout: null, reported: [] })
  }
  await harness.task.stop()
  return { startError: null, steps, tables: await tableContents(admin) }
}

async function putStep(harness: SinkHarness, put: readonly RecordedRecord[]): Promise<GotStep> {
  const before = harness.context.reported.length
  let error: unknown = null
  try {
    await harness.put(put.map((record) => decodeRecord({ ...record, kind: 'sink', headers: record.headers ?? [] }) as SinkRecord))
  } catch (thrown) {
    error = thrown
  }
  return { error, timeout: harness.context.timeoutMs, reported: harness.context.reported.slice(before) }
}

function expectOutcome(got: Got, want: Outcome): void {
  if (want.startError !== undefined) return expectThrown(got.startError, want.startError)
  expect(got.startError).toBeNull()
  const wanted = want.steps ?? []
  for (const [index, step] of wanted.entries()) expectStep(got.steps[index], step)
  expect(got.steps.length).toBe(wanted.length)
  expect(got.tables).toEqual(want.tables ?? [])
}

function expectStep(got: GotStep | undefined, want: Step): void {
  if (want.did !== undefined) return expect(got?.did).toBe(want.did)
  if (want.error === undefined) expect(got?.error).toBeNull()
  else expectSqlError(got?.error, want.error)
  expect(got?.reported.map(({ record }) => record.kafkaOffset)).toEqual((want.reported ?? []).map(({ offset }) => offset))
  for (const [index, { error }] of (want.reported ?? []).entries()) expectSqlError(got?.reported[index]?.error, error)
}

/** Of what a driver says, the state and the words of the server; else as everywhere. */
function expectSqlError(got: unknown, want: RecordedSqlError): void {
  const state = stateOf(want)
  const said = /PSQLException: (ERROR: [^\n]*)/.exec(want.message ?? '')?.[1]
  if (state === undefined && said === undefined) return expectOwnError(got, want)
  expect(got).toBeInstanceOf(ConnectException)
  if (state !== undefined) expect(sqlExceptionIn(got)?.sqlState).toBe(state)
  if (said !== undefined) expect((got as Error).message).toContain(said)
}

/** The connector's own sentence comes first, ours may follow. */
function expectOwnError(got: unknown, want: RecordedError): void {
  expect(got).toBeInstanceOf(Error)
  const { message } = got as Error
  const start = want.message !== null && want.message !== undefined && message.startsWith(want.message) ? want.message : message
  expectThrown(Object.defineProperty(got as Error, 'message', { value: start }), want)
}

function stateOf(error: RecordedSqlError | undefined): string | undefined {
  return error === undefined ? undefined : (error.sqlstate ?? stateOf(error.cause))
}

function sqlExceptionIn(error: unknown): SqlException | null {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof SqlException) return at
  return null
}
