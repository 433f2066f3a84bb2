import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseBrokerSettings } from '../../../../src/broker/config/broker-config.ts'
import { listenerOptions, saslOptions } from '../../../../src/broker/config/listener-security.ts'
import { configuredListeners } from '../../../../src/broker/config/listeners.ts'
import { scratchDir } from '../../../support/worker-process.ts'

const listenersOf = (props: Record<string, string>) => configuredListeners(parseBrokerSettings(props), props)
const sasl = (props: Record<string, string>) => saslOptions(listenersOf(props), parseBrokerSettings(props), props)
const SASL = { listeners: 'SASL_PLAINTEXT://127.0.0.1:1' }

describe('TLS of a listener', () => {
  it('takes key and certificates of one PEM file, and keys of the listener before those of all', async () => {
    const file = join(await scratchDir(), 'broker.pem')
    await writeFile(file, '-----BEGIN PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\n')
    const props = {
      listeners: 'SSL://127.0.0.1:1',
      'ssl.keystore.location': file,
      'ssl.client.auth': 'none',
      'listener.name.ssl.ssl.client.auth': 'required',
    }
    const [options] = await Promise.all(listenersOf(props).map((listener) => listenerOptions(listener, props)))
    expect(options?.tls).toMatchObject({ clientAuth: 'required', key: expect.stringContaining('BEGIN PRIVATE KEY') as string })
  })

  it.each([
    [{}, 'A listener with TLS needs a key and certificates'],
    [{ 'ssl.keystore.location': '/no/such/file' }, 'The file cannot be read: ENOENT'],
    [{ 'ssl.keystore.location': 'package.json' }, 'The embedded broker reads PEM only'],
  ])('refuses %j', async (keys, message) => {
    const props = { listeners: 'SSL://127.0.0.1:1', ...keys }
    await expect(Promise.all(listenersOf(props).map((listener) => listenerOptions(listener, props)))).rejects.toThrow(message)
  })
})

describe('SASL users', () => {
  it('are those of a file, and of JAAS configurations', async () => {
    const file = join(await scratchDir(), 'users.properties')
    await writeFile(file, 'alice=a secret\n')
    const options = await sasl({
      ...SASL,
      'sasl.users.file': file,
      'listener.name.sasl_plaintext.plain.sasl.jaas.config':
        'org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="x" user_admin="x" user_bob="say \\"hi\\"";',
    })
    expect(options?.users.names.toSorted()).toEqual(['admin', 'alice', 'bob'])
    expect(options?.users.isPassword('alice', 'a secret')).toBe(true)
    expect(options?.users.isPassword('bob', 'say "hi"')).toBe(true)
    expect(options?.mechanisms).toEqual(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])
  })

  it('are not asked for where no listener has SASL', async () => {
    expect(await sasl({})).toBeUndefined()
  })

  it('have to be there, for mechanisms that are', async () => {
    await expect(sasl(SASL)).rejects.toThrow('A listener with SASL needs users')
    const jaas = { 'sasl.jaas.config': 'x required user_a="b";' }
    await expect(sasl({ ...SASL, ...jaas, 'sasl.enabled.mechanisms': 'GSSAPI' })).rejects.toThrow(
      'The embedded broker has PLAIN, SCRAM-SHA-256, SCRAM-SHA-512',
    )
  })
})
