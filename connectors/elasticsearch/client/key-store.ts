import { readFile } from 'node:fs/promises'
import type { ConnectionOptions } from 'node:tls'
import { ConfigException, type Password } from 'standpipe/api'

export async function readTrustStore(location: string, _password: Password | null): Promise<string[]> {
  return [(await readStore(location)).toString()]
}

export async function readKeyStore(location: string, password: Password | null, keyPassword: Password | null): Promise<ConnectionOptions> {
  const content = await readStore(location)
  const passphrase = (keyPassword ?? password)?.value()
  const secret = passphrase === undefined ? {} : { passphrase }
  return content[0] === 0x30 ? { pfx: content, ...secret } : { key: content, cert: content, ...secret }
}

async function readStore(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigException(`Failed to load SSL keystore ${path}: ${reason}`, { cause: error })
  }
}
