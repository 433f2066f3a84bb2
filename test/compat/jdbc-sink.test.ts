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

/** What ours does instead. */
interface Departure {
  readonly reason: string
  /** Of one class only; absent: of both. */
  readonly family?: SinkFamily
  /** The very same as Confluent's class does. */
  readonly isConfluent?: true
  /** Error of each step, as a part of its text; null: none. Absent: none at all. */
  readonly errors?: readonly (string | null)[]
  readonly startError?: string
  readonly reported?: readonly number[]
  /** Of every table; absent: not looked at. */
  readonly rows?: readonly (readonly (readonly (string | null)[])[])[]
}

const untyped = 'values are sent as texts without a type, as with stringtype=unspecified: they go into every column that reads them'
const arrays = 'arrays of any element type are written'
const quotes = 'quotation marks inside of names are doubled'
const confluentWords = { family: 'aiven', isConfluent: true } as const

/** Deliberate departures. A name may come twice, once for each class. */
const departures: readonly (Departure & { readonly name: string })[] = [
  { name: 'update, pk.mode=none, auto.create', reason: 'each record would rewrite the whole table', startError: "must not be 'none' when insert.mode is update" },
  { name: 'update, all fields are key', reason: 'there is nothing to change, which is no error', rows: [[]] },
  { name: 'deletes, upsert, auto.create: D1', reason: 'a table is made when the first row shows its columns; until then there is nothing to delete', rows: [] },
  { name: 'type array decimal', reason: arrays, rows: [[['1', '{1.50}']]] },
  { name: 'type array date', reason: arrays, rows: [[['1', '{1970-01-01}']]] },
  { name: 'type array timestamp', reason: arrays, rows: [[['1', '{"1970-01-01 00:00:00"}']]] },
  { name: 'type array of arrays', reason: arrays, rows: [[['1', '{{1},{2}}']]] },
  { name: 'topic a"b', reason: quotes, rows: [[['1', null]]] },
  { name: 'odd column names', reason: quotes, rows: [[['1', null, null]]] },
  { name: 'column dropped by somebody else', reason: 'the table is looked at again, and what is missing is said', errors: [null, null, 'is missing fields', 'is missing fields'], rows: [[['1']]] },
  { name: 'target is partitioned, table.types=TABLE', reason: 'a partitioned table is a table', family: 'confluent', rows: [[['1', null]], [['1', null]]] },
  { name: 'string into inet', reason: untyped, rows: [[['1', '10.0.0.1/32']]] },
  { name: 'string into ext.ltree', reason: untyped, rows: [[['1', 'a.b']]] },
  { name: 'string into xml', reason: untyped, rows: [[['1', '<a/>']]] },
  { name: 'string into mood', reason: untyped, rows: [[['1', 'happy']]] },
  { name: 'string into numeric', reason: untyped, rows: [[['1', '1.5']]] },
  { name: 'string into int', reason: untyped, rows: [[['1', '5']]] },
  { name: 'string into text[]', reason: untyped, rows: [[['1', '{a,b}']]] },
  { name: 'int64 too large for int', reason: 'the server names the value too; the SQLSTATE is the same, 22003', errors: ['is out of range for type integer'], rows: [[]] },
  { name: 'generated column', reason: 'identity columns are written with OVERRIDING SYSTEM VALUE', rows: [[['1', null]]] },
  { name: 'schemaless map, reporter', reason: 'a record that does not fit is reported; the others are written', reported: [1], rows: [[['1', null]]] },
  { name: 'upsert with reWriteBatchedInserts, one key twice', reason: 'of one key the last record counts', rows: [[['1', 'b']]] },
  { name: 'retries counted anew after success', reason: 'a value that does not fit does not fit later either: the task fails, without retries', errors: ['ERROR: null value', 'ERROR: null value', 'ERROR: null value', 'ERROR: null value'], rows: [[]] },
  { name: 'deletes, insert: D1 D1', reason: 'a row that is not there needs no delete', ...confluentWords },
  { name: 'delete.enabled with pk.mode=record_key', reason: 'a row that is not there needs no delete', ...confluentWords },
  { name: 'delete.enabled with pk.mode=none', reason: 'it is said at the start', ...confluentWords },
  { name: 'deletes, upsert: I1 D1 I1', reason: 'the changes of a key keep their order', ...confluentWords },
  { name: 'deletes, upsert: I2 D1 I1', reason: 'the changes of a key keep their order', ...confluentWords },
  { name: 'deletes, upsert, auto.create: I2 D1 I1', reason: 'the changes of a key keep their order', ...confluentWords },
  { name: 'upsert, array key', reason: 'Confluent’s sentence says more', ...confluentWords },
  { name: 'upsert, null key', reason: 'Confluent’s sentence says more', ...confluentWords },
  { name: 'schemaless map, pk.mode=record_value', reason: 'Confluent’s sentence says more', ...confluentWords },
  { name: 'map with schema', reason: 'Confluent’s sentence says more', ...confluentWords },
  { name: 'int32 value', reason: 'Confluent’s sentence says more', ...confluentWords },
  { name: 'evolve: required column', reason: 'Confluent’s sentence says more', ...confluentWords },
  { name: 'upsert, record_value, optional pk field null', reason: 'a new table stays when its first rows do not', ...confluentWords },
  { name: 'tombstone, delete.enabled=false', reason: 'a new table stays when its first rows do not', ...confluentWords },
  { name: 'type text with U+0000', reason: 'a new table stays when its first rows do not', ...confluentWords },
  { name: 'topics.to.tables.mapping', family: 'aiven', reason: 'a new table stays when its first rows do not', errors: ["Destination table for the topic: 'u' couldn't be found"], rows: [[]] },
  { name: 'default boolean, auto.create', reason: 'a default of a boolean is TRUE or FALSE', ...confluentWords },
  { name: 'default array, auto.create', reason: 'arrays have defaults', ...confluentWords },
  { name: 'no evolve: column missing, reporter', reason: 'bad records are reported', ...confluentWords },
  { name: 'one bad record of five, reporter, trim.sensitive.log', family: 'aiven', reason: 'bad records are reported', reported: [2], rows: [[['0', '0'], ['1', '1'], ['3', '3'], ['4', '4']]] },
  { name: 'string value, own column', family: 'aiven', reason: 'texts are written to the column record_value', rows: [[['hello']]] },
  { name: 'string value, record_key upsert', reason: 'texts are written to the column record_value', ...confluentWords },
  { name: 'string value, column equals key', reason: 'texts are written to the column record_value', ...confluentWords },
  { name: 'target is a view', family: 'aiven', reason: 'the class is TableAlterOrCreateException, a ConnectException', errors: ['is missing and auto-creation is disabled'] },
  { name: 'missing table', family: 'aiven', reason: 'the class is TableAlterOrCreateException, a ConnectException', errors: ['is missing and auto-creation is disabled'] },
  { name: 'connection.currentSchema', reason: 'connection. keys are parameters of the driver', ...confluentWords },
]

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
    console.log(`compat jdbc-sink: ${passed} of ${2 * cases.length} (${new Set(departures.map(({ name }) => name)).size} of ${cases.length} cases with deliberate departures)`)
  })

  const runs = cases.flatMap((each) => [
    { ...each, family: 'confluent' as const, outcome: each.want },
    { ...each, family: 'aiven' as const, outcome: each.aiven?.want ?? each.want },
  ])

  it.for(runs)('$name ($family)', async (each) => {
    const replaced = (text: string) => text.replaceAll('${url}', server.jdbcUrl(database)).replaceAll('${server}', server.address).replaceAll('${database}', database)
    const departure = departures.find(({ name, family }) => name === each.name && (family ?? each.family) === each.family)
    const want = JSON.parse(replaced(JSON.stringify(departure?.isConfluent === true ? each.want : each.outcome))) as Outcome
    await emptied(admin)
    const got = await outcomeOf(each, each.family, replaced, admin)
    if (departure === undefined || departure.isConfluent === true) expectOutcome(got, want)
    else expectDeparture(got, departure)
    passed++
  })
})

