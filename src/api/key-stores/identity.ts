import { X509Certificate } from 'node:crypto'
import { KeyStoreException, type KeyStoreIdentity } from './key-store.ts'
import { privateKey } from './pem.ts'

/**
 * A key with its certificates, its own first as TLS wants it.
 * @param key PKCS #8, or PEM
 * @param chain PEM, in any order
 */
export function identityOf(key: Buffer | string, password: string | null, chain: readonly string[]): KeyStoreIdentity {
  const keyObject = privateKey(key, password)
  const own = chain.filter((pem) => new X509Certificate(pem).checkPrivateKey(keyObject))
  if (own.length === 0) throw new KeyStoreException('no certificate in it belongs to the key')
  return {
    key: keyObject.export({ format: 'pem', type: 'pkcs8' }).toString(),
    chain: [...own, ...chain.filter((pem) => !own.includes(pem))],
  }
}
