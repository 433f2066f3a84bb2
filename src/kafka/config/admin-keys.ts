import { ConfigDef } from '../../api/config/config-def.ts'
import { atLeast, between, validList } from '../../api/config/validators.ts'
import { clientKeys } from './client-keys.ts'
import { bootstrapServers, clientId, connectionsMaxIdleMs, enableMetricsPush, receiveBufferBytes } from './varying-client-keys.ts'

/** Every key of the admin client. Apache Kafka 4.3, AdminClientConfig. */
export const adminConfigDef = new ConfigDef({
  'bootstrap.servers': { ...bootstrapServers, default: [], validator: validList() },
  'bootstrap.controllers': {
    type: 'list',
    default: [],
    validator: validList(),
    importance: 'high',
    doc: 'Not supported: set `bootstrap.servers`.',
  },
  'client.id': clientId,
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
  'connections.max.idle.ms': { ...connectionsMaxIdleMs, default: 300000 },
  'receive.buffer.bytes': receiveBufferBytes,
  'enable.metrics.push': { ...enableMetricsPush, default: false },
  ...clientKeys,
})
