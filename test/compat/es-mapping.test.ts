import { afterAll, describe, it } from 'vitest'
import { readCases } from '../support/compat-data.ts'
import { askedOnce, checkCase, recordFault, withNewerServer, type Departure, type ElasticsearchCase, type Outcome } from '../support/elasticsearch-cases.ts'

const withoutSchema = 'a record without schema where one is needed is a fault of that record: reported, and dropped if so configured'

/** No server takes NaN as null_value. Here one is recorded to refuse whatever comes. */
function withoutNullValue(recorded: Outcome): Outcome {
  const once = askedOnce(recorded)
  return { ...once, exchanges: once.exchanges.map((exchange) => ({ ...exchange, body: exchange.body?.replace(',"null_value":"NaN"', '') ?? '' })) }
}

const departures: readonly Departure[] = [
  { cases: /^field float64 with default NaN/, reason: 'a default that no server takes is left out of the mapping', want: withoutNullValue },
  {
    cases: /^top level array of struct/,
    reason: 'the Java client refuses the whole bulk request and the task dies; ours is a fault of that record',
    want: recordFault('Top level payload contains data of Json type ARRAY. Required Json object.', { offset: 1 }),
  },
  { cases: /^no schema$/, reason: withoutSchema, want: recordFault('Cannot infer mapping without schema.', { offset: 1 }) },
  {
    cases: /^no schema, invalid messages dropped/,
    reason: withoutSchema,
    want: recordFault('Cannot infer mapping without schema.', { offset: 1, drops: true }),
  },
  { cases: /^field named '_id'|^fields a and a\.b|^600 string fields/, reason: 'what a server refuses for good is asked for once', want: askedOnce },
]

const cases = withNewerServer(readCases<ElasticsearchCase>('es-mapping'))
let passed = 0
let departed = 0

describe('compat es-mapping: what schemas become', () => {
  afterAll(() => console.log(`compat es-mapping: ${passed} of ${cases.length} (${departed} deliberate departures)`))

  it.for(cases)('$name', async (each) => {
    if ((await checkCase(each, departures)) !== null) departed++
    passed++
  })
})
