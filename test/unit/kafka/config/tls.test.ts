import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer, type TlsOptions, type TLSSocket } from 'node:tls'
import { inspect } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parseAdminConfig } from '../../../../src/kafka/config/admin-config.ts'
import { clientSecurity } from '../../../../src/kafka/config/security.ts'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'

const store = (name: string): string => new URL(`../../../support/key-stores/${name}`, import.meta.url).pathname
const pem = (name: string): string => readFileSync(store(name), 'utf8')

async function tlsOf(props: Readonly<Record<string, string>>, log = new CollectingLogger()) {
  const config = parseAdminConfig({ 'bootstrap.servers': 'a:1', 'security.protocol': 'SSL', ...props }, log)
  return (await clientSecurity(config, log)).tls!
}

/** What a client with these keys agrees on with a server on 127.0.0.1. */
async function handshake(props: Readonly<Record<string, string>>, server: TlsOptions = {}) {
  const listening = createServer({ key: pem('server.pem'), cert: pem('server.pem'), ...server }, (socket) => void socket.end('welcome'))
  listening.on('tlsClientError', () => undefined).listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const accepted = once(listening, 'secureConnection') as Promise<[TLSSocket]>
  const client = connect({ ...(await tlsOf(props)), host: '127.0.0.1', port: (listening.address() as AddressInfo).port })
  onTestFinished(() => {
    client.destroy()
    listening.close()
  })
  await once(client, 'secureConnect')
  const [serverSide] = await accepted
  return {
    cipher: client.getCipher().name,
    version: client.getProtocol(),
    peer: serverSide.getPeerCertificate().subject as { CN?: string } | undefined,
  }
}

const trust = { 'ssl.truststore.location': store('trust.jks') }

