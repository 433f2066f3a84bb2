import { ConfigException } from '../../api/errors.ts'

/** What `security.protocol` says, whatever its case. */
export type SecurityProtocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'

/** The keys that decide how a connection is secured; every client's configuration has them. */
export interface SecurityKeys {
  readonly 'security.protocol': string
  readonly 'sasl.mechanism': string
}

export function securityProtocol(config: SecurityKeys): SecurityProtocol {
  return config['security.protocol'].toUpperCase() as SecurityProtocol
}

/** Apache Kafka 4.3, CommonClientConfigs#postValidateSaslMechanismConfig. @throws ConfigException when SASL is on without a mechanism */
export function checkSaslMechanism(config: SecurityKeys): void {
  if (!securityProtocol(config).startsWith('SASL_') || config['sasl.mechanism'] !== '') return
  const reason = 'When the security.protocol configuration enables SASL, mechanism must be non-null and non-empty string.'
  throw ConfigException.forKey('sasl.mechanism', null, reason)
}
