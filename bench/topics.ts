/** Topics of the benchmarks' broker, by the tools of others. */
import { randomUUID } from 'node:crypto'
import { javaTool } from '../test/support/services/java-tools.ts'
import { kcat } from '../test/support/services/kcat.ts'

/** The first group of a new broker waits for the broker's own offsets topic: not the worker's time. */
export async function makeGroupsKnown(address: string): Promise<void> {
  const topic = `warm-up-${randomUUID()}`
  await kcat(address, ['-P', '-t', topic], 'one\n')
  await kcat(address, ['-G', `group-${randomUUID()}`, '-X', 'auto.offset.reset=earliest', '-c', '1', topic])
}

export async function newTopic(address: string, topic: string, partitions = 1): Promise<string> {
  await topicCommand(address, '--create', '--topic', topic, '--partitions', String(partitions))
  return topic
}

export async function isTopic(address: string, topic: string): Promise<boolean> {
  return (await kcat(address, ['-L'])).includes(`topic "${topic}"`)
}

/** Each line of the file is a record of that partition. */
export async function writeToPartition(address: string, topic: string, partition: number, file: string): Promise<void> {
  await kcat(address, ['-P', '-t', topic, '-p', String(partition), '-l', file])
}

export async function deleteTopic(address: string, topic: string): Promise<void> {
  await topicCommand(address, '--delete', '--topic', topic)
}

async function topicCommand(address: string, ...args: readonly string[]): Promise<void> {
  await javaTool('org.apache.kafka.tools.TopicCommand', ['--bootstrap-server', address, ...args])
}
