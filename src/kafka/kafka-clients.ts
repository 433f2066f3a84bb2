import type { Logger } from '../api/logger.ts'
import { KafkaAdmin } from './admin/admin.ts'
import { defaultAdminId, defaultConsumerId, defaultProducerId } from './client-ids.ts'
import { ClusterMetadata } from './cluster-metadata.ts'
import { parseAdminConfig } from './config/admin-config.ts'
import { bootstrapAddresses } from './config/bootstrap-servers.ts'
import { parseConsumerConfig } from './config/consumer-config.ts'
import { parseProducerConfig } from './config/producer-config.ts'
import { clientSecurity, type SecurityKeys } from './config/security.ts'
import { KafkaConsumer } from './consumer/consumer.ts'
import { KafkajsTransport } from './kafkajs/transport.ts'
import type { Metadata } from './metadata.ts'
import type { Admin, ClientProps, Consumer, InflightBytes, KafkaClients, Producer } from './ports.ts'
import { KafkaProducer } from './producer/producer.ts'
import { resolvable } from './resolvable.ts'
import { RetryBackoff } from './retry-backoff.ts'
import type { Transport } from './transport.ts'
import { unboundedBytes } from './unbounded-bytes.ts'

/** Keys that every client's connections follow. */
interface ConnectionKeys extends SecurityKeys {
  readonly 'bootstrap.servers': readonly string[]
  readonly 'request.timeout.ms': number
  readonly 'socket.connection.setup.timeout.ms': number
  readonly 'socket.connection.setup.timeout.max.ms': number
  readonly 'reconnect.backoff.ms': number
  readonly 'reconnect.backoff.max.ms': number
  readonly 'connections.max.idle.ms': number
  readonly 'retry.backoff.ms': number
  readonly 'retry.backoff.max.ms': number
  readonly 'metadata.max.age.ms': number
  readonly 'metadata.recovery.strategy': string
}

/** What a client talks through. Each client has its own, as Java's do. */
interface Cluster {
  readonly transport: Transport
  readonly metadata: Metadata
}

/** The Kafka client over kafkajs' connections. Each client's lines say which it is, as Java's do. */
export function createKafkaClients(): KafkaClients {
  return {
    async producer(props: ClientProps, log: Logger, inflight: InflightBytes = unboundedBytes): Promise<Producer> {
      const config = parseProducerConfig(props, log)
      // as in Java, an empty one is a choice
      const clientId = config.isSet('client.id') ? config['client.id'] : defaultProducerId(config['transactional.id'])
      const clientLog = log.child(`[Producer clientId=${clientId}${transaction(config['transactional.id'])}]`)
      return new KafkaProducer({ config, inflight, log: clientLog, ...(await cluster(config, clientId, true, clientLog)) })
    },
    async consumer(props: ClientProps, log: Logger, inflight: InflightBytes = unboundedBytes): Promise<Consumer> {
      const config = parseConsumerConfig(props, log)
      const { 'group.id': groupId, 'group.instance.id': instanceId } = config
      const clientId = config['client.id'] || defaultConsumerId(groupId, instanceId)
      const clientLog = log.child(`[Consumer ${instance(instanceId)}clientId=${clientId}, groupId=${groupId}]`)
      return new KafkaConsumer({
        config,
        inflight,
        log: clientLog,
        ...(await cluster(config, clientId, config['allow.auto.create.topics'], clientLog)),
      })
    },
    async admin(props: ClientProps, log: Logger): Promise<Admin> {
      const config = parseAdminConfig(props, log)
      const clientId = config['client.id'] || defaultAdminId()
      const clientLog = log.child(`[AdminClient clientId=${clientId}]`)
      return new KafkaAdmin({ config, log: clientLog, ...(await cluster(config, clientId, false, clientLog)) })
    },
  }
}

function instance(groupInstanceId: string | null): string {
  return groupInstanceId === null ? '' : `instanceId=${groupInstanceId}, `
}

function transaction(transactionalId: string | null): string {
  return transactionalId === null ? '' : `, transactionalId=${transactionalId}`
}

async function cluster(config: ConnectionKeys, clientId: string, allowAutoTopicCreation: boolean, log: Logger): Promise<Cluster> {
  const { tls, sasl } = await clientSecurity(config, log)
  const transport = new KafkajsTransport({
    bootstrapServers: await resolvable(bootstrapAddresses(config['bootstrap.servers']), log),
    clientId,
    requestTimeoutMs: config['request.timeout.ms'],
    connectTimeoutMs: config['socket.connection.setup.timeout.ms'],
    connectTimeoutMaxMs: config['socket.connection.setup.timeout.max.ms'],
    reconnectBackoffMs: config['reconnect.backoff.ms'],
    reconnectBackoffMaxMs: config['reconnect.backoff.max.ms'],
    maxIdleMs: config['connections.max.idle.ms'],
    rebootstraps: config['metadata.recovery.strategy'].toLowerCase() === 'rebootstrap',
    tls,
    sasl,
    log,
  })
  const metadata = new ClusterMetadata({
    transport,
    maxAgeMs: config['metadata.max.age.ms'],
    backoff: new RetryBackoff(config['retry.backoff.ms'], config['retry.backoff.max.ms']),
    allowAutoTopicCreation,
    log,
  })
  return { transport, metadata }
}
