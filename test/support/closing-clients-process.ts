/**
 * Opens clients against the broker given as argument and closes them while each is in the middle of something: an unsent record, a long
 * poll, a JoinGroup that waits for another member. Prints, as one JSON line, what the event loop still waits for; and ends by itself.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import type { Consumer } from '../../src/kafka/ports.ts'
import { silentLogger } from '../../src/logging/logger.ts'

const [bootstrapServers = '', topic = ''] = process.argv.slice(2)
const clients = createKafkaClients()
const props = { 'bootstrap.servers': bootstrapServers }
const nothing = async (): Promise<void> => undefined
const listener = { onPartitionsAssigned: nothing, onPartitionsRevoked: nothing, onPartitionsLost: nothing }

async function member(group: string, more: Record<string, string> = {}): Promise<Consumer> {
  const consumer = await clients.consumer({ ...props, 'group.id': `${topic}-${group}`, ...more }, silentLogger)
  consumer.subscribe([topic], listener)
  return consumer
}

async function joined(consumer: Consumer): Promise<Consumer> {
  while (consumer.assignment().length === 0) await consumer.poll(100)
  return consumer
}

const producer = await clients.producer({ ...props, 'linger.ms': '60000' }, silentLogger)
let outcome = 'none'
const record = { topic, partition: 0, timestamp: null, key: null, value: Buffer.from('unsent'), headers: [] }
await producer.send(record, { delivered: () => (outcome = 'delivered'), failed: () => (outcome = 'failed') })

const polling = await joined(await member('polling', { 'fetch.max.wait.ms': '60000' }))
const longPoll = polling.poll(60_000).then(String, String)
const quiet = await joined(await member('joining'))
const joining = await member('joining')
const fixed = await joined(await member('static', { 'group.instance.id': 'i' }))
const admin = await clients.admin(props, silentLogger)
const stateOf = async () => (await admin.describeGroup(`${topic}-joining`)).state
// until the coordinator waits for the quiet one, which does not poll
while ((await stateOf()) !== 'PreparingRebalance') await joining.poll(100)

await Promise.all([producer, polling, joining, quiet, fixed, admin].map((client) => client.close()))
await longPoll
await sleep(50) // destroyed sockets are gone in the next turns of the event loop
console.log(JSON.stringify({ outcome, resources: process.getActiveResourcesInfo() }))
