/**
 * Writes transaction after transaction until it is killed: `ADDRESS TOPIC ID FIRST`. Transaction n has a hundred records `n` on each of
 * three partitions, and sets the offset of partition 0 in the group named as the id to n + 1. Says `begun n` when its records are sent,
 * and `committed n`.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import type { Delivery } from '../../src/kafka/ports.ts'
import { CollectingLogger } from './fakes/collecting-logger.ts'

const RECORDS = 300
const PARTITIONS = 3

const [address = '', topic = '', id = '', first = '0'] = process.argv.slice(2)
const props = { 'bootstrap.servers': address, 'transactional.id': id, 'linger.ms': '0' }
const producer = await createKafkaClients().producer(props, new CollectingLogger())
const delivery: Delivery = {
  delivered: () => undefined,
  failed: (error) => process.stdout.write(`failed ${error.message}\n`),
}
await producer.initTransactions()
for (let number = Number(first); ; number++) {
  producer.beginTransaction()
  for (let index = 0; index < RECORDS; index++) {
    const value = Buffer.from(String(number))
    await producer.send({ topic, partition: index % PARTITIONS, timestamp: null, key: null, value, headers: [] }, delivery)
    if (index % 100 === 0) await sleep(1)
  }
  await producer.sendOffsetsToTransaction([{ topic, partition: 0, offset: number + 1 }], {
    ...{ groupId: id, generationId: -1, memberId: '', groupInstanceId: null },
  })
  process.stdout.write(`begun ${number}\n`)
  await producer.commitTransaction()
  process.stdout.write(`committed ${number}\n`)
}
