import { nodeCrypto } from './node-crypto.ts'
import { SaslFailure, type SaslServerExchange, type SaslStep } from './sasl-exchange.ts'
import { SCRAM_HASHES, type SaslUsers, type ScramCredential, type ScramMechanism } from './sasl-users.ts'

/** `n,a=other,n=user,r=nonce,extensions`: no channel binding, who to act for, the name, the client's nonce. */
const CLIENT_FIRST = /^([ny],(?:a=([^,]*))?,)(n=([^,]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/
const CLIENT_FINAL = /^(c=([^,]+),r=([^,]+)(?:,.*)?),p=([^,]+)$/

interface Opening {
  readonly user: string
  readonly credential: ScramCredential
  readonly nonce: string
  /** What the proofs are made over, up to the client's last message. */
  readonly messages: string
  /** The client's first words, which it must repeat. */
  readonly header: string
}

/** SCRAM (RFC 5802): the client proves that it knows the password, and learns that the server does, too. */
export class ScramServerExchange implements SaslServerExchange {
  readonly #users: SaslUsers
  readonly #mechanism: ScramMechanism
  #opening: Opening | null = null

  constructor(users: SaslUsers, mechanism: ScramMechanism) {
    this.#users = users
    this.#mechanism = mechanism
  }

  step(token: Buffer): SaslStep | Promise<SaslStep> {
    return this.#opening === null ? this.#open(token.toString()) : this.#verify(token.toString(), this.#opening)
  }

  async #open(message: string): Promise<SaslStep> {
    const [, header = '', actFor = '', bare = '', saslName = '', clientNonce = ''] = CLIENT_FIRST.exec(message) ?? []
    const user = saslName.replaceAll('=2C', ',').replaceAll('=3D', '=')
    const credential = await this.#users.scramCredential(user, this.#mechanism)
    if (credential === null || (actFor !== '' && actFor !== saslName)) throw this.#failure()
    const nonce = clientNonce + nodeCrypto().randomBytes(18).toString('base64url')
    const answer = `r=${nonce},s=${credential.salt.toString('base64')},i=${credential.iterations}`
    this.#opening = { user, credential, nonce, messages: `${bare},${answer}`, header }
    return { answer: Buffer.from(answer), user: null }
  }

  #verify(message: string, { user, credential, nonce, messages, header }: Opening): SaslStep {
    const [, withoutProof = '', binding = '', repeatedNonce = '', proof = ''] = CLIENT_FINAL.exec(message) ?? []
    // old librdkafkas put their own nonce in front of the whole one: Kafka refuses that since CVE-2024-56128
    if (repeatedNonce !== nonce || Buffer.from(binding, 'base64').toString() !== header) throw this.#failure()
    const authMessage = `${messages},${withoutProof}`
    if (!this.#isProof(Buffer.from(proof, 'base64'), credential, authMessage)) throw this.#failure()
    return { answer: Buffer.from(`v=${this.#hmac(credential.serverKey, authMessage).toString('base64')}`), user }
  }

  #isProof(proof: Buffer, { storedKey }: ScramCredential, authMessage: string): boolean {
    const signature = this.#hmac(storedKey, authMessage)
    if (proof.length !== signature.length) return false
    const { createHash, timingSafeEqual } = nodeCrypto()
    const clientKey = proof.map((byte, index) => byte ^ signature.readUInt8(index))
    return timingSafeEqual(createHash(SCRAM_HASHES[this.#mechanism].name).update(clientKey).digest(), storedKey)
  }

  #hmac(key: Buffer, text: string): Buffer {
    return nodeCrypto().createHmac(SCRAM_HASHES[this.#mechanism].name, key).update(text).digest()
  }

  #failure(): SaslFailure {
    return new SaslFailure(`Authentication failed during authentication due to invalid credentials with SASL mechanism ${this.#mechanism}`)
  }
}
