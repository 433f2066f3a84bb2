/**
 * Our side of `npm run bench -- kafka`, a process of its own: `kafka-client.js produce|consume ADDRESS TOPIC COUNT PAYLOADS`; prints
 * {"records":N,"ms":T}.
 * Client settings are the defaults of both sides, which are Java's.
 */
import { readFileSync } from 'node:fs'
import { createKafkaClients } from '../src/kafka/kafka-clients.ts'
import type { Delivery, ProducerRecord } from '../src/kafka/ports.ts'
import { silentLogger } from '../src/logging/logger.ts'

const [verb, address = '', topic = '', count = '0', payloads = ''] = process.argv.slice(2)
const records = Number(count)
const clients = createKafkaClients()

class CountedDelivery implements Delivery {
  failures = 0

  delivered(): void {}

  failed(error: Error): void {
    if (this.failures++ === 0) console.error(error)
  }
}

function asBuffer(text: string): Buffer {
  return Buffer.from(text)
}

async function produce(): Promise<number> {
  const values = readFileSync(payloads, 'utf8').split('\n').map(asBuffer)
  const messages: ProducerRecord[] = values.map((value) => ({ topic, partition: null, timestamp: null, key: null, value, headers: [] }))
  const producer = await clients.producer({ 'bootstrap.servers': address }, silentLogger)
  const delivery = new CountedDelivery()
  const startedAt = performance.now()
  for (let sent = 0; sent < records; sent++) {
    const taken = producer.send(messages[sent % messages.length]!, delivery)
    if (taken !== undefined) await taken
  }
  await producer.flush()
  const ms = performance.now() - startedAt
  await producer.close()
  if (delivery.failures > 0) throw new Error(`${delivery.failures} records were not delivered.`)
  return ms
}

/** All partitions from the beginning, without a group; counted from the first records on. */
async function consume(): Promise<number> {
  const consumer = await clients.consumer({ 'bootstrap.servers': address, 'auto.offset.reset': 'earliest' }, silentLogger)
  consumer.assign((await consumer.partitionsFor(topic)).map((partition) => ({ topic, partition })))
  let startedAt = 0
  let bytes = 0
  for (let seen = 0; seen < records;) {
    const polled = await consumer.poll(100)
    if (startedAt === 0 && polled.length > 0) startedAt = performance.now()
    for (const partition of polled) {
      seen += partition.records.length
      for (const record of partition.records) bytes += record.value?.length ?? 0
    }
  }
  const ms = performance.now() - startedAt
  await consumer.close()
  if (bytes === 0) throw new Error('The records had no values.')
  return ms
}

const ms = await (verb === 'produce' ? produce() : consume())
console.log(JSON.stringify({ records, ms }))
