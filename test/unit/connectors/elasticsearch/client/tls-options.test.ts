import { createPrivateKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer, type TlsOptions } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { tlsOptions } from '../../../../../connectors/elasticsearch/client/tls-options.ts'
import { readElasticsearchSinkSettings } from '../../../../../connectors/elasticsearch/config/settings.ts'
import { baseProps } from '../../../../support/elasticsearch-records.ts'

type Keys = Readonly<Record<string, string>>

const store = (name: string): string => new URL(`../../../../support/key-stores/${name}`, import.meta.url).pathname
const pem = (name: string): string => readFileSync(store(name), 'utf8')

/** @param keys without `elastic.https.ssl.` */
async function optionsOf(keys: Keys) {
  const named = Object.fromEntries(Object.entries(keys).map(([key, value]) => [`elastic.https.ssl.${key}`, value]))
  return await tlsOptions(readElasticsearchSinkSettings({ ...baseProps, ...named }).connection.ssl)
}

/** What a client with these keys agrees on with a server on 127.0.0.1. */
async function handshake(keys: Keys, server: TlsOptions = {}) {
  const listening = createServer({ key: pem('server.pem'), cert: pem('server.pem'), ...server }, (socket) => void socket.end('welcome'))
  listening.on('tlsClientError', () => undefined).listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const client = connect({ ...(await optionsOf(keys)), host: '127.0.0.1', port: (listening.address() as AddressInfo).port })
  onTestFinished(() => {
    client.destroy()
    listening.close()
  })
  await once(client, 'secureConnect')
  return { cipher: client.getCipher().name, version: client.getProtocol() }
}

const trust = { 'truststore.location': store('trust.jks') }

describe('TLS of the client', () => {
  it.each([
    [{}, 'TLSv1.3'],
    [{ 'enabled.protocols': 'TLSv1.2' }, 'TLSv1.2'],
  ])('with %j speaks %s', async (keys, version) => {
    expect(await handshake({ ...trust, ...keys })).toMatchObject({ version })
  })

  it('offers the cipher suites of the list only, by Java’s names', async () => {
    const twelve = { ...trust, 'cipher.suites': 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256' }
    expect(await handshake(twelve)).toEqual({ cipher: 'ECDHE-ECDSA-CHACHA20-POLY1305', version: 'TLSv1.2' })
    await expect(handshake(twelve, { minVersion: 'TLSv1.3' })).rejects.toThrow('alert')
    const thirteen = { ...trust, 'cipher.suites': 'TLS_AES_128_GCM_SHA256' }
    expect(await handshake(thirteen)).toEqual({ cipher: 'TLS_AES_128_GCM_SHA256', version: 'TLSv1.3' })
    await expect(handshake(thirteen, { maxVersion: 'TLSv1.2' })).rejects.toThrow('alert')
  })

  it('trusts what is in the store, which need not be a root', async () => {
    expect(await handshake({ 'truststore.location': store('server.pem') })).toMatchObject({ version: 'TLSv1.3' })
    await expect(handshake({ 'truststore.location': store('expired-ca.pem') })).rejects.toThrow('certificate')
  })

  it('trusts authorities of a text, in one line too', async () => {
    expect(await handshake({ 'truststore.certificates': pem('ca.pem').replaceAll('\n', ' ') })).toMatchObject({ version: 'TLSv1.3' })
  })
})

describe('the key of the client', () => {
  const changeit = { 'keystore.password': 'changeit' }
  const text = { 'keystore.key': pem('client.pem'), 'keystore.certificate.chain': pem('client.pem').replace(/[^]*PRIVATE KEY-----/, '') }
  it.each([
    ['client.p12', changeit],
    ['client.jks', { ...changeit, 'key.password': 'key-secret' }],
    ['two-keys.jks', { ...changeit, 'key.password': 'key-secret' }],
    ['', text],
  ])('of the file %j, or of texts, comes with its certificate before the others', async (name, keys) => {
    const { key, cert } = await optionsOf({ ...keys, ...(name === '' ? {} : { 'keystore.location': store(name) }) })
    expect(new X509Certificate(cert as string).checkPrivateKey(createPrivateKey(key as string))).toBe(true)
  })
})

describe('the keys elastic.https.ssl', () => {
  const P12 = { 'truststore.location': store('trust.p12') }
  it.each([
    [
      { 'truststore.location': '/no/such.jks' },
      /^Failed to load SSL keystore \/no\/such\.jks: ENOENT.*Check elastic\.https\.ssl\.truststore\.location$/,
    ],
    [
      { ...P12, 'truststore.password': 'geheim' },
      /^Failed to load SSL keystore .*trust\.p12: the password is wrong, .*Check elastic\.https\.ssl\.truststore\.password$/,
    ],
    [P12, /it is encrypted, and its password is not given\. Check elastic\.https\.ssl\.truststore\.password$/],
    [
      { 'keystore.location': store('client-encrypted.pem') },
      /Check elastic\.https\.ssl\.keystore\.password and elastic\.https\.ssl\.key\.password$/,
    ],
    [{ 'keystore.location': store('trust.jks') }, /there is no private key in it\. Check elastic\.https\.ssl\.keystore\.location$/],
    [
      { 'truststore.certificates': 'x' },
      'Invalid value [hidden] for configuration elastic.https.ssl.truststore.certificates: it is neither PEM',
    ],
    [
      { 'keystore.key': 'x', 'keystore.certificate.chain': 'y' },
      'Invalid value [hidden] for configuration elastic.https.ssl.keystore.key: there is no',
    ],
    [
      { 'enabled.protocols': 'SSLv3' },
      'Invalid value SSLv3 for configuration elastic.https.ssl.enabled.protocols: names no protocol. Set some of TLSv1,',
    ],
    [{ 'cipher.suites': 'TLS_NO_SUCH' }, 'Invalid value TLS_NO_SUCH for configuration elastic.https.ssl.cipher.suites: Node.js has none'],
    [
      { 'enabled.protocols': 'TLSv1.2', 'cipher.suites': 'TLS_AES_128_GCM_SHA256' },
      'elastic.https.ssl.cipher.suites: no suite is for TLSv1.2',
    ],
  ])('%j are refused in words', async (keys, reason) => {
    await expect(optionsOf(keys as Keys)).rejects.toThrow(reason)
  })

  it('say how to convert what cannot be read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'store-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const path = join(folder, 'store.bks')
    writeFileSync(path, 'what is this?')
    const advice = `it is neither PEM nor PKCS12 nor JKS. Convert it: keytool -importkeystore -srckeystore ${path} -destkeystore store.p12`
    await expect(optionsOf({ 'truststore.location': path })).rejects.toThrow(advice)
    await expect(optionsOf({ 'keystore.location': path })).rejects.toThrow(advice)
  })
})
