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

/** @param broker how to name the broker in the text */
export function mapError(error: unknown, broker: string): KafkaError {
  if (error instanceof KafkaError) return error
  const { name, code } = namesOf(error)
  const reason = reasonOf(error)
  if (TLS_CODE.test(code)) {
    const hint = /WRONG_VERSION_NUMBER/.test(code) ? '. The port may not speak TLS: check security.protocol' : ''
    return sslAuthenticationFailed(`SSL handshake failed with ${broker}: ${reason}${hint}`, error)
  }
  if (name === 'KafkaJSSASLAuthenticationError' || code === '58' || code === '33' || code === '34') {
    return saslAuthenticationFailed(`Authentication failed at ${broker}: ${reason}`, error)
  }
  if (name === 'KafkaJSRequestTimeoutError') return requestTimedOut(`${broker} did not answer in time: ${reason}`, { cause: error })
  if (name === 'KafkaJSConnectionError' || name === 'KafkaJSConnectionClosedError' || code !== '') {
    return disconnectException(`Connection to ${broker} failed: ${reason}`, { cause: error })
  }
  return asKafkaError(error)
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
