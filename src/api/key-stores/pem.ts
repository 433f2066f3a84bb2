import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { KeyStoreException } from './key-store.ts'

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g

/** What the BEGIN and END lines enclose. Text around them is ignored, and line breaks may be blanks: a property may hold PEM in one line. */
export function pemBlocks(text: string, kind: RegExp): string[] {
  return [...text.matchAll(BLOCK)].flatMap(([whole, label = '', body = '']) => {
    if (!kind.test(label)) return []
    if (body.includes(':')) return [whole] // an old encrypted key, whose first lines are not Base64
    const lines = body.replaceAll(/\s+/g, '').match(/.{1,64}/g) ?? []
    return [[`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')]
  })
}

/** Certificates of a PEM text, each in PEM. @throws KeyStoreException for one that is none */
export function pemCertificates(text: string): string[] {
  return pemBlocks(text, /^(TRUSTED |X509 )?CERTIFICATE$/).map((block) => certificate(block).toString())
}

/** @throws KeyStoreException for what is no certificate */
export function certificate(bytes: Buffer | string): X509Certificate {
  try {
    return new X509Certificate(bytes)
  } catch (error) {
    throw new KeyStoreException('a certificate in it is damaged', { cause: error })
  }
}

/** @param der PKCS #8 as bytes, or any kind of key in PEM. @throws KeyStoreException for a wrong or missing password */
export function privateKey(der: Buffer | string, password: string | null): KeyObject {
  const passphrase = password === null ? {} : { passphrase: password }
  try {
    return createPrivateKey(
      typeof der === 'string' ? { key: der, ...passphrase } : { key: der, format: 'der', type: 'pkcs8', ...passphrase },
    )
  } catch (error) {
    throw new KeyStoreException(keyProblem(error, password), { cause: error })
  }
}

/** OpenSSL asks for a password that it does not get, and calls that an interruption. */
const NO_PASSWORD = new Set(['ERR_MISSING_PASSPHRASE', 'ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED'])

function keyProblem(error: unknown, password: string | null): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : null
  if (password === null && NO_PASSWORD.has(String(code))) return 'the key is encrypted, and its password is not given'
  if (code === 'ERR_OSSL_EVP_UNSUPPORTED') return 'the key is encrypted with a cipher that is too weak to be supported any more'
  if (code === 'ERR_OSSL_UNSUPPORTED' || password === null) return 'the key is damaged, or of a kind that cannot be read'
  return 'the password of the key is wrong'
}
