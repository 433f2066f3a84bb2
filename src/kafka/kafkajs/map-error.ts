/** Errors of kafkajs, sockets and TLS as KafkaErrors, told apart by name and code. */
import {
  asKafkaError,
  disconnectException,
  KafkaError,
  requestTimedOut,
  saslAuthenticationFailed,
  sslAuthenticationFailed,
} from '../errors.ts'

const TLS_CODE = /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|UNABLE_TO_)|SELF_SIGNED_CERT|^EPROTO$/

const ILLEGAL_SASL_STATE = '34'
/** UNSUPPORTED_SASL_MECHANISM, ILLEGAL_SASL_STATE, SASL_AUTHENTICATION_FAILED. */
const SASL_CODES = new Set(['33', ILLEGAL_SASL_STATE, '58'])

/** @param broker how to name the broker in the text */
export function mapError(error: unknown, broker: string): KafkaError {
  if (error instanceof KafkaError) return error
  const { name, code } = namesOf(error)
  const reason = reasonOf(error)
  if (TLS_CODE.test(code)) return sslAuthenticationFailed(`SSL handshake failed with ${broker}: ${reason}${tlsAdvice(code)}`, error)
  if (name === 'KafkaJSSASLAuthenticationError' || SASL_CODES.has(code)) {
    const advice = code === ILLEGAL_SASL_STATE ? '. The port may not use SASL: check security.protocol' : ''
    return saslAuthenticationFailed(`Authentication failed at ${broker}: ${reason}${advice}`, error)
  }
  if (name === 'KafkaJSRequestTimeoutError') return requestTimedOut(`${broker} did not answer in time: ${reason}`, { cause: error })
  if (name === 'KafkaJSConnectionError' || name === 'KafkaJSConnectionClosedError' || code !== '') {
    return disconnectException(`Connection to ${broker} failed: ${reason}`, { cause: error })
  }
  return asKafkaError(error)
}

function tlsAdvice(code: string): string {
  if (/WRONG_VERSION_NUMBER/.test(code)) return '. The port may not use TLS: check security.protocol'
  if (/ALTNAME/.test(code)) return '. Connect by a name that the certificate has, or check ssl.endpoint.identification.algorithm'
  if (/SELF_SIGNED|UNABLE_TO/.test(code)) return '. Check that ssl.truststore.location names the authority of the broker’s certificate'
  return ''
}

function namesOf(error: unknown): { name: string; code: string } {
  if (!(error instanceof Error)) return { name: '', code: '' }
  const code: unknown = Reflect.get(error, 'code')
  return { name: error.name, code: typeof code === 'string' || typeof code === 'number' ? String(code) : '' }
}

/** An AggregateError of several addresses has no text of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join(', ')
  const message = error instanceof Error ? error.message : String(error)
  const text = message.replace(/^Connection error: /, '').trim()
  return text === '' ? namesOf(error).code : text
}
