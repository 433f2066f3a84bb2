/** What a key store or trust store holds. */
export interface Store {
  /** Certificates without a key, in DER: authorities to trust. */
  readonly trusted: readonly Buffer[]
  /** Null: none, or there is no key in it. */
  readonly identity: Identity | null
}

/** A private key and its certificates. */
export interface Identity {
  /** PKCS #8, DER. */
  readonly key: Buffer
  /** Null: the key is not encrypted. */
  readonly keyPassword: string | null
  /** DER, in any order. */
  readonly chain: readonly Buffer[]
}

/** Passwords of a store and of the key in it, which is the store's where nothing else is said. */
export interface StorePasswords {
  readonly store: string | null
  readonly key: string | null
}

/** A store cannot be read; the text says why and never repeats a password. */
export class StoreException extends Error {
  override readonly name = 'StoreException'
}
