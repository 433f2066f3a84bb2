import { describe, expect, it } from 'vitest'
import { parseAdminConfig } from '../../../../src/kafka/config/admin-config.ts'
import { bootstrapAddresses } from '../../../../src/kafka/config/bootstrap-servers.ts'
import { parseConsumerConfig } from '../../../../src/kafka/config/consumer-config.ts'
import { parseProducerConfig } from '../../../../src/kafka/config/producer-config.ts'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'

type Keys = Readonly<Record<string, string>>
const servers = { 'bootstrap.servers': 'localhost:9092' }
const producer = (props: Keys, log = new CollectingLogger()) => parseProducerConfig({ ...servers, ...props }, log)
const consumer = (props: Keys, log = new CollectingLogger()) => parseConsumerConfig({ ...servers, 'group.id': 'g', ...props }, log)
const admin = (props: Keys, log = new CollectingLogger()) => parseAdminConfig({ ...servers, ...props }, log)

describe('client configuration', () => {
  it('knows which keys the user set', () => {
    const config = producer({ acks: 'all' })
    expect([config.isSet('acks'), config.isSet('retries'), config['batch.size']]).toEqual([true, false, 16384])
  })

  it('turns idempotence off when it cannot hold, unless it was asked for', () => {
    const log = new CollectingLogger()
    expect(producer({ acks: '1' }, log)['enable.idempotence']).toBe(false)
    expect(log.lines).toEqual(['INFO Idempotence will be disabled because acks is set to 1.'])
  })

  it.each<[Keys, string]>([
    [
      { acks: '1', 'enable.idempotence': 'true' },
      'Must set acks to all in order to use the idempotent producer. Otherwise we cannot guarantee idempotence.',
    ],
    [{ retries: '0', 'enable.idempotence': 'true' }, 'Must set retries to non-zero when using the idempotent producer.'],
    [
      { 'max.in.flight.requests.per.connection': '6', 'enable.idempotence': 'true' },
      'To use the idempotent producer, max.in.flight.requests.per.connection must be set to at most 5. Current value is 6.',
    ],
    [{ 'transactional.id': 't', retries: '0' }, 'Cannot set a transactional.id without also enabling idempotence.'],
    [{ 'delivery.timeout.ms': '10' }, 'delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms'],
    [{ 'linger.ms': '-1' }, 'Invalid value -1 for configuration linger.ms: Value must be at least 0'],
    [
      { 'compression.type': 'GZIP' },
      'Invalid value GZIP for configuration compression.type: String must be one of: none, gzip, snappy, lz4, zstd',
    ],
    [
      { 'compression.gzip.level': '0' },
      'Invalid value 0 for configuration compression.gzip.level: Value must be between 1 and 9 or equal to -1',
    ],
    [{ 'partitioner.class': 'com.Mine' }, 'Invalid value com.Mine for configuration partitioner.class: Class could not be found.'],
    [
      { 'ssl.engine.factory.class': 'com.Mine' },
      'Invalid value com.Mine for configuration ssl.engine.factory.class: Java classes cannot be loaded.',
    ],
    [{ 'bootstrap.servers': '' }, "Configuration 'bootstrap.servers' must not be empty. Valid values include: any non-empty value"],
    [
      { 'security.protocol': 'SASL_SSL', 'sasl.mechanism': '' },
      'Invalid value null for configuration sasl.mechanism: When the security.protocol configuration enables SASL, mechanism must be non-null and non-empty string.',
    ],
  ])('of a producer refuses %j', (props, message) => {
    expect(() => producer(props)).toThrow(message)
  })

  it('makes delivery.timeout.ms long enough when only linger.ms is set', () => {
    expect(producer({ 'linger.ms': '200000' })['delivery.timeout.ms']).toBe(230000)
  })

  it.each<[Keys, string]>([
    [{ 'heartbeat.interval.ms': '45000' }, 'Heartbeat must be set lower than the session timeout.'],
    [{ 'group.id': ' ' }, 'The configured group.id should not be an empty string or whitespace.'],
    [
      { 'group.instance.id': 'a b' },
      "Group instance id is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
    ],
    [{ 'group.instance.id': '..' }, "Group instance id is invalid: '..' is not allowed"],
    [{ 'group.instance.id': 'x'.repeat(250) }, `the length of '${'x'.repeat(250)}' is longer than the max allowed length 249`],
    [{ 'auto.offset.reset': 'LATEST' }, 'Invalid value `LATEST` for configuration auto.offset.reset. The value must be either'],
    [{ 'auto.offset.reset': 'by_duration:P' }, 'Invalid value by_duration:P for configuration auto.offset.reset'],
    [{ 'max.poll.records': '0' }, 'Invalid value 0 for configuration max.poll.records: Value must be at least 1'],
  ])('of a consumer refuses %j', (props, message) => {
    expect(() => consumer(props)).toThrow(message)
  })

  it('takes an offset reset by duration', () => {
    expect(consumer({ 'auto.offset.reset': 'by_duration:P1DT2H3.5S' })['auto.offset.reset']).toBe('by_duration:P1DT2H3.5S')
  })

  it('warns once about all unknown keys, and about keys that have no effect', () => {
    const log = new CollectingLogger()
    consumer({ 'enable.auto.commit': 'true', 'max.pol.records': '1', foo: 'x', 'interceptor.classes': 'com.I' }, log)
    expect(log.lines).toEqual([
      "WARN These configurations '[max.pol.records, foo]' were supplied but are not used yet. Did you mean max.poll.records for max.pol.records?",
      'WARN interceptor.classes=com.I: interceptors are Java classes and are not run',
      'WARN enable.auto.commit=true: the consumer never commits by itself; offsets are committed when their records are safe',
    ])
  })

  it('raises the longest reconnect wait when only the first is set', () => {
    expect(admin({ 'reconnect.backoff.ms': '5000' })['reconnect.backoff.max.ms']).toBe(5000)
  })

  it.each<[Keys, string]>([
    [{ 'bootstrap.servers': '' }, 'You must set either bootstrap.servers or bootstrap.controllers'],
    [
      { 'request.timeout.ms': '70000', 'default.api.timeout.ms': '10' },
      'The specified value of default.api.timeout.ms must be no smaller than the value of request.timeout.ms.',
    ],
  ])('of an admin client refuses %j', (props, message) => {
    expect(() => admin(props)).toThrow(message)
  })
})

describe('bootstrap.servers', () => {
  it('takes host names, addresses of both kinds and a scheme', () => {
    expect(bootstrapAddresses(['a-b.c:1', '127.0.0.1:2', '[::1]:9092', 'PLAINTEXT://h:3'])).toEqual([
      { host: 'a-b.c', port: 1 },
      { host: '127.0.0.1', port: 2 },
      { host: '::1', port: 9092 },
      { host: 'h', port: 3 },
    ])
  })

  it.each([
    ['localhost', 'Invalid url in bootstrap.servers: localhost'],
    ['a b:1', 'Invalid url in bootstrap.servers: a b:1'],
    ['a:x', 'Invalid url in bootstrap.servers: a:x'],
    ['a:99999', 'Invalid port in bootstrap.servers: a:99999'],
  ])('refuses %s', (server, message) => {
    expect(() => bootstrapAddresses([server])).toThrow(message)
  })
})
