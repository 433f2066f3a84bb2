import { afterAll, describe, expect, it } from 'vitest'
import { readCases } from '../support/compat-data.ts'
import { convertCase, expectAsRecorded, expectRecordFault, type ElasticsearchCase } from '../support/elasticsearch-cases.ts'

interface Departure {
  readonly cases: RegExp
  readonly reason: string
  readonly check: (each: ElasticsearchCase) => void
}

const wholeRequest = 'the Java client refuses the whole bulk request and the task dies with all its records; ours is a fault of that record'
const versionMessage = "Error converting external version header 'v' to long for record from topic=t partition=0 offset=7"

function noObject(type: string): (each: ElasticsearchCase) => void {
  return (each) => expectRecordFault(each, `Top level payload contains data of Json type ${type}. Required Json object.`)
}

/** Deliberate departures. What a server answers is no matter of these tests, so that a `quirk` is here only if the request differs. */
const departures: readonly Departure[] = [
  {
    cases: /^(top level array, schema ignored|map int32 at the top|schemaless (non-string keys|null key|top level list)|upsert of a document that is no object)/,
    reason: wholeRequest,
    check: noObject('ARRAY'),
  },
  { cases: /^(top level int32, schema ignored|schemaless top level double)/, reason: wholeRequest, check: noObject('NUMBER') },
  { cases: /^top level (string|bytes), schema ignored/, reason: wholeRequest, check: noObject('STRING') },
  { cases: /^top level boolean/, reason: wholeRequest, check: noObject('BOOLEAN') },
  {
    cases: /^top level (string|int32|array|bytes), schema used/,
    reason: 'the server refuses such a mapping, asked again and again, and the task dies; ours is a fault of that record',
    check: (each) => {
      const type = each.puts[0]?.[0]?.valueSchema?.type.toUpperCase() ?? ''
      expectRecordFault(each, `Cannot infer mapping from Schema{${type}}: a document has a struct or a map at the top.`)
    },
  },
  {
    cases: /^key string of 513 bytes/,
    reason: wholeRequest,
    check: (each) => expectRecordFault(each, 'Key is used as document id and is of 513 bytes; an id has 512 at most.'),
  },
  {
    cases: /^external\.version\.header (negative|text|float64 whole|empty string|string with spaces|too big|null|struct)|, name in other case/,
    reason: 'a version that is none, or missing, is a fault of that record: reported, and dropped if so configured',
    check: (each) => expectRecordFault(each, versionMessage),
  },
  {
    cases: /^schemaless, schema not ignored, no mapping|^topic\.schema\.ignore is case sensitive/,
    reason: 'a record without schema where one is needed is a fault of that record: reported too',
    check: (each) => expectRecordFault(each, 'Cannot infer mapping without schema.'),
  },
  {
    cases: /^value array of decimal with default and null, schema used/,
    reason: 'the default takes the place of null as it does in a struct',
    check: (each) => expect(convertCase(each).lines.at(-1)).toBe('{"f":[1.5,9.5]}'),
  },
  {
    cases: /^upsert then tombstone to delete/,
    reason: 'the deletion carries no version, which could only make the server refuse it',
    check: (each) => expect(convertCase(each).lines.at(-1)).toBe('{"delete":{"_index":"t","_id":"k"}}'),
  },
  {
    cases: /^topic -$/,
    reason: 'an empty index name is told at once, without asking a server',
    check: (each) => expect(convertCase(each).failed?.message).toMatch(/^Topic '-' gives an empty index name\./),
  },
  {
    cases: /^data stream, timestamp field null/,
    reason: 'null is no time: as if the field were not there',
    check: (each) => expect(convertCase(each).lines.at(-1)).toBe('{"n":null}'),
  },
]

const cases = readCases<ElasticsearchCase>('es-documents')
let passed = 0
let departed = 0

describe('compat es-documents: what records become', () => {
  afterAll(() => console.log(`compat es-documents: ${passed} of ${cases.length} (${departed} deliberate departures)`))

  it.for(cases)('$name', (each) => {
    const departure = departures.find(({ cases: names }) => names.test(each.name))
    if (departure === undefined) expectAsRecorded(each)
    else departure.check(each)
    if (departure !== undefined) departed++
    passed++
  })
})
