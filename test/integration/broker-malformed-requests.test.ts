import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeRequest, isFlexible, knownVersions } from '../../src/broker/protocol/codec.ts'
import type { FieldLayout } from '../../src/broker/protocol/layout.ts'
import { API_KEYS, REQUEST_LAYOUTS, type ApiName } from '../../src/broker/protocol/messages.ts'
import { startBroker, type TestBroker } from '../../src/testing.ts'
import { CollectingLogger } from '../support/fakes/collecting-logger.ts'
import { Random } from '../support/random.ts'
import { framed, RawClient, requestHeader } from '../support/raw-client.ts'
import { writeBatch } from '../support/scripted-broker/record-batch.ts'
import { usedBytes } from '../support/used-memory.ts'

const REQUESTS = 10_000
const LANES = 20
/** After as many the caches are filled: what is taken later would be taken for ever. */
const WARM_UP = 4_000
const MOST_GROWTH_BYTES = 40_000_000
/** An answer may be long in coming, and rightly so (Fetch, JoinGroup). */
const PATIENCE_MS = 50

const APIS = Object.keys(API_KEYS) as ApiName[]
const TEXTS = ['', 'fuzzed', 'fuzzed-2', 'consumer', 'range', 'a b', '..', 'x'.repeat(300), 'ünïcode', '__consumer_offsets']
const NUMBERS = [-2147483648, -2, -1, 0, 1, 2, 3, 10, 255, 1000, 65536, 2147483647]

/** A request whose fields have values at random, more often small and strange than not. */
function randomRequest(random: Random, fields: readonly FieldLayout[], version: number): Record<string, unknown> {
  const present = fields.filter(({ from = 0, to = Infinity }) => version >= from && version <= to)
  return Object.fromEntries(present.map((field) => [field.name, randomField(random, field, version)]))
}

function randomField(random: Random, field: FieldLayout, version: number): unknown {
  if (field.nullableFrom !== undefined && version >= field.nullableFrom && random.below(4) === 0) return null
  const item = () => (field.type === 'struct' ? randomRequest(random, field.fields ?? [], version) : randomScalar(random, field.type))
  return field.array === true ? Array.from({ length: random.below(3) }, item) : item()
}

function randomScalar(random: Random, type: FieldLayout['type']): unknown {
  switch (type) {
    case 'bool':
      return random.below(2) === 0
    case 'int8':
      return random.of([-1, 0, 1, 2, 3, 127])
    case 'int16':
      return random.of([-1, 0, 1, 2, 99, 32767])
    case 'uint16':
    case 'uint32':
      return random.below(65536)
    case 'int64':
      return random.of([...NUMBERS, Number.MAX_SAFE_INTEGER, -3, -4])
    case 'string':
      return random.of(TEXTS)
    case 'uuid':
      return random.bytes(16).toString('base64url')
    case 'records':
      return random.below(2) === 0 ? writeBatch([{ value: 'x', timestamp: Date.now() }]) : random.bytes(random.below(200))
    case 'bytes':
      return random.bytes(random.below(50))
    default:
      return random.of(NUMBERS)
  }
}

/** A valid request, or one that was: with other bytes, cut off, or with bytes between. */
function fuzzed(random: Random): Buffer {
  const api = random.of(APIS)
  const [first, last] = knownVersions(api)
  const version = first + random.below(last - first + 1)
  const writer = requestHeader(API_KEYS[api], version, 1)
  if (isFlexible(api, version)) writer.noTags()
  encodeRequest(api, version, randomRequest(random, REQUEST_LAYOUTS[api].fields, version) as never, writer)
  const frame = framed(writer)
  const at = 4 + random.below(frame.length - 4)
  switch (random.below(5)) {
    case 0:
      return frame
    case 1:
      for (let count = 1 + random.below(4); count > 0; count--) frame.writeUInt8(random.below(256), 4 + random.below(frame.length - 4))
      return frame
    case 2:
      return relengthed(frame.subarray(0, at))
    case 3:
      return relengthed(Buffer.concat([frame.subarray(0, at), random.bytes(1 + random.below(8)), frame.subarray(at)]))
    default:
      return random.bytes(1 + random.below(60)) // a length at random, too
  }
}

function relengthed(frame: Buffer): Buffer {
  frame.writeInt32BE(frame.length - 4)
  return frame
}

describe('requests that are malformed, or valid and strange', () => {
  const log = new CollectingLogger()
  let broker: TestBroker
  beforeAll(async () => {
    broker = await startBroker({ topics: ['fuzzed'], log })
  })
  afterAll(() => broker.stop())

  /** Waits until the broker did something with it, if it does. */
  async function sendOn(raw: RawClient, frame: Buffer): Promise<'answered' | 'closed' | 'waits'> {
    const answered = raw.nextFrame().then(
      () => 'answered' as const,
      () => 'closed' as const,
    )
    raw.write(frame)
    const waits = new Promise<'waits'>((resolve) => setTimeout(resolve, PATIENCE_MS, 'waits').unref())
    return Promise.race([answered, waits])
  }

  async function sendMany(seed: number, count: number, outcomes: Map<string, number>): Promise<void> {
    const random = new Random(seed)
    let raw = await RawClient.connect(broker.address)
    for (let sent = 0; sent < count; sent++) {
      const outcome = await sendOn(raw, fuzzed(random))
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      if (outcome === 'answered') continue
      await raw.close()
      raw = await RawClient.connect(broker.address)
    }
    await raw.close()
  }

  it(`harm no other connection, and cost no memory for good (${REQUESTS} of them)`, async () => {
    const seed = Date.now() % 1_000_000
    const other = await RawClient.connect(broker.address)
    const outcomes = new Map<string, number>()
    let warm = 0
    for (let round = 0; round < REQUESTS / 1_000; round++) {
      await Promise.all(Array.from({ length: LANES }, (_, lane) => sendMany(seed + round * LANES + lane, 1_000 / LANES, outcomes)))
      expect(await other.send('ApiVersions', 0, {}), `seed ${seed}, round ${round}`).toMatchObject({ errorCode: 0 })
      if ((round + 1) * 1_000 === WARM_UP) warm = usedBytes()
    }
    expect([...outcomes.values()].reduce((sum, count) => sum + count)).toBe(REQUESTS)
    expect(outcomes.get('answered')).toBeGreaterThan(REQUESTS / 20)
    expect(outcomes.get('closed')).toBeGreaterThan(REQUESTS / 20)
    expect(log.errors, `seed ${seed}`).toEqual([]) // what is wrong with a request is a warning
    expect(usedBytes() - warm, `seed ${seed}`).toBeLessThan(MOST_GROWTH_BYTES)
    await other.close()
  })

  it('and connections that never speak, 500 of them, are closed', async () => {
    const silent = await Promise.all(Array.from({ length: 500 }, () => RawClient.connect(broker.address)))
    await Promise.all(silent.map(({ closed }) => closed))
    await using other = await RawClient.connect(broker.address)
    expect(await other.send('ApiVersions', 0, {})).toMatchObject({ errorCode: 0 })
  })
})
