import { ConfigException } from '../../api/errors.ts'
import type { Logger } from '../../api/logger.ts'
import type { ClientProps } from '../ports.ts'
import { checkBootstrapServers } from './bootstrap-servers.ts'
import { parseClientConfig, type ClientConfig } from './client-config.ts'
import { producerConfigDef } from './producer-keys.ts'
import { checkSaslMechanism } from './security.ts'
import { PRODUCER_TREATMENTS } from './treatments.ts'

const BYTE_ARRAY_SERIALIZER = 'org.apache.kafka.common.serialization.ByteArraySerializer'
const MAX_IN_FLIGHT_WITH_IDEMPOTENCE = 5
const MAX_INT = 2 ** 31 - 1

/** Keys of a producer, with the adjustments of Java's producer made: idempotence that cannot hold is off, `delivery.timeout.ms` is long enough. */
export type ProducerConfig = ClientConfig<typeof producerConfigDef.declarations>

/** @throws ConfigException for a wrong value, or values that exclude each other */
export function parseProducerConfig(props: ClientProps, log: Logger): ProducerConfig {
  const withSerializers = { 'key.serializer': BYTE_ARRAY_SERIALIZER, 'value.serializer': BYTE_ARRAY_SERIALIZER, ...props }
  const config = parseClientConfig(producerConfigDef, withSerializers, PRODUCER_TREATMENTS, log)
  checkBootstrapServers(config['bootstrap.servers'])
  checkSaslMechanism(config)
  const adjusted = {
    'enable.idempotence': idempotence(config, log),
    'delivery.timeout.ms': deliveryTimeoutMs(config, log),
  }
  checkTransactions(config, adjusted['enable.idempotence'])
  return Object.assign(config, adjusted)
}

/** Apache Kafka 4.3, ProducerConfig#postProcessAndValidateIdempotenceConfigs: a conflict is an error only when idempotence was asked for. */
function idempotence(config: ProducerConfig, log: Logger): boolean {
  if (!config['enable.idempotence']) return false
  const conflict = idempotenceConflict(config)
  if (conflict === null) return true
  if (config.isSet('enable.idempotence')) throw new ConfigException(conflict.error)
  log.info(`Idempotence will be disabled because ${conflict.key} is set to ${String(config[conflict.key])}.`)
  return false
}

function idempotenceConflict(config: ProducerConfig) {
  const inFlight = config['max.in.flight.requests.per.connection']
  if (config.retries === 0) {
    return { key: 'retries', error: 'Must set retries to non-zero when using the idempotent producer.' } as const
  }
  if (config.acks !== 'all' && config.acks !== '-1') {
    const error = 'Must set acks to all in order to use the idempotent producer. Otherwise we cannot guarantee idempotence.'
    return { key: 'acks', error } as const
  }
  if (inFlight > MAX_IN_FLIGHT_WITH_IDEMPOTENCE) {
    const key = 'max.in.flight.requests.per.connection'
    return { key, error: `To use the idempotent producer, ${key} must be set to at most 5. Current value is ${inFlight}.` } as const
  }
  return null
}

function checkTransactions(config: ProducerConfig, idempotent: boolean): void {
  if (config['transactional.id'] !== null && !idempotent) {
    throw new ConfigException('Cannot set a transactional.id without also enabling idempotence.')
  }
}

/** Apache Kafka 4.3, KafkaProducer#configureDeliveryTimeout. */
function deliveryTimeoutMs(config: ProducerConfig, log: Logger): number {
  const least = Math.min(config['linger.ms'] + config['request.timeout.ms'], MAX_INT)
  const timeout = config['delivery.timeout.ms']
  if (timeout >= least) return timeout
  const sentence = 'delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms'
  if (config.isSet('delivery.timeout.ms')) throw new ConfigException(sentence)
  log.warn(`${sentence}. Setting it to ${least}.`)
  return least
}
