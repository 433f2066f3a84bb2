import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Password } from 'standpipe/api'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readKeyStore, readTrustStore } from '../../../../../../connectors/elasticsearch/client/stores/read-store.ts'

const at = (name: string): string => new URL(`../../../../../support/key-stores/${name}`, import.meta.url).pathname
const changeit = new Password('changeit')

async function damaged(name: string, damage: (bytes: Buffer) => Buffer): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'store-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  writeFileSync(join(folder, name), damage(readFileSync(at(name))))
  return join(folder, name)
}

describe('a trust store', () => {
  it.for(['ca.pem', 'trust.p12', 'trust.jks', 'trust.jceks'])('%s gives its authority', async (name) => {
    const [certificate] = await readTrustStore(at(name), changeit)
    expect(new X509Certificate(certificate!).subject).toBe('CN=test authority')
  })

  it('of JKS is read without a password too', async () => {
    expect(await readTrustStore(at('trust.jks'), null)).toHaveLength(1)
  })

  it.for(['trust.p12', 'trust.jks'])('%s does not open with another password', async (name) => {
    await expect(readTrustStore(at(name), new Password('geheim'))).rejects.toThrow(/Failed to load SSL keystore .*: the password is wrong/)
  })

  it.for(['trust.p12', 'trust.jks', 'client.p12', 'client.jks'])('%s cut off anywhere is an error that says so', async (name) => {
    const length = readFileSync(at(name)).length
    for (let end = 1; end < length - 1; end += 37) {
      const path = await damaged(name, (bytes) => bytes.subarray(0, end))
      await expect(readTrustStore(path, name.endsWith('jks') ? null : changeit)).rejects.toThrow('Failed to load SSL keystore')
    }
  })

  it('of another kind is refused, with the command that converts it', async () => {
    const path = await damaged('ca.pem', () => Buffer.from('what is this?'))
    await expect(readTrustStore(path, null)).rejects.toThrow(
      `Convert it: keytool -importkeystore -srckeystore ${path} -destkeystore store.p12`,
    )
  })

  it('that is not there is named', async () => {
    await expect(readTrustStore('/no/such.jks', null)).rejects.toThrow('Failed to load SSL keystore /no/such.jks: ENOENT')
  })
})

describe('a key store', () => {
  it.for([
    ['client.p12', null],
    ['client-3des.p12', null],
    ['client.jks', 'key-secret'],
  ] as const)('%s gives the key, and its certificate before the others', async ([name, keyPassword]) => {
    const { key, cert } = await readKeyStore(at(name), changeit, keyPassword === null ? null : new Password(keyPassword))
    const own = new X509Certificate(String(cert))
    expect(own.subject).toBe('CN=the client')
    expect(own.checkPrivateKey(createPrivateKey(key as string))).toBe(true)
  })

  it('does not give a key for another password', async () => {
    await expect(readKeyStore(at('client.jks'), changeit, new Password('geheim'))).rejects.toThrow('the password of the key is wrong')
  })

  it('without a key is refused', async () => {
    await expect(readKeyStore(at('trust.p12'), changeit, null)).rejects.toThrow('there is no key in it')
  })
})
