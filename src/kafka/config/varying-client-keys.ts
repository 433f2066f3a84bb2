import type { KeyDeclaration } from '../../api/config/config-key.ts'
import { atLeast, validList } from '../../api/config/validators.ts'

/**
 * Keys that several clients have, which differ in a default, a check or an importance: each client says in what. Apache Kafka 4.3,
 * CommonClientConfigs.
 */

export const bootstrapServers = {
  type: 'list',
  validator: validList({ allowEmpty: false }),
  importance: 'high',
  doc: 'Brokers to connect to first, as `host:port`; the others are learned from them.',
} as const satisfies KeyDeclaration

export const clientId = {
  type: 'string',
  default: '',
  importance: 'medium',
  doc: 'Name of this client in the brokers’ logs, metrics and quotas.',
} as const satisfies KeyDeclaration

export const connectionsMaxIdleMs = {
  type: 'long',
  default: 540000,
  importance: 'medium',
  doc: 'Time without a request after which a connection is closed.',
} as const satisfies KeyDeclaration

export const receiveBufferBytes = {
  type: 'int',
  default: 65536,
  validator: atLeast(-1),
  importance: 'medium',
  doc: 'Socket buffer. Accepted, without effect.',
} as const satisfies KeyDeclaration

export const enableMetricsPush = {
  type: 'boolean',
  default: true,
  importance: 'low',
  doc: 'Accepted, without effect: no metrics are pushed to brokers.',
} as const satisfies KeyDeclaration

export const interceptorClasses = {
  type: 'list',
  default: [],
  validator: validList(),
  importance: 'low',
  doc: 'Java classes. Not run; a warning says so.',
} as const satisfies KeyDeclaration
