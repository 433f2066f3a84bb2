import { readFile } from 'node:fs/promises'
import type { SecureContextOptions } from 'node:tls'
import { ConfigException } from '../../api/errors.ts'
import type { Password } from '../../api/config/password.ts'
import { KeyStoreException } from '../../api/key-stores/key-store.ts'
import { readKeyStore, readPemIdentity, readTrustStore } from '../../api/key-stores/read-key-store.ts'

export interface TrustStoreKeys {
  readonly 'ssl.truststore.type': string
  readonly 'ssl.truststore.location': string | null
  readonly 'ssl.truststore.password': Password | null
  readonly 'ssl.truststore.certificates': Password | null
}

export interface KeyStoreKeys {
  readonly 'ssl.keystore.type': string
  readonly 'ssl.keystore.location': string | null
  readonly 'ssl.keystore.password': Password | null
  readonly 'ssl.keystore.key': Password | null
  readonly 'ssl.keystore.certificate.chain': Password | null
  readonly 'ssl.key.password': Password | null
}

/**
 * The certificates to trust; without keys Node's own roots. Each counts as an anchor, as in Java: it need not be a root.
 * @throws ConfigException for keys that exclude each other, and for what cannot be read
 */
export async function trustOf(config: TrustStoreKeys): Promise<SecureContextOptions> {
  const inline = config['ssl.truststore.certificates']
  const path = config['ssl.truststore.location']
  const password = config['ssl.truststore.password']
  if (inline !== null && path !== null)
    throw new ConfigException('Both SSL trust store location and separate trust certificates are specified.')
  if (inline === null && path === null && password !== null) {
    throw new ConfigException('SSL trust store is not specified, but trust store password is specified. Set ssl.truststore.location')
  }
  if (inline !== null) return anchors(fromValue('ssl.truststore.certificates', () => readTrustStore(pemOf(inline), null)))
  if (path === null) return {}
  const content = await readStore('ssl.truststore', path)
  return anchors(fromFile('ssl.truststore', path, config['ssl.truststore.type'], () => readTrustStore(content, password?.value() ?? null)))
}

function anchors(certificates: readonly string[]): SecureContextOptions {
  return { ca: [...certificates], allowPartialTrustChain: true }
}

/**
 * The client's own key and certificates, for mutual TLS.
 * @throws ConfigException for keys that exclude each other, and for what cannot be read
 */
export async function ownIdentityOf(config: KeyStoreKeys): Promise<SecureContextOptions> {
  const key = config['ssl.keystore.key']
  const chain = config['ssl.keystore.certificate.chain']
  const path = config['ssl.keystore.location']
  const store = config['ssl.keystore.password']?.value() ?? null
  const keyPassword = config['ssl.key.password']?.value() ?? null
  checkKeyStore(key !== null, chain !== null, path !== null, store !== null)
  if (key !== null && chain !== null) {
    return certified(fromValue('ssl.keystore.key', () => readPemIdentity(key.value(), chain.value(), keyPassword)))
  }
  if (path === null) return {}
  const content = await readStore('ssl.keystore', path)
  return certified(fromFile('ssl.keystore', path, config['ssl.keystore.type'], () => readKeyStore(content, { store, key: keyPassword })))
}

function certified({ key, chain }: { readonly key: string; readonly chain: readonly string[] }): SecureContextOptions {
  return { key, cert: chain.join('') }
}

/** Apache Kafka 4.3, DefaultSslEngineFactory#createKeystore. */
function checkKeyStore(hasKey: boolean, hasChain: boolean, hasPath: boolean, hasPassword: boolean): void {
  const problem = ((): string | null => {
    if (hasKey && !hasChain)
      return 'SSL private key is specified, but certificate chain is not specified. Set ssl.keystore.certificate.chain'
    if (!hasKey && hasChain) return 'SSL certificate chain is specified, but private key is not specified. Set ssl.keystore.key'
    if (hasKey && hasPath) return 'Both SSL key store location and separate private key are specified.'
    if (!hasKey && !hasPath && hasPassword)
      return 'SSL key store is not specified, but key store password is specified. Set ssl.keystore.location'
    return null
  })()
  if (problem !== null) throw new ConfigException(problem)
}

function pemOf(text: Password): Buffer {
  return Buffer.from(text.value())
}

async function readStore(key: 'ssl.truststore' | 'ssl.keystore', path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigException(`Invalid value ${path} for configuration ${key}.location: ${reason}. Check the path and its permissions`, {
      cause: error,
    })
  }
}

/** @throws ConfigException with Java's sentence, the reason and what to do */
function fromFile<T>(key: 'ssl.truststore' | 'ssl.keystore', path: string, type: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    const advice = adviceOn(error, key, path)
    throw new ConfigException(`Failed to load SSL keystore ${path} of type ${type} (${key}.location): ${reasonOf(error)}. ${advice}`, {
      cause: error,
    })
  }
}

function fromValue<T>(key: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    const advice = 'Write PEM, from -----BEGIN to END-----; ssl.key.password is for a key that is encrypted'
    throw new ConfigException(`Invalid value [hidden] for configuration ${key}: ${reasonOf(error)}. ${advice}`, { cause: error })
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof KeyStoreException) return error.message
  return `the file is damaged (${error instanceof Error ? error.message : String(error)})`
}

/** A wrong password is put right; another format is converted. */
function adviceOn(error: unknown, key: 'ssl.truststore' | 'ssl.keystore', path: string): string {
  const reason = reasonOf(error)
  if (/password/.test(reason)) return `Check ${key}.password${key === 'ssl.keystore' ? ' and ssl.key.password' : ''}`
  if (key === 'ssl.truststore') return `Convert it: keytool -exportcert -rfc -keystore ${path} -alias NAME > ca.pem`
  if (/RC[24]/.test(reason)) return `Convert it: openssl pkcs12 -legacy -in ${path} -nodes -out store.pem`
  return `Convert it: keytool -importkeystore -srckeystore ${path} -destkeystore store.p12 -deststoretype PKCS12`
}
