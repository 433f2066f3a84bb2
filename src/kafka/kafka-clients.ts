import type { Logger } from '../api/logger.ts'
import { ClusterMetadata } from './cluster-metadata.ts'
import { parseAdminConfig } from './config/admin-config.ts'
import { bootstrapAddresses } from './config/bootstrap-servers.ts'
import { parseConsumerConfig } from './config/consumer-config.ts'
import { parseProducerConfig } from './config/producer-config.ts'
import { KafkaConsumer } from './consumer/consumer.ts'
import { KafkajsTransport } from './kafkajs/transport.ts'
import type { Admin, ClientProps, Consumer, KafkaClients, Producer } from './ports.ts'
import { KafkaProducer } from './producer/producer.ts'
import type { Transport } from './transport.ts'

/** Keys that every client's connections follow. */
interface ConnectionKeys {
  readonly 'bootstrap.servers': readonly string[]
  readonly 'client.id': string
  readonly 'request.timeout.ms': number
  readonly 'socket.connection.setup.timeout.ms': number
  readonly 'socket.connection.setup.timeout.max.ms': number
  readonly 'reconnect.backoff.ms': number
  readonly 'reconnect.backoff.max.ms': number
  readonly 'connections.max.idle.ms': number
  readonly 'retry.backoff.ms': number
  readonly 'retry.backoff.max.ms': number
  readonly 'metadata.max.age.ms': number
}

/** The Kafka client over kafkajs' connections. Each client has connections and metadata of its own, as Java's. */
export function createKafkaClients(): KafkaClients {
  return {
    async producer(props: ClientProps, log: Logger): Promise<Producer> {
      const config = parseProducerConfig(props, log)
      const transport = connections(config, log)
      return new KafkaProducer({ config, transport, metadata: metadataOf(transport, config, true, log), log })
    },
    async consumer(props: ClientProps, log: Logger): Promise<Consumer> {
      const config = parseConsumerConfig(props, log)
      const transport = connections(config, log)
      const metadata = metadataOf(transport, config, config['allow.auto.create.topics'], log)
      return new KafkaConsumer({ config, transport, metadata, log })
    },
    async admin(props: ClientProps, log: Logger): Promise<Admin> {
      parseAdminConfig(props, log)
      throw new Error('no admin yet')
    },
  }
}

function connections(config: ConnectionKeys, log: Logger): Transport {
  return new KafkajsTransport({
    bootstrapServers: bootstrapAddresses(config['bootstrap.servers']),
    clientId: config['client.id'],
    requestTimeoutMs: config['request.timeout.ms'],
    connectTimeoutMs: config['socket.connection.setup.timeout.ms'],
    connectTimeoutMaxMs: config['socket.connection.setup.timeout.max.ms'],
    reconnectBackoffMs: config['reconnect.backoff.ms'],
    reconnectBackoffMaxMs: config['reconnect.backoff.max.ms'],
    maxIdleMs: config['connections.max.idle.ms'],
    tls: null,
    sasl: null,
    log,
  })
}

function metadataOf(transport: Transport, config: ConnectionKeys, allowAutoTopicCreation: boolean, log: Logger): ClusterMetadata {
  return new ClusterMetadata({
    transport,
    maxAgeMs: config['metadata.max.age.ms'],
    retryBackoffMs: config['retry.backoff.ms'],
    retryBackoffMaxMs: config['retry.backoff.max.ms'],
    allowAutoTopicCreation,
    log,
  })
}
