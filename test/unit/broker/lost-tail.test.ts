import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createKafkaClients } from '../../../src/kafka/kafka-clients.ts'
import type { Consumer } from '../../../src/kafka/ports.ts'
import { silentLogger } from '../../../src/logging/logger.ts'
import { startBroker } from '../../../src/testing.ts'
import { produceAll } from '../../support/kafka-records.ts'

const ORDERS = { topic: 'orders', partition: 0 }
const LOG_FILE = path.join('orders-0', '00000000000000000000.log')

function scratch(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'standpipe-lost-tail-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** A copy of a running broker's folder: what a kill leaves. */
function killed(dir: string): string {
  const left = scratch()
  cpSync(dir, left, { recursive: true, filter: (file) => !file.endsWith('.lock') })
  return left
}

/** Leaves so many batches of the log, as a power loss may. */
function cutAfter(dir: string, batches: number): void {
  const file = path.join(dir, LOG_FILE)
  const bytes = readFileSync(file)
  let end = 0
  for (let left = batches; left > 0; left--) end += 12 + bytes.readInt32BE(end + 8)
  truncateSync(file, end)
}

/** One batch for each value. */
async function produce(address: string, values: readonly string[]): Promise<void> {
  for (const value of values) await produceAll(address, ORDERS.topic, [{ value }])
}

async function consumerOf(address: string, reset: string): Promise<Consumer> {
  const props = { 'bootstrap.servers': address, 'auto.offset.reset': reset, 'enable.auto.commit': 'false' }
  const consumer = await createKafkaClients().consumer(props, silentLogger)
  onTestFinished(() => consumer.close(0))
  consumer.assign([ORDERS])
  return consumer
}

/** @returns `offset:value` of the next so many records */
async function readRecords(consumer: Consumer, count: number): Promise<string[]> {
  const read: string[] = []
  while (read.length < count)
    for (const { records } of await consumer.poll(100)) for (const { offset, value } of records) read.push(`${offset}:${String(value)}`)
  return read.slice(0, count)
}

it.each(['earliest', 'none'])(
  'a log that lost records in a crash, and has grown past a reader since, tells it so (auto.offset.reset=%s)',
  async (reset) => {
    const dir = scratch()
    const first = await startBroker({ dir, topics: [ORDERS.topic] })
    onTestFinished(() => first.stop())
    await produce(first.address, ['a', 'b', 'c', 'd'])
    const consumer = await consumerOf(first.address, reset)
    if (reset === 'none') consumer.seek(ORDERS, 0)
    expect(await readRecords(consumer, 4)).toEqual(['0:a', '1:b', '2:c', '3:d'])

    const left = killed(dir)
    await first.stop()
    cutAfter(left, 2)
    const meanwhile = await startBroker({ dir: left })
    await produce(meanwhile.address, ['C', 'D', 'E', 'F', 'G', 'H'])
    await meanwhile.stop()
    const again = await startBroker({ dir: left, properties: { listeners: `PLAINTEXT://${first.address}` } })
    onTestFinished(() => again.stop())

    const reading = readRecords(consumer, 4)
    if (reset === 'none') await expect(reading).rejects.toThrow('Truncated partitions detected with divergent offsets {orders-0=2}')
    else expect(await reading).toEqual(['2:C', '3:D', '4:E', '5:F'])
  },
)
