/** @platformatic/kafka as a benchmark's other side: `platformatic.mjs FOLDER produce|consume ADDRESS TOPIC COUNT PAYLOADS`, FOLDER being where it is installed. Prints {"records":N,"ms":T}. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const SEND = 1000
const [folder, verb, address, topic, count, payloads] = process.argv.slice(2)
const { Consumer, Producer, ProduceAcks } = createRequire(join(folder, 'package.json'))('@platformatic/kafka')
const records = Number(count)
const common = { clientId: 'bench', bootstrapBrokers: [address] }

async function produce() {
  const values = readFileSync(payloads, 'utf8')
    .split('\n')
    .map((line) => Buffer.from(line))
  const producer = new Producer(common)
  await producer.metadata({ topics: [topic] })
  const started = performance.now()
  for (let sent = 0; sent < records; sent += SEND) {
    const messages = Array.from({ length: Math.min(SEND, records - sent) }, (_, index) => ({
      topic,
      value: values[(sent + index) % values.length],
    }))
    await producer.send({ messages, acks: ProduceAcks.ALL })
  }
  const ms = performance.now() - started
  await producer.close()
  return ms
}

async function consume() {
  const consumer = new Consumer({ ...common, groupId: `bench-${process.pid}` })
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false, maxWaitTime: 500 })
  const { promise, resolve } = Promise.withResolvers()
  let started = 0
  let seen = 0
  stream.on('data', () => {
    if (started === 0) started = performance.now()
    if (++seen >= records) resolve()
  })
  await promise
  return performance.now() - started
}

console.log(JSON.stringify({ records, ms: await (verb === 'produce' ? produce() : consume()) }))
process.exit(0)
