import { ConnectException, DataException, type SinkRecord } from 'standpipe/api'
import { expect } from 'vitest'
import { BulkBody } from '../../connectors/elasticsearch/bulk/bulk-body.ts'
import { readElasticsearchSinkSettings } from '../../connectors/elasticsearch/config/settings.ts'
import { OperationFactory } from '../../connectors/elasticsearch/document/operation-factory.ts'
import { inferMapping } from '../../connectors/elasticsearch/mapping/mapping.ts'
import { expectThrown, type RecordedError, type RecordedSchema } from './compat-data.ts'
import { decodeRecord, type RecordedRecord } from './compat-records.ts'

/**
 * The recorded cases of the Elasticsearch sink (test/compat/README.md), and what our conversion alone makes of their records:
 * everything up to the requests, without a server.
 */

/** A request that was made, with the answer. */
export interface RecordedExchange {
  readonly method: string
  readonly path: string
  readonly status?: number
  readonly body?: string
  /** Of a bulk request. */
  readonly lines?: readonly string[]
  readonly answer?: unknown
}

export interface ElasticsearchCase {
  readonly name: string
  readonly quirk?: string
  readonly config: Readonly<Record<string, string | null>>
  readonly puts: readonly (readonly (RecordedRecord & { readonly originalTopic?: string })[])[]
  readonly want: {
    readonly exchanges: readonly RecordedExchange[]
    readonly reported?: readonly (RecordedError & { readonly topic: string; readonly offset: number })[]
    readonly failed?: RecordedError & { readonly at: string }
  }
}

const defaults = { name: 'es', topics: 't', 'linger.ms': '60000', 'connection.url': 'http://localhost:9200' }

/** What conversion makes of the records of a case. */
export interface Converted {
  /** Text of the bulk requests, one line an entry. */
  readonly lines: readonly string[]
  /** Names of what is written to, and the mapping made for each that has one, in the order of their first record. */
  readonly targets: ReadonlyMap<string, string | null>
  readonly reported: readonly { readonly offset: number; readonly error: Error }[]
  /** Null: the task goes on. */
  readonly failed: Error | null
}

/** Runs the records through the conversion as the sink task does; the answers recorded say which indices have a mapping already. */
export function convertCase(each: ElasticsearchCase): Converted {
  const props = Object.entries({ ...defaults, ...each.config }).filter((entry): entry is [string, string] => entry[1] !== null)
  const settings = readElasticsearchSinkSettings(Object.fromEntries(props))
  const run = new ConversionRun(new OperationFactory(settings), indicesWithMapping(each))
  for (const record of each.puts.flat().map(sinkRecord)) {
    const error = run.convert(record)
    if (error !== null && !(error instanceof DataException && settings.bulk.dropInvalidMessage)) return run.result(error)
  }
  return run.result(null)
}

class ConversionRun {
  readonly #factory: OperationFactory
  readonly #mapped: ReadonlySet<string>
  readonly #body = new BulkBody()
  readonly #targets = new Map<string, string | null>()
  readonly #reported: { offset: number; error: Error }[] = []

  constructor(factory: OperationFactory, mapped: ReadonlySet<string>) {
    this.#factory = factory
    this.#mapped = mapped
  }

