import { onTestFinished } from 'vitest'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import type { Admin, Consumer, IsolationLevel, Producer } from '../../src/kafka/ports.ts'
import { CollectingLogger } from './fakes/collecting-logger.ts'
import { TestRecord } from './real-producer.ts'
import { javaTool } from './services/java-tools.ts'
import { kcat } from './services/kcat.ts'

/** Ends what a read must have come by, so that a reader can stop without waiting. */
export const END = 'end'

/** A producer that has taken its transactional id, closed with the test. */
export async function newTransactionalProducer(
  address: string,
  id: string,
  props: Readonly<Record<string, string>> = {},
): Promise<Producer> {
  const producer = await createKafkaClients().producer(
    { 'bootstrap.servers': address, 'transactional.id': id, 'linger.ms': '0', ...props },
    new CollectingLogger(),
  )
  onTestFinished(() => producer.close(2000))
  await producer.initTransactions()
  return producer
}

export async function newAdmin(address: string): Promise<Admin> {
  const admin = await createKafkaClients().admin({ 'bootstrap.servers': address }, new CollectingLogger())
  onTestFinished(() => admin.close())
  return admin
}

export async function newReader(
  address: string,
  isolation: IsolationLevel,
  props: Readonly<Record<string, string>> = {},
): Promise<Consumer> {
  const consumer = await createKafkaClients().consumer(
    {
      ...{ 'bootstrap.servers': address, 'auto.offset.reset': 'earliest', 'enable.auto.commit': 'false', 'isolation.level': isolation },
      ...{ 'fetch.max.wait.ms': '100', ...props },
    },
    new CollectingLogger(),
  )
  onTestFinished(() => consumer.close(2000))
  return consumer
}

/** Sends and waits for the acknowledgements; nothing is committed by it. */
export async function write(producer: Producer, topic: string, values: readonly (string | Buffer)[], partition = 0): Promise<void> {
  for (const value of values) {
    const record = new TestRecord(topic, value, { partition })
    await producer.send(record, record)
  }
  await producer.flush()
}

export async function committed(producer: Producer, topic: string, values: readonly (string | Buffer)[], partition = 0): Promise<void> {
  producer.beginTransaction()
  await write(producer, topic, values, partition)
  await producer.commitTransaction()
}

export async function aborted(producer: Producer, topic: string, values: readonly (string | Buffer)[], partition = 0): Promise<void> {
  producer.beginTransaction()
  await write(producer, topic, values, partition)
  await producer.abortTransaction()
}

/** All that a consumer may see of partition 0 now: up to the end it is told. */
export async function readAll(
  address: string,
  topic: string,
  isolation: IsolationLevel,
  props: Readonly<Record<string, string>> = {},
  partition = 0,
): Promise<string[]> {
  const consumer = await newReader(address, isolation, props)
  const tp = { topic, partition }
  consumer.assign([tp])
  const [end = 0] = await consumer.endOffsets([tp])
  const seen: string[] = []
  while ((await consumer.position(tp)) < end) {
    for (const { records } of await consumer.poll(200)) seen.push(...records.map(({ value }) => String(value)))
  }
  await consumer.close()
  return seen
}

export async function readByKcat(address: string, topic: string, isolation: IsolationLevel, partition = 0): Promise<string[]> {
  const args = ['-C', '-t', topic, '-p', String(partition), '-o', 'beginning', '-e', '-q', '-X', `isolation.level=${isolation}`]
  return lines(String(await kcat(address, [...args, '-X', 'check.crcs=true', '-f', '%s\n'])))
}

/** @param count how many records it may take: one that must not be seen takes the place of one that must */
export async function readByJava(address: string, topic: string, isolation: IsolationLevel, count: number): Promise<string[]> {
  const from = ['--bootstrap-server', address, '--topic', topic, '--partition', '0', '--offset', 'earliest']
  return lines(
    await javaTool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
      ...[...from, '--isolation-level', isolation, '--max-messages', String(count)],
    ]),
  )
}

function lines(text: string): string[] {
  return text.split('\n').slice(0, -1)
}
