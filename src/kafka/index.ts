/**
 * The Kafka client on its own, published as `standpipe/kafka`: what the worker itself talks to Kafka with. Configurations are Java's keys and
 * texts. Start reading at `ports.ts`; docs/kafka-client.md shows what people do with it.
 */
import { createLogger } from '../logging/logger.ts'
import type { Logger } from '../api/logger.ts'
import { createKafkaClients } from './kafka-clients.ts'
import type { Admin, ClientProps, Consumer, Producer } from './ports.ts'

export { KafkaError, WakeupException, type KafkaErrorFacts, type Refresh } from './errors.ts'
export type { Logger } from '../api/logger.ts'
export type {
  Admin,
  ClientProps,
  Consumer,
  ConsumerGroupMetadata,
  ConsumerRecord,
  Delivery,
  GroupDescription,
  IsolationLevel,
  KafkaNode,
  NewTopic,
  PartitionRecords,
  Producer,
  ProducerRecord,
  RebalanceListener,
  RecordHeader,
  TimestampType,
  TopicDescription,
  TopicPartition,
  TopicPartitionOffset,
} from './ports.ts'

const clients = createKafkaClients()

/** Warnings and errors, on standard error. */
const warnings: Logger = createLogger({ level: 'warn', format: 'text', write: (line) => void process.stderr.write(line) })

/**
 * A producer with its own connections; close it.
 * @param log default: warnings and errors go to standard error
 * @throws ConfigException for a key that cannot be used; whether brokers answer is not waited for
 */
export function createProducer(props: ClientProps, log: Logger = warnings): Promise<Producer> {
  return clients.producer(props, log)
}

/** A consumer with its own connections; close it. Parameters and errors as for `createProducer`. */
export function createConsumer(props: ClientProps, log: Logger = warnings): Promise<Consumer> {
  return clients.consumer(props, log)
}

/** An admin client with its own connections; close it. Parameters and errors as for `createProducer`. */
export function createAdmin(props: ClientProps, log: Logger = warnings): Promise<Admin> {
  return clients.admin(props, log)
}
