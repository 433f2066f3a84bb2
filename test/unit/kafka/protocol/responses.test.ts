import { describe, expect, test } from 'vitest'
import { answers, anyFetch, recorded } from './answers.ts'

const cases = Object.entries(recorded)
  .filter(([name]) => name.includes('Response'))
  .flatMap(([name, versions]) => Object.entries(versions).map(([version, hex]) => ({ name, version: Number(version), hex })))

/** Ranges of the answer's buffer as hex, so that they compare. */
function withoutRanges(value: unknown): unknown {
  if (value instanceof Map || value instanceof Buffer || value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(withoutRanges)
  if ('buffer' in value && 'start' in value && 'end' in value) {
    return (value as { buffer: Buffer; start: number; end: number }).buffer.toString('hex', value.start as number, value.end as number)
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutRanges(each)]))
}

const METADATA_UNREAD: Readonly<Record<number, number>> = { 8: 4, 9: 5, 10: 5 }

describe('answers that Apache’s classes wrote are read', () => {
  test.each(cases)('$name version $version', ({ name, version, hex }) => {
    const { request, want } = answers[name]!
    expect(withoutRanges(request.decode(Buffer.from(hex, 'hex'), version))).toEqual(want(version))
  })

  test.each(cases)('$name version $version, cut off anywhere, is an error and no wrong answer', ({ name, version, hex }) => {
    const { request } = answers[name]!
    const body = Buffer.from(hex, 'hex')
    // tags at the end and Metadata's authorised operations are not read
    const unread = name === 'MetadataResponse' ? (METADATA_UNREAD[version] ?? 1) : 1
    for (let length = 0; length < body.length - unread; length++) {
      expect(() => request.decode(body.subarray(0, length), version), `${length} of ${body.length} bytes`).toThrow(RangeError)
    }
  })

  test('records of a fetch are a range of the answer, not a copy', () => {
    const body = Buffer.from(recorded['FetchResponse']!['11']!, 'hex')
    const [partition] = anyFetch.decode(body, 11).partitions
    expect(partition!.records.buffer).toBe(body)
  })
})
