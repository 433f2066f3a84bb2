import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { apiName, decodeRequest, decodeResponse, encodeRequest, encodeResponse, isFlexible } from '../../../../src/broker/protocol/codec.ts'
import type { FieldLayout } from '../../../../src/broker/protocol/layout.ts'
import { API_KEYS, REQUEST_LAYOUTS, RESPONSE_LAYOUTS, type ApiName } from '../../../../src/broker/protocol/messages.ts'
import { Reader } from '../../../../src/kafka/protocol/reader.ts'
import { Writer } from '../../../../src/kafka/protocol/writer.ts'

const APIS = Object.keys(API_KEYS) as ApiName[]

describe('the codec of Kafka’s messages', () => {
  it('writes FindCoordinator of version 4 as Kafka does', () => {
    const writer = new Writer()
    encodeRequest('FindCoordinator', 4, { keyType: 1, coordinatorKeys: ['a', 'bc'] }, writer)
    expect(Buffer.concat(writer.finish()).toString('hex')).toBe('01' + '03' + '0261' + '036263' + '00')
  })

  it('fills in what a version does not have with the default of the definition', () => {
    const writer = new Writer()
    encodeRequest('Fetch', 4, { replicaId: -1, maxWaitMs: 5, minBytes: 1, maxBytes: 9, topics: [] }, writer)
    const request = decodeRequest('Fetch', 4, new Reader(Buffer.concat(writer.finish())))
    expect(request).toMatchObject({
      clusterId: null,
      sessionId: 0,
      sessionEpoch: -1,
      rackId: '',
      replicaState: { replicaId: -1, replicaEpoch: -1 },
    })
  })

  it('passes over tagged fields it does not know', () => {
    const bytes = Buffer.from('01' + '02' + '0261' + '01' + '05' + '03' + 'ffffff', 'hex')
    expect(decodeRequest('FindCoordinator', 4, new Reader(bytes))).toEqual({ key: '', keyType: 1, coordinatorKeys: ['a'] })
  })

  it.each(APIS)('reads what it has written, in every version: %s', (api) => {
    for (const [layouts, encode, decode] of [
      [REQUEST_LAYOUTS, encodeRequest, decodeRequest],
      [RESPONSE_LAYOUTS, encodeResponse, decodeResponse],
    ] as const) {
      const { versions, fields } = layouts[api]
      for (let version = versions[0]; version <= versions[1]; version++) {
        fc.assert(
          fc.property(struct(fields, version), (message) => {
            const writer = new Writer()
            encode(api, version, message as never, writer)
            const reader = new Reader(Buffer.concat(writer.finish()))
            expect(decode(api, version, reader)).toMatchObject(message)
            expect(reader.position).toBe(reader.buffer.length)
          }),
          { numRuns: 10 },
        )
      }
    }
  })

  it.each(APIS)('refuses an array that is longer than its bytes: %s', (api) => {
    const [, version] = REQUEST_LAYOUTS[api].versions
    const bytes = Buffer.alloc(40, isFlexible(api, version) ? 0x7f : 0x3f)
    expect(() => {
      for (let position = 0; position < 40; position++) decodeRequest(api, version, new Reader(bytes, position))
    }).toThrow(RangeError)
  })

  it('does not know API 999', () => {
    expect(apiName(999)).toBeNull()
    expect(apiName(75)).toBe('DescribeTopicPartitions')
  })
})

function struct(fields: readonly FieldLayout[], version: number): fc.Arbitrary<Record<string, unknown>> {
  const present = fields.filter(({ from = 0, to = Infinity }) => version >= from && version <= to)
  return fc.record(Object.fromEntries(present.map((field) => [field.name, value(field, version)])))
}

function value(field: FieldLayout, version: number): fc.Arbitrary<unknown> {
  const item = field.type === 'struct' ? struct(field.fields ?? [], version) : SCALARS[field.type]!
  const whole = field.array === true ? fc.array(item, { maxLength: 2 }) : item
  const isNullable = field.nullableFrom !== undefined && version >= field.nullableFrom
  return isNullable ? fc.option(whole, { nil: null }) : whole
}

const bytes = fc.uint8Array({ maxLength: 9 }).map((array) => Buffer.from(array))
const SCALARS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  bool: fc.boolean(),
  int8: fc.integer({ min: -128, max: 127 }),
  int16: fc.integer({ min: -32768, max: 32767 }),
  uint16: fc.integer({ min: 0, max: 65535 }),
  int32: fc.integer(),
  uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  int64: fc.maxSafeInteger(),
  float64: fc.double({ noNaN: true }).filter((number) => !Object.is(number, -0)),
  string: fc.string({ unit: 'grapheme', maxLength: 5 }),
  uuid: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((array) => Buffer.from(array).toString('base64url')),
  bytes,
  records: bytes,
}
