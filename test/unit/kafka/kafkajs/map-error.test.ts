import { expect, test } from 'vitest'
import { mapError } from '../../../../src/kafka/kafkajs/map-error.ts'

function named(name: string, message: string, code?: string | number): Error {
  return Object.assign(new Error(message), { name, code })
}

const BROKER = 'node 1 (h:9092)'

test.each([
  ['KafkaJSConnectionError', 'Connection error: connect ECONNREFUSED 127.0.0.1:1', 'ECONNREFUSED'],
  ['KafkaJSConnectionError', 'Connection error: read ECONNRESET', 'ECONNRESET'],
  ['KafkaJSConnectionError', 'Connection timeout', undefined],
  ['KafkaJSConnectionError', 'Connection error: getaddrinfo ENOTFOUND nowhere', 'ENOTFOUND'],
  ['KafkaJSConnectionClosedError', 'Closed connection', undefined],
  ['Error', 'write EPIPE', 'EPIPE'],
])('%s "%s" is a lost connection: retriable, leaders may have moved', (name, message, code) => {
  const error = mapError(named(name, message, code), BROKER)
  expect(error).toMatchObject({ code: 'DISCONNECTED', retriable: true, refresh: 'metadata', auth: false })
  expect(error.message).toContain(BROKER)
})

test.each([
  ['ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames"],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate'],
  ['CERT_HAS_EXPIRED', 'certificate has expired'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'wrong version number'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'tlsv1 alert unknown ca'],
])('TLS refused with %s is fatal and says why', (code, reason) => {
  const error = mapError(named('KafkaJSConnectionError', `Connection error: ${reason}`, code), BROKER)
  expect(error).toMatchObject({ auth: true, retriable: false, javaName: 'org.apache.kafka.common.errors.SslAuthenticationException' })
  expect(error.message).toContain(reason)
  expect(error.message).toContain(BROKER)
})

test.each([
  ['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', 'ssl/tls alert bad certificate', 'ssl.keystore'],
  ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 'ssl/tls alert handshake failure', 'ssl.cipher.suites'],
])('an alert of the broker, %s, is told in OpenSSL’s words, with what to check', (code, reason, advice) => {
  const message = `402D:error:0A000412:SSL routines:ssl3_read_bytes:${reason}:../deps/openssl/rec_layer_s3.c:918:SSL alert number 42`
  const error = mapError(Object.assign(named('Error', message, code), { reason }), BROKER)
  expect(error).toMatchObject({ auth: true, retriable: false })
  expect(error.message).toContain(`: ${reason}. `)
  expect(error.message).not.toContain('rec_layer')
  expect(error.message).toContain(advice)
})

test('a request that kafkajs timed out is retriable', () => {
  expect(mapError(named('KafkaJSRequestTimeoutError', 'Request Fetch timed out'), BROKER)).toMatchObject({
    code: 'REQUEST_TIMEOUT',
    retriable: true,
  })
})

test('a bug is never retried', () => {
  expect(mapError(new TypeError('x is undefined'), BROKER)).toMatchObject({ code: 'CLIENT_ERROR', retriable: false })
  expect(mapError(new RangeError('out of range'), BROKER).retriable).toBe(false)
})

test('several addresses that all failed are named by their reasons', () => {
  const error = new AggregateError([new Error('connect ECONNREFUSED ::1:9'), new Error('connect ECONNREFUSED 127.0.0.1:9')], '')
  expect(mapError(Object.assign(error, { code: 'ECONNREFUSED' }), BROKER).message).toContain('::1:9, connect ECONNREFUSED 127.0.0.1:9')
})
