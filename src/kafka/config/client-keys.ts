import type { KeyDeclarations } from '../../api/config/config-key.ts'
import { atLeast, caseInsensitiveValidString, validList, validString } from '../../api/config/validators.ts'
import { saslKeys } from './sasl-keys.ts'
import { sslKeys } from './ssl-keys.ts'

/**
 * Keys that producer, consumer and admin share with the same default. Apache Kafka 4.3, CommonClientConfigs.
 */
export const clientKeys = {
  'client.dns.lookup': {
    type: 'string',
    default: 'use_all_dns_ips',
    validator: validString('use_all_dns_ips', 'resolve_canonical_bootstrap_servers_only'),
    importance: 'medium',
    doc: 'How host names become addresses. Every address of a name is tried, whichever value is set.',
  },
  'security.protocol': {
    type: 'string',
    default: 'PLAINTEXT',
    validator: caseInsensitiveValidString('SASL_SSL', 'PLAINTEXT', 'SSL', 'SASL_PLAINTEXT'),
    importance: 'medium',
    doc: 'How to talk to brokers: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.',
  },
  'request.timeout.ms': {
    type: 'int',
    default: 30000,
    validator: atLeast(0),
    importance: 'medium',
    doc: 'Longest wait for a broker’s answer before the request counts as failed.',
  },
  'retry.backoff.ms': {
    type: 'long',
    default: 100,
    validator: atLeast(0),
    importance: 'low',
    doc: 'First wait before a failed request is repeated.',
  },
  'retry.backoff.max.ms': {
    type: 'long',
    default: 1000,
    validator: atLeast(0),
    importance: 'low',
    doc: 'Longest wait before a failed request is repeated; waits double up to it.',
  },
  'reconnect.backoff.ms': {
    type: 'long',
    default: 50,
    validator: atLeast(0),
    importance: 'low',
    doc: 'First wait before a broker is connected again.',
  },
  'reconnect.backoff.max.ms': {
    type: 'long',
    default: 1000,
    validator: atLeast(0),
    importance: 'low',
    doc: 'Longest wait before a broker is connected again. Follows `reconnect.backoff.ms` when only that one is set.',
  },
  'socket.connection.setup.timeout.ms': {
    type: 'long',
    default: 10000,
    importance: 'medium',
    doc: 'Longest wait for a connection; doubles with each failure.',
  },
  'socket.connection.setup.timeout.max.ms': { type: 'long', default: 30000, importance: 'medium', doc: 'Limit of that doubling.' },
  'metadata.max.age.ms': {
    type: 'long',
    default: 300000,
    validator: atLeast(0),
    importance: 'low',
    doc: 'Age at which topics, partitions and leaders are asked for again without need.',
  },
  'metadata.recovery.strategy': {
    type: 'string',
    default: 'rebootstrap',
    validator: caseInsensitiveValidString('REBOOTSTRAP', 'NONE'),
    importance: 'low',
    doc: 'What to do when no known broker answers: `rebootstrap` starts again from `bootstrap.servers`, `none` does not.',
  },
  'metadata.recovery.rebootstrap.trigger.ms': {
    type: 'long',
    default: 300000,
    validator: atLeast(0),
    importance: 'low',
    doc: 'Time without metadata after which the client starts again from `bootstrap.servers`.',
  },
  'send.buffer.bytes': {
    type: 'int',
    default: 131072,
    validator: atLeast(-1),
    importance: 'medium',
    doc: 'Socket buffer. Accepted, without effect.',
  },
  'metric.reporters': {
    type: 'list',
    default: ['org.apache.kafka.common.metrics.JmxReporter'],
    validator: validList(),
    importance: 'low',
    doc: 'Java classes. Accepted, without effect.',
  },
  'metrics.num.samples': { type: 'int', default: 2, validator: atLeast(1), importance: 'low', doc: 'Accepted, without effect.' },
  'metrics.recording.level': {
    type: 'string',
    default: 'INFO',
    validator: validString('INFO', 'DEBUG', 'TRACE'),
    importance: 'low',
    doc: 'Accepted, without effect.',
  },
  'metrics.sample.window.ms': { type: 'long', default: 30000, validator: atLeast(0), importance: 'low', doc: 'Accepted, without effect.' },
  'config.providers': {
    type: 'list',
    default: [],
    validator: validList(),
    importance: 'low',
    doc: 'Providers of `${…}` variables. Accepted, without effect: the worker resolves variables.',
  },
  'security.providers': { type: 'string', default: null, importance: 'low', doc: 'Java classes. Accepted, without effect.' },
  ...sslKeys,
  ...saslKeys,
} as const satisfies KeyDeclarations
