import { originalsWithPrefix } from '../api/config/prefix.ts'
import type { ConfigDef } from '../api/config/config-def.ts'
import type { Props } from '../api/props.ts'
import { adminConfigDef } from '../kafka/config/admin-keys.ts'
import { consumerConfigDef } from '../kafka/config/consumer-keys.ts'
import { producerConfigDef } from '../kafka/config/producer-keys.ts'
import type { ClientProps } from '../kafka/ports.ts'
import type { ConnectorTaskId } from './connector-task-id.ts'

/**
 * How the configurations of Kafka clients follow from the worker's and the connector's: pure functions, later rows win.
 * Apache Kafka 4.3, Worker#baseProducerConfigs, #baseConsumerConfigs, #adminConfigs. Variables are resolved already.
 */
interface Owner {
  /** The worker's whole configuration. */
  readonly worker: Props
  /** The connector's whole configuration. */
  readonly connector: Props
}

const SERIALIZERS: Props = {
  'key.serializer': 'org.apache.kafka.common.serialization.ByteArraySerializer',
  'value.serializer': 'org.apache.kafka.common.serialization.ByteArraySerializer',
}

const PRODUCER_DEFAULTS: Props = {
  ...SERIALIZERS,
  'max.block.ms': '9223372036854775807',
  'enable.idempotence': 'false',
  acks: 'all',
  'max.in.flight.requests.per.connection': '1',
  'delivery.timeout.ms': '2147483647',
}

const DESERIALIZERS: Props = {
  'key.deserializer': 'org.apache.kafka.common.serialization.ByteArrayDeserializer',
  'value.deserializer': 'org.apache.kafka.common.serialization.ByteArrayDeserializer',
}

const CLIENT_PREFIXES = ['producer.', 'consumer.', 'admin.']

/** Producer of a source task, or of a sink task's dead letter queue. @param clientId see `clientIds` */
export function producerProps({ worker, connector }: Owner, clientId: string): ClientProps {
  return {
    ...bootstrapServers(worker),
    ...PRODUCER_DEFAULTS,
    'client.id': clientId,
    ...originalsWithPrefix(worker, 'producer.'),
    ...originalsWithPrefix(connector, 'producer.override.'),
  }
}

/**
 * Producer of a source task that delivers exactly once. Apache Kafka 4.3, Worker#exactlyOnceSourceTaskProducerConfigs; the id is Java's, with
 * a name for workers without `group.id`.
 */
export function transactionalProducerProps(
  owner: Owner,
  { connector, task }: ConnectorTaskId,
  clientId: string,
): ClientProps & { readonly 'transactional.id': string } {
  return {
    ...producerProps(owner, clientId),
    'enable.idempotence': 'true',
    acks: 'all',
    'transactional.id': `${transactionalIdPrefix(owner.worker, connector)}${task}`,
  }
}

/** What the `transactional.id`s of a connector's tasks begin with; the task's number follows. */
export function transactionalIdPrefix({ 'group.id': group = 'connect-standalone' }: Props, connector: string): string {
  return `${group}-${connector}-`
}

/** Consumer of a sink task. */
export function consumerProps({ worker, connector }: Owner, connectorName: string, clientId: string): ClientProps {
  return {
    'group.id': sinkGroupId(connectorName),
    'client.id': clientId,
    ...bootstrapServers(worker),
    'enable.auto.commit': 'false',
    'auto.offset.reset': 'earliest',
    ...DESERIALIZERS,
    ...originalsWithPrefix(worker, 'consumer.'),
    ...originalsWithPrefix(connector, 'consumer.override.'),
  }
}

/** Admin client of a connector: creates its topics, or its dead letter queue; asks for its offsets. */
export function adminProps({ worker, connector }: Owner, clientId: string): ClientProps {
  return {
    ...bootstrapServers(worker),
    'client.id': clientId,
    ...bareClientKeys(worker, adminConfigDef),
    ...originalsWithPrefix(worker, 'admin.'),
    ...originalsWithPrefix(connector, 'admin.override.'),
  }
}

/** Admin client of the worker itself, at start. */
export function workerAdminProps(worker: Props): ClientProps {
  return { ...bareClientKeys(worker, adminConfigDef), ...bootstrapServers(worker) }
}

/** Producer of the offset topic. Apache Kafka 4.3, KafkaOffsetBackingStore#configure: the worker's keys without prefix. */
export function offsetProducerProps(worker: Props, clientId: string): ClientProps {
  return {
    ...bareClientKeys(worker, producerConfigDef),
    ...bootstrapServers(worker),
    ...SERIALIZERS,
    'delivery.timeout.ms': '2147483647',
    'enable.idempotence': 'false',
    'client.id': clientId,
  }
}

/** Consumer that reads the offset topic to its end. */
export function offsetConsumerProps(worker: Props, clientId: string): ClientProps {
  return {
    ...bareClientKeys(worker, consumerConfigDef),
    ...bootstrapServers(worker),
    ...DESERIALIZERS,
    'auto.offset.reset': 'earliest',
    'enable.auto.commit': 'false',
    'client.id': clientId,
  }
}

/** Consumer group of a sink connector, unless `consumer.override.group.id` says otherwise. */
function sinkGroupId(connectorName: string): string {
  return `connect-${connectorName}`
}

/** Names of clients in brokers' logs and quotas. Apache Kafka 4.3, Worker and its task builders. */
export const clientIds = {
  producer: (connector: string, task: number) => `connector-producer-${connector}-${task}`,
  consumer: (connector: string, task: number) => `connector-consumer-${connector}-${task}`,
  admin: (connector: string, task: number) => `connector-adminclient-${connector}-${task}`,
  dlqProducer: (connector: string, task: number) => `connector-dlq-producer-${connector}-${task}`,
  dlqAdmin: (connector: string, task: number) => `connector-dlq-adminclient-${connector}-${task}`,
  workerAdmin: (connector: string) => `connector-worker-adminclient-${connector}`,
} as const

function bootstrapServers(worker: Props): Props {
  const servers = worker['bootstrap.servers']
  return servers === undefined ? {} : { 'bootstrap.servers': servers }
}

/**
 * The worker's keys without a client's prefix. Java hands on all of them and lets the client complain about each key of the worker;
 * those that this client does not declare could have no effect and are left out.
 */
function bareClientKeys(worker: Props, def: ConfigDef): Props {
  const isBare = (key: string) => def.keys.has(key) && !CLIENT_PREFIXES.some((prefix) => key.startsWith(prefix))
  return Object.fromEntries(Object.entries(worker).filter(([key]) => isBare(key)))
}
