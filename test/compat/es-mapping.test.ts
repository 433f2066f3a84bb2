import { afterAll, describe, expect, it } from 'vitest'
import { readCases } from '../support/compat-data.ts'
import { convertCase, expectAsRecorded, expectRecordFault, type ElasticsearchCase } from '../support/elasticsearch-cases.ts'

/** Deliberate departures, by name: what ours does; the reasons stand above each. */
const departures = new Map<string, (each: ElasticsearchCase) => void>([
  // No server takes NaN as null_value: it is left out, and the index gets its mapping.
  ['field float64 with default NaN', (each) => expect([...convertCase(each).targets.values()]).toEqual(['{"properties":{"f":{"type":"double"}}}'])],
  // The Java client refuses the whole bulk request and the task dies; ours is a fault of that record.
  ['top level array of struct', (each) => expectRecordFault(each, 'Top level payload contains data of Json type ARRAY. Required Json object.')],
  // A record without schema is a fault of that record: reported, and dropped if so configured.
  ['no schema', (each) => expectRecordFault(each, 'Cannot infer mapping without schema.')],
  ['no schema, invalid messages dropped', (each) => expectRecordFault(each, 'Cannot infer mapping without schema.')],
])

const cases = readCases<ElasticsearchCase>('es-mapping')
let passed = 0

describe('compat es-mapping: what schemas become', () => {
  afterAll(() => console.log(`compat es-mapping: ${passed} of ${cases.length} (${departures.size} deliberate departures)`))

  it.for(cases)('$name', (each) => {
    const check = departures.get(each.name) ?? expectAsRecorded
    check(each)
    passed++
  })
})