function expectDeparture(got: Got, { errors, startError, reported, rows }: Departure): void {
  if (startError !== undefined) return expect(String(got.startError)).toContain(startError)
  expect(got.startError).toBeNull()
  for (const [index, { error }] of got.steps.entries()) {
    const fragment = errors?.[index] ?? null
    if (fragment === null) expect(error).toBeNull()
    else expect(String(error)).toContain(fragment)
  }
  expect(got.steps.flatMap((step) => step.reported.map(({ record }) => record.kafkaOffset))).toEqual(reported ?? [])
  if (rows !== undefined) expect(got.tables.map((table) => table.rows)).toEqual(rows)
}

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
  const said = /PSQLException: (ERROR: [^\n]*)/.exec(want.message ?? '')?.[1] ?? /PSQLException; SQLState=\w+/.exec(want.message ?? '')?.[0]
  if (state === undefined && said === undefined) return expectOwnError(got, want)
  expect(got).toBeInstanceOf(ConnectException)
  if (state !== undefined) expect(sqlExceptionIn(got)?.sqlState).toBe(state)
  if (said !== undefined) expect((got as Error).message).toContain(said)
}

/** The connector's own sentence comes first, ours may follow. */
function expectOwnError(got: unknown, want: RecordedError): void {
  expect(got).toBeInstanceOf(Error)
  const wanted = withoutHarnessClasses(want.message ?? '')
  const { message } = got as Error
  const start = message.startsWith(wanted) ? wanted : message
  expectThrown(Object.defineProperty(got as Error, 'message', { value: start }), { ...want, message: wanted })
}

/** Classes of the values that the recording harness handed in; what a converter gives is called otherwise. */
function withoutHarnessClasses(message: string): string {
  return message.replace(/\b(Map1|MapN)\b/, 'HashMap').replace(/\bList12\b/, 'ArrayList')
}

function stateOf(error: RecordedSqlError | undefined): string | undefined {
  return error === undefined ? undefined : (error.sqlstate ?? stateOf(error.cause))
}

function sqlExceptionIn(error: unknown): SqlException | null {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof SqlException) return at
  return null
}
