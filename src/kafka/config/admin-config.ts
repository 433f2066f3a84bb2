import { ConfigException } from '../../api/errors.ts'
import type { Logger } from '../../api/logger.ts'
import type { ClientProps } from '../ports.ts'
import { adminConfigDef } from './admin-keys.ts'
import { checkBootstrapServers } from './bootstrap-servers.ts'
import { parseClientConfig, type ClientConfig } from './client-config.ts'
import { checkSaslMechanism } from './security.ts'
import { ADMIN_TREATMENTS } from './treatments.ts'

/** Keys of an admin client. */
export type AdminConfig = ClientConfig<typeof adminConfigDef.declarations>

/** @throws ConfigException for a wrong value, or values that exclude each other */
export function parseAdminConfig(props: ClientProps, log: Logger): AdminConfig {
  const config = parseClientConfig(adminConfigDef, props, ADMIN_TREATMENTS, log)
  if (config['bootstrap.servers'].length === 0) throw new ConfigException('You must set either bootstrap.servers or bootstrap.controllers')
  checkBootstrapServers(config['bootstrap.servers'])
  checkSaslMechanism(config)
  return Object.assign(config, { 'default.api.timeout.ms': apiTimeoutMs(config, log) })
}

/** Apache Kafka 4.3, KafkaAdminClient#configureDefaultApiTimeoutMs. */
function apiTimeoutMs(config: AdminConfig, log: Logger): number {
  const request = config['request.timeout.ms']
  const api = config['default.api.timeout.ms']
  if (api >= request) return api
  if (config.isSet('default.api.timeout.ms')) {
    throw new ConfigException('The specified value of default.api.timeout.ms must be no smaller than the value of request.timeout.ms.')
  }
  log.warn(`default.api.timeout.ms (${api}) is smaller than request.timeout.ms (${request}). Setting it to ${request}.`)
  return request
}
