import { ConfigDef } from '../../api/config/config-def.ts'
import { ConfigException } from '../../api/errors.ts'
import { atLeast, between, lambda, nonEmptyString, validString } from '../../api/config/validators.ts'
import { clientKeys } from './client-keys.ts'
import {
  bootstrapServers,
  clientId,
  connectionsMaxIdleMs,
  enableMetricsPush,
  interceptorClasses,
  receiveBufferBytes,
} from './varying-client-keys.ts'

const gzipLevel = lambda<number>((name, value) => {
  if (value === null || value === -1 || (value >= 1 && value <= 9)) return
  throw ConfigException.forKey(name, value, 'Value must be between 1 and 9 or equal to -1')
}, '[1,...,9] or -1')

/** Every key of the producer. Apache Kafka 4.3, ProducerConfig. */
export const producerConfigDef = new ConfigDef({
  'bootstrap.servers': bootstrapServers,
  'key.serializer': { type: 'class', importance: 'high', doc: 'Java class. Accepted, without effect: converters make the bytes.' },
  'value.serializer': { type: 'class', importance: 'high', doc: 'Java class. Accepted, without effect: converters make the bytes.' },
  'client.id': clientId,
  acks: {
    type: 'string',
    default: 'all',
    validator: validString('all', '-1', '0', '1'),
    importance: 'low',
    doc: 'Who must have a record before it counts as sent: all in-sync replicas (`all`, `-1`), the leader (`1`), nobody (`0`).',
  },
  'enable.idempotence': {
    type: 'boolean',
    default: true,
    importance: 'low',
    doc: 'Whether brokers recognise repeated batches, so that a retry neither duplicates nor reorders. Needs acks=all and at most 5 requests in flight.',
  },
  retries: {
    type: 'int',
    default: 2147483647,
    validator: between(0, 2147483647),
    importance: 'high',
    doc: 'How often a failed batch is sent again, within `delivery.timeout.ms`.',
  },
  'delivery.timeout.ms': {
    type: 'int',
    default: 120000,
    validator: atLeast(0),
    importance: 'medium',
    doc: 'Longest time from `send` to success or failure. At least `linger.ms` + `request.timeout.ms`.',
  },
  'max.in.flight.requests.per.connection': {
    type: 'int',
    default: 5,
    validator: atLeast(1),
    importance: 'low',
    doc: 'Requests a broker may have unanswered. Without idempotence, more than 1 may reorder on a retry.',
  },
  'linger.ms': {
    type: 'long',
    default: 5,
    validator: atLeast(0),
    importance: 'medium',
    doc: 'How long a batch that is not full waits for more records.',
  },
  'batch.size': {
    type: 'int',
    default: 16384,
    validator: atLeast(0),
    importance: 'medium',
    doc: 'Bytes a batch of one partition is filled up to, before compression.',
  },
  'buffer.memory': {
    type: 'long',
    default: 33554432,
    validator: atLeast(0),
    importance: 'high',
    doc: 'Bytes of unsent records a producer holds; `send` waits when it is full.',
  },
  'max.block.ms': {
    type: 'long',
    default: 60000,
    validator: atLeast(0),
    importance: 'medium',
    doc: 'Longest wait of `send` for metadata or memory.',
  },
  'max.request.size': {
    type: 'int',
    default: 1048576,
    validator: atLeast(0),
    importance: 'medium',
    doc: 'Largest record and request in bytes, before compression.',
  },
  'compression.type': {
    type: 'string',
    default: 'none',
    validator: validString('none', 'gzip', 'snappy', 'lz4', 'zstd'),
    importance: 'high',
    doc: 'How batches are compressed: none, gzip, snappy, lz4 or zstd.',
  },
  'compression.gzip.level': {
    type: 'int',
    default: -1,
    validator: gzipLevel,
    importance: 'medium',
    doc: 'Level of gzip; -1: its default.',
  },
  'compression.lz4.level': { type: 'int', default: 9, validator: between(1, 17), importance: 'medium', doc: 'Level of lz4.' },
  'compression.zstd.level': { type: 'int', default: 3, validator: between(-131072, 22), importance: 'medium', doc: 'Level of zstd.' },
  'partitioner.class': {
    type: 'class',
    default: null,
    importance: 'medium',
    doc: 'Unset: by murmur2 of the key, without a key to one partition until a batch is full. Also RoundRobinPartitioner, UniformStickyPartitioner.',
  },
  'partitioner.ignore.keys': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    doc: 'Whether records with a key are spread like those without.',
  },
  'partitioner.adaptive.partitioning.enable': { type: 'boolean', default: true, importance: 'low', doc: 'Accepted, without effect.' },
  'partitioner.availability.timeout.ms': {
    type: 'long',
    default: 0,
    validator: atLeast(0),
    importance: 'low',
    doc: 'Accepted, without effect.',
  },
  'transactional.id': {
    type: 'string',
    default: null,
    validator: nonEmptyString,
    importance: 'low',
    doc: 'Makes the producer transactional; the name survives restarts and fences off an older producer of that name.',
  },
  'transaction.timeout.ms': { type: 'int', default: 60000, importance: 'low', doc: 'Age at which the broker aborts an open transaction.' },
  'transaction.two.phase.commit.enable': { type: 'boolean', default: false, importance: 'low', doc: 'Not supported: leave it false.' },
  'metadata.max.idle.ms': {
    type: 'long',
    default: 300000,
    validator: atLeast(5000),
    importance: 'low',
    doc: 'Time without a record after which a topic’s metadata is forgotten.',
  },
  'connections.max.idle.ms': connectionsMaxIdleMs,
  'receive.buffer.bytes': { ...receiveBufferBytes, default: 32768 },
  'enable.metrics.push': enableMetricsPush,
  'interceptor.classes': interceptorClasses,
  ...clientKeys,
})
