import { expect, test } from 'vitest'
import { CONNECT_PRESET, newProducer, TestRecord } from '../../../support/real-producer.ts'
import { CountedBytes } from '../../../support/fakes/counted-bytes.ts'
import { startCluster } from './cluster.ts'

const value = 'x'.repeat(1000)

/** A producer whose first request waits for `release`. */
async function heldProducer(bytes: CountedBytes, props: Readonly<Record<string, string>> = {}) {
  const cluster = await startCluster({ topics: { t: 1 } })
  const { producer } = newProducer(cluster.bootstrapServers, { ...CONNECT_PRESET, ...props }, { inflight: bytes })
  const held = Promise.withResolvers<void>()
  cluster.onRequest('Produce', () => held.promise)
  const records: TestRecord[] = []
  const send = () => {
    const record = new TestRecord('t', value)
    records.push(record)
    return producer.send(record, record)
  }
  await send()
  return { producer, records, send, release: () => held.resolve() }
}

test('a producer takes no more than its share although buffer.memory is larger, and goes on as records are acknowledged', async () => {
  const bytes = new CountedBytes(20_000)
  const { producer, records, send, release } = await heldProducer(bytes, { 'buffer.memory': '1000000' })
  let waiting: Promise<void> | undefined
  while ((waiting = send()) === undefined);
  expect(records.length).toBeGreaterThan(10)
  expect(records.length).toBeLessThan(20) // one of them waits
  expect(bytes.held).toBeGreaterThan(10_000)
  release()
  await waiting
  await producer.flush()
  expect(records.every(({ delivery }) => delivery !== null)).toBe(true)
  expect(bytes.held).toBe(0)
})

test('buffer.memory counts where it is smaller than the share', async () => {
  const bytes = new CountedBytes(1_000_000)
  const { producer, send, release } = await heldProducer(bytes, { 'buffer.memory': '20000' })
  let waiting: Promise<void> | undefined
  while ((waiting = send()) === undefined);
  expect(bytes.held).toBeLessThanOrEqual(20_000)
  release()
  await waiting
  await producer.flush()
})

test('a share that grows lets more in as soon as something is acknowledged', async () => {
  const bytes = new CountedBytes(20_000)
  const { producer, records, send, release } = await heldProducer(bytes)
  let waiting: Promise<void> | undefined
  while ((waiting = send()) === undefined);
  const before = records.length
  bytes.limit = 1_000_000
  release()
  await waiting
  for (let more = 0; more < 200; more++) expect(send()).toBeUndefined()
  await producer.flush()
  expect(records).toHaveLength(before + 200)
})

test('a record larger than the share is taken when nothing else is in flight', async () => {
  const bytes = new CountedBytes(10)
  const { producer, records, send, release } = await heldProducer(bytes)
  release()
  await send()
  await producer.flush()
  expect(records.map(({ delivery }) => delivery?.offset)).toEqual([0, 1])
})
