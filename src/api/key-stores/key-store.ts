/** What is in a key store or trust store, whatever its format. */
export interface KeyStore {
  /** Certificates that the store is said to trust, in PEM. */
  readonly trusted: readonly string[]
  /** Null: there is no private key in it. */
  readonly keyEntry: KeyEntry | null
}

/** A private key that is still locked, and its certificates. */
export interface KeyEntry {
  /** PEM, in the order of the store. */
  readonly chain: readonly string[]
  /** @throws KeyStoreException for a wrong or missing password, and for keys that cannot be read */
  readonly open: () => KeyStoreIdentity
}

/** A private key and its certificates. */
export interface KeyStoreIdentity {
  /** PKCS #8, PEM, not encrypted any more: a secret. */
  readonly key: string
  /** PEM; the key's own certificate first. */
  readonly chain: readonly string[]
}

/** Passwords of a store and of the key in it, which is the store's where nothing else is said. Null: none is given. */
export interface KeyStorePasswords {
  readonly store: string | null
  readonly key: string | null
}

/** A store cannot be read; the text says why, never names the file and never repeats a password. */
export class KeyStoreException extends Error {
  override readonly name = 'KeyStoreException'
}
