import { afterAll, describe, it } from 'vitest'
import { readCases } from '../support/compat-data.ts'
import { askedOnce, checkCase, recordFault, withNewerServer, type Departure, type ElasticsearchCase, type Outcome } from '../support/elasticsearch-cases.ts'

const wholeRequest = 'the Java client refuses the whole bulk request and the task dies with all its records; ours is a fault of that record'
const badVersion = "Error converting external version header 'v' to long for record from topic=t partition=0 offset=7"
const noVersion = 'a version that is none, or missing, is a fault of that record: reported, and dropped if so configured'
const offsetsGoOn = 'a record with which nothing is done, or nothing more, is behind us: its offset is committed'

function noObject(cases: RegExp, type: string): Departure {
  return { cases, reason: wholeRequest, want: recordFault(`Top level payload contains data of Json type ${type}. Required Json object.`) }
}

/** The mapping is not asked for, since no server would take it. */
function noDocument(type: string): Departure {
  const fault = recordFault(`Cannot infer mapping from Schema{${type}}: a document has a struct or a map at the top.`)
  return {
    cases: new RegExp(`^top level ${type.toLowerCase()}, schema used`),
    reason: 'no server takes a mapping for this, and the task dies of asking; ours is a fault of that record',
    want: (recorded) => fault({ ...recorded, exchanges: recorded.exchanges.slice(0, -2) }),
  }
}

function committed(offset: number): (recorded: Outcome) => Outcome {
  return (recorded) => ({ ...recorded, commit: { 't-0': offset } })
}

/** The last line of the bulk request is this. */
function withLastLine(recorded: Outcome, line: string): Outcome {
  const exchanges = recorded.exchanges.map((exchange) =>
    exchange.lines === undefined ? exchange : { ...exchange, lines: [...exchange.lines.slice(0, -1), line] },
  )
  return { ...recorded, exchanges }
}

/** What the first operation goes to. */
function firstIndex({ exchanges }: Outcome): string {
  const line = exchanges.find(({ lines }) => lines !== undefined)?.lines?.[0] ?? '{}'
  return Object.values(JSON.parse(line) as Record<string, { readonly _index: string }>)[0]?._index ?? ''
}

const departures: readonly Departure[] = [
  noObject(/^(top level array, schema ignored|map int32 at the top|schemaless (non-string keys|null key|top level list)|upsert of a document that)/, 'ARRAY'),
  noObject(/^(top level int32, schema ignored|schemaless top level double)/, 'NUMBER'),
  noObject(/^top level (string|bytes), schema ignored/, 'STRING'),
  noObject(/^top level boolean/, 'BOOLEAN'),
  ...['STRING', 'INT32', 'ARRAY', 'BYTES'].map(noDocument),
  {
    cases: /^key string of 513 bytes/,
    reason: wholeRequest,
    want: recordFault('Key is used as document id and is of 513 bytes; an id has 512 at most.'),
  },
  { cases: /^external\.version\.header text, invalid messages dropped/, reason: noVersion, want: recordFault(badVersion, { drops: true }) },
  {
    cases: /^external\.version\.header (negative|text|float64 whole|empty string|string with spaces|too big|null|struct)|, name in other case/,
    reason: noVersion,
    want: recordFault(badVersion),
  },
  {
    cases: /^schemaless, schema not ignored, no mapping|^topic\.schema\.ignore is case sensitive/,
    reason: 'a record without schema where one is needed is a fault of that record: reported too',
    want: recordFault('Cannot infer mapping without schema.'),
  },
  {
    cases: /^value array of decimal with default and null, schema used/,
    reason: 'the default takes the place of null as it does in a struct',
    want: ({ exchanges }) => ({
      exchanges: [...exchanges, { method: 'POST', path: '/_bulk?timeout=1m', lines: ['{"index":{"_index":"t","_id":"t+0+7"}}', '{"f":[1.5,9.5]}'] }],
      commit: { 't-0': 8 },
    }),
  },
  {
    cases: /^upsert then tombstone to delete/,
    reason: 'the deletion carries no version, which only makes a server refuse it; the conflict recorded is thus one that is reported',
    want: (recorded) => ({
      ...withLastLine(recorded, '{"delete":{"_index":"t","_id":"k"}}'),
      reported: [
        {
          offset: 1,
          class: 'io.confluent.connect.elasticsearch.ElasticsearchClient$ReportingException',
          message:
            'Indexing failed: ElasticsearchException[Elasticsearch exception [type=version_conflict_engine_exception, reason=[k]: version conflict, current version [3] is higher or equal to the one provided [1]]]',
        },
      ],
    }),
  },
  {
    cases: /^external resource/,
    reason: 'whether it is there is asked, since a server makes an index of its name with the first document',
    want: (recorded) => ({ ...recorded, exchanges: [{ method: 'HEAD', path: `/${firstIndex(recorded)}` }, ...recorded.exchanges] }),
  },
  {
    cases: /^data stream, timestamp field null/,
    reason: 'null is no time: as if the field were not there',
    want: (recorded) => withLastLine(recorded, '{"n":null}'),
  },
  {
    cases: /^topic -$/,
    reason: 'an empty index name is told at once, without asking a server',
    want: () => ({
      exchanges: [],
      commit: {},
      failed: {
        class: 'org.apache.kafka.connect.errors.ConnectException',
        message: "Topic '-' gives an empty index name. Rename it on the way with the RegexRouter transformation.",
      },
    }),
  },
  { cases: /^tombstone, behavior\.on\.null\.values=delete, key\.ignore=\w+, key null/, reason: offsetsGoOn, want: committed(7) },
  { cases: /^tombstone ignored is all there is/, reason: offsetsGoOn, want: committed(6) },
  { cases: /^data stream, array at the top, dropped alone/, reason: offsetsGoOn, want: committed(8) },
  {
    cases: /^field name (' ', on 8|'\.a'|'a\.\.b'|'_id'|'_source')|^field names a and a\.b|^topic (with space|a\/b|a"b|a,b|a:b)(, on|$)|^data stream, no template/,
    reason: 'what a server refuses for good is asked for once',
    want: askedOnce,
  },
]

const cases = withNewerServer(readCases<ElasticsearchCase>('es-documents'))
let passed = 0
let departed = 0

describe('compat es-documents: what records become, and what becomes of them', () => {
  afterAll(() => console.log(`compat es-documents: ${passed} of ${cases.length} (${departed} deliberate departures)`))

  it.for(cases)('$name', async (each) => {
    if ((await checkCase(each, departures)) !== null) departed++
    passed++
  })
})
