/** kafkajs' public API as a benchmark's other side: `kafkajs.mjs produce|consume ADDRESS TOPIC COUNT PAYLOADS`. Prints {"records":N,"ms":T}. */
import { readFileSync } from 'node:fs'
import { Kafka, logLevel, Partitioners } from 'kafkajs'

/** kafkajs makes one batch a partition of what it is given: it must stay below the broker's limit. */
const SEND_BYTES = 1_000_000
const [verb, address, topic, count, payloads] = process.argv.slice(2)
const records = Number(count)
const kafka = new Kafka({ brokers: [address], logLevel: logLevel.ERROR })

async function produce() {
  const values = readFileSync(payloads, 'utf8')
    .split('\n')
    .map((line) => Buffer.from(line))
  const size = Math.min(5000, Math.floor(SEND_BYTES / values[0].length))
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, allowAutoTopicCreation: false })
  await producer.connect()
  const started = performance.now()
  for (let sent = 0; sent < records; sent += size) {
    const messages = Array.from({ length: Math.min(size, records - sent) }, (_, index) => ({
      value: values[(sent + index) % values.length],
    }))
    await producer.send({ topic, acks: -1, messages })
  }
  const ms = performance.now() - started
  await producer.disconnect()
  return ms
}

async function consume() {
  const consumer = kafka.consumer({ groupId: `bench-${process.pid}`, maxWaitTimeInMs: 500 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const { promise, resolve } = Promise.withResolvers()
  let started = 0
  let seen = 0
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: true,
    eachBatch: async ({ batch }) => {
      if (started === 0) started = performance.now()
      for (const { value } of batch.messages) if (value !== null) seen++
      if (seen >= records) resolve()
    },
  })
  await promise
  const ms = performance.now() - started
  await consumer.disconnect()
  return ms
}

console.log(JSON.stringify({ records, ms: await (verb === 'produce' ? produce() : consume()) }))
process.exit(0)
