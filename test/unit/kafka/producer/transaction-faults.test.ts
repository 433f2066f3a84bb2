import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KafkaError } from '../../../../src/kafka/errors.ts'
import type { KafkaProducer } from '../../../../src/kafka/producer/producer.ts'
import { newProducer, sendAll, TestRecord } from '../../../support/real-producer.ts'
import type { ApiName } from '../../../support/scripted-broker/apis/index.ts'
import type { Action } from '../../../support/scripted-broker/script.ts'
import { ScriptedCluster } from '../../../support/scripted-broker/scripted-cluster.ts'
import { anonymous } from './transactional.ts'

const PARTITIONS = [0, 1, 2]
const TRANSACTIONS = 12

/** Errors that heal, and those that cost the transaction. */
const ERRORS: Partial<Record<ApiName, readonly number[]>> = {
  FindCoordinator: [14, 15],
  InitProducerId: [14, 15, 16, 51],
  AddPartitionsToTxn: [3, 14, 15, 16, 51, 29, 120],
  AddOffsetsToTxn: [14, 15, 16, 51, 30, 120],
  TxnOffsetCommit: [3, 7, 14, 15, 16, 22, 25, 29, 30, 120],
  EndTxn: [14, 15, 16, 51],
  Produce: [3, 6, 7, 19, 45, 59, 87, 120],
}

interface Fault {
  /** How many requests of these APIs pass before it strikes. */
  readonly after: number
  readonly kind: 'error' | 'cut' | 'lose-answer' | 'leader' | 'coordinator'
  readonly choice: number
}

const faults = fc.array(
  fc.record({
    after: fc.nat({ max: 6 }),
    kind: fc.constantFrom<Fault['kind']>('error', 'error', 'cut', 'lose-answer', 'leader', 'coordinator'),
    choice: fc.nat({ max: 1000 }),
  }),
  { minLength: 5, maxLength: 40 },
)
const plan = fc.array(fc.record({ records: fc.nat({ max: 8 }), hasOffsets: fc.boolean(), isAborted: fc.boolean() }), {
  minLength: TRANSACTIONS,
  maxLength: TRANSACTIONS,
})

test('whatever fails and whenever: what is seen are the transactions whose commit resolved, each once, whole and in order', async () => {
  await fc.assert(
    fc.asyncProperty(faults, plan, async (troubles, transactions) => {
      await using cluster = await ScriptedCluster.start({ nodes: 2, topics: { t: PARTITIONS.length } })
      trouble(cluster, troubles)
      const { producer } = newProducer(cluster.bootstrapServers, {
        ...{ 'transactional.id': 'tx', 'linger.ms': '0', 'batch.size': '120', 'retry.backoff.ms': '1', 'retry.backoff.max.ms': '2' },
        ...{ 'reconnect.backoff.ms': '1', 'reconnect.backoff.max.ms': '2' },
      })
      const expected: string[][] = PARTITIONS.map(() => [])
      let offset = -1
      await producer.initTransactions()
      for (const [number, { records, hasOffsets, isAborted }] of transactions.entries()) {
        const sent = Array.from({ length: records }, (_, index) => new TestRecord('t', `${number} ${index}`, { partition: index % 3 }))
        const isCommitted = await run(producer, sent, hasOffsets ? number : null, isAborted)
        expect(sent.filter(({ told }) => told > 1)).toEqual([])
        if (!isCommitted) continue
        for (const { partition, value } of sent) expected[partition!]!.push(String(value))
        if (hasOffsets) offset = number
      }
      await producer.close()
      expect(PARTITIONS.map((partition) => cluster.committedValues('t', partition))).toEqual(expected)
      expect(cluster.committed('g', 't', 0)).toBe(offset)
    }),
    { numRuns: 40 },
  )
})

/** @returns whether the commit resolved */
async function run(producer: KafkaProducer, records: readonly TestRecord[], offset: number | null, isAborted: boolean): Promise<boolean> {
  producer.beginTransaction()
  try {
    await sendAll(producer, records)
    if (offset !== null) await producer.sendOffsetsToTransaction([{ topic: 't', partition: 0, offset }], anonymous)
    if (!isAborted) {
      await producer.commitTransaction()
      return true
    }
  } catch (error) {
    if (!(error instanceof KafkaError) || !error.abortable) throw error
  }
  await producer.abortTransaction()
  return false
}

/** Lets the faults strike, one after the other. */
function trouble(cluster: ScriptedCluster, troubles: readonly Fault[]): void {
  const left = [...troubles]
  let passed = 0
  cluster.onRequest('*', ({ api }): Action | undefined => {
    const [next] = left
    const errors = ERRORS[api]
    if (next === undefined || errors === undefined || passed++ < next.after) return undefined
    left.shift()
    passed = 0
    const { kind, choice } = next
    if (kind === 'error') return { do: 'error', code: errors[choice % errors.length]! }
    if (kind === 'leader') cluster.setLeader('t', choice % PARTITIONS.length, 1 + (choice % 2))
    if (kind === 'coordinator') cluster.setCoordinator(choice % 3 === 0 ? 'g' : 'tx', 1 + (choice % 2))
    return kind === 'cut' || kind === 'lose-answer' ? { do: kind } : undefined
  })
}
