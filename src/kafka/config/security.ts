import type { ConnectionOptions } from 'node:tls'
import { ConfigException } from '../../api/errors.ts'
import type { Logger } from '../../api/logger.ts'
import { saslCredentials, type SaslCredentials, type SaslKeys } from './sasl.ts'
import { tlsOptions, type TlsKeys } from './tls.ts'

/** The keys that decide how a connection is secured; every client's configuration has them. */
export interface SecurityKeys extends SaslKeys, TlsKeys {
  readonly 'security.protocol': string
}

/** How a client's connections are secured. */
export interface ClientSecurity {
  /** Null: no TLS. */
  readonly tls: ConnectionOptions | null
  /** Null: no authentication. */
  readonly sasl: SaslCredentials | null
}

/** Reads stores and the login line; says what is not as safe as it could be. @throws ConfigException for what cannot be used, so that nothing is ever sent less secured than asked */
export async function clientSecurity(config: SecurityKeys, log: Logger): Promise<ClientSecurity> {
  const protocol = config['security.protocol'].toUpperCase()
  return {
    tls: protocol.endsWith('SSL') ? await tlsOptions(config, log) : null,
    sasl: protocol.startsWith('SASL_') ? await saslCredentials(config, log) : null,
  }
}

/** Apache Kafka 4.3, CommonClientConfigs#postValidateSaslMechanismConfig. @throws ConfigException when SASL is on without a mechanism */
export function checkSaslMechanism(config: SecurityKeys): void {
  if (!config['security.protocol'].toUpperCase().startsWith('SASL_') || config['sasl.mechanism'] !== '') return
  const reason = 'When the security.protocol configuration enables SASL, mechanism must be non-null and non-empty string.'
  throw ConfigException.forKey('sasl.mechanism', null, reason)
}
