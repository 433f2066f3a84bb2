import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import type { Admin, ConsumerRecord, Delivery, RecordHeader } from '../../src/kafka/ports.ts'
import { silentLogger } from '../../src/logging/logger.ts'
import { until } from './worker-process.ts'

const clients = createKafkaClients()

/** A record as a test writes it down. */
export interface TestInput {
  readonly key?: string | null
  /** Null: a tombstone. A text is sent as it is, anything else as JSON. */
  readonly value: unknown
  readonly headers?: readonly RecordHeader[]
  readonly partition?: number
  readonly timestamp?: number
}

/** Sends them in order and waits until all are there. */
export async function produceAll(address: string, topic: string, records: Iterable<TestInput>): Promise<void> {
  const producer = await clients.producer({ 'bootstrap.servers': address, 'linger.ms': '5' }, silentLogger)
  const deliveries = new AllDelivered()
  for (const { key, value, headers, partition, timestamp } of records) {
    const waits = producer.send(
      {
        topic,
        partition: partition ?? 0,
        timestamp: timestamp ?? null,
        key: key === undefined || key === null ? null : Buffer.from(key),
        value: value === null ? null : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
        headers: headers ?? [],
      },
      deliveries,
    )
    if (waits !== undefined) await waits
  }
  await producer.close()
  if (deliveries.error !== null) throw deliveries.error
}

class AllDelivered implements Delivery {
  error: Error | null = null

  delivered(): void {
    // nothing to count: `close` of the producer waits for all
  }

  failed(error: Error): void {
    this.error ??= error
  }
}

/** The first `count` records of a topic's partition 0. */
export async function firstRecords(address: string, topic: string, count: number): Promise<ConsumerRecord[]> {
  const consumer = await clients.consumer({ 'bootstrap.servers': address, 'auto.offset.reset': 'earliest' }, silentLogger)
  consumer.assign([{ topic, partition: 0 }])
  const records: ConsumerRecord[] = []
  await until(async () => {
    for (const polled of await consumer.poll(200)) records.push(...polled.records)
    return records.length >= count
  })
  await consumer.close()
  return records
}

export async function withAdmin<T>(address: string, ask: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = await clients.admin({ 'bootstrap.servers': address }, silentLogger)
  try {
    return await ask(admin)
  } finally {
    await admin.close()
  }
}

/** Offsets a group has committed, by partition. */
export async function committedOffsets(address: string, group: string): Promise<Record<number, number>> {
  const offsets = await withAdmin(address, (admin) => admin.groupOffsets(group))
  return Object.fromEntries(offsets.map(({ partition, offset }) => [partition, offset]))
}

/** Where a partition ends; 0 when there is no such topic. */
export async function endOffset(address: string, topic: string, partition: number): Promise<number> {
  const query = [{ topic, partition, spec: 'latest' as const }]
  const offsets = await withAdmin(address, (admin) => admin.listOffsets(query).catch(() => [0]))
  return offsets[0] ?? 0
}