describe('TLS of a client', () => {
  it.each([
    [{}, 'TLSv1.3'],
    [{ 'ssl.enabled.protocols': 'TLSv1.2' }, 'TLSv1.2'],
    [{ 'ssl.protocol': 'TLSv1.2' }, 'TLSv1.2'],
    [{ 'ssl.protocol': 'TLS' }, 'TLSv1.3'],
  ])('with %j speaks %s', async (props, version) => {
    expect(await handshake({ ...trust, ...props })).toMatchObject({ version })
  })

  it('offers the cipher suites of the list only', async () => {
    const suites = 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'
    expect(await handshake({ ...trust, 'ssl.cipher.suites': suites })).toMatchObject({
      cipher: 'ECDHE-ECDSA-CHACHA20-POLY1305',
      version: 'TLSv1.2',
    })
    await expect(handshake({ ...trust, 'ssl.cipher.suites': suites }, { minVersion: 'TLSv1.3' })).rejects.toThrow('alert')
    const thirteen = { 'ssl.cipher.suites': 'TLS_AES_128_GCM_SHA256' }
    expect(await handshake({ ...trust, ...thirteen })).toMatchObject({ cipher: 'TLS_AES_128_GCM_SHA256', version: 'TLSv1.3' })
    await expect(handshake({ ...trust, ...thirteen }, { maxVersion: 'TLSv1.2' })).rejects.toThrow('alert')
  })

  it('warns of cipher suites that Node does not have', async () => {
    const log = new CollectingLogger()
    await tlsOf({ ...trust, 'ssl.cipher.suites': 'TLS_NO_SUCH,TLS_AES_128_GCM_SHA256' }, log)
    expect(log.lines).toEqual(['WARN ssl.cipher.suites: Node.js does not have TLS_NO_SUCH; the others are offered'])
  })

  it('shows its certificate', async () => {
    const own = { 'ssl.keystore.location': store('client.jks'), 'ssl.keystore.password': 'changeit', 'ssl.key.password': 'key-secret' }
    const asking = { requestCert: true, ca: pem('ca.pem') }
    expect(await handshake({ ...trust, ...own }, asking)).toMatchObject({ peer: { CN: 'the client' } })
  })

  it('checks the host name unless told not to', async () => {
    const stranger = { key: pem('stranger.pem'), cert: pem('stranger.pem') }
    await expect(handshake(trust, stranger)).rejects.toThrow('does not match certificate')
    expect(await handshake({ ...trust, 'ssl.endpoint.identification.algorithm': '' }, stranger)).toMatchObject({ version: 'TLSv1.3' })
    await expect(handshake({ ...trust, 'ssl.endpoint.identification.algorithm': 'HTTPS' }, stranger)).rejects.toThrow('does not match')
  })

  it('keeps no key or password where it could be shown', async () => {
    const tls = await tlsOf({ ...trust, 'ssl.keystore.location': store('client-encrypted.pem'), 'ssl.key.password': 'key-secret' })
    expect(inspect(tls, { depth: Infinity, showHidden: true })).not.toMatch(/PRIVATE|key-secret/)
  })

  it.each([
    [{ 'ssl.truststore.location': '/nowhere/ca.pem' }, 'Invalid value /nowhere/ca.pem for configuration ssl.truststore.location: ENOENT'],
    [
      { 'ssl.truststore.location': store('trust.jks'), 'ssl.truststore.password': 'x' },
      /^Failed to load SSL keystore .*trust\.jks of type JKS \(ssl\.truststore\.location\): the password is wrong, .*Check ssl\.truststore\.password$/,
    ],
    [
      { 'ssl.truststore.location': store('trust.p12') },
      /it is encrypted, and its password is not given\. Check ssl\.truststore\.password$/,
    ],
    [
      { 'ssl.truststore.location': store('trust-rc2.p12'), 'ssl.truststore.password': 'changeit' },
      /RC2-40, .*Convert it: keytool -exportcert -rfc -keystore .*trust-rc2\.p12 -alias NAME > ca\.pem$/,
    ],
    [
      { 'ssl.keystore.location': store('trust-rc2.p12'), 'ssl.keystore.password': 'changeit' },
      /RC2-40, .*Convert it: openssl pkcs12 -legacy -in .*trust-rc2\.p12 -nodes -out store\.pem$/,
    ],
    [
      { 'ssl.keystore.location': store('client-encrypted.pem') },
      /the key is encrypted, and its password is not given\. Check ssl\.keystore\.password and ssl\.key\.password$/,
    ],
    [{ 'ssl.keystore.location': store('trust.jks') }, /there is no private key in it\./],
    [{ 'ssl.truststore.certificates': 'x' }, 'Invalid value [hidden] for configuration ssl.truststore.certificates: it is neither PEM'],
    [
      { 'ssl.truststore.certificates': 'x', 'ssl.truststore.location': 'y' },
      'Both SSL trust store location and separate trust certificates are specified.',
    ],
    [{ 'ssl.truststore.password': 'x' }, 'SSL trust store is not specified, but trust store password is specified.'],
    [{ 'ssl.keystore.password': 'x' }, 'SSL key store is not specified, but key store password is specified.'],
    [{ 'ssl.keystore.key': 'x' }, 'SSL private key is specified, but certificate chain is not specified.'],
    [{ 'ssl.keystore.certificate.chain': 'x' }, 'SSL certificate chain is specified, but private key is not specified.'],
    [
      { 'ssl.keystore.key': 'x', 'ssl.keystore.certificate.chain': 'x', 'ssl.keystore.location': 'y' },
      'Both SSL key store location and separate private key are specified.',
    ],
    [{ 'ssl.endpoint.identification.algorithm': 'LDAPS' }, 'Set https, or nothing for no check of the host name'],
    [{ 'ssl.enabled.protocols': 'TLSv1.3', 'ssl.protocol': 'TLSv1.2' }, 'names no protocol up to ssl.protocol=TLSv1.2'],
    [{ 'ssl.enabled.protocols': 'TLSv1.3', 'ssl.cipher.suites': 'TLS_RSA_WITH_AES_256_CBC_SHA' }, 'no suite is for TLSv1.3'],
    [{ 'ssl.engine.factory.class': 'com.example.Engine' }, 'Java classes cannot be loaded. Remove the key'],
  ])('refuses %j', async (props, reason) => {
    await expect(tlsOf(props as Record<string, string>)).rejects.toThrow(reason)
  })

  it('says how to convert what it cannot read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stores-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'store.bks')
    writeFileSync(path, 'what is this?')
    await expect(tlsOf({ 'ssl.truststore.location': path })).rejects.toThrow(
      `it is neither PEM nor PKCS12 nor JKS. Convert it: keytool -exportcert -rfc -keystore ${path}`,
    )
    await expect(tlsOf({ 'ssl.keystore.location': path })).rejects.toThrow(
      `Convert it: keytool -importkeystore -srckeystore ${path} -destkeystore store.p12`,
    )
  })
})
