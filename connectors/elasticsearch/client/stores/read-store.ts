import { X509Certificate, createPrivateKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { ConnectionOptions } from 'node:tls'
import { ConfigException, type Password } from 'standpipe/api'
import { jceksMagic, jksMagic, readJks } from './jks.ts'
import { readPkcs12 } from './pkcs12.ts'
import { StoreException, type Identity, type Store, type StorePasswords } from './store.ts'

const pemStart = '-----BEGIN '
const derSequence = 0x30

/**
 * The authorities of a trust store. What the file is (PEM, PKCS #12, JKS) is told by its content; its declared type does not matter.
 * @returns certificates in PEM
 * @throws ConfigException for a file that cannot be read
 */
export async function readTrustStore(location: string, password: Password | null): Promise<string[]> {
  return await orConfigException(location, async () => {
    const content = await readFile(location)
    if (isPem(content)) return [content.toString()]
    const store = readStore(content, { store: password?.value() ?? null, key: null }, location)
    const certificates = [...store.trusted, ...(store.identity?.chain ?? [])]
    if (certificates.length === 0) throw new StoreException('there is no certificate in it')
    return certificates.map((certificate) => new X509Certificate(certificate).toString())
  })
}

/**
 * The client's key and certificates.
 * @throws ConfigException for a file that cannot be read
 */
export async function readKeyStore(location: string, password: Password | null, keyPassword: Password | null): Promise<ConnectionOptions> {
  return await orConfigException(location, async () => {
    const content = await readFile(location)
    const passwords = { store: password?.value() ?? null, key: keyPassword?.value() ?? null }
    if (isPem(content)) return pemIdentity(content, passwords)
    const { identity } = readStore(content, passwords, location)
    if (identity === null) throw new StoreException('there is no key in it')
    return identityOptions(identity)
  })
}

function pemIdentity(content: Buffer, passwords: StorePasswords): ConnectionOptions {
  const passphrase = passwords.key ?? passwords.store
  return { key: content, cert: content, ...(passphrase === null ? {} : { passphrase }) }
}

function readStore(content: Buffer, passwords: StorePasswords, location: string): Store {
  const magic = content.length < 4 ? 0 : content.readUInt32BE()
  if (magic === jksMagic || magic === jceksMagic) return readJks(content, passwords)
  if (content[0] === derSequence) return readPkcs12(content, passwords)
  throw new StoreException(
    `it is neither PEM nor PKCS12 nor JKS. Convert it: keytool -importkeystore -srckeystore ${location} -destkeystore store.p12`,
  )
}

/** The server wants the certificate of the key first. */
function identityOptions({ key, keyPassword, chain }: Identity): ConnectionOptions {
  const passphrase = keyPassword === null ? {} : { passphrase: keyPassword }
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8', ...passphrase })
  const certificates = chain.map((certificate) => new X509Certificate(certificate))
  const own = certificates.filter((certificate) => certificate.checkPrivateKey(privateKey))
  const others = certificates.filter((certificate) => !own.includes(certificate))
  return { key: privateKey.export({ format: 'pem', type: 'pkcs8' }), cert: [...own, ...others].map(String).join('') }
}

function isPem(content: Buffer): boolean {
  return content.includes(pemStart)
}

async function orConfigException<T>(location: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigException(`Failed to load SSL keystore ${location}: ${reason}`, { cause: error })
  }
}
