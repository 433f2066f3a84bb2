import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BulkBody } from '../../../../../connectors/elasticsearch/bulk/bulk-body.ts'
import type { BulkOperation } from '../../../../../connectors/elasticsearch/bulk-operation.ts'
import { operation } from '../operations.ts'

const textOf = (...operations: readonly BulkOperation[]): string => {
  const body = new BulkBody()
  for (const each of operations) body.append(each)
  return body.view().toString()
}

describe('the body of a bulk request', () => {
  it('#1 indexes under an id without a version', () => {
    expect(textOf(operation(7, { id: 't+0+7' }))).toBe('{"index":{"_index":"t","_id":"t+0+7"}}\n{"n":7}\n')
  })

  it('#2 #3 carries the version as an external one, 0 too', () => {
    expect(textOf(operation(7, { id: 'k', version: 0 }))).toBe(
      '{"index":{"_index":"t","_id":"k","version":0,"version_type":"external"}}\n{"n":7}\n',
    )
  })

  it('writes any version up to 2^53 in decimal', () => {
    const version = fc.oneof(fc.maxSafeNat(), fc.nat(100), fc.constantFrom(-0, 9, 10, 2 ** 31, 2 ** 32, 10 ** 15, Number.MAX_SAFE_INTEGER))
    fc.assert(
      fc.property(version, (number) => {
        expect(textOf(operation(7, { version: number }))).toContain(`"version":${number},"version_type"`)
      }),
    )
  })

  it('writes versions beyond 2^53 with all their digits', () => {
    expect(textOf(operation(7, { version: 9007199254740993n }))).toContain('"version":9007199254740993,')
  })

  it('#11 leaves the id to the server', () => {
    expect(textOf(operation(7, { id: null }))).toBe('{"index":{"_index":"t"}}\n{"n":7}\n')
  })

  it('#13 wraps the document of an update, once', () => {
    const update = operation(7, { action: 'update', id: 'k', retryOnConflict: 5 })
    expect(textOf(update)).toBe('{"update":{"_index":"t","_id":"k","retry_on_conflict":5}}\n{"doc":{"n":7},"doc_as_upsert":true}\n')
  })

  it('#49 has no body line for a delete', () => {
    const remove = operation(9, { action: 'delete', id: 'k', version: 9, source: null })
    expect(textOf(remove)).toBe('{"delete":{"_index":"t","_id":"k","version":9,"version_type":"external"}}\n')
  })

  it('changes index and action from one operation to the next', () => {
    const lines = textOf(operation(0), operation(1, { index: 'u' }), operation(2, { action: 'create' }), operation(3)).split('\n')
    expect(lines.filter((_, index) => index % 2 === 0)).toEqual([
      '{"index":{"_index":"t","_id":"0"}}',
      '{"index":{"_index":"u","_id":"1"}}',
      '{"create":{"_index":"t","_id":"2"}}',
      '{"index":{"_index":"t","_id":"3"}}',
      '',
    ])
  })

  it('writes any id and document so that they read back the same', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 })
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 50 }), (pairs) => {
        const body = textOf(...pairs.map(([id, value], offset) => operation(offset, { id, source: JSON.stringify({ value }) })))
        const lines = body
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as Record<string, unknown>)
        expect(lines.filter((_, index) => index % 2 === 0)).toEqual(pairs.map(([id]) => ({ index: { _index: 't', _id: id } })))
        expect(lines.filter((_, index) => index % 2 === 1)).toEqual(pairs.map(([, value]) => ({ value })))
      }),
    )
  })

  it('grows beyond its first capacity', () => {
    const source = Buffer.from(JSON.stringify({ pad: 'x'.repeat(100_000) }))
    expect(textOf(operation(0, { source }), operation(1, { source })).length).toBe(
      2 * (source.length + 1 + '{"index":{"_index":"t","_id":"0"}}\n'.length),
    )
  })

  it('starts anew when it is cleared, and takes back what is too much', () => {
    const body = new BulkBody()
    body.append(operation(0))
    const end = body.length
    body.append(operation(1))
    body.truncate(end)
    expect(body.view().toString()).toBe(textOf(operation(0)))
    body.clear()
    body.append(operation(2))
    expect(body.view().toString()).toBe(textOf(operation(2)))
  })
})
