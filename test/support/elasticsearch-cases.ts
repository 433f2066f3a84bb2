import { setTimeout as delay } from 'node:timers/promises'
import { ConnectException, type SinkRecord, type TopicPartitionOffset } from 'standpipe/api'
import { expect, onTestFinished } from 'vitest'
import { ElasticsearchSinkTask } from '../../connectors/elasticsearch/elasticsearch-sink-task.ts'
import { decodeConfig, type RecordedCase, type RecordedError, type RecordedSchema } from './compat-data.ts'
import { decodeRecord, type RecordedRecord } from './compat-records.ts'
import { CollectingLogger } from './fakes/collecting-logger.ts'
import { RecordingSinkTaskContext } from './fakes/sink-task-context.ts'
import { ScriptedElasticsearch, type ScriptRule } from './scripted-elasticsearch.ts'

/**
 * Recorded cases of the Elasticsearch sink (test/compat/README.md): `replay` runs our task on a server that answers by rules. Where the
 * case ran against a real server the rules are the answers recorded, `comparable` leaves of an outcome what is to be compared, and
 * `checkCase` does it all.
 */

/** A request with its answer. */
export interface Exchange {
  readonly method: string
  readonly path: string
  readonly status?: number
  readonly answer?: unknown
  readonly body?: string
  /** Of a bulk request. */
  readonly lines?: readonly string[]
}

/** What a task did and what became of it. */
export interface Outcome {
  readonly exchanges: readonly Exchange[]
  /** Next offset by partition. */
  readonly commit: Readonly<Record<string, number>>
  readonly reported?: readonly { readonly offset: number; readonly class: string; readonly message: string }[]
  readonly failed?: RecordedError
}

/** What a task is started with and given. */
export interface ReplayedCase {
  readonly config: Readonly<Record<string, string | null>>
  readonly puts: readonly (readonly (RecordedRecord & { readonly originalTopic?: string })[])[]
  /** False: there is none. */
  readonly reporter?: false | 'throws'
  readonly pauseAfterEachPutMs?: number
}

export interface ElasticsearchCase extends RecordedCase, ReplayedCase {
  readonly want: Outcome
  /** With Elasticsearch 8.19.9, where it answers otherwise. */
  readonly wantOn8?: Outcome
}

/** A deliberate departure from what was recorded. */
export interface Departure {
  readonly cases: RegExp
  readonly reason: string
  /** What ours does, made of what was recorded. */
  readonly want: (recorded: Outcome) => Outcome
}

/** The record is bad: reported, and dropped or fails the task. @param drops `drop.invalid.message` @param offset of the record */
export function recordFault(message: string, { drops = false, offset = 7 } = {}): (recorded: Outcome) => Outcome {
  const fault = { class: 'org.apache.kafka.connect.errors.DataException', message }
  return ({ exchanges, commit }) => ({
    exchanges,
    commit: drops ? { 't-0': offset + 1 } : commit,
    reported: [{ offset, ...fault }],
    ...(drops ? {} : { failed: fault }),
  })
}

