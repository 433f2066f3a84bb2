import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiName, RequestMessages } from '../../src/broker/protocol/messages.ts'
import { startBroker, type TestBroker } from '../../src/testing.ts'
import { RawClient } from '../support/raw-client.ts'
import recorded from './broker-admin.json' with { type: 'json' }

/** Answers that are ours on purpose, and why. */
const DIFFERENT: Readonly<Record<string, string>> = {
  'broker some': 'keys of connections and TLS cannot be changed while the embedded broker runs, so they are read-only',
  'inc bad op': 'Kafka answers UNKNOWN_SERVER_ERROR: an error of its own',
  'broker append int': 'the sentence is the one for topics',
  'per-broker only at default': 'keys of TLS cannot be changed while the embedded broker runs',
  maxconn: 'the number of connections cannot be changed while the embedded broker runs',
}

const NO_ID = 'AAAAAAAAAAAAAAAAAAAAAA'
const UNKNOWN_ID = 'bbbbbbbbQkKkbbbbbbbbbA'
const HIDDEN: ReadonlySet<string> = new Set(['port', 'clusterId', 'logDir', 'totalBytes', 'usableBytes', 'leaderEpoch', 'controllerId'])

/** What two brokers have in common: without ids, addresses and sizes, lists in one order. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.filter((item) => !isMinInsyncReplicas(item)).map(comparable)
    return items.sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1))
  }
  if (typeof value !== 'object' || value === null) return value
  const shown = Object.entries(value).filter(([key]) => !HIDDEN.has(key))
  return Object.fromEntries(shown.map(([key, field]) => [key, key === 'topicId' ? idOf(field) : comparable(field)]))
}

/** Kafka sets this one as a dynamic default when its cluster is formatted. */
function isMinInsyncReplicas(item: unknown): boolean {
  return typeof item === 'object' && item !== null && 'name' in item && item.name === 'min.insync.replicas'
}

function idOf(id: unknown): unknown {
  return id === NO_ID || id === UNKNOWN_ID ? id : 'ID'
}

interface RecordedCase {
  readonly name: string
  readonly api: string
  readonly version: number
  readonly request: unknown
  readonly answer: unknown
}

/** Of topics that are made, most cases keep the number of their keys only. */
function likeRecorded(answer: unknown, want: unknown): unknown {
  const counts = (want as { topics?: { configs?: unknown }[] }).topics?.some(({ configs }) => typeof configs === 'number') === true
  if (!counts) return answer
  const { topics, ...rest } = answer as { topics: { configs: unknown[] | null }[] }
  return { ...rest, topics: topics.map((topic) => ({ ...topic, configs: topic.configs?.length ?? null })) }
}

describe('administration of the embedded broker, as recorded from Kafka 4.3.1', () => {
  let broker: TestBroker
  let client: RawClient
  let same = 0

  beforeAll(async () => {
    broker = await startBroker({ properties: { 'num.partitions': '1', 'auto.create.topics.enable': 'true' } })
    client = await RawClient.connect(broker.address)
  })

  afterAll(async () => {
    await client[Symbol.asyncDispose]()
    await broker.stop()
    console.log(`compat broker-admin: ${same} of ${recorded.cases.length} (${Object.keys(DIFFERENT).length} differ on purpose)`)
  })

  it.each(recorded.cases as readonly RecordedCase[])('$name', async ({ name, api, version, request, answer: want }) => {
    const answer = await client.send(api as ApiName, version, request as RequestMessages[ApiName])
    const got = likeRecorded(comparable(answer), want)
    if (Object.hasOwn(DIFFERENT, name)) return expect(got, 'is the same by now: take it out of the list').not.toEqual(want)
    expect(got).toEqual(want)
    same++
  })
})
