/**
 * Opens a producer, a consumer and an admin client against the broker given as argument, leaves them idle and prints, as one JSON line,
 * the timers that were created, the processor time that was used and what Node warned about meanwhile.
 */
import { createHook } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '../../src/api/logger.ts'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'

const [bootstrapServers = '', topic = '', idleMs = '10000'] = process.argv.slice(2)
const log: Logger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: (message) => console.error(message),
  error: (message) => console.error(message),
  child: () => log,
}

const warnings: string[] = []
process.on('warning', (warning) => warnings.push(String(warning)))
let timers = 0
const hook = createHook({
  init: (_, type) => {
    if (type === 'Timeout') timers++
  },
})

const clients = createKafkaClients()
const props = { 'bootstrap.servers': bootstrapServers }
const admin = await clients.admin(props, log)
await admin.createTopics([{ name: topic, partitions: 1, replicationFactor: 1 }])
const producer = await clients.producer(props, log)
const delivered = Promise.withResolvers<void>()
const record = { topic, partition: null, timestamp: null, key: null, value: Buffer.from('one'), headers: [] }
await producer.send(record, { delivered: () => delivered.resolve(), failed: (error) => delivered.reject(error) })
await delivered.promise
const consumer = await clients.consumer({ ...props, 'group.id': topic, 'auto.offset.reset': 'earliest' }, log)
const nothing = async (): Promise<void> => undefined
consumer.subscribe([topic], { onPartitionsAssigned: nothing, onPartitionsRevoked: nothing, onPartitionsLost: nothing })
while ((await consumer.poll(1000)).length === 0);
await sleep(1000) // what compiles late does so now

hook.enable()
const cpu = process.cpuUsage()
const from = performance.now()
while (performance.now() - from < Number(idleMs)) await consumer.poll(1000)
const { user, system } = process.cpuUsage(cpu)
const seconds = (performance.now() - from) / 1000
hook.disable()

await Promise.all([consumer.close(), producer.close(), admin.close()])
console.log(JSON.stringify({ timersPerSecond: timers / seconds, cpuShare: (user + system) / 1e6 / seconds, warnings }))
