import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KafkaError } from '../../../../src/kafka/errors.ts'
import { decodeAnswer } from '../../../../src/kafka/kafkajs/decode-answer.ts'
import type { FetchResponse } from '../../../../src/kafka/protocol/fetch.ts'
import { COMPRESSION_TYPES } from '../../../../src/kafka/record/compression-type.ts'
import { batchOf, cursorOver, record } from '../../../support/record-batches.ts'
import { answers, recorded } from './answers.ts'

/** In the suite a tenth; `STANDPIPE_FUZZED_ANSWERS=100000` is the whole thing. */
const fuzzed = Number(process.env['STANDPIPE_FUZZED_ANSWERS'] ?? 10_000)
const timeout = 30_000 + 2 * fuzzed
const fetches = Math.round(fuzzed * 0.4)

/** What real brokers send, each version of each answer, headers in front as on the wire. */
const real = Object.entries(recorded)
  .filter(([name]) => name in answers)
  .flatMap(([name, versions]) =>
    Object.entries(versions).map(([version, hex]) => {
      const { request } = answers[name]!
      const isFlexible = request.firstFlexibleVersion !== null && Number(version) >= request.firstFlexibleVersion
      return { request, version: Number(version), payload: Buffer.from((isFlexible ? '00' : '') + hex, 'hex') }
    }),
  )

/** Changes of a byte, a number, a length, the order, or the end. */
type Mutation = { readonly kind: 'byte' | 'int32' | 'cut' | 'repeat' | 'insert'; readonly at: number; readonly value: number }

const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('byte', 'byte', 'int32', 'cut', 'repeat', 'insert'),
  at: fc.nat(),
  value: fc.oneof(fc.integer(), fc.constantFrom(-1, -2, 0, 1, 127, 128, 255, 65_535, 2 ** 31 - 1, -(2 ** 31))),
})

function mutated(bytes: Buffer, mutations: readonly Mutation[]): Buffer {
  let result = Buffer.from(bytes)
  for (const { kind, at, value } of mutations) {
    const place = at % Math.max(1, result.length)
    if (kind === 'byte' && result.length > 0) result[place] = value & 0xff
    else if (kind === 'int32' && place + 4 <= result.length) result.writeInt32BE(value | 0, place)
    else if (kind === 'cut') result = result.subarray(0, place)
    else if (kind === 'repeat') result = Buffer.concat([result, result.subarray(place)])
    else if (kind === 'insert') result = Buffer.concat([result.subarray(0, place), Buffer.from([value & 0xff]), result.subarray(place)])
  }
  return result
}

describe('answers that were changed on their way (K45)', () => {
  it(
    `${fuzzed - fetches} of all kinds are read, or are one error that names the broker: none hangs or takes more than its bytes can hold`,
    { timeout },
    () => {
      let errors = 0
      let read = 0
      fc.assert(
        fc.property(fc.nat(real.length - 1), fc.array(mutation, { minLength: 1, maxLength: 4 }), (index, mutations) => {
          const { request, version, payload } = real[index]!
          const bytes = mutated(payload, mutations)
          try {
            expect(valuesIn(decodeAnswer(request, version, bytes, 'broker 1'))).toBeLessThanOrEqual(64 + 16 * bytes.length)
            read++
          } catch (error) {
            if (!(error instanceof KafkaError)) throw error
            expect(error.message).toContain('of broker 1 cannot be read')
            errors++
          }
        }),
        { numRuns: fuzzed - fetches },
      )
      expect(Math.min(errors, read)).toBeGreaterThan(fuzzed / 20)
    },
  )

  it(`${fetches} fetched batches of every codec give records or an error, and reading them comes to an end`, { timeout }, () => {
    const records = Array.from({ length: 20 }, (_, index) =>
      record(`value ${index} ${'x'.repeat(index)}`, { key: Buffer.from(`${index}`) }),
    )
    const batches = COMPRESSION_TYPES.map((type) => batchOf(records, { compression: { type } }))
    let errors = 0
    let read = 0
    fc.assert(
      fc.property(
        fc.nat(batches.length - 1),
        fc.boolean(),
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
        (index, checkCrcs, mutations) => {
          const bytes = mutated(batches[index]!, mutations)
          const cursor = cursorOver(bytes, { checkCrcs })
          try {
            for (let calls = 0; !cursor.isDrained; calls++) {
              if (calls > bytes.length) throw new Error('Reading does not come to an end')
              for (const { key, value, headers } of cursor.take(50)) read += key === null && value === null && headers.length === 0 ? 0 : 1
            }
          } catch (error) {
            if (!(error instanceof KafkaError)) throw error
            errors++
          }
        },
      ),
      { numRuns: fetches },
    )
    expect(Math.min(errors, read)).toBeGreaterThan(fuzzed / 20)
  })

  it('100 MB of them leave no memory behind, and a fetched answer is viewed and not copied', () => {
    const { request, version, payload } = real.find(({ request, version }) => request.apiName === 'Fetch' && version === 11)!
    const large = Buffer.concat([payload.subarray(0, payload.length - 4), Buffer.alloc(1024 * 1024)])
    const before = process.memoryUsage().arrayBuffers
    for (let round = 0; round < 100; round++) {
      large[round % payload.length]! ^= 0x55
      try {
        const { partitions } = decodeAnswer(request, version, large, 'broker 1') as FetchResponse
        for (const { records } of partitions) expect(records.buffer.buffer).toBe(large.buffer)
      } catch (error) {
        if (!(error instanceof KafkaError)) throw error
      }
      large[round % payload.length]! ^= 0x55
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * large.length)
  })
})

/** Leaves of an answer: what its decoding has made. */
function valuesIn(value: unknown): number {
  if (value === null || typeof value !== 'object' || Buffer.isBuffer(value)) return 1
  const children: unknown[] = value instanceof Map ? [...value.values()] : Object.values(value)
  return children.reduce<number>((sum, child) => sum + valuesIn(child), 1)
}