/** What the server refuses for good is asked for once. */
export function askedOnce(recorded: Outcome): Outcome {
  const { exchanges, failed } = recorded
  const message = failed?.message?.replace('after 2 attempt', 'after 1 attempt').replace(/(?<=due to ')\[.*?\] /, '') ?? null
  return { ...recorded, exchanges: exchanges.slice(0, -1), failed: { class: failed?.class ?? '', message } }
}

/** The cases, and once more each that the newer server answers otherwise. */
export function withNewerServer(cases: readonly ElasticsearchCase[]): ElasticsearchCase[] {
  const newer = cases.flatMap((each) =>
    each.wantOn8 === undefined ? [] : [{ ...each, name: `${each.name}, on 8.19.9`, want: each.wantOn8 }],
  )
  return [...cases, ...newer]
}

/** Runs the case and compares, or compares with what ours does instead. @returns the departure, null: none */
export async function checkCase(each: ElasticsearchCase, departures: readonly Departure[]): Promise<Departure | null> {
  const departure = departures.find(({ cases }) => cases.test(each.name)) ?? null
  const want = departure === null ? each.want : departure.want(each.want)
  expect(comparable(await replay(each, rulesOf(each.want.exchanges)), each)).toEqual(comparable(want, each))
  return departure
}

const defaults = { name: 'es', topics: 't', 'linger.ms': '60000', 'retry.backoff.ms': '1', 'max.retries': '1', 'read.timeout.ms': '30000' }

/** Runs the task as the case says: puts, preCommit, a wait until nothing is under way, preCommit, stop. Addresses are told as `${server}`. */
export async function replay(each: ReplayedCase, rules: readonly ScriptRule[]): Promise<Outcome> {
  const server = await ScriptedElasticsearch.start(rules)
  onTestFinished(() => server.stop())
  const context = new RecordingSinkTaskContext(new CollectingLogger(), each.reporter === false ? null : (each.reporter ?? 'takes all'))
  const task = new ElasticsearchSinkTask()
  task.initialize(context)
  await task.start(decodeConfig({ ...defaults, 'connection.url': `http://${server.address}`, ...each.config }))
  const puts = each.puts.map((records) => records.map(sinkRecord))
  const current = offsetsBehind(puts.flat())
  const failedPut = await putAll(task, puts, each.pauseAfterEachPutMs)
  const failedLater = await settled(task, context, current)
  const failed = failedPut ?? failedLater
  const commit = await task.preCommit(current)
  context.stopping.abort()
  await task.stop()
  return {
    exchanges: server.exchanges.map(({ method, path, body }) => exchange(method, path, body)),
    commit: Object.fromEntries(commit.map(({ topic, partition, offset }) => [`${topic}-${partition}`, offset])),
    reported: context.reported.map(({ record, error }) => ({ offset: record.originalKafkaOffset, ...told(error, server) })),
    ...(failed === null ? {} : { failed: told(failed, server) }),
  }
}

/** An error and what caused it, as recorded. */
function told(
  error: Error,
  server: ScriptedElasticsearch,
): { readonly class: string; readonly message: string; readonly cause?: RecordedError } {
  const cause = error.cause instanceof Error ? { cause: told(error.cause, server) } : {}
  return { class: classOf(error), message: withoutAddress(error.message, server), ...cause }
}

/** Our client escapes a colon in a path, Java's does not. */
function withoutAddress(message: string, { address }: ScriptedElasticsearch): string {
  return message.replaceAll(address, '${server}').replaceAll('%3A', ':')
}

/** The answers recorded, by request, in their order. */
function rulesOf(exchanges: readonly Exchange[]): ScriptRule[] {
  return exchanges.map(({ method, path, status = 200, answer = null }) => ({
    match: `${method} ${encoded(path).replace(/[^\w/%]/g, '\\$&')}(&filter_path=.*)?`,
    answers: [{ status, body: answer }],
  }))
}

/** A path as our client writes it, which escapes more than Java's. */
function encoded(path: string): string {
  const [names = '', query] = path.split('?')
  const written = names.split('/').map((name) => encodeURIComponent(decodeURIComponent(name)))
  return written.join('/') + (query === undefined ? '' : `?${query}`)
}

function sinkRecord(recorded: RecordedRecord & { readonly originalTopic?: string }): SinkRecord {
  const { originalTopic, topic } = recorded
  const record = decodeRecord({ ...recorded, topic: originalTopic ?? topic }) as SinkRecord
  return originalTopic === undefined ? record : record.newRecord({ topic })
}

function offsetsBehind(records: readonly SinkRecord[]): TopicPartitionOffset[] {
  const offsets = new Map<string, TopicPartitionOffset>()
  for (const { originalTopic: topic, originalKafkaPartition: partition, originalKafkaOffset: offset } of records) {
    offsets.set(`${topic}-${partition}`, { topic, partition, offset: offset + 1 })
  }
  return [...offsets.values()]
}

/** @returns the first failure, with which the puts end */
async function putAll(
  task: ElasticsearchSinkTask,
  puts: readonly (readonly SinkRecord[])[],
  pauseAfterEachMs: number | undefined,
): Promise<Error | null> {
  for (const records of puts) {
    const failed = await failureOf(() => task.put(records))
    if (failed !== null) return failed
    if (pauseAfterEachMs !== undefined) await delay(pauseAfterEachMs)
  }
  return null
}

/** Sends what is left, and puts nothing until the task asks for no more calls. @returns the first failure */
async function settled(
  task: ElasticsearchSinkTask,
  context: RecordingSinkTaskContext,
  current: readonly TopicPartitionOffset[],
): Promise<Error | null> {
  await task.preCommit(current)
  for (;;) {
    context.timeoutMs = null
    const failed = await failureOf(() => task.put([]))
    if (failed !== null || context.timeoutMs === null) return failed
    await delay(5)
  }
}

async function failureOf(call: () => Promise<void>): Promise<Error | null> {
  try {
    await call()
    return null
  } catch (error) {
    return error as Error
  }
}

function exchange(method: string, path: string, body: string): Exchange {
  return {
    method,
    path: path.replace(/&filter_path=.*/, ''),
    body,
    ...(path.startsWith('/_bulk') ? { lines: body.split('\n').slice(0, -1) } : {}),
  }
}

function classOf(error: Error): string {
  return error instanceof ConnectException ? error.javaName : error.constructor.name
}

/** An outcome as data: documents and mappings in which numbers keep their text; keys in order where all values are structs. */
function comparable({ exchanges, commit, reported = [], failed }: Outcome, { puts }: ElasticsearchCase): unknown {
  const isOrdered = puts.flat().every(({ valueSchema }) => hasFixedOrder(valueSchema))
  const requests = exchanges.filter(({ method, path }) => method !== 'GET' || path !== '/')
  return {
    requests: requests.map(({ method, path, body, lines }) => ({
      request: `${method} ${encoded(path)}`,
      lines: lines?.map((line) => (isOrdered ? JSON.stringify(comparableLine(line)) : comparableLine(line))),
      mapping: method === 'PUT' && path.includes('/_mapping') ? JSON.stringify(exactJson(body ?? '')) : undefined,
    })),
    commit,
    reported: reported.map(({ offset, class: name, message }) => ({ offset, class: name, message })),
    failed: failed === undefined ? null : { class: failed.class, message: failed.message },
  }
}

/** A struct has the order of its schema; Java's maps have none. */
function hasFixedOrder(schema: RecordedSchema | null): boolean {
  return schema?.type === 'struct' && !JSON.stringify(schema).includes('"map"')
}

/** Without what is the old client's way alone: the version -4 of a `create` and the second copy of an update's document. */
function comparableLine(line: string): unknown {
  const parsed = exactJson(line) as Record<string, Record<string, unknown>>
  if (parsed['create']) delete parsed['create']['version']
  return parsed['doc'] && parsed['upsert'] ? { doc: parsed['doc'], doc_as_upsert: true } : parsed
}

/** Strings, which are left alone, and numbers. */
const jsonTokens = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g

function exactJson(json: string): unknown {
  return JSON.parse(json.replace(jsonTokens, (token) => (token.startsWith('"') ? token : `{"$number":"${token}"}`)))
}
