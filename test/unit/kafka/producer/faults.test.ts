import { expect, test } from 'vitest'
import type { Action } from '../../../support/scripted-broker/script.ts'
import type { ScriptedCluster } from '../../../support/scripted-broker/scripted-cluster.ts'
import { CONNECT_PRESET, newProducer, TestRecord } from '../../../support/real-producer.ts'
import { inLog, outOfOrder, startCluster } from './cluster.ts'

const PASSING_ERRORS = [2, 3, 6, 7, 19, 20, 56]
const PARTITIONS = 3
const RECORDS = 600

const seeds = Array.from({ length: Number(process.env.FAULT_SEEDS ?? 6) }, (_, index) => index + 1)

test.each(seeds)('K1 K2 K3 K6 K16 with idempotence, any mix of faults (seed %i): each record once, in order', async (seed) => {
  const random = randomFrom(seed)
  const cluster = await startCluster({ nodes: 3, topics: { t: PARTITIONS } })
  const records = await produceUnderFaults(cluster, random, { 'enable.idempotence': 'true' })

  expectAllDelivered(records)
  expect(inLog(cluster, 't').map(Number).sort(byNumber)).toEqual(records.map((_, index) => index))
  expect(outOfOrder(cluster, 't')).toEqual([])
})

test.each(seeds)(
  "K1 K2 K3 K6 with Connect's settings, any mix of faults (seed %i): each record at least once, in order but for repetitions",
  async (seed) => {
    const random = randomFrom(seed)
    const cluster = await startCluster({ nodes: 3, topics: { t: PARTITIONS } })
    const records = await produceUnderFaults(cluster, random, CONNECT_PRESET)

    expectAllDelivered(records)
    expect([...new Set(inLog(cluster, 't').map(Number))].sort(byNumber)).toEqual(records.map((_, index) => index))
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const values = [...new Set(cluster.records('t', partition).map(({ value }) => Number(value)))]
      expect(values).toEqual([...values].sort(byNumber))
    }
  },
)

async function produceUnderFaults(cluster: ScriptedCluster, random: () => number, props: Record<string, string>): Promise<TestRecord[]> {
  const stop = cluster.onRequest('Produce', () => fault(random))
  const small = { 'batch.size': '150', 'linger.ms': '1', 'request.timeout.ms': '100' }
  const { producer } = newProducer(cluster.bootstrapServers, { ...props, ...small }, { random })
  const records = Array.from(
    { length: RECORDS },
    (_, index) => new TestRecord('t', String(index), { key: index % 5 === 0 ? null : String(index % 11) }),
  )
  for (const record of records) {
    await producer.send(record, record)
    if (random() < 0.1) await new Promise((resolve) => setTimeout(resolve, random() * 4))
    if (random() < 0.01) cluster.setLeader('t', Math.floor(random() * PARTITIONS), 1 + Math.floor(random() * 3))
  }
  stop()
  await producer.flush()
  return records
}

function fault(random: () => number): Action | undefined {
  const dice = random()
  if (dice < 0.1) {
    const partition = Math.floor(random() * PARTITIONS)
    const code = PASSING_ERRORS[Math.floor(random() * PASSING_ERRORS.length)] ?? 7
    return { do: 'error', code, where: (_, each) => each === partition }
  }
  if (dice < 0.14) return { do: 'cut' }
  if (dice < 0.18) return { do: 'lose-answer' }
  if (dice < 0.19) return { do: 'silence', handle: random() < 0.5 }
  return undefined
}

function expectAllDelivered(records: readonly TestRecord[]): void {
  const wrong = records.filter(({ told, failure }) => told !== 1 || failure !== null)
  expect(wrong.map(({ value, told, failure }) => [String(value), told, failure?.message])).toEqual([])
}

/** The same numbers for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function byNumber(one: number, other: number): number {
  return one - other
}
