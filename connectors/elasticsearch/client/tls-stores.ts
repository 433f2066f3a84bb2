import { readFile } from 'node:fs/promises'
import type { ConnectionOptions } from 'node:tls'
import { ConfigException, readKeyStore, readPemIdentity, readTrustStore, type KeyStoreIdentity } from 'standpipe/api'
import type { SslSettings } from '../config/settings.ts'

const PREFIX = 'elastic.https.ssl'

/**
 * The certificates to trust; without keys Node's own roots. Each counts as an anchor, as in Java: it need not be a root.
 * @throws ConfigException for what cannot be read
 */
export async function trustOf({ trustedCertificates: text, truststore }: SslSettings): Promise<ConnectionOptions> {
  if (text !== null) return anchors(fromText('truststore.certificates', () => readTrustStore(Buffer.from(text.value()), null)))
  if (truststore === null) return {}
  const password = truststore.password?.value() ?? null
  return anchors(await fromFile('truststore', truststore.location, (content) => readTrustStore(content, password)))
}

function anchors(certificates: readonly string[]): ConnectionOptions {
  return { ca: [...certificates], allowPartialTrustChain: true }
}

/**
 * The client's own key and certificates.
 * @throws ConfigException for what cannot be read
 */
export async function ownIdentityOf({ key, certificateChain, keyPassword, keystore }: SslSettings): Promise<ConnectionOptions> {
  const password = keyPassword?.value() ?? null
  if (key !== null && certificateChain !== null) {
    return certified(fromText('keystore.key', () => readPemIdentity(key.value(), certificateChain.value(), password)))
  }
  if (keystore === null) return {}
  const passwords = { store: keystore.password?.value() ?? null, key: password }
  return certified(await fromFile('keystore', keystore.location, (content) => readKeyStore(content, passwords)))
}

function certified({ key, chain }: KeyStoreIdentity): ConnectionOptions {
  return { key, cert: chain.join('') }
}

/** @throws ConfigException with Java's sentence, the reason and what to do */
async function fromFile<T>(store: 'truststore' | 'keystore', location: string, read: (content: Buffer) => T): Promise<T> {
  try {
    return read(await readFile(location))
  } catch (error) {
    const reason = reasonOf(error)
    throw new ConfigException(`Failed to load SSL keystore ${location}: ${reason}. ${advice(store, location, reason)}`, { cause: error })
  }
}

/** A path to nothing useful or a wrong password is put right; another format is converted. */
function advice(store: 'truststore' | 'keystore', location: string, reason: string): string {
  if (/^(E[A-Z]+:|there is no )/.test(reason)) return `Check ${PREFIX}.${store}.location`
  if (/password/.test(reason)) return `Check ${PREFIX}.${store}.password${store === 'keystore' ? ` and ${PREFIX}.key.password` : ''}`
  return `Convert it: keytool -importkeystore -srckeystore ${location} -destkeystore store.p12`
}

function fromText<T>(key: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    const advice = `Write PEM, from -----BEGIN to END-----; ${PREFIX}.key.password is for a key that is encrypted`
    throw new ConfigException(`Invalid value [hidden] for configuration ${PREFIX}.${key}: ${reasonOf(error)}. ${advice}`, { cause: error })
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
