import { KafkaError } from '../../../../src/kafka/errors.ts'
import type { ConsumerGroupMetadata } from '../../../../src/kafka/ports.ts'
import type { KafkaProducer } from '../../../../src/kafka/producer/producer.ts'
import { newProducer, type ProducerUnderTestOptions } from '../../../support/real-producer.ts'
import type { ScriptedCluster } from '../../../support/scripted-broker/scripted-cluster.ts'

/** A group without members. */
export const anonymous: ConsumerGroupMetadata = { groupId: 'g', generationId: -1, memberId: '', groupInstanceId: null }
export const member: ConsumerGroupMetadata = { groupId: 'g', generationId: 3, memberId: 'm', groupInstanceId: 'i' }

/** A producer with the transactional id `tx` that has taken it. */
export async function transactionalProducer(
  cluster: ScriptedCluster,
  props: Readonly<Record<string, string>> = {},
  options: ProducerUnderTestOptions = {},
): Promise<KafkaProducer> {
  const { producer } = newProducer(cluster.bootstrapServers, { 'transactional.id': 'tx', 'linger.ms': '0', ...props }, options)
  while (!(await hasTakenItsId(producer)));
  return producer
}

/** A test with a short `max.block.ms` on a busy machine calls it again, as it must be. */
async function hasTakenItsId(producer: KafkaProducer): Promise<boolean> {
  try {
    await producer.initTransactions()
    return true
  } catch (error) {
    if (error instanceof KafkaError && error.code === 'TIMEOUT') return false
    throw error
  }
}
