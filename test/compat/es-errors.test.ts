import { afterAll, describe, expect, it } from 'vitest'
import { readCases, type RecordedCase, type RecordedError } from '../support/compat-data.ts'
import { replay, type Exchange, type Outcome, type ReplayedCase } from '../support/elasticsearch-cases.ts'
import type { ScriptRule } from '../support/scripted-elasticsearch.ts'

interface Case extends RecordedCase, ReplayedCase {
  readonly server: readonly ScriptRule[]
  readonly want: Outcome
}

interface Departure {
  readonly reason: string
  /** What ours does, made of what was recorded. */
  readonly want: (recorded: Outcome) => Outcome
}

const ours = (reason: string, want: (recorded: Outcome) => Outcome): Departure => ({ reason, want })
const well = ({ exchanges, commit }: Outcome): Outcome => ({ exchanges, commit, reported: [] })
const failing = (recorded: Outcome, message: string, cause?: string): Outcome => ({
  ...recorded,
  failed: { class: 'org.apache.kafka.connect.errors.ConnectException', message, ...(cause === undefined ? {} : { cause: { message: cause } }) },
})

/** The last bulk request once more, with the documents at these places only. */
const bulkOf = ({ exchanges }: Outcome, ...places: readonly number[]): Exchange => {
  const last = exchanges.findLast(({ lines }) => lines !== undefined)
  return { method: 'POST', path: '/_bulk?timeout=1m', lines: places.flatMap((place) => last?.lines?.slice(2 * place, 2 * place + 2) ?? []) }
}
const without = (recorded: Outcome, requests: number): readonly Exchange[] => recorded.exchanges.slice(0, -requests)

const itemAgain = ours('what may work later is sent again, alone', (recorded) => ({
  ...well(recorded),
  exchanges: [...recorded.exchanges, bulkOf(recorded, 1)],
  commit: { 't-0': 3 },
}))
const putOff = "ElasticsearchException[Elasticsearch exception [type=es_rejected_execution_exception, reason=rejected]]"
const afterAttempts = (recorded: Outcome, attempts: number): string => (messageOf(recorded.failed) ?? '').replace(/after \d+ attempt/, `after ${attempts} attempt`)
const notAgain = ours('what cannot help is not tried again', (recorded) => ({
  ...failing(recorded, afterAttempts(recorded, 1)),
  exchanges: without(recorded, 1),
}))
const bulkFailed = (recorded: Outcome, attempts: number): Outcome =>
  failing(recorded, 'Bulk request failed', (causeOf(recorded.failed) ?? '').replace(/after \d+ attempt/, `after ${attempts} attempt`))
const refused = 'Indexing record failed. Please check DLQ topic for errors.'
const reportOf = (offset: number, error: string) => ({
  offset,
  class: 'io.confluent.connect.elasticsearch.ElasticsearchClient$ReportingException',
  message: `Indexing failed: ElasticsearchException[Elasticsearch exception [${error}]]`,
})
const forTheTest = 'type=some_exception, reason=for the test'
const works = ours('OpenSearch and what is before 7.14 speak the same protocol', (recorded) => ({
  exchanges: [
    { method: 'HEAD', path: '/t' },
    { method: 'POST', path: '/_bulk?timeout=1m', lines: ['{"index":{"_index":"t","_id":"t+0+0"}}', '{"i":0}'] },
  ],
  commit: { 't-0': 1 },
  reported: recorded.reported ?? [],
}))

