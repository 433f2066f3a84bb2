import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { PasswordCredentials } from '../config/sasl.ts'
import { saslAuthenticationFailed, type KafkaError } from '../errors.ts'
import type { SaslExchange } from './sasl-exchange.ts'

const derive = promisify(pbkdf2)

const HASHES = { 'SCRAM-SHA-256': { name: 'sha256', bytes: 32 }, 'SCRAM-SHA-512': { name: 'sha512', bytes: 64 } } as const
/** Below it a password is too easy to guess from what goes over the wire (RFC 7677). */
const MIN_ITERATIONS = 4096
/** Above it the server keeps this process busy; brokers allow users 16,384. */
const MAX_ITERATIONS = 100_000
const NO_CHANNEL_BINDING = 'n,,'

export interface ScramCredentials extends Pick<PasswordCredentials, 'username' | 'password' | 'isDelegationToken'> {
  readonly mechanism: keyof typeof HASHES
}

/** SCRAM (RFC 5802): the password does not leave the client, and the server proves that it knows it too. */
export class ScramExchange implements SaslExchange {
  readonly first: Buffer
  readonly #credentials: ScramCredentials
  readonly #hash: (typeof HASHES)[keyof typeof HASHES]
  readonly #nonce: string
  readonly #firstBare: string
  #serverSignature: Buffer | null = null

  /** @param nonce for tests: random otherwise */
  constructor(credentials: ScramCredentials, nonce = randomBytes(24).toString('base64url')) {
    this.#credentials = credentials
    this.#hash = HASHES[credentials.mechanism]
    this.#nonce = nonce
    const extension = credentials.isDelegationToken ? ',tokenauth=true' : ''
    this.#firstBare = `n=${saslName(credentials.username)},r=${nonce}${extension}`
    this.first = Buffer.from(`${NO_CHANNEL_BINDING}${this.#firstBare}`)
  }

  async answer(challenge: Buffer): Promise<Buffer | null> {
    if (this.#serverSignature === null) return this.#proof(challenge.toString())
    this.#verify(challenge.toString(), this.#serverSignature)
    return null
  }

  async #proof(serverFirst: string): Promise<Buffer> {
    const { nonce, salt, iterations } = this.#readServerFirst(serverFirst)
    const salted = await derive(this.#credentials.password.value(), salt, iterations, this.#hash.bytes, this.#hash.name)
    const withoutProof = `c=${Buffer.from(NO_CHANNEL_BINDING).toString('base64')},r=${nonce}`
    const authMessage = `${this.#firstBare},${serverFirst},${withoutProof}`
    const clientKey = this.#hmac(salted, 'Client Key')
    const storedKey = createHash(this.#hash.name).update(clientKey).digest()
    const signature = this.#hmac(storedKey, authMessage)
    const proof = clientKey.map((byte, index) => byte ^ signature.readUInt8(index))
    this.#serverSignature = this.#hmac(this.#hmac(salted, 'Server Key'), authMessage)
    return Buffer.from(`${withoutProof},p=${Buffer.from(proof).toString('base64')}`)
  }

  #readServerFirst(message: string): { nonce: string; salt: Buffer; iterations: number } {
    const { e: error, r: nonce, s: salt, i: iterationsText } = attributes(message)
    if (error !== undefined) throw this.#failed(`the broker answers ${error}`)
    if (nonce === undefined || salt === undefined || iterationsText === undefined)
      throw this.#failed('the broker’s first answer is malformed')
    if (!nonce.startsWith(this.#nonce) || nonce === this.#nonce) throw this.#failed('the broker’s nonce does not continue the client’s')
    const iterations = Number(iterationsText)
    if (!(Number.isInteger(iterations) && iterations >= MIN_ITERATIONS && iterations <= MAX_ITERATIONS)) {
      throw this.#failed(`the broker asks for ${iterationsText} iterations, allowed are ${MIN_ITERATIONS} to ${MAX_ITERATIONS}`)
    }
    return { nonce, salt: Buffer.from(salt, 'base64'), iterations }
  }

  #verify(serverFinal: string, expected: Buffer): void {
    const { e: error, v: signature } = attributes(serverFinal)
    if (error !== undefined) throw this.#failed(`the broker answers ${error}`)
    const actual = Buffer.from(signature ?? '', 'base64')
    if (actual.length === expected.length && timingSafeEqual(actual, expected)) return
    throw this.#failed('the broker’s signature is wrong, so it does not know the password: it may not be the broker it claims to be')
  }

  #hmac(key: Buffer, text: string): Buffer {
    return createHmac(this.#hash.name, key).update(text).digest()
  }

  #failed(reason: string): KafkaError {
    return saslAuthenticationFailed(`${this.#credentials.mechanism}: ${reason}`)
  }
}

function saslName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C')
}

/** `r=…,s=…,i=…` by letter. Values may hold `=`. */
function attributes(message: string): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(message.split(',').map((part) => [part.slice(0, 1), part.slice(2)]))
}
