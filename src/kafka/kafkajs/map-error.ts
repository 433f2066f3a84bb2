/** Errors of kafkajs, sockets and TLS as KafkaErrors, told apart by name and code. */
import { asKafkaError, disconnectException, KafkaError, requestTimedOut, sslAuthenticationFailed } from '../errors.ts'

const TLS_CODE = /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|UNABLE_TO_)|SELF_SIGNED_CERT|^EPROTO$/

/** @param broker how to name the broker in the text */
export function mapError(error: unknown, broker: string): KafkaError {
  if (error instanceof KafkaError) return error
  const { name, code } = namesOf(error)
  const reason = reasonOf(error)
  if (TLS_CODE.test(code)) return sslAuthenticationFailed(`SSL handshake failed with ${broker}: ${reason}${tlsAdvice(code)}`, error)
  if (name === 'KafkaJSRequestTimeoutError') return requestTimedOut(`${broker} did not answer in time: ${reason}`, { cause: error })
  if (name === 'KafkaJSConnectionError' || name === 'KafkaJSConnectionClosedError' || code !== '') {
    return disconnectException(`Connection to ${broker} failed: ${reason}`, { cause: error })
  }
  return asKafkaError(error)
}

/** What usually is the matter, by the code's words; those with ALERT were said by the broker. */
const TLS_ADVICE: readonly (readonly [code: RegExp, advice: string])[] = [
  [/WRONG_VERSION_NUMBER/, 'The port may not use TLS: check security.protocol'],
  [
    /ALERT_(HANDSHAKE_FAILURE|PROTOCOL_VERSION|INSUFFICIENT_SECURITY)|UNSUPPORTED_PROTOCOL/,
    'There may be no TLS version or cipher suite that both sides allow: check ssl.enabled.protocols and ssl.cipher.suites',
  ],
  [/ALERT_/, 'The broker may not accept the client’s certificate: check that ssl.keystore.* holds one of an authority that it trusts'],
  [/ALTNAME/, 'Connect by a name that the certificate has, or check ssl.endpoint.identification.algorithm'],
  [/EXPIRED|NOT_YET_VALID/, 'The broker needs a new certificate; check the clock of this machine too'],
  [/SELF_SIGNED|UNABLE_TO/, 'Check that ssl.truststore.location names the authority of the broker’s certificate'],
]

function tlsAdvice(code: string): string {
  const known = TLS_ADVICE.find(([pattern]) => pattern.test(code))
  return known === undefined ? '' : `. ${known[1]}`
}

function namesOf(error: unknown): { name: string; code: string } {
  if (!(error instanceof Error)) return { name: '', code: '' }
  const code: unknown = Reflect.get(error, 'code')
  return { name: error.name, code: typeof code === 'string' || typeof code === 'number' ? String(code) : '' }
}

/** An AggregateError of several addresses has no text of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join(', ')
  const message = error instanceof Error ? (opensslReason(error) ?? error.message) : String(error)
  const text = message.replace(/^Connection error: /, '').trim()
  return text === '' ? namesOf(error).code : text
}

/** OpenSSL's words without its place in OpenSSL's sources, which Node puts around them. */
function opensslReason(error: Error): string | null {
  const reason: unknown = Reflect.get(error, 'reason')
  return typeof reason === 'string' && /:error:[0-9A-F]+:/.test(error.message) ? reason : null
}
