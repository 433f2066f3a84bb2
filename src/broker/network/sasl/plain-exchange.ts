import { SaslFailure, type SaslServerExchange, type SaslStep } from './sasl-exchange.ts'
import type { SaslUsers } from './sasl-users.ts'

/** PLAIN (RFC 4616): who to act for, user and password in one message. Sentences are Kafka's, PlainSaslServer. */
export class PlainServerExchange implements SaslServerExchange {
  readonly #users: SaslUsers

  constructor(users: SaslUsers) {
    this.#users = users
  }

  step(token: Buffer): SaslStep {
    const parts = token.toString().split('\0')
    if (parts.length !== 3) throw new SaslFailure(`Invalid SASL/PLAIN response: expected 3 tokens, got ${parts.length}`)
    const [actFor = '', user = '', password = ''] = parts
    if (user === '') throw new SaslFailure('Authentication failed: username not specified')
    if (password === '') throw new SaslFailure('Authentication failed: password not specified')
    if (!this.#users.isPassword(user, password)) throw new SaslFailure('Authentication failed: Invalid username or password')
    if (actFor !== '' && actFor !== user)
      throw new SaslFailure('Authentication failed: Client requested an authorization id that is different from username')
    return { answer: Buffer.alloc(0), user }
  }
}