/** Deliberate departures, by name. */
const departures = new Map<string, Departure>([
  ['item es_rejected_execution_exception 429', itemAgain],
  ['item circuit_breaking_exception 429', itemAgain],
  ['item cluster_block_exception 403', itemAgain],
  ['item unavailable_shards_exception 503', itemAgain],
  ['item process_cluster_event_timeout_exception 503', itemAgain],
  [
    'item index_not_found_exception 404',
    ours('the index is made again', (recorded) => ({
      ...well(recorded),
      exchanges: [...recorded.exchanges, { method: 'PUT', path: '/t?master_timeout=30s&timeout=30s' }, bulkOf(recorded, 1)],
      commit: { 't-0': 3 },
    })),
  ],
  [
    'malformed and another error in one answer',
    ours('what may work later is sent again, alone', ({ reported, ...recorded }) => ({
      ...well(recorded),
      exchanges: [...recorded.exchanges, bulkOf(recorded, 2)],
      commit: { 't-0': 4 },
      reported: reported?.slice(0, 1) ?? [],
    })),
  ],
  [
    'item 429 then further puts',
    ours('an operation that is put off counts as an attempt, and is no bad record', (recorded) => ({
      ...failing(recorded, 'Bulk request failed', `Failed to execute bulk request due to '${putOff}' after 2 attempt(s)`),
      exchanges: [...recorded.exchanges, bulkOf(recorded, 0)],
      reported: [],
    })),
  ],
  [
    'version conflict, upsert',
    ours('updates of different documents go by different requests, so that those of one keep their order', (recorded) => ({
      ...recorded,
      exchanges: [...without(recorded, 1), bulkOf(recorded, 1), bulkOf(recorded, 0)],
      reported: recorded.reported?.map((report) => ({ ...report, offset: 1 })) ?? [],
    })),
  ],
  [
    'bulk 400 always, max.retries=2',
    ours('the operation that is wrong is looked for', (recorded) => ({
      ...bulkFailed(recorded, 1),
      exchanges: [...without(recorded, 2), bulkOf(recorded, 0), bulkOf(recorded, 1)],
    })),
  ],
  [
    'bulk 401 always, max.retries=2',
    ours('tried again once, for credentials that are being replaced', (recorded) => ({ ...bulkFailed(recorded, 2), exchanges: without(recorded, 1) })),
  ],
  [
    'bulk 403 always, max.retries=2',
    ours('what cannot help is not tried again', (recorded) => ({ ...bulkFailed(recorded, 1), exchanges: without(recorded, 2) })),
  ],
  [
    'bulk 413 always, max.retries=2',
    ours('too large a request is split; a document that is refused alone is a bad record', (recorded) => ({
      ...failing(recorded, refused),
      exchanges: [...without(recorded, 2), ...[0, 0, 1, 1].map((place) => bulkOf(recorded, place))],
      reported: [reportOf(0, forTheTest)],
    })),
  ],
  [
    'bulk 413 twice, then well, max.retries=2',
    ours('too large a request is split', (recorded) => ({
      ...recorded,
      exchanges: [...without(recorded, 2), ...[0, 0, 1].map((place) => bulkOf(recorded, place))],
    })),
  ],
  [
    'bulk 413 with an empty body always',
    ours('a document that is refused alone is a bad record', (recorded) => ({
      ...failing(recorded, refused),
      reported: [reportOf(0, 'type=http_413, reason=POST http://${server}/_bulk?timeout=1m: HTTP 413')],
    })),
  ],
  [
    'bulk 200 with an empty object, always',
    ours('no answer to the request: tried again', (recorded) => ({
      ...failing(recorded, 'Bulk request failed', "Failed to execute bulk request due to 'java.io.IOException: Unable to parse response body for Response{requestLine=POST /_bulk?timeout=1m HTTP/1.1, host=http://${server}, response=HTTP/1.1 200 OK}' after 2 attempt(s)"),
      exchanges: [...recorded.exchanges, bulkOf(recorded, 0)],
    })),
  ],
  [
    'bulk 200 truncated always',
    ours('how many bytes are missing is not said', (recorded) =>
      failing(recorded, 'Bulk request failed', "Failed to execute bulk request due to 'org.apache.http.ConnectionClosedException: Connection is closed' after 2 attempt(s)"),
    ),
  ],
  [
    'buffer full within flush.timeout.ms',
    ours('put takes what it is given and asks to come again; the request fails in the end', (recorded) =>
      failing(recorded, 'Bulk request failed', "Failed to execute bulk request due to 'java.net.SocketTimeoutException: 4,000 milliseconds timeout on connection http-outgoing-N [ACTIVE]' after 1 attempt(s)"),
    ),
  ],
  ['many ignored tombstones pause the partitions', ours('offsets go on without requests', (recorded) => ({ ...recorded, commit: { 't-0': 17 } }))],
  ['index check 400 always, max.retries=1', notAgain],
  ['index creation 400 always, max.retries=1', notAgain],
  ['index creation 403 always, max.retries=1', notAgain],
  ['mapping fetch 401 always, max.retries=1', notAgain],
  ['mapping creation 400 always, max.retries=1', notAgain],
  ['data stream creation finds no template', notAgain],
  ['start, server without product header', works],
  ['start, GET / is OpenSearch', works],
])

const cases = readCases<Case>('es-errors')
let passed = 0

/** Requests go on while records come: what failed one recorded put may fail the next one of ours. */
describe('compat es-errors: answers of a server to retries, reports, failures and offsets', () => {
  afterAll(() => console.log(`compat es-errors: ${passed} of ${cases.length} (${departures.size} deliberate departures)`))

  it.for(cases)('$name', async (each) => {
    const want = departures.get(each.name)?.want(each.want) ?? each.want
    expect(shown(await replay(each, each.server))).toEqual(shown(want))
    passed++
  })
})

/** What is compared. A server is asked for its version by validation only; causes are looked at where they hold upstream's sentence. */
function shown({ exchanges, commit, reported = [], failed }: Outcome): unknown {
  return {
    exchanges: exchanges.filter(({ method, path }) => method !== 'GET' || path !== '/').map(shownExchange),
    commit,
    reported: reported.map(({ offset, class: name, message }) => ({ offset, class: name, message })),
    failed: failed === undefined ? null : shownFailure(failed),
  }
}

/** The version -4 of a `create` and the second copy of an update's document are the old client's way alone. */
function shownExchange({ method, path, lines }: Exchange): unknown {
  if (lines === undefined) return { method, path }
  const shownLines = lines.map((line) => line.replace(',"version":-4', '').replace(/^\{"doc":(.*),"upsert":\1\}$/, '{"doc":$1,"doc_as_upsert":true}'))
  return { method, path, lines: shownLines }
}

function shownFailure(failed: RecordedError): unknown {
  const message = messageOf(failed)
  return { class: failed.class, message, cause: message === 'Bulk request failed' ? causeOf(failed) : null }
}

function messageOf(error: RecordedError | undefined): string | null {
  return error?.message?.replace(/http-outgoing-\w+/, 'http-outgoing-N') ?? null
}

function causeOf(error: RecordedError | undefined): string | null {
  return messageOf(error?.cause as RecordedError | undefined)
}
