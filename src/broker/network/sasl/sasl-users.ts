import { nodeCrypto } from './node-crypto.ts'

export type ScramMechanism = 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

export const SCRAM_HASHES = { 'SCRAM-SHA-256': { name: 'sha256', bytes: 32 }, 'SCRAM-SHA-512': { name: 'sha512', bytes: 64 } } as const

/** Kafka's default for users of SCRAM. */
const ITERATIONS = 4096

/** What a server keeps of a password (RFC 5802). */
export interface ScramCredential {
  readonly salt: Buffer
  readonly iterations: number
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

/** Who may connect, with which password. */
export class SaslUsers {
  readonly #passwords: ReadonlyMap<string, string>
  readonly #credentials = new Map<string, Promise<ScramCredential>>()

  /** @param passwords by user name */
  constructor(passwords: ReadonlyMap<string, string>) {
    this.#passwords = passwords
  }

  get names(): readonly string[] {
    return [...this.#passwords.keys()]
  }

  isPassword(user: string, password: string): boolean {
    const expected = this.#passwords.get(user)
    return nodeCrypto().timingSafeEqual(digest(password), digest(expected ?? '')) && expected !== undefined
  }

  /** Derived when first asked for: it takes the CPU milliseconds. Null: there is no such user. */
  scramCredential(user: string, mechanism: ScramMechanism): Promise<ScramCredential> | null {
    const password = this.#passwords.get(user)
    if (password === undefined) return null
    const key = `${mechanism} ${user}`
    const known = this.#credentials.get(key)
    if (known !== undefined) return known
    const credential = scramCredential(password, mechanism)
    this.#credentials.set(key, credential)
    return credential
  }
}

async function scramCredential(password: string, mechanism: ScramMechanism): Promise<ScramCredential> {
  const { createHash, createHmac, randomBytes } = nodeCrypto()
  const { name, bytes } = SCRAM_HASHES[mechanism]
  const salt = randomBytes(24)
  const salted = await derive(password, salt, bytes, name)
  const clientKey = createHmac(name, salted).update('Client Key').digest()
  const storedKey = createHash(name).update(clientKey).digest()
  return { salt, iterations: ITERATIONS, storedKey, serverKey: createHmac(name, salted).update('Server Key').digest() }
}

function derive(password: string, salt: Buffer, bytes: number, hash: string): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  nodeCrypto().pbkdf2(password, salt, ITERATIONS, bytes, hash, (error, key) => (error === null ? resolve(key) : reject(error)))
  return promise
}

/** Of equal length for all texts, as the comparison needs. */
function digest(text: string): Buffer {
  return nodeCrypto().createHash('sha256').update(text).digest()
}
