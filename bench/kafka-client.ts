/**
 * Our side of `npm run bench -- kafka`, a process of its own: `kafka-client.js produce|consume ADDRESS TOPIC COUNT PAYLOADS`.
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

async function produce(): Promise<void> {
  const values = readFileSync(payloads, 'utf8').split('\n').map(asBuffer)
  const messages: ProducerRecord[] = values.map((value) => ({ topic, partition: null, timestamp: null, key: null, value, headers: [] }))
  const producer = await clients.producer({ 'bootstrap.servers': address }, silentLogger)
  const delivery = new CountedDelivery()
  for (let sent = 0; sent < records; sent++) {
    const taken = producer.send(messages[Math.floor(Math.random() * messages.length)]!, delivery)
    if (taken !== undefined) await taken
  }
  await producer.close()
  if (delivery.failures > 0) throw new Error(`${delivery.failures} records were not delivered.`)
}

/** Counts as ConsumerPerformance does: from the assignment, so that joining the group is left out. */
async function consume(): Promise<void> {
  const props = { 'bootstrap.servers': address, 'group.id': `bench-${process.pid}`, 'auto.offset.reset': 'earliest' }
  const consumer = await clients.consumer(props, silentLogger)
  let assignedAt = 0
  const onPartitionsAssigned = async () => {
    assignedAt = performance.now()
  }
  const ignore = () => Promise.resolve()
  consumer.subscribe([topic], { onPartitionsAssigned, onPartitionsRevoked: ignore, onPartitionsLost: ignore })
  let seen = 0
  let bytes = 0
  while (seen < records) {
    for (const partition of await consumer.poll(100)) {
      seen += partition.records.length
      for (const record of partition.records) bytes += record.value?.length ?? 0
    }
  }
  const fetchMs = performance.now() - assignedAt
  await consumer.close()
  console.log(JSON.stringify({ records: seen, bytes, fetchMs }))
}

await (verb === 'produce' ? produce() : consume())
