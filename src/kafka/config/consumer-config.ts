import { ConfigException } from '../../api/errors.ts'
import { whyInvalidName } from '../../api/kafka-name.ts'
import type { Logger } from '../../api/logger.ts'
import type { ClientProps } from '../ports.ts'
import { checkBootstrapServers } from './bootstrap-servers.ts'
import { parseClientConfig, type ClientConfig } from './client-config.ts'
import { consumerConfigDef } from './consumer-keys.ts'
import { checkSaslMechanism } from './security.ts'
import { CONSUMER_TREATMENTS } from './treatments.ts'

const BYTE_ARRAY_DESERIALIZER = 'org.apache.kafka.common.serialization.ByteArrayDeserializer'

/** Keys of a consumer. */
export type ConsumerConfig = ClientConfig<typeof consumerConfigDef.declarations>

/** @throws ConfigException for a wrong value, or values that exclude each other */
export function parseConsumerConfig(props: ClientProps, log: Logger): ConsumerConfig {
  const withDeserializers = { 'key.deserializer': BYTE_ARRAY_DESERIALIZER, 'value.deserializer': BYTE_ARRAY_DESERIALIZER, ...props }
  const config = parseClientConfig(consumerConfigDef, withDeserializers, CONSUMER_TREATMENTS, log)
  checkBootstrapServers(config['bootstrap.servers'])
  checkSaslMechanism(config)
  checkGroup(config)
  return config
}

function checkGroup(config: ConsumerConfig): void {
  const groupId = config['group.id']
  if (groupId === '') {
    throw new ConfigException('The configured group.id should not be an empty string or whitespace.')
  }
  const instanceId = config['group.instance.id']
  const why = instanceId === null ? null : whyInvalidName(instanceId)
  if (why !== null) throw new ConfigException(`Group instance id is invalid: ${why}`)
  const heartbeat = config['heartbeat.interval.ms']
  const session = config['session.timeout.ms']
  if (heartbeat >= session) {
    throw new ConfigException(
      `Heartbeat must be set lower than the session timeout. Set heartbeat.interval.ms (${heartbeat}) to a third of session.timeout.ms (${session}) or less`,
    )
  }
}
