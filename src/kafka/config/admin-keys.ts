import { ConfigDef } from '../../api/config/config-def.ts'
import { atLeast, between, validList } from '../../api/config/validators.ts'
import { clientKeys } from './client-keys.ts'

/** Every key of the admin client. Apache Kafka 4.3, AdminClientConfig. */
export const adminConfigDef = new ConfigDef({
  'bootstrap.servers': {
    type: 'list',
    default: [],
    validator: validList(),
    importance: 'high',
    doc: 'Brokers to connect to first, as `host:port`; the others are learned from them.',
  },
  'bootstrap.controllers': {
    type: 'list',
    default: [],
    validator: validList(),
    importance: 'high',
    doc: 'Not supported: set `bootstrap.servers`.',
  },
  'client.id': { type: 'string', default: '', importance: 'medium', doc: 'Name of this client in the brokers’ logs, metrics and quotas.' },
  retries: {
    type: 'int',
    default: 2147483647,
    validator: between(0, 2147483647),
    importance: 'low',
    doc: 'How often a failed request is repeated, within `default.api.timeout.ms`.',
  },
  'default.api.timeout.ms': {
    type: 'int',
    default: 60000,
    validator: atLeast(0),
    importance: 'medium',
    doc: 'Longest time of a call. Not less than `request.timeout.ms`.',
  },
  'connections.max.idle.ms': {
    type: 'long',
    default: 300000,
    importance: 'medium',
    doc: 'Time without a request after which a connection is closed.',
  },
  'receive.buffer.bytes': {
    type: 'int',
    default: 65536,
    validator: atLeast(-1),
    importance: 'medium',
    doc: 'Socket buffer. Accepted, without effect.',
  },
  'enable.metrics.push': {
    type: 'boolean',
    default: false,
    importance: 'low',
    doc: 'Accepted, without effect: no metrics are pushed to brokers.',
  },
  ...clientKeys,
})
