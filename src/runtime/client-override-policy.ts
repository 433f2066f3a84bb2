import { ConfigException } from '../api/errors.ts'
import type { WorkerValues } from './worker-config.ts'

/** Says which client keys connectors may override. */
export interface ClientOverridePolicy {
  /** As error texts show it. */
  readonly name: string
  /** @param key without `producer.override.` and the like */
  allows(key: string): boolean
}

const PRINCIPAL_KEYS = ['security.protocol', 'sasl.jaas.config', 'sasl.mechanism']
const PACKAGE = 'org.apache.kafka.connect.connector.policy.'
const SUFFIX = 'ConnectorClientConfigOverridePolicy'

/** @throws ConfigException for a policy that does not exist */
export function clientOverridePolicy(values: WorkerValues): ClientOverridePolicy {
  const configured = values['connector.client.config.override.policy']
  const simple = configured.startsWith(PACKAGE) ? configured.slice(PACKAGE.length) : configured
  const name = simple.endsWith(SUFFIX) ? simple.slice(0, -SUFFIX.length) : simple
  switch (name) {
    case 'All':
      return { name, allows: () => true }
    case 'None':
      return { name, allows: () => false }
    case 'Principal':
      return { name, allows: (key) => PRINCIPAL_KEYS.includes(key) }
    case 'Allowlist':
      return { name, allows: (key) => values['connector.client.config.override.allowlist'].includes(key) }
    default:
      throw ConfigException.forKey(
        'connector.client.config.override.policy',
        configured,
        `Class ${configured} could not be found. Set All, None, Principal or Allowlist`,
      )
  }
}

/** Apache Kafka 4.3, AbstractConnectorClientConfigOverridePolicy#validate. */
export function overrideError(policy: ClientOverridePolicy, key: string): string {
  return `The '${policy.name}' policy does not allow '${key}' to be overridden in the connector configuration.`
}