  /** @returns what is wrong with the record or the task; null: nothing */
  convert(record: SinkRecord): Error | null {
    try {
      if (this.#factory.isIgnored(record)) this.#report(record, new ConnectException('Cannot write null valued record.'))
      else this.#write(record)
      return null
    } catch (error) {
      if (error instanceof DataException) this.#report(record, error)
      return error as Error
    }
  }

  result(failed: Error | null): Converted {
    const text = this.#body.view().toString()
    const lines = text === '' ? [] : text.slice(0, -1).split('\n')
    return { lines, targets: this.#targets, reported: this.#reported, failed }
  }

  #write(record: SinkRecord): void {
    const { name } = this.#factory.routeOf(record.topic).target
    if (!this.#targets.has(name)) {
      this.#targets.set(name, null)
      if (this.#factory.needsMapping(record) && !this.#mapped.has(name)) this.#targets.set(name, inferMapping(record.valueSchema))
    }
    const operation = this.#factory.operationOf(record)
    if (operation !== null) this.#body.append(operation)
  }

  #report(record: SinkRecord, error: Error): void {
    this.#reported.push({ offset: record.originalKafkaOffset, error })
  }
}

function indicesWithMapping({ want }: ElasticsearchCase): ReadonlySet<string> {
  const answers = want.exchanges.filter(({ method, path }) => method === 'GET' && path.includes('/_mapping')).map(({ answer }) => answer)
  const indices = answers.flatMap((answer) => Object.entries(answer as Record<string, { readonly mappings: object }>))
  return new Set(indices.filter(([, { mappings }]) => Object.keys(mappings).length > 0).map(([name]) => name))
}

function sinkRecord(recorded: RecordedRecord & { readonly originalTopic?: string }): SinkRecord {
  const { originalTopic, topic } = recorded
  const record = decodeRecord({ ...recorded, topic: originalTopic ?? topic }) as SinkRecord
  return originalTopic === undefined ? record : record.newRecord({ topic })
}

/** Bulk lines that Java sent, a request that was only sent again left out. */
export function recordedLines({ want }: ElasticsearchCase): string[] {
  const bulks = want.exchanges.map((exchange) => exchange.lines ?? [])
  const first = bulks.filter((lines, index) => JSON.stringify(lines) !== JSON.stringify(bulks[index - 1]))
  return first.flat()
}

/** Strings, which are left alone, and numbers. */
const jsonTokens = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g

/**
 * Lines as data in which numbers keep their text, without what is the old client's way alone: the version -4 of a `create`
 * and the second copy of an update's document.
 */
export function comparableLines(lines: readonly string[]): unknown[] {
  return lines.map((line) => {
    const parsed = JSON.parse(line.replace(jsonTokens, numberAsObject)) as Record<string, Record<string, unknown>>
    if (parsed['create']) delete parsed['create']['version']
    if (parsed['doc'] && parsed['upsert']) return { doc: parsed['doc'], doc_as_upsert: true }
    return parsed
  })
}

function numberAsObject(token: string): string {
  return token.startsWith('"') ? token : `{"$number":"${token}"}`
}

/** Asserts that conversion alone gives what was recorded: names, mappings, lines, reports, and the failure unless the server caused it. */
export function expectAsRecorded(each: ElasticsearchCase): void {
  const got = convertCase(each)
  const { failed, reported = [] } = each.want
  expect(namesAsked(got, each)).toEqual(recordedNames(each))
  expect(mappingsMade(got)).toEqual(recordedMappings(each))
  if (!isRefusedBeforeBulk(each)) expectLines(got.lines, each)
  const ownReports = reported.filter(({ message }) => !isOfServer(message))
  expect(got.reported.map(({ offset }) => offset)).toEqual(ownReports.map(({ offset }) => offset))
  for (const [index, report] of ownReports.entries()) expectThrown(got.reported[index]?.error, report)
  if (failed === undefined || isOfServer(failed.message)) expect(got.failed).toBeNull()
  else expectThrown(got.failed, failed)
}

/** Asserts what ours does where Java's client fails on a whole request: the record is reported, and fails the task or is dropped. */
export function expectRecordFault(each: ElasticsearchCase, message: string): void {
  const got = convertCase(each)
  expect(got.reported.map(({ error }) => error.message)).toEqual([message])
  expect(got.reported[0]?.error).toBeInstanceOf(DataException)
  expect(got.failed?.message).toBe(each.config['drop.invalid.message'] === 'true' ? undefined : message)
  expect(got.lines).toEqual([])
}

export function expectLines(got: readonly string[], each: ElasticsearchCase): void {
  const want = recordedLines(each)
  expect(comparableLines(got)).toEqual(comparableLines(want))
  const isOrdered = each.puts.flat().every(({ valueSchema }) => hasFixedOrder(valueSchema))
  if (isOrdered)
    expect(comparableLines(got).map((line) => JSON.stringify(line))).toEqual(comparableLines(want).map((line) => JSON.stringify(line)))
}

/** A struct has the order of its schema; Java's maps have none. */
function hasFixedOrder(schema: RecordedSchema | null): boolean {
  return schema?.type === 'struct' && !JSON.stringify(schema).includes('"map"')
}

function isOfServer(message: string | null | undefined): boolean {
  return /^(Indexing |Failed to create )/.test(message ?? '')
}

/** The index or its mapping could not be made, so that no document was sent. */
function isRefusedBeforeBulk({ want }: ElasticsearchCase): boolean {
  return /^Failed to create /.test(want.failed?.message ?? '')
}

/** Existing resources are not asked for. */
function namesAsked({ targets }: Converted, { config }: ElasticsearchCase): string[] {
  return config['external.resource.usage'] === undefined ? [...targets.keys()] : []
}

function recordedNames({ want }: ElasticsearchCase): string[] {
  return want.exchanges.filter(({ method }) => method === 'HEAD').map(({ path }) => decodeURIComponent(path.slice(1)))
}

function mappingsMade({ targets }: Converted): unknown[] {
  return [...targets.values()].filter((mapping) => mapping !== null).map(withNumberTexts)
}

function recordedMappings({ want }: ElasticsearchCase): unknown[] {
  const requests = want.exchanges.filter(({ method, path }) => method === 'PUT' && path.includes('/_mapping'))
  const first = requests.filter(({ body }, index) => body !== requests[index - 1]?.body)
  return first.map(({ body }) => withNumberTexts(body ?? ''))
}

function withNumberTexts(json: string): string {
  return JSON.stringify(JSON.parse(json.replace(jsonTokens, numberAsObject)))
}
