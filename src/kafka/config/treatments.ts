import { ConfigException } from '../../api/errors.ts'
import type { KeyTreatment } from './client-config.ts'

/** A key whose value, other than those that mean "nothing special", has no effect here. */
function warnUnless(key: string, harmless: readonly string[], consequence: string): KeyTreatment {
  return {
    key,
    kind: 'warned about',
    check: (value) => (value === '' || harmless.includes(value.toLowerCase()) ? null : `${key}=${value}: ${consequence}`),
  }
}

/** A key that cannot be followed: going on without it would not be what the user asked for. */
function refuse(key: string, harmless: readonly string[], reason: string): KeyTreatment {
  return {
    key,
    kind: 'refused',
    check: (value) => {
      if (value === '' || harmless.includes(value.toLowerCase())) return null
      throw ConfigException.forKey(key, value, reason)
    },
  }
}

const ASSERTIONS =
  'tokens are had by client credentials or from a file only. Set sasl.oauthbearer.client.credentials.client.id and …client.secret'

/** Treatments of keys that all clients have. */
const COMMON_TREATMENTS: readonly KeyTreatment[] = [
  warnUnless('client.dns.lookup', ['use_all_dns_ips'], 'names are not looked up backwards; every address of a name is tried instead'),
  refuse(
    'ssl.engine.factory.class',
    [],
    'Java classes cannot be loaded. Remove the key: TLS is set up from the ssl.truststore and ssl.keystore keys',
  ),
  refuse(
    'sasl.client.callback.handler.class',
    [],
    'Java classes cannot be loaded. Remove the key and put user name and password into sasl.jaas.config',
  ),
  warnUnless('sasl.oauthbearer.assertion.file', [], ASSERTIONS),
  warnUnless('sasl.oauthbearer.assertion.private.key.file', [], ASSERTIONS),
  warnUnless('sasl.oauthbearer.assertion.template.file', [], ASSERTIONS),
  refuse('sasl.login.class', [], 'Java classes cannot be loaded. Remove the key and put user name and password into sasl.jaas.config'),
]

const INTERCEPTORS = 'interceptors are Java classes and are not run'

export const PRODUCER_TREATMENTS: readonly KeyTreatment[] = [
  ...COMMON_TREATMENTS,
  warnUnless('interceptor.classes', [], INTERCEPTORS),
  warnUnless('key.serializer', ['org.apache.kafka.common.serialization.bytearrayserializer'], 'not used, the converters make the bytes'),
  warnUnless('value.serializer', ['org.apache.kafka.common.serialization.bytearrayserializer'], 'not used, the converters make the bytes'),
  refuse(
    'partitioner.class',
    [
      'org.apache.kafka.clients.producer.roundrobinpartitioner',
      'roundrobinpartitioner',
      'org.apache.kafka.clients.producer.uniformstickypartitioner',
      'uniformstickypartitioner',
      'org.apache.kafka.clients.producer.internals.defaultpartitioner',
    ],
    'Class could not be found. Unset the key, or set org.apache.kafka.clients.producer.RoundRobinPartitioner or …UniformStickyPartitioner',
  ),
  refuse('transaction.two.phase.commit.enable', ['false'], 'two-phase commit is not supported. Set it to false'),
]

export const CONSUMER_TREATMENTS: readonly KeyTreatment[] = [
  ...COMMON_TREATMENTS,
  warnUnless('interceptor.classes', [], INTERCEPTORS),
  warnUnless(
    'key.deserializer',
    ['org.apache.kafka.common.serialization.bytearraydeserializer'],
    'not used, the converters read the bytes',
  ),
  warnUnless(
    'value.deserializer',
    ['org.apache.kafka.common.serialization.bytearraydeserializer'],
    'not used, the converters read the bytes',
  ),
  warnUnless('enable.auto.commit', ['false'], 'the consumer never commits by itself; offsets are committed when their records are safe'),
  warnUnless('group.protocol', ['classic'], 'the classic group protocol is used; every broker that knows the other one knows it too'),
  warnUnless('group.remote.assignor', [], 'only for group.protocol=consumer, not used'),
]

export const ADMIN_TREATMENTS: readonly KeyTreatment[] = [
  ...COMMON_TREATMENTS,
  refuse('bootstrap.controllers', [], 'controllers cannot be asked directly. Set bootstrap.servers'),
]
