import { describe, expect, it } from 'vitest'
import { readBulkAnswer } from '../../../../../connectors/elasticsearch/bulk/bulk-answer.ts'

const ok = { index: { status: 201 } }
const bad = { create: { status: 400, error: { type: 'mapper_parsing_exception', reason: 'no', caused_by: { type: 'x', reason: 'y' } } } }

describe('the answer to a bulk request', () => {
  it('says that all is well, as 7.17 orders its members and as 8 does', () => {
    expect(readBulkAnswer(JSON.stringify({ took: 3, errors: false, items: [ok, ok] }), 2)).toEqual([])
    expect(readBulkAnswer(JSON.stringify({ errors: false, took: 3, items: [ok, ok] }), 2)).toEqual([])
  })

  it('says so with all that a server tells where filter_path is not known', () => {
    const whole = { index: { _index: '{', _id: '"{', _shards: { total: 1 }, status: 201 } }
    expect(readBulkAnswer(JSON.stringify({ errors: false, items: [whole, whole] }), 2)).toEqual([])
  })

  it('is believed when it leaves items out but says that there are no errors', () => {
    expect(readBulkAnswer('{"took":1,"errors":false}', 2)).toEqual([])
    expect(readBulkAnswer('{"took":1,"errors":true}', 2)).toBeNull()
  })

  it('tells which operations were refused, with type, reason and causes', () => {
    expect(readBulkAnswer(JSON.stringify({ errors: true, items: [ok, bad, ok] }), 3)).toEqual([
      {
        index: 1,
        status: 400,
        error: { type: 'mapper_parsing_exception', reason: 'no', causedBy: { type: 'x', reason: 'y', causedBy: null } },
      },
    ])
  })

  it('is none when items are missing, and is read when there are more', () => {
    expect(readBulkAnswer(JSON.stringify({ errors: false, items: [ok] }), 2)).toBeNull()
    expect(readBulkAnswer(JSON.stringify({ errors: true, items: [bad] }), 2)).toBeNull()
    expect(readBulkAnswer(JSON.stringify({ errors: false, items: [ok, ok, ok] }), 2)).toEqual([])
  })

  it.for([null, {}, 7, { index: null }])('is none when an item is %j, which says nothing of its operation', (item) => {
    expect(readBulkAnswer(JSON.stringify({ errors: true, items: [item, bad] }), 2)).toBeNull()
  })

  it.for(['', '<html>', '{}', '[]', '{"errors":false,"items":[{"index":{"sta', '{"errors":false,"items":7}'])(
    'is none when it is %j',
    (text) => {
      expect(readBulkAnswer(text, 1)).toBeNull()
    },
  )

  it('keeps words for an error that is no object', () => {
    const [item] = readBulkAnswer('{"errors":true,"items":[{"index":{"status":500,"error":"boom"}}]}', 1) ?? []
    expect(item).toEqual({ index: 0, status: 500, error: { type: 'exception', reason: 'boom', causedBy: null } })
  })
})
